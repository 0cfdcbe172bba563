//! What the parts of a profile mean together.

use std::collections::{BTreeMap, VecDeque};

use compact_str::CompactString;

use super::Found;
use super::mistake::{Kind, Reason};
use super::sketch::{Entry, Sketch, Text};
use crate::profile::pattern;

pub(super) fn check(sketch: &Sketch<'_>, found: &mut Found<'_>) {
    format(sketch, found);
    catalogue(sketch, found);
    restrictions(sketch, found);
    separations(sketch, found);
    owner(sketch, found);
    default_roles(sketch, found);
    cycles(&sketch.roles, "inherits", found);
    cycles(&sketch.scope_kinds, "below", found);
    for role in &sketch.roles {
        level(sketch, role, found);
        colour(role, found);
        account_types(sketch, role, found);
    }
    if !sketch.roles.iter().any(|role| governs(sketch, role)) {
        found.add(sketch.profile.at("role"), "profile", Reason::NoAdministrator);
    }
}

fn format(sketch: &Sketch<'_>, found: &mut Found<'_>) {
    if let Some(version) = sketch.profile.number("format").filter(|version| *version != 1) {
        found.add(sketch.profile.at("format"), "profile", Reason::Format { found: version });
    }
}

fn catalogue(sketch: &Sketch<'_>, found: &mut Found<'_>) {
    if sketch.profile.has("category") && sketch.permissions.is_empty() {
        found.add(sketch.profile.at("category"), "profile", Reason::None(Kind::Permission));
    }
    if sketch.profile.has("account_type") && sketch.account_types.is_empty() {
        found.add(sketch.profile.at("account_type"), "profile", Reason::None(Kind::AccountType));
    }
    let prefixes: Vec<_> = sketch.namespaces.iter().filter_map(|entry| entry.node.text("prefix")).collect();
    if prefixes.is_empty() {
        return;
    }
    for (permission, key) in sketch.permissions.iter().filter_map(|entry| entry.key.map(|key| (entry, key))) {
        let inside = prefixes.iter().any(|prefix| key.value.starts_with(prefix.value));
        if !inside && !sketch.administration.contains(&key.value) {
            let prefixes = prefixes.iter().map(|prefix| prefix.value.into()).collect();
            found.add(key.at, &permission.place, Reason::OutsideNamespaces { key: key.value.into(), prefixes });
        }
    }
}

fn restrictions(sketch: &Sketch<'_>, found: &mut Found<'_>) {
    for entry in sketch.permissions.iter().filter(|entry| entry.node.has("narrows")) {
        let at = entry.node.at("narrows");
        let patterns = sketch.patterns(entry, "narrows");
        let narrowed: Vec<_> = sketch.keys().filter(|key| pattern::selects(&patterns, key)).collect();
        // A pattern that selects nothing by itself is reported as such.
        let chosen =
            |pattern: &CompactString| sketch.keys().any(|key| pattern::selects(std::slice::from_ref(pattern), key));
        if narrowed.is_empty() && patterns.iter().all(|pattern| pattern.starts_with('!') || chosen(pattern)) {
            found.add(at, &entry.place, Reason::NarrowsNothing);
        }
        for other in narrowed.into_iter().filter(|key| sketch.is_restriction(key)) {
            found.add(at, &entry.place, Reason::NarrowsRestriction { other: other.into() });
        }
    }
    for field in sketch.authority.fields() {
        for named in sketch.authority.texts(field).into_iter().filter(|named| sketch.is_restriction(named.value)) {
            found.add(named.at, "authority", Reason::AuthorisedByRestriction { permission: named.value.into() });
        }
    }
}

fn separations(sketch: &Sketch<'_>, found: &mut Found<'_>) {
    for entry in &sketch.separations {
        let duty = |field| {
            let patterns = sketch.patterns(entry, field);
            let grants = |key: &&str| pattern::selects(&patterns, key) && !sketch.is_restriction(key);
            (sketch.keys().filter(grants).collect::<Vec<_>>(), patterns)
        };
        let (one, other) = (duty("one"), duty("other"));
        for (field, (keys, patterns)) in [("one", &one), ("other", &other)] {
            // A pattern that selects nothing by itself is reported as such.
            let chosen =
                |pattern: &CompactString| sketch.keys().any(|key| pattern::selects(std::slice::from_ref(pattern), key));
            if keys.is_empty() && entry.node.has(field) && patterns.iter().all(|p| p.starts_with('!') || chosen(p)) {
                found.add(entry.node.at(field), &entry.place, Reason::SeparatesNothing { field });
            }
        }
        let both: Vec<&str> = one.0.iter().copied().filter(|key| other.0.contains(key)).collect();
        if let [permission, others @ ..] = both.as_slice() {
            let reason = Reason::SeparatedFromItself { permission: (*permission).into(), others: others.len() };
            found.add(entry.node.at("other"), &entry.place, reason);
        }
    }
}

fn assigned<'a>(role: &Entry<'a>) -> &'a str {
    role.node.text("assigned").map_or("hand", |assigned| assigned.value)
}

fn owner(sketch: &Sketch<'_>, found: &mut Found<'_>) {
    let owner = sketch.policy.text("owner_role");
    for role in sketch.roles.iter().filter(|role| assigned(role) == "transfer") {
        if !owner.is_some_and(|owner| role.is(owner.value)) {
            found.add(role.node.at("assigned"), &role.place, Reason::TransferNotOwner);
        }
    }
    let Some(owner) = owner else { return };
    if sketch.roles.iter().any(|role| role.is(owner.value) && assigned(role) != "transfer") {
        found.add(owner.at, "policy", Reason::OwnerNotTransfer { role: owner.value.into() });
    }
}

fn default_roles(sketch: &Sketch<'_>, found: &mut Found<'_>) {
    for account_type in &sketch.account_types {
        let Some(default) = account_type.node.text("default_role") else { continue };
        let fits = |role: &&Entry<'_>| {
            let types = role.node.texts("account_types");
            assigned(role) == "hand" && (types.is_empty() || types.iter().any(|key| account_type.is(key.value)))
        };
        let role = sketch.roles.iter().find(|role| role.is(default.value));
        if role.is_some_and(|role| !fits(&role)) {
            found.add(default.at, &account_type.place, Reason::DefaultRole { role: default.value.into() });
        }
    }
}

fn level(sketch: &Sketch<'_>, role: &Entry<'_>, found: &mut Found<'_>) {
    match (sketch.policy.flag("levels"), role.node.has("level")) {
        (true, false) => found.add(role.node.at("key"), &role.place, Reason::LevelMissing),
        (false, true) => found.add(role.node.at("level"), &role.place, Reason::LevelUnwanted),
        (true, true) | (false, false) => {}
    }
}

fn colour(role: &Entry<'_>, found: &mut Found<'_>) {
    let Some(colour) = role.node.text("colour") else { return };
    let digits = colour.value.strip_prefix('#').unwrap_or_default();
    if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        found.add(colour.at, &role.place, Reason::Colour { colour: colour.value.into() });
    }
}

fn account_types(sketch: &Sketch<'_>, role: &Entry<'_>, found: &mut Found<'_>) {
    let bounds: Vec<_> =
        sketch.account_types_of(role).iter().map(|account_type| sketch.patterns(account_type, "may_hold")).collect();
    if bounds.is_empty() {
        return;
    }
    let possible = |key: &str| bounds.iter().any(|bound| pattern::selects(bound, key));
    let never: Vec<_> = sketch.held(role).into_iter().filter(|key| !possible(key)).collect();
    if let [permission, others @ ..] = never.as_slice() {
        let reason = Reason::NeverHeld { permission: (*permission).into(), others: others.len() };
        found.add(role.node.at("permissions"), &role.place, reason);
    }
}

/// Whether holders of the role can edit and assign roles in the whole organisation.
fn governs(sketch: &Sketch<'_>, role: &Entry<'_>) -> bool {
    let everywhere = role.node.flag("everywhere");
    let by_default = sketch.policy.text("default_scope").is_some_and(|scope| scope.value != "none");
    if assigned(role) == "system" || !(everywhere || by_default) {
        return false;
    }
    let held = sketch.held(role);
    let mut needed = sketch.authority.texts("role_edit");
    needed.extend(sketch.authority.texts("role_assign"));
    // One that is not in the catalogue is reported as such.
    needed.retain(|permission| sketch.keys().any(|key| key == permission.value));
    needed.iter().all(|permission| held.contains(&permission.value))
        && sketch.account_types_of(role).iter().any(|account_type| {
            let bound = sketch.patterns(account_type, "may_hold");
            (everywhere || account_type.node.texts("scope_kinds").is_empty())
                && needed.iter().all(|permission| pattern::selects(&bound, permission.value))
        })
}

/// Reports each cycle once, at the first of its members in the file.
fn cycles(entries: &[Entry<'_>], field: &str, found: &mut Found<'_>) {
    let mut edges: BTreeMap<&str, Vec<Text<'_>>> = BTreeMap::new();
    for entry in entries {
        if let Some(key) = entry.key {
            edges.entry(key.value).or_insert_with(|| entry.node.texts(field));
        }
    }
    let mut reported: Vec<&str> = Vec::new();
    for (entry, key) in entries.iter().filter_map(|entry| entry.key.map(|key| (entry, key.value))) {
        if reported.contains(&key) {
            continue;
        }
        let Some(path) = way_back(&edges, key) else { continue };
        reported.extend(&path);
        let path = path.into_iter().map(CompactString::from).collect();
        found.add(entry.node.at(field), &entry.place, Reason::Cycle { path });
    }
}

/// The shortest way from a key along the edges back to it.
fn way_back<'a>(edges: &BTreeMap<&'a str, Vec<Text<'a>>>, start: &'a str) -> Option<Vec<&'a str>> {
    let mut previous: BTreeMap<&str, &str> = BTreeMap::new();
    let mut waiting = VecDeque::from([start]);
    while let Some(here) = waiting.pop_front() {
        for next in edges.get(here).into_iter().flatten() {
            if !previous.contains_key(next.value) {
                previous.insert(next.value, here);
                waiting.push_back(next.value);
            }
        }
    }
    let mut path = vec![start, *previous.get(start)?];
    while let Some(before) = path.last().filter(|last| **last != start).and_then(|last| previous.get(last)) {
        path.push(before);
    }
    path.reverse();
    Some(path)
}
