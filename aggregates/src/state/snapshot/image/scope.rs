//! A scope in a snapshot.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::{StampImage, stamp, stamp_image};
use crate::state::snapshot::SnapshotError;
use crate::state::{ScopeEntry, ScopeIx};
use crate::vocabulary::ScopeId;

#[derive(Serialize, Deserialize)]
pub(super) struct ScopeImage {
    id: ScopeId,
    name: CompactString,
    kind: CompactString,
    parent: Option<u32>,
    parent_at: u64,
    children: Vec<u32>,
    shared_with: Vec<(u32, u64)>,
    archived: Option<u64>,
    created: StampImage,
    sequence: u64,
}

impl ScopeImage {
    pub(super) fn of(scope: &ScopeEntry) -> Self {
        let ScopeEntry { id, name, kind, parent, parent_at, children, shared_with, archived, created, sequence } =
            scope;
        Self {
            id: id.clone(),
            name: name.clone(),
            kind: kind.clone(),
            parent: parent.map(|parent| parent.0),
            parent_at: *parent_at,
            children: children.iter().map(|child| child.0).collect(),
            shared_with: shared_with.iter().map(|(with, at)| (with.0, *at)).collect(),
            archived: *archived,
            created: stamp_image(*created),
            sequence: *sequence,
        }
    }

    pub(super) fn entry(self) -> Result<ScopeEntry, SnapshotError> {
        Ok(ScopeEntry {
            id: self.id,
            name: self.name,
            kind: self.kind,
            parent: self.parent.map(ScopeIx),
            parent_at: self.parent_at,
            children: self.children.into_iter().map(ScopeIx).collect(),
            shared_with: self.shared_with.into_iter().map(|(with, at)| (ScopeIx(with), at)).collect(),
            archived: self.archived,
            created: stamp(self.created)?,
            sequence: self.sequence,
        })
    }
}
