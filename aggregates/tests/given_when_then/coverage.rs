//! No command without an accepted case, no rule without a refused one.

use chancery_aggregates::command::{MemberCommand, OrganisationCommand, ReviewCommand, RoleCommand, ScopeCommand};
use chancery_aggregates::refusal::Refusal;
use serde::de::DeserializeOwned;

const SOURCES: [&str; 11] = [
    include_str!("document.rs"),
    include_str!("key.rs"),
    include_str!("member.rs"),
    include_str!("member_refused.rs"),
    include_str!("organisation.rs"),
    include_str!("personal_data.rs"),
    include_str!("review.rs"),
    include_str!("role.rs"),
    include_str!("role_refused.rs"),
    include_str!("scope.rs"),
    include_str!("separation.rs"),
];

/// The tests, without white space.
fn tests() -> impl Iterator<Item = String> {
    SOURCES.iter().flat_map(|source| source.split("#[test]").skip(1)).map(|test| test.split_whitespace().collect())
}

/// The variants of an enum, as serde lists them to whoever names another.
fn variants<T: DeserializeOwned>() -> Vec<String> {
    let error = serde_json::from_str::<T>(r#"{"?":null}"#).err().expect("no variant is named `?`").to_string();
    error.split('`').skip(3).step_by(2).map(str::to_owned).collect()
}

/// `then_refused` asserts that the refusal provoked is of the rule that it names.
#[test]
fn every_rule_is_provoked_by_a_test() {
    let proven = |rule: &str| tests().any(|test| test.contains(&format!(".then_refused(\"{rule}\"")));
    let missing: Vec<_> = Refusal::RULES.iter().filter(|rule| !proven(rule)).collect();
    assert!(missing.is_empty(), "no test provokes {missing:?}");
}

#[test]
fn every_command_is_accepted_in_a_test() {
    let of = |kind: &str, names: Vec<String>| names.into_iter().map(|name| format!("{kind}Command::{name}")).collect();
    let commands: [Vec<String>; 5] = [
        of("Organisation", variants::<OrganisationCommand>()),
        of("Role", variants::<RoleCommand>()),
        of("Member", variants::<MemberCommand>()),
        of("Scope", variants::<ScopeCommand>()),
        of("Review", variants::<ReviewCommand>()),
    ];
    assert_eq!(commands.iter().map(Vec::len).collect::<Vec<_>>(), [6, 11, 24, 7, 5]);
    let accepted = |command: &String| {
        tests().any(|test| {
            let word = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric());
            let asked = test.split("when(").nth(1).unwrap_or_default();
            asked.contains(".then_expect_events(vec![")
                && !asked.contains(".then_expect_events(vec![])")
                && asked.split(command.as_str()).skip(1).any(word)
        })
    };
    let missing: Vec<_> = commands.iter().flatten().filter(|command| !accepted(command)).collect();
    assert!(missing.is_empty(), "no test accepts {missing:?}");
}
