//! The audit log for people and programs: one entry per event, complete.
//!
//! [`Entry::of`] is a pure function of an event and of the state that it led to, so an entry has the names as they were
//! then, and as far as they can be read now: what was erased reads as erased in every entry. [`Filter`] says which
//! entries a reader wants.

mod about;
mod filter;
#[cfg(test)]
mod tests;

use chancery_aggregates::event::{CommandRefused, Details, Event, MemberEvent, OrganisationEvent, Origin, Recorded};
use chancery_aggregates::vocabulary::{Field, MemberId, Time};
use chancery_aggregates::{AccessState, state};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

pub(crate) use self::about::About;
pub use self::filter::{BadFilter, EVENT_TYPES, Filter};
use crate::activity::{self, Subject};

/// The event of which entries have more than its bare facts: names.
const DETAILS_CHANGED: &str = "MemberDetailsChanged";

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It happened.
    Allowed,
    /// A rule refused it; nothing else happened.
    Refused,
}

impl Outcome {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Refused => "refused",
        }
    }
}

/// Something with an id that people call by a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// The id, which never changes.
    pub id: String,
    /// The name that it had then. `(erased)` or `(sealed)` where it had one that cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// One entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Position in the organisation's log: with the organisation it names the entry.
    pub position: u64,
    /// When.
    pub time: Time,
    /// The event's name, such as `RoleAssigned`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// Who: a member's id, `@system` or `@operator`.
    pub actor: Named,
    /// On whose behalf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Named>,
    /// Id of the key with which the actor called, where it was one of the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The command that it came from, or that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The member to whom it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Named>,
    /// The role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Named>,
    /// The permission.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permission: Option<Named>,
    /// Where: the scope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Named>,
    /// Everything that the event names, those above included.
    pub subjects: Vec<Subject>,
    /// What was before, as JSON. Of personal data it has names, and else only which piece changed.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "raw")]
    pub before: Option<String>,
    /// What is after, as JSON.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "raw")]
    pub after: Option<String>,
    /// Of a refusal: which rule, what it was about, and how often.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// Why, in the actor's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// By which way the request came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The address that the request came from. `(erased)` or `(sealed)` where it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The program that made the request, read like the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The same for all events of one request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// What made the actor act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causation: Option<String>,
    /// All of it in a sentence, with names. No full stop. The wording may change.
    pub sentence: String,
    /// As the sentence, with ids in place of members' names, and without what somebody wrote freely: for systems in
    /// which nothing is ever erased.
    #[serde(skip)]
    pub impersonal: String,
    /// From where the request came, as far as that says nothing about a person.
    #[serde(skip)]
    pub impersonal_origin: Origin,
}

/// Why something did not happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Stable name of the rule, such as `escalation`.
    pub rule: String,
    /// As the actor read it.
    pub message: String,
    /// What it was meant for, such as `member/tom`: as it was asked for, so it need not exist.
    pub target: String,
    /// How often the same actor met the same refusal within the hour, this time included.
    pub occurrence: u32,
}

impl Entry {
    /// The entry of an event that led to a state.
    pub fn of(state: &AccessState, recorded: &Recorded) -> Self {
        let (event, metadata) = (&recorded.event, &recorded.metadata);
        let about = About::of(event, state);
        let refused = refused(event);
        let (before, after) = details(state, event).unwrap_or((about.before, about.after));
        let origin = state.origin(metadata, recorded.stamp.position);
        let named = |id: Option<String>, name: Option<String>| id.map(|id| Named { id, name });
        Self {
            position: recorded.stamp.position,
            time: recorded.stamp.time,
            kind: event.name(),
            outcome: if refused.is_some() { Outcome::Refused } else { Outcome::Allowed },
            actor: who(state, refused.map_or(&metadata.actor, |refused| refused.actor.as_str())),
            on_behalf_of: metadata.on_behalf_of.as_deref().map(|other| who(state, other)),
            key: metadata.key.clone(),
            command: refused.map(|refused| refused.command.to_string()).or_else(|| metadata.command.clone()),
            subject: about.member.map(|member| who(state, &member)),
            role: named(about.role, about.role_name),
            permission: named(about.permission, about.permission_label.filter(|label| !label.is_empty())),
            scope: named(about.scope, about.scope_name),
            subjects: activity::subjects(event),
            before,
            after,
            refusal: refused.map(Refusal::of),
            reason: metadata.reason.clone(),
            source: origin.source,
            address: origin.address,
            agent: origin.agent,
            correlation: metadata.correlation.clone(),
            causation: metadata.causation.clone(),
            sentence: activity::sentence(state, recorded),
            impersonal: activity::sentence_with_ids(state, recorded),
            impersonal_origin: metadata.impersonal_origin(),
        }
    }
}

impl Entry {
    /// What was before and is after, without names of members.
    pub fn impersonal_change(&self) -> [Option<Value>; 2] {
        [&self.before, &self.after].map(|side| {
            let mut value: Value = serde_json::from_str(side.as_deref()?).ok()?;
            if self.kind == DETAILS_CHANGED
                && let Some(object) = value.as_object_mut()
            {
                object.remove("name");
            }
            Some(value)
        })
    }
}

impl Refusal {
    fn of(refused: &CommandRefused) -> Self {
        Self {
            rule: refused.rule.to_string(),
            message: refused.message.clone(),
            target: refused.target.to_string(),
            occurrence: refused.occurrence,
        }
    }
}

fn refused(event: &Event) -> Option<&CommandRefused> {
    match event {
        Event::Organisation(OrganisationEvent::CommandRefused(refused)) => Some(refused),
        _ => None,
    }
}

/// A member, the system or the operator, by the name that they had in a state.
fn who(state: &AccessState, id: &str) -> Named {
    let name = match id {
        "@system" => Some("the system".to_owned()),
        "@operator" => Some("the operator".to_owned()),
        member => {
            let entry = state.member_by_id(member);
            let shown = entry.and_then(|entry| state.shown_of(entry, Field::Name));
            shown.map(state::Shown::in_words)
        }
    };
    Named { id: id.to_owned(), name }
}

/// Before and after of an event that changes personal data: the names, and else only what changed.
fn details(state: &AccessState, event: &Event) -> Option<(Option<String>, Option<String>)> {
    let Event::Member(MemberEvent::MemberDetailsChanged { member, before, after }) = event else { return None };
    let changed: Vec<&str> = before
        .fields()
        .into_iter()
        .zip(after.fields())
        .filter(|((_, before), (_, after))| before != after)
        .map(|((field, _), _)| field.as_str())
        .collect();
    let side = |details: &Details| {
        let name = name(state, member, details).filter(|_| changed.contains(&Field::Name.as_str()));
        Some(json!({ "changed": changed, "name": name }).to_string())
    };
    Some((side(before), side(after)))
}

fn name(state: &AccessState, member: &MemberId, details: &Details) -> Option<String> {
    details.name.as_ref().map(|name| state.shown(member, Field::Name, name).in_words())
}

/// JSON that is text already.
fn raw<S: Serializer>(text: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    let raw = text.as_deref().and_then(|text| serde_json::from_str::<&RawValue>(text).ok());
    raw.serialize(serializer)
}
