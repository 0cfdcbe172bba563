//! The table of a profile's roles: levels and how many permissions each has.

use std::collections::BTreeSet;

use super::document::{PermissionDocument, ProfileDocument, RoleDocument};
use super::pattern;

/// A profile in numbers. The counts of a row stand in the order of `columns`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// What is counted: the label of each namespace, or `Permissions` where there are none.
    pub columns: Vec<String>,
    /// Size of the catalogue, without what only administers the organisation.
    pub catalogue: Vec<usize>,
    /// The roles: by level where there are levels, else as written.
    pub roles: Vec<RoleRow>,
    /// The categories, as written.
    pub categories: Vec<CategoryRow>,
}

/// A role in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleRow {
    /// Its level, where the product has levels.
    pub level: Option<u16>,
    /// Its id.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// How many permissions of the catalogue it has, inherited ones included.
    pub counts: Vec<usize>,
    /// Whether it is locked.
    pub locked: bool,
}

/// A category in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryRow {
    /// Its key.
    pub key: String,
    /// What people call it.
    pub label: String,
    /// Whether it administers the organisation, and so is not counted in the catalogue.
    pub administration: bool,
    /// How many permissions it has.
    pub permissions: usize,
}

impl Table {
    /// Counts what a profile has.
    pub fn of(profile: &ProfileDocument) -> Self {
        let columns: Vec<String> = if profile.namespaces.is_empty() {
            vec!["Permissions".to_owned()]
        } else {
            profile.namespaces.iter().map(|namespace| namespace.label.clone()).collect()
        };
        let mut roles: Vec<RoleRow> = profile.roles.iter().map(|role| row(profile, role)).collect();
        roles.sort_by_key(|role| role.level);
        Self { columns, catalogue: count(profile, |_| true), roles, categories: categories(profile) }
    }

    /// How many categories the catalogue has, without what only administers the organisation.
    pub fn counted_categories(&self) -> usize {
        self.categories.iter().filter(|category| !category.administration).count()
    }
}

fn row(profile: &ProfileDocument, role: &RoleDocument) -> RoleRow {
    let family = family(profile, role);
    let has = |permission: &PermissionDocument| {
        family.iter().any(|member| pattern::selects(&member.permissions, &permission.key))
    };
    RoleRow {
        level: role.level,
        key: role.key.to_string(),
        name: role.name.clone(),
        counts: count(profile, has),
        locked: role.locked,
    }
}

fn categories(profile: &ProfileDocument) -> Vec<CategoryRow> {
    let row = |category: &super::document::CategoryDocument| CategoryRow {
        key: category.key.to_string(),
        label: category.label.clone(),
        administration: category.administration,
        permissions: category.permissions.len(),
    };
    profile.categories.iter().map(row).collect()
}

/// A role and all that it inherits from, each once.
fn family<'a>(profile: &'a ProfileDocument, role: &'a RoleDocument) -> Vec<&'a RoleDocument> {
    let mut family = vec![role];
    let mut seen = BTreeSet::from([&role.key]);
    let mut waiting: Vec<_> = role.inherits.iter().collect();
    while let Some(key) = waiting.pop() {
        if !seen.insert(key) {
            continue;
        }
        if let Some(parent) = profile.roles.iter().find(|role| role.key == *key) {
            family.push(parent);
            waiting.extend(&parent.inherits);
        }
    }
    family
}

/// Counts the catalogue's permissions per namespace.
fn count(profile: &ProfileDocument, counted: impl Fn(&PermissionDocument) -> bool) -> Vec<usize> {
    let catalogue = profile.categories.iter().filter(|category| !category.administration);
    let keys: Vec<_> = catalogue.flat_map(|category| &category.permissions).filter(|p| counted(p)).collect();
    if profile.namespaces.is_empty() {
        return vec![keys.len()];
    }
    let within = |prefix: &str| keys.iter().filter(|permission| permission.key.starts_with(prefix)).count();
    profile.namespaces.iter().map(|namespace| within(&namespace.prefix)).collect()
}
