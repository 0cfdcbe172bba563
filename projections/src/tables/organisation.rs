//! Rows of the organisation as a whole: its settings, its catalogue, its account types.

use chancery_aggregates::profile::Profile;

use super::row::Rows;
use super::schema::{Column, Table};

pub(super) static ORGANISATION_SETTINGS: Table = Table::interval(
    "organisation_settings",
    1,
    &[
        Column::text("organisation"),
        Column::text("name"),
        Column::text("profile"),
        Column::text("product"),
        Column::text("policy"),
    ],
);

pub(super) static PERMISSIONS: Table = Table::interval(
    "permissions",
    2,
    &[
        Column::text("organisation"),
        Column::text("permission"),
        Column::integer("number"),
        Column::text("category"),
        Column::text("category_label"),
        Column::text("label"),
        Column::text("description"),
        Column::text("kind"),
        Column::boolean("sensitive"),
        Column::boolean("administration"),
    ],
);

pub(super) static PERMISSION_RESTRICTIONS: Table = Table::interval(
    "permission_restrictions",
    3,
    &[Column::text("organisation"), Column::text("permission"), Column::text("restriction")],
);

pub(super) static ACCOUNT_TYPES: Table = Table::interval(
    "account_types",
    2,
    &[
        Column::text("organisation"),
        Column::text("account_type"),
        Column::text("label"),
        Column::boolean("verified_email"),
        Column::boolean("sees_own_access"),
        Column::text("default_role").or_null(),
    ],
);

pub(super) static ACCOUNT_TYPE_DOCUMENTS: Table = Table::interval(
    "account_type_documents",
    3,
    &[Column::text("organisation"), Column::text("account_type"), Column::text("document")],
);

pub(super) static ACCOUNT_TYPE_PERMISSIONS: Table = Table::interval(
    "account_type_permissions",
    3,
    &[Column::text("organisation"), Column::text("account_type"), Column::text("permission")],
);

impl Rows<'_> {
    pub(super) fn settings(&mut self) {
        let Some(profile) = self.state.profile() else { return };
        let document = profile.document();
        let policy = serde_json::to_string(&document.policy).unwrap_or_default();
        let values = [self.state.name().into(), document.name.as_str().into(), document.title.as_str().into()];
        let [name, key, title] = values;
        self.add(&ORGANISATION_SETTINGS, [name, key, title, policy.into()]);
    }

    pub(super) fn catalogue(&mut self) {
        let Some(profile) = self.state.profile() else { return };
        for (permission, number) in profile.permissions().iter().zip(1i64..) {
            let category = profile.document().categories.get(permission.category);
            let kind = if permission.narrows.is_some() { "restriction" } else { "grant" };
            self.add(
                &PERMISSIONS,
                [
                    permission.key.as_str().into(),
                    number.into(),
                    category.map_or("", |category| category.key.as_str()).into(),
                    category.map_or("", |category| category.label.as_str()).into(),
                    permission.label.as_str().into(),
                    permission.description.as_str().into(),
                    kind.into(),
                    permission.sensitive.into(),
                    permission.administration.into(),
                ],
            );
        }
        for (restriction, narrows) in profile.restrictions() {
            for permission in narrows.iter() {
                let [permission, restriction] = [permission, *restriction].map(|ix| key(profile, ix).into());
                self.add(&PERMISSION_RESTRICTIONS, [permission, restriction]);
            }
        }
        self.account_types(profile);
    }

    fn account_types(&mut self, profile: &Profile) {
        for account_type in profile.account_types() {
            let account = account_type.key.as_str();
            self.add(
                &ACCOUNT_TYPES,
                [
                    account.into(),
                    account_type.label.as_str().into(),
                    account_type.verified_email.into(),
                    account_type.sees_own_access.into(),
                    account_type.default_role.as_deref().into(),
                ],
            );
            for document in &account_type.documents {
                self.add(&ACCOUNT_TYPE_DOCUMENTS, [account.into(), document.as_str().into()]);
            }
            for permission in account_type.bound.and(profile.grants()).iter() {
                self.add(&ACCOUNT_TYPE_PERMISSIONS, [account.into(), key(profile, permission).into()]);
            }
        }
    }
}

pub(super) fn key(profile: &Profile, ix: chancery_aggregates::state::permission_set::PermissionIx) -> &str {
    profile.permission(ix).map_or("", |permission| permission.key.as_str())
}
