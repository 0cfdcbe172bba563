//! An event as CloudEvents 1.0 has it.

use std::borrow::Cow;

use chancery_aggregates::event::{EVENT_VERSION, Event, Recorded};
use chancery_aggregates::vocabulary::{OrganisationId, Time};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// What precedes the name of an event in `type`.
pub(crate) const TYPE_PREFIX: &str = "chancery.";

/// An event, as CloudEvents 1.0 has it. What is not in that specification is an extension attribute
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "specversion": "1.0", "id": "57", "source": "/v1/organisations/acme", "type": "chancery.RoleRenamed",
    "subject": "role/auditor", "time": "2026-03-03T14:30:00.123456Z", "datacontenttype": "application/json",
    "position": 57, "eventversion": "1", "streamsequence": 2, "actor": "olivia", "command": "RenameRole",
    "data": {"RoleRenamed": {"role": "auditor", "name": "Auditor"}}
}))]
pub(crate) struct CloudEvent {
    /// Always `1.0`
    specversion: &'static str,
    /// The position in the organisation's log; with `source` it names the event among all
    id: String,
    /// The organisation, as a path of this interface
    source: String,
    /// `chancery.` and the event's name in the log
    #[serde(rename = "type")]
    kind: String,
    /// Of what: `organisation`, `role/ID`, `member/ID` or `scope/ID`
    subject: String,
    /// When it was recorded
    #[schema(value_type = String, format = DateTime)]
    time: Time,
    /// Always `application/json`
    datacontenttype: &'static str,
    /// The position in the organisation's log: 1 and up, without a gap
    position: u64,
    /// The version of the event's contract
    eventversion: &'static str,
    /// The number of the event among those of its subject
    streamsequence: u64,
    /// A member's id, `@system` or `@operator`
    actor: String,
    /// Id of the key with which the actor called
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    actorkey: Option<String>,
    /// On whose behalf
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    onbehalfof: Option<String>,
    /// The command that it came from
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    command: Option<String>,
    /// Why, in the actor's words
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
    /// The same for all events of one request
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    correlationid: Option<String>,
    /// What made the actor act
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    causationid: Option<String>,
    /// By which way the request came
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    requestsource: Option<String>,
    /// The program that made the request, where it is a version of this one
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    requestagent: Option<String>,
    /// The event by its contract
    #[schema(value_type = Object)]
    data: Box<RawValue>,
}

impl CloudEvent {
    /// The event; none if it has no JSON form, which plain data always has.
    pub(crate) fn of(organisation: &OrganisationId, recorded: Recorded) -> Option<Self> {
        let Recorded { stamp, sequence, event, metadata, .. } = recorded;
        // Other systems keep what they are sent.
        let origin = metadata.impersonal_origin();
        let name: Cow<'_, str> =
            percent_encoding::utf8_percent_encode(organisation.as_str(), percent_encoding::NON_ALPHANUMERIC).into();
        Some(Self {
            specversion: "1.0",
            id: stamp.position.to_string(),
            source: format!("/v1/organisations/{name}"),
            kind: format!("{TYPE_PREFIX}{}", event.name()),
            subject: subject(&event),
            time: stamp.time,
            datacontenttype: "application/json",
            position: stamp.position,
            eventversion: EVENT_VERSION,
            streamsequence: sequence,
            actor: metadata.actor,
            actorkey: metadata.key,
            onbehalfof: metadata.on_behalf_of,
            command: metadata.command,
            reason: metadata.reason,
            correlationid: metadata.correlation,
            causationid: metadata.causation,
            requestsource: origin.source,
            requestagent: origin.agent,
            data: RawValue::from_string(event.payload().ok()?).ok()?,
        })
    }

    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// About how many bytes it takes.
    pub(crate) fn size(&self) -> usize {
        1_000 + self.data.get().len()
    }
}

fn subject(event: &Event) -> String {
    match event {
        Event::Organisation(_) => "organisation".to_owned(),
        Event::Role(event) => format!("role/{}", event.role()),
        Event::Member(event) => format!("member/{}", event.member()),
        Event::Scope(event) => format!("scope/{}", event.scope()),
    }
}
