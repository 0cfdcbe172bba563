//! Keys, and what refers to them.

use std::collections::HashMap;

use compact_str::CompactString;

use super::Found;
use super::mistake::{Kind, Reason};
use super::sketch::{Entry, Node, Sketch, Text};
use crate::profile::pattern;
use crate::refusal::nearest;
use crate::vocabulary::PermissionKey;

pub(super) fn check(sketch: &Sketch<'_>, found: &mut Found<'_>) {
    keys(sketch, found);
    references(sketch, found);
    patterns(sketch, found);
}

fn keys(sketch: &Sketch<'_>, found: &mut Found<'_>) {
    let kinds = [
        (Kind::AccountType, &sketch.account_types),
        (Kind::ScopeKind, &sketch.scope_kinds),
        (Kind::Category, &sketch.categories),
        (Kind::Permission, &sketch.permissions),
        (Kind::Role, &sketch.roles),
        (Kind::Separation, &sketch.separations),
    ];
    for (kind, entries) in kinds {
        for entry in entries {
            if let Some(key) = entry.key {
                well_formed(kind, &entry.place, key, found);
            }
        }
        unique(kind, entries, |entry| entry.key, found);
    }
    unique(Kind::Namespace, &sketch.namespaces, |entry| entry.node.text("prefix"), found);
    unique(Kind::RoleName, &sketch.roles, |entry| entry.node.text("name"), found);
}

fn well_formed(kind: Kind, place: &str, key: Text<'_>, found: &mut Found<'_>) {
    // Every kind of key is held to what an event can carry.
    if let Err(cause) = PermissionKey::parse(key.value) {
        found.add(key.at, place, Reason::MalformedKey { key: key.value.into(), cause });
    } else if kind == Kind::Permission && (key.value.contains('*') || key.value.starts_with('!')) {
        found.add(key.at, place, Reason::KeyLikePattern { key: key.value.into() });
    }
}

fn unique<'a>(kind: Kind, entries: &[Entry<'a>], name: impl Fn(&Entry<'a>) -> Option<Text<'a>>, found: &mut Found<'_>) {
    let mut first: HashMap<String, usize> = HashMap::new();
    for entry in entries {
        let Some(name) = name(entry) else { continue };
        let folded = if kind == Kind::RoleName { name.value.trim().to_lowercase() } else { name.value.to_owned() };
        match first.get(&folded) {
            Some(at) => {
                let line = found.line(*at);
                found.add(name.at, &entry.place, Reason::Duplicate { kind, name: name.value.into(), line });
            }
            None => {
                first.insert(folded, name.at);
            }
        }
    }
}

fn references(sketch: &Sketch<'_>, found: &mut Found<'_>) {
    for field in sketch.authority.fields() {
        refer(sketch, "authority", &sketch.authority, field, Kind::Permission, found);
    }
    let of_policy =
        [("owner_role", Kind::Role), ("locked_except_for", Kind::Role), ("roles_visible_with", Kind::Permission)];
    for (field, kind) in of_policy {
        refer(sketch, "policy", &sketch.policy, field, kind, found);
    }
    let of_entries = [
        (&sketch.account_types, "default_role", Kind::Role),
        (&sketch.account_types, "scope_kinds", Kind::ScopeKind),
        (&sketch.scope_kinds, "below", Kind::ScopeKind),
        (&sketch.roles, "assigned_only_by", Kind::Role),
        (&sketch.roles, "account_types", Kind::AccountType),
        (&sketch.roles, "inherits", Kind::Role),
    ];
    for (entries, field, kind) in of_entries {
        for entry in entries {
            refer(sketch, &entry.place, &entry.node, field, kind, found);
        }
    }
}

fn refer(sketch: &Sketch<'_>, place: &str, node: &Node<'_>, field: &str, kind: Kind, found: &mut Found<'_>) {
    let defined = match kind {
        Kind::Permission => &sketch.permissions,
        Kind::Category => &sketch.categories,
        Kind::Role | Kind::RoleName => &sketch.roles,
        Kind::AccountType => &sketch.account_types,
        Kind::ScopeKind => &sketch.scope_kinds,
        Kind::Namespace => &sketch.namespaces,
        Kind::Separation => &sketch.separations,
    };
    for name in node.texts(field) {
        if defined.iter().any(|entry| entry.is(name.value)) {
            continue;
        }
        let known = defined.iter().filter_map(|entry| entry.key.map(|key| key.value));
        let nearest = nearest(name.value, known);
        found.add(name.at, place, Reason::Undefined { kind, name: name.value.into(), nearest });
    }
}

fn patterns(sketch: &Sketch<'_>, found: &mut Found<'_>) {
    let fields = [
        (&sketch.account_types, "may_hold"),
        (&sketch.permissions, "narrows"),
        (&sketch.roles, "permissions"),
        (&sketch.separations, "one"),
        (&sketch.separations, "other"),
    ];
    for (entries, field) in fields {
        for entry in entries {
            for text in entry.node.texts(field) {
                let bare = text.value.strip_prefix('!').unwrap_or(text.value);
                if !sketch.keys().any(|key| pattern::matches(bare, key)) {
                    let nearest = nearest(&bare.replace('*', ""), sketch.keys());
                    let pattern = CompactString::from(text.value);
                    found.add(text.at, &entry.place, Reason::SelectsNothing { pattern, nearest });
                }
            }
        }
    }
}
