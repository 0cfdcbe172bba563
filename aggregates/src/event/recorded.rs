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
    /// The address that the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The program that made the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}
