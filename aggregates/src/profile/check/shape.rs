//! The shape of the file: which fields each table has, and of what type.
//!
//! It says again what the types of `document` say, so that all
//! mistakes can be listed where `serde` would stop at the first. A test holds the two together.

use compact_str::CompactString;
use toml::de::{DeInteger, DeTable, DeValue};

use super::{Found, Reason};
use crate::refusal::nearest;
use crate::vocabulary::LONGEST_NAME;

struct Field {
    name: &'static str,
    required: bool,
    shape: Shape,
}

enum Shape {
    Text,
    /// A text that people read, and that events carry.
    Name,
    Flag,
    /// A whole number from 0 to this one.
    Number(u64),
    Choice(&'static [&'static str]),
    Texts,
    Choices(&'static [&'static str]),
    Table(&'static [Field]),
    /// An array of tables, with the word for one of them.
    Entries(&'static str, &'static [Field]),
}

use Shape::{Choice, Choices, Entries, Flag, Name, Number, Table, Text, Texts};

const fn must(name: &'static str, shape: Shape) -> Field {
    Field { name, required: true, shape }
}

const fn may(name: &'static str, shape: Shape) -> Field {
    Field { name, required: false, shape }
}

const PROFILE: &[Field] = &[
    must("format", Number(u32::MAX as u64)),
    must("name", Name),
    must("title", Name),
    may("description", Text),
    may("policy", Table(POLICY)),
    must("authority", Table(AUTHORITY)),
    must("account_type", Entries("account type", ACCOUNT_TYPE)),
    may("scope_kind", Entries("scope kind", SCOPE_KIND)),
    may("namespace", Entries("namespace", NAMESPACE)),
    must("category", Entries("category", CATEGORY)),
    may("role", Entries("role", ROLE)),
    may("separation", Entries("separation", SEPARATION)),
];

const POLICY: &[Field] = &[
    may("levels", Flag),
    may("self_change", Flag),
    may("several_roles", Flag),
    may("role_in_use", Choice(&["refuse", "unassign"])),
    may("assignment_scope", Choice(&["never", "optional", "required"])),
    may("default_scope", Choice(&["none", "all"])),
    may("owner_role", Text),
    may("locked_forbids", Choices(&["edit", "delete"])),
    may("locked_except_for", Texts),
    may("roles_visible_with", Texts),
    may("reminder_days", Number(u32::MAX as u64)),
    may("longest_key_days", Number(u32::MAX as u64)),
    may("separation", Choice(&["report", "refuse"])),
];

const AUTHORITY: &[Field] = &[
    must("role_create", Text),
    must("role_edit", Text),
    must("role_delete", Text),
    must("role_assign", Text),
    may("role_view", Text),
    must("member_view", Text),
    must("member_add", Text),
    must("member_edit", Text),
    must("member_remove", Text),
    must("member_scope", Text),
    must("member_toggle", Text),
    must("account_type", Text),
    must("document_review", Text),
    must("scope_edit", Text),
    must("scope_share", Text),
    must("scope_archive", Text),
    must("activity_view", Text),
    must("audit_view", Text),
    must("audit_export", Text),
    may("review_open", Text),
    must("personal_data", Text),
    may("personal_erase", Text),
    may("key_own", Text),
    may("key_issue", Text),
    may("key_revoke", Text),
    may("key_view", Text),
];

const ACCOUNT_TYPE: &[Field] = &[
    must("key", Text),
    must("label", Name),
    may("description", Text),
    must("may_hold", Texts),
    may("verified_email", Flag),
    may("documents", Texts),
    may("default_role", Text),
    may("sees_own_access", Flag),
    may("scope_kinds", Texts),
];

const SCOPE_KIND: &[Field] =
    &[must("key", Text), must("label", Name), may("below", Texts), may("top", Flag), may("group", Flag)];

const NAMESPACE: &[Field] = &[must("prefix", Text), must("label", Name)];

const CATEGORY: &[Field] = &[
    must("key", Text),
    must("label", Name),
    may("administration", Flag),
    must("permissions", Entries("permission", PERMISSION)),
];

const PERMISSION: &[Field] =
    &[must("key", Text), must("label", Name), may("description", Text), may("narrows", Texts), may("sensitive", Flag)];

const ROLE: &[Field] = &[
    must("key", Text),
    must("name", Name),
    may("description", Text),
    may("level", Number(u16::MAX as u64)),
    may("colour", Text),
    may("assigned", Choice(&["hand", "system", "transfer"])),
    may("assigned_only_by", Texts),
    may("account_types", Texts),
    may("locked", Flag),
    may("everywhere", Flag),
    must("permissions", Texts),
    may("inherits", Texts),
];

const SEPARATION: &[Field] =
    &[must("key", Text), must("label", Name), may("description", Text), must("one", Texts), must("other", Texts)];

/// Reports every field that is unknown, missing or of the wrong type.
pub(super) fn check(profile: &DeTable<'_>, found: &mut Found<'_>) {
    table("profile", 0, profile, PROFILE, found);
}

/// The name of an entry of an array of tables: its key, or its number where it has none.
pub(super) fn place(noun: &str, number: usize, entry: &DeTable<'_>) -> String {
    let key = entry.get("key").or_else(|| entry.get("prefix")).and_then(|key| key.get_ref().as_str());
    key.map_or_else(|| format!("{noun} {}", number + 1), |key| format!("{noun} `{key}`"))
}

fn table(place: &str, at: usize, table: &DeTable<'_>, fields: &'static [Field], found: &mut Found<'_>) {
    for (key, given) in table {
        match fields.iter().find(|field| field.name == key.get_ref().as_ref()) {
            Some(field) => value(place, field, given.span().start, given.get_ref(), found),
            None => found.add(
                key.span().start,
                place,
                Reason::UnknownField {
                    field: CompactString::from(key.get_ref().as_ref()),
                    nearest: nearest(key.get_ref(), fields.iter().map(|field| field.name)),
                },
            ),
        }
    }
    for field in fields.iter().filter(|field| field.required && !table.contains_key(field.name)) {
        found.add(at, place, Reason::MissingField { field: field.name });
    }
}

fn value(at_place: &str, field: &'static Field, at: usize, given: &DeValue<'_>, found: &mut Found<'_>) {
    let name = field.name;
    match (&field.shape, given) {
        (Text, DeValue::String(_)) | (Flag, DeValue::Boolean(_)) => {}
        (Name, DeValue::String(text)) if text.trim().is_empty() => {
            found.add(at, at_place, Reason::Blank { field: name })
        }
        (Name, DeValue::String(text)) if text.len() > LONGEST_NAME => {
            found.add(at, at_place, Reason::TooLong { field: name, most: LONGEST_NAME });
        }
        (Name, DeValue::String(_)) => {}
        (Number(most), DeValue::Integer(integer)) => {
            if number(integer).is_none_or(|number| number > *most) {
                found.add(at, at_place, Reason::OutOfRange { field: name, most: *most });
            }
        }
        (Choice(choices), DeValue::String(text)) => choice(at_place, name, choices, at, text, found),
        (Texts | Choices(_), DeValue::Array(items)) => {
            for item in items {
                let at = item.span().start;
                match (&field.shape, item.get_ref()) {
                    (Choices(choices), DeValue::String(text)) => choice(at_place, name, choices, at, text, found),
                    (_, DeValue::String(_)) => {}
                    (_, other) => wrong_type(at_place, field, at, other, found),
                }
            }
        }
        (Table(fields), DeValue::Table(inner)) => table(name, at, inner, fields, found),
        (Entries(noun, fields), DeValue::Array(items)) => {
            for (number, item) in items.iter().enumerate() {
                match item.get_ref() {
                    DeValue::Table(entry) => {
                        table(&place(noun, number, entry), item.span().start, entry, fields, found)
                    }
                    other => wrong_type(at_place, field, item.span().start, other, found),
                }
            }
        }
        (_, other) => wrong_type(at_place, field, at, other, found),
    }
}

pub(super) fn number(integer: &DeInteger<'_>) -> Option<u64> {
    u64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn choice(
    place: &str,
    field: &'static str,
    choices: &'static [&'static str],
    at: usize,
    text: &str,
    found: &mut Found<'_>,
) {
    if !choices.contains(&text) {
        found.add(at, place, Reason::NotAChoice { field, found: text.into(), choices });
    }
}

fn wrong_type(place: &str, field: &'static Field, at: usize, value: &DeValue<'_>, found: &mut Found<'_>) {
    let expected = match field.shape {
        Text | Name | Choice(_) => "a text",
        Flag => "true or false",
        Number(_) => "a whole number",
        Texts | Choices(_) => "a list of texts",
        Table(_) => "a table",
        Entries(..) => "a list of tables",
    };
    found.add(at, place, Reason::WrongType { field: field.name, expected, found: value.type_str() });
}
