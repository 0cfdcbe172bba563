//! Rows of members. No personal data: no name, address or number of a person enters a table.

use chancery_aggregates::profile::{AccountType, Profile};
use chancery_aggregates::state::permission_set::PermissionIx;
use chancery_aggregates::state::{Assignment, Coverage, DocumentStatus, MemberEntry, MemberIx, RoleIx, Status};
use chancery_aggregates::vocabulary::{MemberKind, Time};

use super::organisation::key;
use super::row::Rows;
use super::schema::{Column, Table};
use super::scope::WHOLE;

pub(super) static MEMBERS: Table = Table::interval(
    "members",
    2,
    &[
        Column::text("organisation"),
        Column::text("member"),
        Column::text("kind"),
        Column::text("account_type").or_null(),
        Column::text("status"),
        Column::boolean("email_verified"),
        Column::text("scope_mode"),
        Column::boolean("admitted"),
        Column::time("admitted_until").or_null(),
    ],
);

pub(super) static MEMBER_DOCUMENTS: Table = Table::interval(
    "member_documents",
    3,
    &[
        Column::text("organisation"),
        Column::text("member"),
        Column::text("document"),
        Column::text("status"),
        Column::time("expires").or_null(),
    ],
);

pub(super) static MEMBER_SCOPES: Table =
    Table::interval("member_scopes", 3, &[Column::text("organisation"), Column::text("member"), Column::text("node")]);

pub(super) static MEMBER_ROLES: Table = Table::interval(
    "member_roles",
    4,
    &[
        Column::text("organisation"),
        Column::text("member"),
        Column::text("role"),
        Column::text("scope"),
        Column::time("assigned_from").or_null(),
        Column::time("assigned_until").or_null(),
        Column::boolean("suitable"),
    ],
);

pub(super) static MEMBER_ROLE_PLACES: Table = Table::interval(
    "member_role_places",
    5,
    &[
        Column::text("organisation"),
        Column::text("member"),
        Column::text("role"),
        Column::text("scope"),
        Column::text("node"),
        Column::time("assigned_from").or_null(),
        Column::time("assigned_until").or_null(),
    ],
);

pub(super) static MEMBER_PERMISSIONS: Table = Table::interval(
    "member_permissions",
    3,
    &[Column::text("organisation"), Column::text("member"), Column::text("permission"), Column::boolean("allowed")],
);

impl Rows<'_> {
    pub(super) fn member(&mut self, ix: MemberIx) {
        let (Some(member), Some(profile)) = (self.state.member(ix), self.state.profile()) else { return };
        let account_type = profile.account_type(member.account_type);
        let kind = match member.kind {
            MemberKind::Person => "person",
            MemberKind::Service => "service",
        };
        let scope_mode = match member.scope {
            Coverage::None => "none",
            Coverage::All => "all",
            Coverage::Nodes { by_group: false, .. } => "selected",
            Coverage::Nodes { by_group: true, .. } => "by_group",
        };
        let status = match member.status {
            Status::Active => "active",
            Status::Suspended => "suspended",
            Status::Removed => "removed",
        };
        let admission = admission(member, account_type);
        self.add(
            &MEMBERS,
            [
                member.id.as_str().into(),
                kind.into(),
                account_type.map(|account_type| account_type.key.as_str()).into(),
                status.into(),
                member.email_verified.is_some().into(),
                scope_mode.into(),
                admission.is_some().into(),
                admission.flatten().into(),
            ],
        );
    }

    pub(super) fn member_documents(&mut self, ix: MemberIx) {
        for document in self.state.member(ix).into_iter().flat_map(|member| &member.documents) {
            let (status, expires) = match document.status {
                DocumentStatus::Submitted => ("submitted", None),
                DocumentStatus::Approved(expires) => ("approved", expires),
                DocumentStatus::Rejected => ("rejected", None),
                DocumentStatus::Expired => ("expired", None),
            };
            let Some(member) = self.state.member(ix) else { return };
            let values = [member.id.as_str().into(), document.kind.as_str().into(), status.into(), expires.into()];
            self.add(&MEMBER_DOCUMENTS, values);
        }
    }

    pub(super) fn member_scopes(&mut self, ix: MemberIx) {
        let Some(member) = self.state.member(ix) else { return };
        for node in self.nodes(&member.scope) {
            self.add(&MEMBER_SCOPES, [member.id.as_str().into(), node.into()]);
        }
    }

    pub(super) fn member_roles(&mut self, ix: MemberIx, only: Option<RoleIx>) {
        let Some(member) = self.state.member(ix) else { return };
        for assignment in &member.assignments {
            if only.is_none_or(|only| only == assignment.role) {
                self.member_role(member, assignment);
            }
        }
    }

    fn member_role(&mut self, member: &MemberEntry, assignment: &Assignment) {
        let (Some(role), Some(profile)) = (self.living(assignment.role), self.state.profile()) else { return };
        let own = assignment.scope.and_then(|scope| self.state.scope(scope)).map(|scope| scope.id.as_str());
        let window = assignment.window;
        let suitable = suits(profile, member, &role.account_types);
        let (id, role_id, scope) = (member.id.as_str(), role.id.as_str(), own.unwrap_or(WHOLE));
        self.add(
            &MEMBER_ROLES,
            [id.into(), role_id.into(), scope.into(), window.from.into(), window.until.into(), suitable.into()],
        );
        if !suitable {
            return;
        }
        let nodes = match (role.everywhere, own) {
            (true, _) => vec![WHOLE],
            (false, Some(own)) => vec![own],
            (false, None) => self.nodes(&member.scope),
        };
        for node in nodes {
            self.add(
                &MEMBER_ROLE_PLACES,
                [id.into(), role_id.into(), scope.into(), node.into(), window.from.into(), window.until.into()],
            );
        }
    }

    pub(super) fn member_permissions(&mut self, ix: MemberIx, only: Option<PermissionIx>) {
        let (Some(member), Some(profile)) = (self.state.member(ix), self.state.profile()) else { return };
        for toggle in &member.toggles {
            if only.is_none_or(|only| only == toggle.permission) {
                let values = [member.id.as_str().into(), key(profile, toggle.permission).into(), toggle.allowed.into()];
                self.add(&MEMBER_PERMISSIONS, values);
            }
        }
    }
}

impl<'a> Rows<'a> {
    fn nodes(&self, coverage: &Coverage) -> Vec<&'a str> {
        match coverage {
            Coverage::None => Vec::new(),
            Coverage::All => vec![WHOLE],
            Coverage::Nodes { nodes, .. } => {
                nodes.iter().filter_map(|node| self.state.scope(*node)).map(|scope| scope.id.as_str()).collect()
            }
        }
    }
}

/// Whether the member takes part and passes the guards, and until when at the longest. Everything
/// but the passing of time is an event, so this holds from one event to the next.
fn admission(member: &MemberEntry, account_type: Option<&AccountType>) -> Option<Option<Time>> {
    if member.status != Status::Active {
        return None;
    }
    let Some(account_type) = account_type else { return Some(None) };
    if account_type.verified_email && member.email_verified.is_none() {
        return None;
    }
    let mut until: Option<Time> = None;
    for required in &account_type.documents {
        let document = member.documents.iter().find(|document| document.kind.as_str() == required.as_str())?;
        let DocumentStatus::Approved(expires) = document.status else { return None };
        until = [until, expires].into_iter().flatten().min();
    }
    Some(until)
}

fn suits(profile: &Profile, member: &MemberEntry, types: &[chancery_aggregates::vocabulary::AccountTypeKey]) -> bool {
    types.is_empty() || profile.account_type(member.account_type).is_some_and(|t| types.contains(&t.key))
}
