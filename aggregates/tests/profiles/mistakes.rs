//! Broken profiles, and every line that the check answers.

use chancery_aggregates::profile::check::{Kind, Mistake, Reason, check};
use chancery_aggregates::profile::document::{
    NamespaceDocument, ProfileDocument, SeparationDocument, SeparationSwitch,
};
use toml::Value;

/// A small profile without a mistake, which each test breaks.
const SOUND: &str = r##"format = 1
name = "shop"
title = "Shop"

[policy]
default_scope = "all"

[authority]
role_create = "role.manage"
role_edit = "role.manage"
role_delete = "role.manage"
role_assign = "role.manage"
member_view = "role.manage"
member_add = "role.manage"
member_edit = "role.manage"
member_remove = "role.manage"
member_scope = "role.manage"
member_toggle = "role.manage"
account_type = "role.manage"
document_review = "role.manage"
scope_edit = "role.manage"
scope_share = "role.manage"
scope_archive = "role.manage"
activity_view = "role.manage"
audit_view = "role.manage"
audit_export = "role.manage"
personal_data = "role.manage"

[[account_type]]
key = "staff"
label = "Staff"
may_hold = ["*"]

[[account_type]]
key = "guest"
label = "Guest"
may_hold = ["order.*"]

[[scope_kind]]
key = "region"
label = "Region"

[[scope_kind]]
key = "branch"
label = "Branch"
below = ["region"]

[[category]]
key = "orders"
label = "Orders"
permissions = [
    { key = "order.read", label = "Read orders" },
    { key = "order.cancel", label = "Cancel orders" },
    { key = "order.own_only", label = "Only own orders", narrows = ["order.read", "order.cancel"] },
]

[[category]]
key = "roles"
label = "Roles"
permissions = [{ key = "role.manage", label = "Manage roles" }]

[[role]]
key = "chief"
name = "Chief"
permissions = ["*", "!order.own_only"]

[[role]]
key = "clerk"
name = "Clerk"
colour = "#15803d"
permissions = ["order.*"]
inherits = []
"##;

#[test]
fn the_sound_profile_passes() {
    assert!(check(SOUND).is_ok());
}

#[test]
fn every_mistake_is_told_with_its_line_and_reason() {
    let cases: Vec<&str> = include_str!("mistakes.txt").split("\n\n").filter(|case| case.contains("\n= ")).collect();
    assert!(cases.len() > 40);
    for case in cases {
        let (text, expected) = read(case);
        let answers: Vec<_> = check(&text).err().unwrap_or_default().iter().map(ToString::to_string).collect();
        assert_eq!(answers, expected, "\n{case}");
    }
}

/// The broken profile of a case, and what the check should answer.
fn read(case: &str) -> (String, Vec<&str>) {
    let mut lines: Vec<&str> = SOUND.lines().collect();
    let mut expected = Vec::new();
    let mut at = 0;
    for line in case.lines() {
        if let Some(removed) = line.strip_prefix("- ") {
            at = lines.iter().position(|line| *line == removed).unwrap_or_else(|| panic!("no line {removed:?}"));
            lines.remove(at);
        } else if let Some(added) = line.strip_prefix("+ ") {
            lines.insert(at, added);
            at += 1;
        } else if let Some(answer) = line.strip_prefix("= ") {
            expected.push(answer);
        }
    }
    (lines.join("\n"), expected)
}

#[test]
fn an_empty_catalogue_is_told() {
    let text =
        SOUND.split("[[category]]").next().unwrap().replace("title = \"Shop\"", "title = \"Shop\"\ncategory = []");
    let reasons: Vec<_> = check(&text).unwrap_err().into_iter().map(|mistake| mistake.reason).collect();
    assert!(reasons.contains(&Reason::None(Kind::Permission)), "{reasons:?}");
}

/// The whole format in one document: the table of fields and the types say the same.
#[test]
fn the_fields_are_those_of_the_document_type() {
    let complete = complete();
    for removed in paths(&complete, &[]) {
        let mut table = complete.clone();
        remove(&mut table, &removed);
        let text = toml::to_string(&table).unwrap();
        let read = toml::from_str::<ProfileDocument>(&text).is_ok();
        let missing = |mistakes: Vec<Mistake>| mistakes.iter().any(|m| matches!(m.reason, Reason::MissingField { .. }));
        assert_eq!(read, !check(&text).is_err_and(missing), "without {removed:?}");
    }
}

/// A profile in which every field of the format is present, as `serde` writes it.
fn complete() -> Value {
    let mut profile = check(SOUND).unwrap();
    profile.policy.owner_role = Some("chief".into());
    profile.authority.role_view = Some("role.manage".into());
    profile.authority.personal_erase = Some("role.manage".into());
    profile.account_types[0].default_role = Some("clerk".into());
    profile.namespaces.push(NamespaceDocument { prefix: "order.".into(), label: "Orders".into() });
    profile.categories[0].permissions[2].description = "Narrows".into();
    profile.categories[0].permissions[2].sensitive = true;
    let role = &mut profile.roles[1];
    role.level = Some(1);
    role.inherits = vec!["chief".into()];
    role.account_types = vec!["staff".into()];
    role.assigned_only_by = vec!["chief".into()];
    profile.policy.separation = SeparationSwitch::Refuse;
    profile.separations.push(SeparationDocument {
        key: "orders".into(),
        label: "Orders".into(),
        description: "Who cancels does not manage".into(),
        one: vec!["order.cancel".into()],
        other: vec!["role.manage".into()],
    });
    let complete = Value::try_from(&profile).unwrap();
    let unknown = |mistake: &Mistake| matches!(mistake.reason, Reason::UnknownField { .. } | Reason::WrongType { .. });
    let mistakes = check(&toml::to_string(&complete).unwrap()).unwrap_err();
    assert!(!mistakes.iter().any(unknown), "{mistakes:#?}");
    complete
}

/// The way to every field of the document.
fn paths(value: &Value, here: &[String]) -> Vec<Vec<String>> {
    let inner: Vec<(String, &Value)> = match value {
        Value::Table(table) => table.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(number, item)| (number.to_string(), item)).collect(),
        _ => return Vec::new(),
    };
    let mut all = Vec::new();
    for (step, inner) in inner {
        let path = [here, &[step]].concat();
        all.extend(paths(inner, &path));
        if value.is_table() {
            all.push(path);
        }
    }
    all
}

fn remove(value: &mut Value, path: &[String]) {
    match (value, path) {
        (Value::Table(table), [last]) => {
            table.remove(last);
        }
        (Value::Table(table), [first, rest @ ..]) => remove(&mut table[first], rest),
        (Value::Array(items), [first, rest @ ..]) => remove(&mut items[first.parse::<usize>().unwrap()], rest),
        _ => {}
    }
}
