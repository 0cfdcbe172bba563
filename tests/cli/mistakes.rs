//! Mistakes: each gives a clear sentence and its exit code, and leaves nothing behind.

use serde_json::Value;

use super::Desk;

#[test]
fn a_read_makes_no_file() {
    let desk = Desk::new();
    for line in ["status", "role list", "organisation list", "check a b", "member list", "--as tom role delete x"] {
        let ran = desk.ask(line);
        assert!(ran.ends(1).contains("there is no such file"), "{ran:?}");
        assert!(ran.stderr.contains("hint: "), "{ran:?}");
    }
    assert_eq!(std::fs::read_dir(desk.path()).unwrap().count(), 0);
}

#[test]
fn a_founding_with_a_mistake_makes_no_file() {
    let desk = Desk::new();
    let found = |id: &str, profile: &str| {
        desk.run(&["organisation", "found", id, "--profile", profile, "--name", "Acme", "--owner", "olivia"])
    };
    assert!(found("acme", "propop").ends(4).contains("did you mean `propops`?"));
    assert!(found("a b", "propops").ends(2).contains("cannot be the id of a organisation"));
    assert_eq!(std::fs::read_dir(desk.path()).unwrap().count(), 0);
}

#[test]
fn an_organisation_is_founded_once_and_by_the_operator() {
    let desk = Desk::founded("workspace");
    let again = ["organisation", "found", "acme", "--profile", "blank", "--name", "Acme", "--owner", "olivia"];
    assert!(desk.run(&again).ends(5).contains("exists already"));
    let by_member: Vec<&str> = ["--as", "olivia"].into_iter().chain(again).collect();
    desk.run(&by_member).ends(3);
}

#[test]
fn a_change_without_an_author_is_refused() {
    let desk = Desk::founded("workspace");
    let ran = desk.ask("role create Support");
    assert!(ran.ends(2).contains("`--as MEMBER`"), "{ran:?}");
    let words = ["role", "create", "Support"];
    desk.run_with(&words, &[("CHANCERY_AS", "olivia")]).ok();
}

#[test]
fn a_misspelt_name_gets_the_nearest() {
    let desk = Desk::founded("workspace");
    for (line, nearest) in [
        ("--as olivai role create X", "`olivia`"),
        ("--as olivia role delete Develper", "`developer`"),
        ("role show Managr", "`manager`"),
        ("member show olivai", "`olivia`"),
        ("check olivia clients.veiw", "`clients.view`"),
        ("-o acne role list", "`acme`"),
        ("profile show workspac", "`workspace`"),
        ("rol list", "'role'"),
    ] {
        let ran = desk.ask(line);
        assert!(ran.code >= 2 && ran.stderr.to_lowercase().contains(nearest), "{line}: {ran:?}");
    }
}

#[test]
fn exit_codes_tell_the_kinds_of_failure_apart() {
    let desk = Desk::founded("proplink");
    desk.by("olivia", "member add tom --all --role read_only").ok();
    desk.by("tom", "role create X --id x").ends(3);
    desk.by("olivia", "role show x").ends(4);
    desk.by("olivia", "role create Manager").ends(5);
    desk.by("olivia", "role create Deep --level 5").ends(2);
    desk.ask("check tom billing.update").ends(3);
    desk.ask("check tom site.read").ok();
    desk.ask("frobnicate").ends(2);
    desk.ask("--help").ok();
    desk.ask("role --help").ok();
}

#[test]
fn errors_are_json_where_answers_are() {
    let desk = Desk::founded("proplink");
    desk.by("olivia", "member add tom --all --role read_only").ok();
    for (line, rule, exit) in [
        ("--as tom role create X --id x", "missing_permission", 3),
        ("role show nonsense", "unknown", 4),
        ("role create X", "actor_required", 2),
        ("check tom site.read --at 999", "beyond_head", 4),
        ("check tom site.read --at yesterday", "usage", 2),
        ("--store memory: status", "bad_store", 2),
        ("--store sqlite:none.db status", "store_unusable", 1),
    ] {
        let ran = desk.ask(&format!("--format json {line}"));
        assert_eq!(ran.code, exit, "{ran:?}");
        let error: Value = serde_json::from_str(&ran.stderr).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        assert_eq!(error["error"]["rule"], rule, "{ran:?}");
        assert_eq!(error["error"]["exit"], exit);
        assert!(!error["error"]["message"].as_str().unwrap().is_empty());
        assert!(ran.stdout.is_empty(), "{ran:?}");
    }
    let ran = desk.ask("--format json --as tom role create X --id x");
    let error: Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(error["error"]["details"]["permission"], "role.create");
}

#[test]
fn stores_of_other_kinds_are_refused_with_the_way_to_write_one() {
    let desk = Desk::new();
    for (store, says) in [
        ("memory:", "`sqlite:FILE`"),
        ("mysql://localhost/x", "`sqlite:FILE`"),
        ("acme.db", "`sqlite:acme.db`"),
        ("sqlite:", "`sqlite:FILE`"),
    ] {
        let ran = desk.run(&["--store", store, "status"]);
        assert!(ran.ends(2).contains(says), "{ran:?}");
    }
}

#[test]
fn a_foreign_file_is_left_alone() {
    let desk = Desk::new();
    let file = desk.path().join("notes.txt");
    std::fs::write(&file, "not a store").unwrap();
    desk.ask("--store sqlite:notes.txt status").ends(1);
    let found = ["--store", "sqlite:notes.txt", "organisation", "found", "a", "--profile", "blank", "--name", "A"];
    let words: Vec<&str> = found.into_iter().chain(["--owner", "o"]).collect();
    desk.run(&words).ends(1);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "not a store");
}

#[test]
fn a_store_with_several_organisations_wants_one_named() {
    let desk = Desk::founded("workspace");
    let other = ["organisation", "found", "zeta", "--profile", "blank", "--name", "Zeta", "--owner", "olivia"];
    desk.run(&other).ok();
    let ran = desk.ask("role list");
    assert!(ran.ends(2).contains("one of `acme`, `zeta`"), "{ran:?}");
    desk.ask("-o zeta role list").ok();
    desk.run_with(&["role", "list"], &[("CHANCERY_ORGANISATION", "acme")]).ok();
}

#[test]
fn every_mistake_of_a_profile_is_listed() {
    let desk = Desk::new();
    let file = desk.path().join("own.toml");
    std::fs::write(&file, "format = 1\nname = \"x\"\ntitel = \"y\"\n").unwrap();
    let ran = desk.ask("profile check own.toml");
    assert!(ran.ends(2).contains("line 3, column 1: profile: there is no field `titel`"), "{ran:?}");
    assert!(ran.stderr.contains("the field `title` is missing"), "{ran:?}");
    let ran = desk.ask("--format json profile check own.toml");
    let error: Value = serde_json::from_str(&ran.stderr).unwrap();
    assert!(error["error"]["mistakes"].as_array().unwrap().iter().any(|mistake| mistake["line"] == 3));
    let text = chancery::aggregates::profile::BUILT_IN.iter().find(|(name, _)| *name == "buildings").unwrap().1;
    std::fs::write(&file, text).unwrap();
    assert!(desk.ask("profile check own.toml").ok().contains("no mistakes"));
}
