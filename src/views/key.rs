//! Keys, as whoever may see them does: never their secrets.

use std::collections::HashMap;

use chancery_aggregates::authority::Reader;
use chancery_aggregates::refusal::Thing;
use chancery_aggregates::state::{KeyEntry, MemberEntry, MemberIx};
use chancery_aggregates::vocabulary::{KeyId, Time};
use chancery_aggregates::{Facts, Refusal};
use serde::Serialize;
use utoipa::ToSchema;

use crate::keys::Token;
use crate::store::{KeyUse, Store, StoreError};

/// A key with which programs act as a member; never its secret
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "key": "k7Q2mX9bL0aZ", "member": "sync", "label": "nightly sync", "begins": "chancery_acme_k7Q2mX9bL0aZ",
    "issued": "2026-03-03T14:30:00Z", "issued_at_position": 57, "expires": "2026-06-01T14:30:00Z", "revoked": null,
    "replaces": null, "last_used": "2026-03-04T02:00:00Z", "status": "active"
}))]
pub(crate) struct Key {
    /// Its id
    pub(crate) key: String,
    /// Who acts with it
    pub(crate) member: String,
    /// What it is for
    pub(crate) label: String,
    /// How the whole key begins: this part is no secret
    pub(crate) begins: String,
    /// When it was made
    #[schema(value_type = String, format = DateTime)]
    pub(crate) issued: Time,
    /// The position of its making
    pub(crate) issued_at_position: u64,
    /// First instant at which it no longer counts; null while it counts until it is revoked
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) expires: Option<Time>,
    /// When it was revoked
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) revoked: Option<Time>,
    /// The id of the key in whose place it came
    pub(crate) replaces: Option<String>,
    /// When it was last presented to a service, to the minute; null if never
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) last_used: Option<Time>,
    pub(crate) status: KeyStatus,
}

/// Whether a key lets its member in
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) enum KeyStatus {
    /// It does
    #[serde(rename = "active")]
    Active,
    /// Somebody ended it
    #[serde(rename = "revoked")]
    Revoked,
    /// Its time is over
    #[serde(rename = "expired")]
    Expired,
    /// Its member is suspended or has left
    #[serde(rename = "member shut out")]
    ShutOut,
}

impl KeyStatus {
    pub(crate) fn of(facts: &Facts, key: &KeyEntry) -> Self {
        if key.revoked.is_some() {
            Self::Revoked
        } else if !key.lasts(facts.now) {
            Self::Expired
        } else if facts.state.admits(key, facts.now) {
            Self::Active
        } else {
            Self::ShutOut
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::ShutOut => "member shut out",
        }
    }
}

/// When keys were last used.
#[derive(Debug, Default)]
pub(crate) struct Uses(HashMap<String, Time>);

impl Uses {
    /// Those of the organisation that the facts are about.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn read(store: &dyn Store, facts: &Facts) -> Result<Self, StoreError> {
        let uses = store.key_uses(facts.state.organisation().as_str()).await?;
        let used = |used: KeyUse| Some((used.key, Time::from_timestamp_micros(used.time)?));
        Ok(Self(uses.into_iter().filter_map(used).collect()))
    }

    /// When a key was last used.
    pub(crate) fn of(&self, key: &str) -> Option<Time> {
        self.0.get(key).copied()
    }
}

impl Key {
    pub(crate) fn of(facts: &Facts, member: &MemberEntry, key: &KeyEntry, uses: &Uses) -> Self {
        Self {
            key: key.id.to_string(),
            member: member.id.to_string(),
            label: key.label.to_string(),
            begins: Token::hint(facts.state.organisation(), &key.id),
            issued: key.issued.time,
            issued_at_position: key.issued.position,
            expires: key.expires,
            revoked: key.revoked.map(|revoked| revoked.time),
            replaces: key.replaces.as_ref().map(KeyId::to_string),
            last_used: uses.0.get(key.id.as_str()).copied(),
            status: KeyStatus::of(facts, key),
        }
    }
}

/// The keys that a reader sees: those of one member, or of everybody whose keys may be seen.
///
/// # Errors
/// When the member is not there for the reader, or its keys may not be seen.
pub(crate) fn seen<'a>(
    reader: &Reader<'a>,
    member: Option<&str>,
) -> Result<Vec<(&'a MemberEntry, &'a KeyEntry)>, Refusal> {
    let facts = reader.facts();
    if let Some(member) = member {
        let (ix, member) = reader.member(member)?;
        return Ok(facts.visible_keys(ix)?.into_iter().map(|key| (member, key)).collect());
    }
    let with_keys = facts.state.members().filter(|(_, member)| !member.keys.is_empty());
    let seen = with_keys.filter(|(_, member): &(MemberIx, _)| reader.member(member.id.as_str()).is_ok());
    let keys = seen.flat_map(|(ix, member)| {
        let keys = facts.visible_keys(ix).unwrap_or_default();
        keys.into_iter().map(move |key| (member, key))
    });
    Ok(keys.collect())
}

/// A key by its id, for a reader who sees whose it is.
///
/// # Errors
/// When there is none; `shown` is what is repeated of what was asked for.
pub(crate) fn find<'a>(
    reader: &Reader<'a>,
    id: &str,
    shown: &str,
) -> Result<(MemberIx, &'a MemberEntry, &'a KeyEntry), Refusal> {
    let state = &reader.facts().state;
    let unknown = || Refusal::Unknown { thing: Thing::Key, id: shown.into(), nearest: None };
    let key = state.key(id).ok_or_else(unknown)?;
    let owner = state.member(key.member).ok_or_else(unknown)?;
    let (ix, owner) = reader.member(owner.id.as_str()).map_err(|_| unknown())?;
    Ok((ix, owner, key))
}
