//! Events: wire contracts that are never changed, only added to.
//!
//! On the wire an event is `{"RoleAssigned":{…}}`: the form that `cqrs-es` and `postgres-es` write.
//! `tests/golden/v1` keeps the bytes of one of each.

mod member;
mod organisation;
mod recorded;
mod role;
mod scope;

use cqrs_es::DomainEvent;

pub use member::{Details, EndedRole, MemberEvent};
pub use organisation::{AuditExported, CommandRefused, OrganisationEvent};
pub use recorded::{Metadata, Origin, Recorded, WAYS};
pub use role::{RoleCreated, RoleEvent};
pub use scope::ScopeEvent;

use crate::vocabulary::Time;

/// The version that every event contract has today.
pub const EVENT_VERSION: &str = "1";

/// An event of any aggregate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Of the organisation's own stream.
    Organisation(OrganisationEvent),
    /// Of a role.
    Role(RoleEvent),
    /// Of a member.
    Member(MemberEvent),
    /// Of a scope.
    Scope(ScopeEvent),
}

/// Where and when an event stands in the organisation's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// Gapless from 1.
    pub position: u64,
    /// Never decreases.
    pub time: Time,
}

/// Why stored bytes are not an event.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// Written by a newer program, or by another one.
    #[error("event type `{0}` of aggregate type `{1}` in version `{2}` is unknown to this program")]
    Unknown(String, String, String),
    /// The payload does not fit the event's contract.
    #[error("payload of `{event_type}` cannot be read: {source}")]
    Payload {
        /// The event's name.
        event_type: String,
        /// Where it does not fit.
        source: serde_json::Error,
    },
    /// The payload is an event, and not the one that the log names.
    #[error("payload of `{event_type}` is a `{found}`")]
    Misnamed {
        /// The event's name in the log.
        event_type: String,
        /// The event's name in the payload.
        found: &'static str,
    },
}

impl Event {
    /// Reads an event from what a store keeps of it. Older versions are brought up to date here.
    ///
    /// # Errors
    /// When the type or version is unknown or the payload does not fit it.
    pub fn parse(
        aggregate_type: &str,
        event_type: &str,
        event_version: &str,
        payload: &str,
    ) -> Result<Self, EventError> {
        let unreadable = |source| EventError::Payload { event_type: event_type.to_owned(), source };
        let event = match (aggregate_type, event_version) {
            ("organisation", EVENT_VERSION) => serde_json::from_str(payload).map(Self::Organisation),
            ("role", EVENT_VERSION) => serde_json::from_str(payload).map(Self::Role),
            ("member", EVENT_VERSION) => serde_json::from_str(payload).map(Self::Member),
            ("scope", EVENT_VERSION) => serde_json::from_str(payload).map(Self::Scope),
            _ => {
                let [event_type, aggregate_type, version] =
                    [event_type, aggregate_type, event_version].map(str::to_owned);
                return Err(EventError::Unknown(event_type, aggregate_type, version));
            }
        }
        .map_err(unreadable)?;
        if event.name() == event_type {
            Ok(event)
        } else {
            Err(EventError::Misnamed { event_type: event_type.to_owned(), found: event.name() })
        }
    }

    /// The canonical JSON: fields in the order of the contract, no white space.
    ///
    /// # Errors
    /// Never in practice: every event is plain data.
    pub fn payload(&self) -> Result<String, serde_json::Error> {
        match self {
            Self::Organisation(event) => serde_json::to_string(event),
            Self::Role(event) => serde_json::to_string(event),
            Self::Member(event) => serde_json::to_string(event),
            Self::Scope(event) => serde_json::to_string(event),
        }
    }

    /// `organisation`, `role`, `member` or `scope`.
    pub fn aggregate_type(&self) -> &'static str {
        match self {
            Self::Organisation(_) => "organisation",
            Self::Role(_) => "role",
            Self::Member(_) => "member",
            Self::Scope(_) => "scope",
        }
    }

    /// The name of the event on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Organisation(event) => event.name(),
            Self::Role(event) => event.name(),
            Self::Member(event) => event.name(),
            Self::Scope(event) => event.name(),
        }
    }
}

macro_rules! domain_event {
    ($($event:ident => $variant:ident),*) => {$(
        impl DomainEvent for $event {
            fn event_type(&self) -> String {
                self.name().to_owned()
            }

            fn event_version(&self) -> String {
                EVENT_VERSION.to_owned()
            }
        }

        impl From<$event> for Event {
            fn from(event: $event) -> Self {
                Self::$variant(event)
            }
        }
    )*};
}

domain_event!(OrganisationEvent => Organisation, RoleEvent => Role, MemberEvent => Member, ScopeEvent => Scope);
