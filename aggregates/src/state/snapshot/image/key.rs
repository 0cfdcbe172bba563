//! A key in a snapshot.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::{StampImage, stamp, stamp_image, time};
use crate::key::KeyHash;
use crate::state::MemberIx;
use crate::state::keys::KeyEntry;
use crate::state::snapshot::SnapshotError;
use crate::vocabulary::KeyId;

#[derive(Serialize, Deserialize)]
pub(super) struct KeyImage {
    id: KeyId,
    member: u32,
    label: CompactString,
    hash: KeyHash,
    issued: StampImage,
    expires: Option<i64>,
    expires_at: u64,
    revoked: Option<StampImage>,
    replaces: Option<KeyId>,
}

impl KeyImage {
    pub(super) fn of(key: &KeyEntry) -> Self {
        let KeyEntry { id, member, label, hash, issued, expires, expires_at, revoked, replaces } = key;
        Self {
            id: id.clone(),
            member: member.0,
            label: label.clone(),
            hash: *hash,
            issued: stamp_image(*issued),
            expires: expires.map(|at| at.timestamp_micros()),
            expires_at: *expires_at,
            revoked: revoked.map(stamp_image),
            replaces: replaces.clone(),
        }
    }

    pub(super) fn entry(self) -> Result<KeyEntry, SnapshotError> {
        Ok(KeyEntry {
            id: self.id,
            member: MemberIx(self.member),
            label: self.label,
            hash: self.hash,
            issued: stamp(self.issued)?,
            expires: self.expires.map(time).transpose()?,
            expires_at: self.expires_at,
            revoked: self.revoked.map(stamp).transpose()?,
            replaces: self.replaces,
        })
    }
}
