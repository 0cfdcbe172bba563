//! A profile as far as it can be read, with the place of everything in the file.
//!
//! What is missing or of the wrong type is left out here (the shape has reported it), so that the
//! rest can still be checked.

use compact_str::CompactString;
use toml::de::{DeTable, DeValue};

use super::shape;
use crate::profile::pattern;

/// A text and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) value: &'a str,
    pub(super) at: usize,
}

/// A table of the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'a> {
    table: Option<&'a DeTable<'a>>,
    at: usize,
}

impl<'a> Node<'a> {
    fn get(&self, field: &str) -> Option<(&'a DeValue<'a>, usize)> {
        self.table?.get(field).map(|value| (value.get_ref(), value.span().start))
    }

    /// Where a field's value stands, or else the table.
    pub(super) fn at(&self, field: &str) -> usize {
        self.get(field).map_or(self.at, |(_, at)| at)
    }

    pub(super) fn has(&self, field: &str) -> bool {
        self.get(field).is_some()
    }

    pub(super) fn text(&self, field: &str) -> Option<Text<'a>> {
        self.get(field).and_then(|(value, at)| value.as_str().map(|value| Text { value, at }))
    }

    /// The texts of a list, or a single text as a list of one.
    pub(super) fn texts(&self, field: &str) -> Vec<Text<'a>> {
        match self.get(field) {
            Some((DeValue::Array(items), _)) => items
                .iter()
                .filter_map(|item| item.get_ref().as_str().map(|value| Text { value, at: item.span().start }))
                .collect(),
            _ => self.text(field).into_iter().collect(),
        }
    }

    pub(super) fn flag(&self, field: &str) -> bool {
        matches!(self.get(field), Some((DeValue::Boolean(true), _)))
    }

    pub(super) fn number(&self, field: &str) -> Option<u64> {
        self.get(field).and_then(|(value, _)| value.as_integer()).and_then(shape::number)
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = &'a str> {
        self.table.into_iter().flat_map(|table| table.keys().map(|key| key.get_ref().as_ref()))
    }

    fn node(&self, field: &str) -> Self {
        let table = self.get(field).and_then(|(value, at)| value.as_table().map(|table| (table, at)));
        table.map_or(Self { table: None, at: self.at }, |(table, at)| Self { table: Some(table), at })
    }

    fn entries(&self, field: &str, noun: &str) -> Vec<Entry<'a>> {
        let items = self.get(field).and_then(|(value, _)| value.as_array()).into_iter().flatten().enumerate();
        items
            .filter_map(|(number, item)| {
                let table = item.get_ref().as_table()?;
                let node = Node { table: Some(table), at: item.span().start };
                Some(Entry { place: shape::place(noun, number, table), key: node.text("key"), node })
            })
            .collect()
    }
}

/// An entry of an array of tables.
#[derive(Debug, Clone)]
pub(super) struct Entry<'a> {
    /// How a mistake calls it.
    pub(super) place: String,
    pub(super) key: Option<Text<'a>>,
    pub(super) node: Node<'a>,
}

impl Entry<'_> {
    pub(super) fn is(&self, key: &str) -> bool {
        self.key.is_some_and(|own| own.value == key)
    }
}

/// The parts of the profile.
#[derive(Debug)]
pub(super) struct Sketch<'a> {
    pub(super) profile: Node<'a>,
    pub(super) policy: Node<'a>,
    pub(super) authority: Node<'a>,
    pub(super) account_types: Vec<Entry<'a>>,
    pub(super) scope_kinds: Vec<Entry<'a>>,
    pub(super) namespaces: Vec<Entry<'a>>,
    pub(super) categories: Vec<Entry<'a>>,
    pub(super) permissions: Vec<Entry<'a>>,
    pub(super) roles: Vec<Entry<'a>>,
    pub(super) separations: Vec<Entry<'a>>,
    /// Keys of the permissions that only administer the organisation.
    pub(super) administration: Vec<&'a str>,
}

impl<'a> Sketch<'a> {
    pub(super) fn of(table: &'a DeTable<'a>) -> Self {
        let profile = Node { table: Some(table), at: 0 };
        let categories = profile.entries("category", "category");
        let of = |category: &Entry<'a>| category.node.entries("permissions", "permission");
        let administration = categories.iter().filter(|category| category.node.flag("administration")).flat_map(of);
        Self {
            profile,
            policy: profile.node("policy"),
            authority: profile.node("authority"),
            account_types: profile.entries("account_type", "account type"),
            scope_kinds: profile.entries("scope_kind", "scope kind"),
            namespaces: profile.entries("namespace", "namespace"),
            permissions: categories.iter().flat_map(of).collect(),
            administration: administration.filter_map(|permission| permission.key.map(|key| key.value)).collect(),
            categories,
            roles: profile.entries("role", "role"),
            separations: profile.entries("separation", "separation"),
        }
    }

    /// The keys of the catalogue.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'a str> {
        self.permissions.iter().filter_map(|permission| permission.key.map(|key| key.value))
    }

    /// Whether a permission is there and is a restriction.
    pub(super) fn is_restriction(&self, key: &str) -> bool {
        self.permissions.iter().any(|permission| permission.is(key) && permission.node.has("narrows"))
    }

    /// The permissions that a role has, inherited ones included.
    pub(super) fn held(&self, role: &Entry<'a>) -> Vec<&'a str> {
        let mut patterns = vec![self.patterns(role, "permissions")];
        let mut seen = Vec::new();
        let mut waiting = role.node.texts("inherits");
        while let Some(parent) = waiting.pop() {
            if seen.contains(&parent.value) {
                continue;
            }
            seen.push(parent.value);
            for role in self.roles.iter().filter(|role| role.is(parent.value)) {
                patterns.push(self.patterns(role, "permissions"));
                waiting.extend(role.node.texts("inherits"));
            }
        }
        self.keys().filter(|key| patterns.iter().any(|patterns| pattern::selects(patterns, key))).collect()
    }

    /// The account types whose members can be given a role.
    pub(super) fn account_types_of(&self, role: &Entry<'a>) -> Vec<&Entry<'a>> {
        let only = role.node.texts("account_types");
        let open = |account_type: &&Entry<'a>| only.is_empty() || only.iter().any(|key| account_type.is(key.value));
        self.account_types.iter().filter(open).collect()
    }

    /// The patterns of a field.
    pub(super) fn patterns(&self, entry: &Entry<'a>, field: &str) -> Vec<CompactString> {
        entry.node.texts(field).iter().map(|text| CompactString::from(text.value)).collect()
    }
}
