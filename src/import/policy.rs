//! What the files say, whichever format they have.

use std::collections::HashMap;

use super::error::Place;

/// Texts, numbered in order of their first appearance.
#[derive(Debug, Default)]
pub(super) struct Names {
    index: HashMap<Box<str>, u32, foldhash::fast::RandomState>,
    texts: Vec<(Box<str>, Place)>,
}

impl Names {
    /// The number of a text, which is new if it was not there.
    pub(super) fn add(&mut self, text: &str, place: Place) -> u32 {
        if let Some(number) = self.index.get(text) {
            return *number;
        }
        let number = self.texts.len() as u32;
        self.index.insert(text.into(), number);
        self.texts.push((text.into(), place));
        number
    }

    pub(super) fn find(&self, text: &str) -> Option<u32> {
        self.index.get(text).copied()
    }

    pub(super) fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", |(text, _)| text)
    }

    /// The line on which a text first appeared.
    pub(super) fn place(&self, number: u32) -> Place {
        self.texts.get(number as usize).map_or(Place { file: 0, line: 0 }, |(_, place)| *place)
    }

    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> + use<> {
        0..self.texts.len() as u32
    }
}

/// A role of the files.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum RoleName {
    /// It has a name.
    Named(Box<str>),
    /// It has what is granted to a member directly.
    Personal(u32),
}

/// A role permits something, in a domain or in all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Permit {
    pub(super) role: u32,
    pub(super) domain: Option<u32>,
    pub(super) permission: u32,
}

/// A role inherits from another, in a domain or in all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inherit {
    pub(super) role: u32,
    pub(super) parent: u32,
    pub(super) domain: Option<u32>,
    pub(super) place: Place,
}

/// A member holds a role, in a domain or in all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hold {
    pub(super) member: u32,
    pub(super) role: u32,
    pub(super) domain: Option<u32>,
    pub(super) place: Place,
}

/// Everything that the files say.
#[derive(Debug, Default)]
pub(super) struct Policy {
    pub(super) members: Names,
    pub(super) domains: Names,
    /// Keys; `labels` has what people call each.
    pub(super) permissions: Names,
    pub(super) labels: Vec<String>,
    pub(super) roles: Vec<(RoleName, Place)>,
    role_index: HashMap<RoleName, u32>,
    pub(super) permits: Vec<Permit>,
    pub(super) inherits: Vec<Inherit>,
    pub(super) holds: Vec<Hold>,
    /// Permits name a domain, all of them.
    pub(super) permits_in_domains: bool,
    /// Inheritance and named roles' holders name a domain, all of them.
    pub(super) held_in_domains: bool,
}

impl Policy {
    /// An empty policy whose permits, and whose inheritance and holders, name a domain or do not.
    pub(super) fn in_domains(permits: bool, held: bool) -> Self {
        Self { permits_in_domains: permits, held_in_domains: held, ..Self::default() }
    }

    pub(super) fn role(&mut self, name: RoleName, place: Place) -> u32 {
        if let Some(number) = self.role_index.get(&name) {
            return *number;
        }
        let number = self.roles.len() as u32;
        self.role_index.insert(name.clone(), number);
        self.roles.push((name, place));
        number
    }

    pub(super) fn permission(&mut self, key: &str, label: impl FnOnce() -> String, place: Place) -> u32 {
        let number = self.permissions.add(key, place);
        if self.labels.len() < self.permissions.len() {
            self.labels.push(label());
        }
        number
    }

    /// What people call a role.
    pub(super) fn role_name(&self, role: u32) -> String {
        match self.roles.get(role as usize) {
            Some((RoleName::Named(name), _)) => name.to_string(),
            Some((RoleName::Personal(member), _)) => format!("{} (personal)", self.members.text(*member)),
            None => String::new(),
        }
    }

    pub(super) fn role_place(&self, role: u32) -> Place {
        self.roles.get(role as usize).map_or(Place { file: 0, line: 0 }, |(_, place)| *place)
    }
}
