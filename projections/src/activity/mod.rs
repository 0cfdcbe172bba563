//! The activity log: one readable sentence per event.
//!
//! A [`Narrator`] folds the log as it tells it, so that it knows the names of members at every
//! position. The wording is for people and may change; programs read the events themselves.

mod filter;
mod member;
mod organisation;
mod review;
mod role;
mod scope;
mod subjects;

use chancery_aggregates::event::{OrganisationEvent, Recorded};
use chancery_aggregates::vocabulary::{MemberId, Time};
use chancery_aggregates::{AccessState, Event};
pub use filter::Filter;
use serde::Serialize;
pub(crate) use subjects::of as subjects;
pub use subjects::{Subject, SubjectKind};

use crate::words;

/// One line of the activity log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Position in the organisation's log.
    pub position: u64,
    /// When.
    pub time: Time,
    /// Who, as the log has it: a member's id, `@system` or `@operator`.
    pub actor: String,
    /// Who, as people know them.
    pub actor_name: String,
    /// On whose behalf, as the log has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    /// The event's name, such as `RoleAssigned`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What it is about: the members, roles, permissions and scopes that the event names.
    pub subjects: Vec<Subject>,
    /// Why, in the actor's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who did what to whom, where, until when and why. No full stop.
    pub sentence: String,
}

/// Tells events in the order of the log.
#[derive(Debug, Clone, Default)]
pub struct Narrator {
    state: AccessState,
}

impl Narrator {
    /// A narrator who knows everything up to a state, and tells what comes after it.
    pub fn new(state: AccessState) -> Self {
        Self { state }
    }

    /// The organisation after the last event that was told.
    pub fn state(&self) -> &AccessState {
        &self.state
    }

    /// The same, for whoever goes on with it.
    #[must_use]
    pub fn into_state(self) -> AccessState {
        self.state
    }

    /// Takes an event without telling it: for those that a reader passes over.
    pub fn pass(&mut self, recorded: &Recorded) {
        self.state.apply(&recorded.event, recorded.stamp);
    }

    /// Takes the next event and tells it.
    pub fn tell(&mut self, recorded: &Recorded) -> Entry {
        self.pass(recorded);
        self.entry(recorded)
    }

    /// Tells the event that was taken last.
    pub fn entry(&self, recorded: &Recorded) -> Entry {
        Entry::of(&self.state, recorded)
    }
}

impl Entry {
    /// Tells the event that led to a state.
    pub fn of(state: &AccessState, recorded: &Recorded) -> Self {
        let metadata = &recorded.metadata;
        Self {
            position: recorded.stamp.position,
            time: recorded.stamp.time,
            actor: metadata.actor.clone(),
            actor_name: words::actor(state, &metadata.actor),
            on_behalf_of: metadata.on_behalf_of.clone(),
            kind: recorded.event.name(),
            subjects: subjects(&recorded.event),
            reason: metadata.reason.clone(),
            sentence: sentence(state, recorded),
        }
    }
}

/// The sentence of the event that led to a state.
pub(crate) fn sentence(state: &AccessState, recorded: &Recorded) -> String {
    let teller = Teller { state, actor: &recorded.metadata.actor, names: true };
    let mut who = words::actor_first(state, &recorded.metadata.actor);
    if let Some(other) = &recorded.metadata.on_behalf_of {
        who = format!("{who}, on behalf of {},", words::actor(state, other));
    }
    let because = match &recorded.metadata.reason {
        Some(reason) if !reason.trim().is_empty() => format!(", because “{}”", reason.trim()),
        _ => String::new(),
    };
    let told = teller.tell(&recorded.event);
    format!("{who} {}{because}{}", told.did, told.outcome)
}

/// The sentence of the event that led to a state, with members' ids in place of names, and without
/// what somebody wrote freely: the reason, and a refusal that repeats what it was asked for. No
/// personal data of a member is in it.
pub fn sentence_with_ids(state: &AccessState, recorded: &Recorded) -> String {
    let actor = match &recorded.event {
        Event::Organisation(OrganisationEvent::CommandRefused(refused)) => refused.actor.as_str(),
        _ => recorded.metadata.actor.as_str(),
    };
    let teller = Teller { state, actor, names: false };
    let told = teller.tell(&recorded.event);
    let who = match actor {
        "@system" => "The system",
        "@operator" => "The operator",
        "@unknown" => "Somebody unknown",
        member => member,
    };
    match &recorded.metadata.on_behalf_of {
        None => format!("{who} {}{}", told.did, told.outcome),
        Some(other) => format!("{who}, on behalf of {other}, {}{}", told.did, told.outcome),
    }
}

/// What is said of an event: what was done, then why, then how it ended.
struct Told {
    did: String,
    outcome: String,
}

impl Told {
    fn new(did: String) -> Self {
        Self { did, outcome: String::new() }
    }
}

/// What a sentence needs to know besides its event.
struct Teller<'a> {
    state: &'a AccessState,
    actor: &'a str,
    /// Whether people are called by name, or else by id.
    names: bool,
}

impl Teller<'_> {
    fn tell(&self, event: &Event) -> Told {
        match event {
            Event::Organisation(event) => organisation::tell(self, event),
            Event::Role(event) => Told::new(role::tell(event)),
            Event::Member(event) => Told::new(member::tell(self, event)),
            Event::Scope(event) => Told::new(scope::tell(event)),
            Event::Review(event) => Told::new(review::tell(self, event)),
        }
    }

    fn is_actor(&self, member: &MemberId) -> bool {
        self.actor == member.as_str()
    }

    /// The member as the object of a sentence.
    fn whom(&self, member: &MemberId) -> String {
        if self.is_actor(member) { "themselves".to_owned() } else { self.name(member) }
    }

    /// The member as the owner of something.
    fn whose(&self, member: &MemberId) -> String {
        if self.is_actor(member) { "their own".to_owned() } else { format!("{}’s", self.name(member)) }
    }

    fn name(&self, member: &MemberId) -> String {
        if self.names { words::actor(self.state, member.as_str()) } else { member.to_string() }
    }
}

#[cfg(test)]
mod tests;
