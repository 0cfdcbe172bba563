//! Personal data as it is shown: the state keeps it sealed, and hands it out through a window.

use std::sync::Arc;

use super::{AccessState, MemberEntry};
use crate::event::{Metadata, Origin};
use crate::vocabulary::{Field, MemberId, Personal};

/// Opens sealed values of one organisation, where the keys are at hand. The state only passes the question on; no
/// rule depends on the answer.
pub trait Reveal: Send + Sync + std::fmt::Debug {
    /// What a sealed value of a member's field says.
    fn reveal(&self, member: &MemberId, field: Field, sealed: &str) -> Shown;

    /// What the sealed [`Origin`] of the event at a position says, as JSON.
    fn reveal_origin(&self, actor: &MemberId, position: u64, sealed: &str) -> Shown;
}

/// A piece of personal data, as far as it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// What it says.
    Text(String),
    /// Sealed, and the key is not at hand.
    Sealed,
    /// The key is gone for good.
    Erased,
}

impl Shown {
    /// What it says, if it can be read.
    pub fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Sealed | Self::Erased => None,
        }
    }

    /// What it says, or why that cannot be read.
    pub fn in_words(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Sealed => "(sealed)".to_owned(),
            Self::Erased => "(erased)".to_owned(),
        }
    }
}

impl AccessState {
    /// The state with somebody who opens what is sealed in it.
    #[must_use]
    pub fn with_reveal(mut self, reveal: Option<Arc<dyn Reveal>>) -> Self {
        self.reveal = reveal;
        self
    }

    /// A value of a member's personal data, of this state or of an event of its log, as it can be shown.
    pub fn shown(&self, member: &MemberId, field: Field, value: &Personal) -> Shown {
        match (value, &self.reveal) {
            (Personal::Clear(text), _) => Shown::Text(text.to_string()),
            (Personal::Sealed(sealed), Some(reveal)) => reveal.reveal(member, field, sealed),
            (Personal::Sealed(_), None) => Shown::Sealed,
            (Personal::Erased, _) => Shown::Erased,
        }
    }

    /// A member's name, e-mail address or phone number as it can be shown, if they have one.
    pub fn shown_of(&self, member: &MemberEntry, field: Field) -> Option<Shown> {
        member.details.field(field).map(|value| self.shown(&member.id, field, value))
    }

    /// A member's name, if they have one that can be read.
    pub fn name_of(&self, member: &MemberEntry) -> Option<String> {
        self.shown_of(member, Field::Name).and_then(Shown::text)
    }

    /// From where the request behind the event at a position came, as it can be shown.
    pub fn origin(&self, metadata: &Metadata, position: u64) -> Origin {
        let clear = metadata.clear_origin();
        let Some(sealed) = &metadata.origin else { return clear };
        let shown = match &self.reveal {
            Some(reveal) => reveal.reveal_origin(&MemberId::known(&metadata.actor), position, sealed),
            None => Shown::Sealed,
        };
        let opened = match shown {
            Shown::Text(json) => serde_json::from_str(&json).map_err(|_| Shown::Sealed),
            unread => Err(unread),
        };
        match opened {
            Ok(Origin { source, address, agent }) => Origin {
                source: clear.source.or(source),
                address: clear.address.or(address),
                agent: clear.agent.or(agent),
            },
            Err(unread) => {
                let unread = Some(unread.in_words());
                Origin { source: clear.source, address: unread.clone(), agent: clear.agent.or(unread) }
            }
        }
    }
}
