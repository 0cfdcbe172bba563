//! A member in a snapshot.

use serde::{Deserialize, Serialize};

use super::{StampImage, stamp, stamp_image, time};
use crate::event::Details;
use crate::state::permission_set::PermissionIx;
use crate::state::snapshot::SnapshotError;
use crate::state::{Assignment, Coverage, DocumentEntry, DocumentStatus, MemberEntry, RoleIx, ScopeIx, Status, Toggle};
use crate::vocabulary::{DocumentKind, MemberId, MemberKind, Personal, Time, Window};

type WindowImage = (Option<i64>, Option<i64>);
#[derive(Serialize, Deserialize)]
pub(super) struct MemberImage {
    id: MemberId,
    service: bool,
    account_type: u16,
    account_type_at: u64,
    details: [Option<Personal>; 3],
    status: u8,
    status_at: u64,
    email_verified: Option<u64>,
    documents: Vec<(DocumentKind, DocumentImage, u64)>,
    scope: CoverageImage,
    scope_at: u64,
    assignments: Vec<AssignmentImage>,
    toggles: Vec<(u32, bool, u64)>,
    erased: Option<u64>,
    legal_hold: Option<u64>,
    added: StampImage,
    sequence: u64,
}

type AssignmentImage = (u32, Option<u32>, WindowImage, u64);

#[derive(Serialize, Deserialize)]
enum DocumentImage {
    Submitted,
    Approved(Option<i64>),
    Rejected,
    Expired,
}

#[derive(Serialize, Deserialize)]
enum CoverageImage {
    None,
    All,
    Nodes(bool, Vec<u32>),
}

impl MemberImage {
    pub(super) fn of(member: &MemberEntry) -> Self {
        let MemberEntry {
            id,
            kind,
            account_type,
            account_type_at,
            details: Details { name, email, phone },
            status,
            status_at,
            email_verified,
            documents,
            scope,
            scope_at,
            assignments,
            toggles,
            // Found again from the keys.
            keys: _,
            erased,
            legal_hold,
            added,
            sequence,
        } = member;
        Self {
            id: id.clone(),
            service: *kind == MemberKind::Service,
            account_type: *account_type,
            account_type_at: *account_type_at,
            details: [name.clone(), email.clone(), phone.clone()],
            status: match status {
                Status::Active => 0,
                Status::Suspended => 1,
                Status::Removed => 2,
            },
            status_at: *status_at,
            email_verified: *email_verified,
            documents: documents.iter().map(document_image).collect(),
            scope: match scope {
                Coverage::None => CoverageImage::None,
                Coverage::All => CoverageImage::All,
                Coverage::Nodes { by_group, nodes } => {
                    CoverageImage::Nodes(*by_group, nodes.iter().map(|node| node.0).collect())
                }
            },
            scope_at: *scope_at,
            assignments: assignments.iter().map(assignment_image).collect(),
            toggles: toggles.iter().map(|toggle| (toggle.permission.0, toggle.allowed, toggle.at)).collect(),
            erased: *erased,
            legal_hold: *legal_hold,
            added: stamp_image(*added),
            sequence: *sequence,
        }
    }

    pub(super) fn entry(self) -> Result<MemberEntry, SnapshotError> {
        let [name, email, phone] = self.details;
        Ok(MemberEntry {
            id: self.id,
            kind: if self.service { MemberKind::Service } else { MemberKind::Person },
            account_type: self.account_type,
            account_type_at: self.account_type_at,
            details: Details { name, email, phone },
            status: match self.status {
                0 => Status::Active,
                1 => Status::Suspended,
                2 => Status::Removed,
                _ => return Err(SnapshotError::Damaged("a member has an unknown status")),
            },
            status_at: self.status_at,
            email_verified: self.email_verified,
            documents: self.documents.into_iter().map(document).collect::<Result<_, _>>()?,
            scope: match self.scope {
                CoverageImage::None => Coverage::None,
                CoverageImage::All => Coverage::All,
                CoverageImage::Nodes(by_group, nodes) => {
                    Coverage::Nodes { by_group, nodes: nodes.into_iter().map(ScopeIx).collect() }
                }
            },
            scope_at: self.scope_at,
            assignments: self.assignments.into_iter().map(assignment).collect::<Result<_, _>>()?,
            toggles: self
                .toggles
                .into_iter()
                .map(|(permission, allowed, at)| Toggle { permission: PermissionIx(permission), allowed, at })
                .collect(),
            keys: Vec::new(),
            erased: self.erased,
            legal_hold: self.legal_hold,
            added: stamp(self.added)?,
            sequence: self.sequence,
        })
    }
}

fn document_image(document: &DocumentEntry) -> (DocumentKind, DocumentImage, u64) {
    let status = match document.status {
        DocumentStatus::Submitted => DocumentImage::Submitted,
        DocumentStatus::Approved(expires) => DocumentImage::Approved(expires.map(|at| at.timestamp_micros())),
        DocumentStatus::Rejected => DocumentImage::Rejected,
        DocumentStatus::Expired => DocumentImage::Expired,
    };
    (document.kind.clone(), status, document.at)
}

fn document((kind, status, at): (DocumentKind, DocumentImage, u64)) -> Result<DocumentEntry, SnapshotError> {
    let status = match status {
        DocumentImage::Submitted => DocumentStatus::Submitted,
        DocumentImage::Approved(expires) => DocumentStatus::Approved(expires.map(time).transpose()?),
        DocumentImage::Rejected => DocumentStatus::Rejected,
        DocumentImage::Expired => DocumentStatus::Expired,
    };
    Ok(DocumentEntry { kind, status, at })
}

fn assignment_image(held: &Assignment) -> AssignmentImage {
    let micros = |at: Option<Time>| at.map(|at| at.timestamp_micros());
    let window = (micros(held.window.from), micros(held.window.until));
    (held.role.0, held.scope.map(|scope| scope.0), window, held.at)
}

fn assignment((role, scope, (from, until), at): AssignmentImage) -> Result<Assignment, SnapshotError> {
    let window = Window { from: from.map(time).transpose()?, until: until.map(time).transpose()? };
    Ok(Assignment { role: RoleIx(role), scope: scope.map(ScopeIx), window, at })
}
