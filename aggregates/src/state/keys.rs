//! The keys of an organisation, as authentication finds them.

use compact_str::CompactString;

use super::{AccessState, MemberIx, Status};
use crate::event::{MemberEvent, Stamp};
use crate::key::KeyHash;
use crate::vocabulary::{KeyId, Time};

/// Number of a key in its organisation's access state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyIx(pub(crate) u32);

/// A key at one position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyEntry {
    /// Its id.
    pub id: KeyId,
    /// Who acts with it.
    pub member: MemberIx,
    /// What people call it.
    pub label: CompactString,
    /// Digest of the token.
    pub hash: KeyHash,
    /// When it was made.
    pub issued: Stamp,
    /// First instant at which it no longer counts; absent, it counts until revoked.
    pub expires: Option<Time>,
    /// Position at which its end was last set.
    pub expires_at: u64,
    /// When it was revoked.
    pub revoked: Option<Stamp>,
    /// The key in whose place it came.
    pub replaces: Option<KeyId>,
}

impl KeyEntry {
    /// Whether it is neither revoked nor past its end. Whether its member takes part is another question.
    pub fn lasts(&self, at: Time) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|expires| at < expires)
    }
}

impl AccessState {
    /// A key by id, ended ones included.
    pub fn key(&self, id: &str) -> Option<&KeyEntry> {
        self.keys.get(self.keys.find(id)?)
    }

    /// All keys in order of issue, ended ones included.
    pub fn keys(&self) -> impl Iterator<Item = &KeyEntry> {
        self.keys.iter().map(|(_, key)| key)
    }

    /// The keys of a member in order of issue, ended ones included.
    pub fn keys_of(&self, member: MemberIx) -> impl Iterator<Item = &KeyEntry> {
        let keys = self.member(member).map(|member| member.keys.as_slice()).unwrap_or_default();
        keys.iter().filter_map(|key| self.keys.get(key.0))
    }

    /// Whether somebody who has the secret of a key may act as its member at an instant, as far as
    /// the key is concerned: it lasts, and the member has neither left nor is suspended. What the
    /// member may then do, guards included, is for [`evaluate`](crate::access::evaluate).
    pub fn admits(&self, key: &KeyEntry, at: Time) -> bool {
        key.lasts(at) && self.member(key.member).is_some_and(|member| member.status == Status::Active)
    }

    pub(super) fn apply_key(&mut self, member: MemberIx, event: &MemberEvent, stamp: Stamp) {
        match event {
            MemberEvent::KeyIssued { key, label, hash, expires, replaces, .. } => {
                let entry = KeyEntry {
                    id: key.clone(),
                    member,
                    label: label.clone(),
                    hash: *hash,
                    issued: stamp,
                    expires: *expires,
                    expires_at: stamp.position,
                    revoked: None,
                    replaces: replaces.clone(),
                };
                let ix = KeyIx(self.keys.insert(key.clone(), entry));
                if let Some(member) = self.members.get_mut(member.0) {
                    member.keys.push(ix);
                }
            }
            MemberEvent::KeyExpiryChanged { key, after, .. } => {
                if let Some(key) = self.keys.find(key).and_then(|ix| self.keys.get_mut(ix)) {
                    key.expires = Some(*after);
                    key.expires_at = stamp.position;
                }
            }
            MemberEvent::KeyRevoked { key, .. } => {
                if let Some(key) = self.keys.find(key).and_then(|ix| self.keys.get_mut(ix)) {
                    key.revoked = Some(stamp);
                }
            }
            // INVARIANT: the caller sends events about keys only.
            _ => {}
        }
    }
}
