//! An event with everything that was recorded about it.

use serde::{Deserialize, Serialize};

use super::{Event, Stamp};

/// An event as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Position and time in the organisation's log.
    pub stamp: Stamp,
    /// Position in the whole store.
    pub global_position: u64,
    /// Number of the event in its stream.
    pub sequence: u64,
    /// What happened.
    pub event: Event,
    /// Who, why and from where.
    pub metadata: Metadata,
}

/// Who caused an event, why and from where. On the wire a flat object of strings, as `cqrs-es` has it.
///
/// ```
/// use std::collections::HashMap;
/// use chancery_aggregates::event::Metadata;
///
/// let metadata = Metadata { actor: "sam".into(), reason: Some("joins the team".into()), ..Metadata::default() };
/// let written = serde_json::to_string(&metadata)?;
/// assert_eq!(written, r#"{"actor":"sam","reason":"joins the team"}"#);
///
/// let flat: HashMap<String, String> = serde_json::from_str(&written)?;
/// assert_eq!(flat["actor"], "sam");
/// assert_eq!(serde_json::from_str::<Metadata>(&written)?, metadata);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// A member's id, `@system` or `@operator`.
    pub actor: String,
    /// Id of the key with which the actor called, where it is one of the organisation's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// On whose behalf the actor acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    /// The command that it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Why, in the actor's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The same for all events of one request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// What made the actor act, where another system knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<String>,
    /// By which way the request came: one of [`WAYS`]. What an embedding program says instead is sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The address that the request came from, where it is not sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The program that made the request, where it is not sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Address and program, sealed under the actor's own key: an [`Origin`], base64. Read through
    /// [`AccessState::origin`](crate::AccessState::origin).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

/// The ways in that are the product's own words, and nobody's data.
pub const WAYS: [&str; 3] = ["local", "http", "console"];

/// The product's own name as a program.
const OWN_AGENT: &str = "chancery/";

/// From where a request came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// By which way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

impl Origin {
    /// Whether nothing is told.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What of it says something about a person, taken out: not the product's own words.
    #[must_use]
    pub fn take_personal(&mut self) -> Self {
        Self {
            source: self.source.take_if(|source| !WAYS.contains(&source.as_str())),
            address: self.address.take(),
            agent: self.agent.take_if(|agent| !is_own_agent(agent)),
        }
    }
}

fn is_own_agent(agent: &str) -> bool {
    let version = agent.strip_prefix(OWN_AGENT);
    version.is_some_and(|version| version.chars().all(|character| character.is_ascii_digit() || character == '.'))
}

impl Metadata {
    /// What of the origin is in clear.
    pub fn clear_origin(&self) -> Origin {
        Origin { source: self.source.clone(), address: self.address.clone(), agent: self.agent.clone() }
    }

    /// What of the origin says nothing about a person, for systems in which nothing is ever erased. Logs from before
    /// origins were sealed have them in clear, which makes them no less personal.
    pub fn impersonal_origin(&self) -> Origin {
        let mut origin = self.clear_origin();
        let _ = origin.take_personal();
        origin
    }
}
