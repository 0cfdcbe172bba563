//! Rows of roles.

use chancery_aggregates::profile::document::AssignedBy;
use chancery_aggregates::state::permission_set::PermissionIx;
use chancery_aggregates::state::{RoleEntry, RoleIx};

use super::organisation::key;
use super::row::Rows;
use super::schema::{Column, Table};

pub(super) static ROLES: Table = Table::interval(
    "roles",
    2,
    &[
        Column::text("organisation"),
        Column::text("role"),
        Column::text("name"),
        Column::text("description"),
        Column::text("colour").or_null(),
        Column::integer("level").or_null(),
        Column::boolean("built_in"),
        Column::boolean("locked"),
        Column::boolean("everywhere"),
        Column::text("assigned"),
    ],
);

pub(super) static ROLE_ACCOUNT_TYPES: Table = Table::interval(
    "role_account_types",
    3,
    &[Column::text("organisation"), Column::text("role"), Column::text("account_type")],
);

pub(super) static ROLE_ASSIGNERS: Table = Table::interval(
    "role_assigners",
    3,
    &[Column::text("organisation"), Column::text("role"), Column::text("assigner")],
);

pub(super) static ROLE_PARENTS: Table =
    Table::interval("role_parents", 3, &[Column::text("organisation"), Column::text("role"), Column::text("parent")]);

pub(super) static ROLE_PERMISSIONS: Table = Table::interval(
    "role_permissions",
    3,
    &[
        Column::text("organisation"),
        Column::text("role"),
        Column::text("permission"),
        Column::boolean("own"),
        Column::boolean("inherited"),
    ],
);

impl Rows<'_> {
    pub(super) fn role(&mut self, ix: RoleIx) {
        let Some(role) = self.living(ix) else { return };
        let assigned = match role.assigned {
            AssignedBy::Hand => "hand",
            AssignedBy::System => "system",
            AssignedBy::Transfer => "transfer",
        };
        self.add(
            &ROLES,
            [
                role.id.as_str().into(),
                role.name.as_str().into(),
                role.description.as_str().into(),
                role.colour.as_deref().into(),
                role.level.map(i64::from).into(),
                role.built_in.into(),
                role.locked.into(),
                role.everywhere.into(),
                assigned.into(),
            ],
        );
    }

    /// What a role is created with and keeps until it is deleted.
    pub(super) fn role_terms(&mut self, ix: RoleIx) {
        let Some(role) = self.living(ix) else { return };
        for account_type in &role.account_types {
            self.add(&ROLE_ACCOUNT_TYPES, [role.id.as_str().into(), account_type.as_str().into()]);
        }
        for assigner in &role.assigned_only_by {
            self.add(&ROLE_ASSIGNERS, [role.id.as_str().into(), assigner.as_str().into()]);
        }
    }

    pub(super) fn role_parents(&mut self, ix: RoleIx) {
        let Some(role) = self.living(ix) else { return };
        for parent in &role.inherits {
            if let Some(parent) = self.living(*parent) {
                self.add(&ROLE_PARENTS, [role.id.as_str().into(), parent.id.as_str().into()]);
            }
        }
    }

    pub(super) fn role_permissions(&mut self, ix: RoleIx) {
        let Some(role) = self.living(ix) else { return };
        for permission in role.effective.iter() {
            self.one_role_permission(role, permission);
        }
    }

    pub(super) fn role_permission(&mut self, ix: RoleIx, permission: PermissionIx) {
        if let Some(role) = self.living(ix).filter(|role| role.effective.contains(permission)) {
            self.one_role_permission(role, permission);
        }
    }

    fn one_role_permission(&mut self, role: &RoleEntry, permission: PermissionIx) {
        let Some(profile) = self.state.profile() else { return };
        let has = |parent: &RoleIx| self.living(*parent).is_some_and(|parent| parent.effective.contains(permission));
        let (own, inherited) = (role.own.contains(permission), role.inherits.iter().any(has));
        let values = [role.id.as_str().into(), key(profile, permission).into(), own.into(), inherited.into()];
        self.add(&ROLE_PERMISSIONS, values);
    }
}

impl<'a> Rows<'a> {
    /// A role that is not deleted.
    pub(super) fn living(&self, ix: RoleIx) -> Option<&'a RoleEntry> {
        self.state.role(ix).filter(|role| role.deleted.is_none())
    }
}
