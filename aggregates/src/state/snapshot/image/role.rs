//! A role in a snapshot.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::{StampImage, stamp, stamp_image};
use crate::profile::document::AssignedBy;
use crate::state::permission_set::{PermissionIx, PermissionSet};
use crate::state::snapshot::SnapshotError;
use crate::state::{RoleEntry, RoleIx};
use crate::vocabulary::{AccountTypeKey, RoleId};

#[derive(Serialize, Deserialize)]
pub(super) struct RoleImage {
    id: RoleId,
    name: CompactString,
    description: String,
    colour: Option<CompactString>,
    level: Option<u16>,
    built_in: bool,
    locked: bool,
    everywhere: bool,
    assigned: u8,
    assigned_only_by: Vec<RoleId>,
    account_types: Vec<AccountTypeKey>,
    own: Vec<u64>,
    effective: Vec<u64>,
    inherits: Vec<u32>,
    heirs: Vec<u32>,
    toggled: Vec<(u32, u64)>,
    inherits_at: u64,
    created: StampImage,
    modified: StampImage,
    deleted: Option<StampImage>,
    sequence: u64,
}

impl RoleImage {
    pub(super) fn of(role: &RoleEntry) -> Self {
        let RoleEntry {
            id,
            name,
            description,
            colour,
            level,
            built_in,
            locked,
            everywhere,
            assigned,
            assigned_only_by,
            account_types,
            own,
            effective,
            inherits,
            heirs,
            holders: _,
            toggled,
            inherits_at,
            created,
            modified,
            deleted,
            sequence,
        } = role;
        Self {
            id: id.clone(),
            name: name.clone(),
            description: description.clone(),
            colour: colour.clone(),
            level: *level,
            built_in: *built_in,
            locked: *locked,
            everywhere: *everywhere,
            assigned: match assigned {
                AssignedBy::Hand => 0,
                AssignedBy::System => 1,
                AssignedBy::Transfer => 2,
            },
            assigned_only_by: assigned_only_by.clone(),
            account_types: account_types.clone(),
            own: own.words().to_vec(),
            effective: effective.words().to_vec(),
            inherits: inherits.iter().map(|role| role.0).collect(),
            heirs: heirs.iter().map(|role| role.0).collect(),
            toggled: toggled.iter().map(|(permission, at)| (permission.0, *at)).collect(),
            inherits_at: *inherits_at,
            created: stamp_image(*created),
            modified: stamp_image(*modified),
            deleted: deleted.map(stamp_image),
            sequence: *sequence,
        }
    }

    pub(super) fn entry(self) -> Result<RoleEntry, SnapshotError> {
        Ok(RoleEntry {
            id: self.id,
            name: self.name,
            description: self.description,
            colour: self.colour,
            level: self.level,
            built_in: self.built_in,
            locked: self.locked,
            everywhere: self.everywhere,
            assigned: match self.assigned {
                0 => AssignedBy::Hand,
                1 => AssignedBy::System,
                2 => AssignedBy::Transfer,
                _ => return Err(SnapshotError::Damaged("a role is assigned in an unknown way")),
            },
            assigned_only_by: self.assigned_only_by,
            account_types: self.account_types,
            own: PermissionSet::of_words(&self.own),
            effective: PermissionSet::of_words(&self.effective),
            inherits: self.inherits.into_iter().map(RoleIx).collect(),
            heirs: self.heirs.into_iter().map(RoleIx).collect(),
            holders: imbl::OrdSet::new(),
            toggled: self.toggled.into_iter().map(|(permission, at)| (PermissionIx(permission), at)).collect(),
            inherits_at: self.inherits_at,
            created: stamp(self.created)?,
            modified: stamp(self.modified)?,
            deleted: self.deleted.map(stamp).transpose()?,
            sequence: self.sequence,
        })
    }
}
