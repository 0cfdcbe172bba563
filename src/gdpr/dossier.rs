//! All that is held about one member.

use std::ops::ControlFlow;
use std::sync::Arc;

use chancery_aggregates::event::{Event, MemberEvent, Recorded};
use chancery_aggregates::state::{AccessState, Shown};
use chancery_aggregates::vocabulary::{Field, MemberId, OrganisationId, Time};
use chancery_projections::activity::{Entry, Narrator, SubjectKind};
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;

use super::spans::{Span, Spans};
use crate::engine::{Engine, EngineError, Replayed};
use crate::views::key::{Key, Uses};
use crate::views::member::{Seen, member_json, waits};

/// All that is held about one member, at a position of the log.
#[derive(Debug, Serialize)]
pub struct Dossier {
    /// Whose log.
    pub organisation: Person,
    /// Who it is about.
    pub member: Person,
    /// The position that it is made of.
    pub position: u64,
    /// When.
    pub made: Time,
    /// The member now: personal data, status, roles, scope, documents.
    pub now: Value,
    /// Position of the erasure of the personal data, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erased: Option<u64>,
    /// Position since which the personal data is under a legal hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_hold: Option<u64>,
    /// Names, e-mail addresses and phone numbers, as each was written.
    pub details: Vec<PastDetail>,
    /// Which access they had, and when.
    pub access: Vec<Span>,
    /// The keys with which programs act or acted as them, and when each was last used; never a secret.
    pub keys: Vec<Value>,
    /// Who had all of this handed out, when and why.
    pub looks: Vec<Look>,
    /// What happened to them.
    pub about: Vec<Entry>,
    /// What they did.
    pub done: Vec<Entry>,
    /// Where their requests came from.
    pub requests_from: Vec<String>,
}

/// An id with a name.
#[derive(Debug, Clone, Serialize)]
pub struct Person {
    /// The id.
    pub id: String,
    /// The name, where it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A value of the personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PastDetail {
    /// `name`, `email` or `phone`.
    pub field: &'static str,
    /// What it was from then on; `(erased)` and `(sealed)` where it cannot be read, absent where it was taken out.
    pub value: Option<String>,
    /// Since when.
    pub from: Time,
    /// Since which event.
    pub from_position: u64,
}

/// A look at all that is held about the member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Look {
    /// Who looked.
    pub by: String,
    /// By name.
    pub by_name: String,
    /// When.
    pub time: Time,
    /// The event.
    pub position: u64,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Dossier {
    /// Reads it. The caller has had the look recorded and allowed before, by `ExportPersonalData`.
    ///
    /// # Errors
    /// When the member is unknown or the log cannot be read.
    pub async fn read(engine: &Engine, replayed: Replayed, member: &MemberId) -> Result<Option<Self>, EngineError> {
        let state = replayed.state;
        let Some((ix, entry)) = state.member_ix(member.as_str()).and_then(|ix| Some((ix, state.member(ix)?))) else {
            return Ok(None);
        };
        let organisation = state.organisation().clone();
        let collected = Collector::run(engine, &organisation, state.position(), member).await?;
        let facts = chancery_aggregates::Facts {
            state: state.as_ref().clone(),
            actor: chancery_aggregates::vocabulary::Actor::Operator,
            now: replayed.at,
        };
        let uses = Uses::read(engine.store().as_ref(), &facts).await?;
        let keys = state.keys_of(ix).map(|key| Key::of(&facts, entry, key, &uses));
        // INVARIANT: plain data, which always has a JSON form.
        let keys = keys.filter_map(|key| serde_json::to_value(key).ok()).collect();
        // INVARIANT: the operator may read.
        let now = facts.reader().ok().map(|reader| {
            let seen = Seen::of(&reader, ix, entry);
            member_json(&state, entry, &seen, waits(&state, ix, replayed.at).as_ref())
        });
        Ok(Some(Self {
            organisation: Person { id: organisation.to_string(), name: Some(state.name().to_owned()) },
            member: Person { id: member.to_string(), name: state.name_of(entry) },
            position: state.position(),
            made: replayed.at,
            now: now.unwrap_or_default(),
            erased: entry.erased,
            legal_hold: entry.legal_hold,
            details: collected.details,
            access: collected.spans.finish(),
            keys,
            looks: collected.looks,
            about: collected.about,
            done: collected.done,
            requests_from: collected.sources,
        }))
    }
}

/// Folds the log once, and keeps what is the member's.
struct Collector {
    member: MemberId,
    narrator: Narrator,
    spans: Spans,
    details: Vec<PastDetail>,
    looks: Vec<Look>,
    about: Vec<Entry>,
    done: Vec<Entry>,
    sources: Vec<String>,
}

impl Collector {
    async fn run(
        engine: &Engine,
        organisation: &OrganisationId,
        until: u64,
        member: &MemberId,
    ) -> Result<Self, EngineError> {
        let collector = Self {
            member: member.clone(),
            narrator: engine.narrator(organisation),
            spans: Spans::default(),
            details: Vec::new(),
            looks: Vec::new(),
            about: Vec::new(),
            done: Vec::new(),
            sources: Vec::new(),
        };
        let shared = Arc::new(Mutex::new(Some(collector)));
        let sink = shared.clone();
        let visit = move |recorded: Recorded| match &mut *sink.lock() {
            Some(collector) => {
                collector.take(&recorded);
                ControlFlow::Continue(())
            }
            None => ControlFlow::Break(()),
        };
        engine.events(organisation, 0, until, visit).await?;
        let collected = shared.lock().take();
        collected.ok_or_else(|| EngineError::Internal("the log was not read".to_owned()))
    }

    fn take(&mut self, recorded: &Recorded) {
        self.narrator.pass(recorded);
        let state = self.narrator.state();
        if let Some(member) = state.member_by_id(self.member.as_str()) {
            self.spans.take(state, member, recorded.stamp);
        }
        let by_them = recorded.metadata.actor == self.member.as_str();
        let entry = || self.narrator.entry(recorded);
        let about_them = matches!(&recorded.event, Event::Member(event) if *event.member() == self.member)
            || entry().subjects.iter().any(|it| it.kind == SubjectKind::Member && it.id == self.member.as_str());
        if about_them {
            let entry = entry();
            self.take_personal(recorded, &entry);
            self.about.push(entry);
        } else if by_them {
            self.done.push(entry());
        }
        if by_them {
            let origin = self.narrator.state().origin(&recorded.metadata, recorded.stamp.position);
            let parts = [origin.source, origin.address, origin.agent];
            let source = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
            if !source.is_empty() && !self.sources.contains(&source) {
                self.sources.push(source);
            }
        }
    }

    fn take_personal(&mut self, recorded: &Recorded, entry: &Entry) {
        let Event::Member(event) = &recorded.event else { return };
        let (before, after) = match event {
            MemberEvent::MemberAdded { details, .. } => (None, details),
            MemberEvent::MemberDetailsChanged { before, after, .. } => (Some(before), after),
            MemberEvent::PersonalDataExported { .. } => {
                return self.looks.push(Look {
                    by: entry.actor.clone(),
                    by_name: entry.actor_name.clone(),
                    time: entry.time,
                    position: entry.position,
                    reason: entry.reason.clone(),
                });
            }
            _ => return,
        };
        for (field, value) in after.fields() {
            let changed = match before {
                Some(before) => before.field(field) != value.as_ref(),
                None => value.is_some(),
            };
            if changed {
                let value = value.as_ref().map(|value| self.shown(field, value));
                let (from, from_position) = (recorded.stamp.time, recorded.stamp.position);
                self.details.push(PastDetail { field: field.as_str(), value, from, from_position });
            }
        }
    }

    fn shown(&self, field: Field, value: &chancery_aggregates::vocabulary::Personal) -> String {
        let state: &AccessState = self.narrator.state();
        Shown::in_words(state.shown(&self.member, field, value))
    }
}
