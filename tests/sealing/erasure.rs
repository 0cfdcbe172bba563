//! After an erasure.

use serde_json::Value;

use super::place::{Place, Traces};
use super::{CHANGED, PLANTED, populated, shown};

pub(super) fn erased(place: &Place) -> Value {
    let words = ["--as", "olivia", "--format", "json", "--reason", "asked for", "gdpr", "erase", "m1"];
    let log = place.directory.path().join("erasures.jsonl");
    serde_json::from_str(&place.ok(&[&words[..], &["--log", log.to_str().unwrap()]].concat())).unwrap()
}

fn nothing_is_left(place: &Place) {
    populated(place);
    place.write_snapshot();
    let wrapped = place.wrapped_key("m1").unwrap();
    assert_ne!(Traces::of(place).holding(&wrapped), Vec::<&str>::new(), "the key is there before");
    let old_key = std::fs::read_to_string(place.key_file()).unwrap();
    place.ok(&["--as", "olivia", "member", "remove", "m1"]);
    let receipt = erased(place);
    assert_eq!((&receipt["member"], &receipt["key_destroyed"]), (&"m1".into(), &true.into()), "{receipt}");

    assert_eq!(place.wrapped_key("m1"), None);
    let traces =
        Traces::of(place).with("export", place.ok(&["--as", "olivia", "--format", "json", "gdpr", "export", "m1"]));
    for planted in PLANTED.iter().chain(&CHANGED) {
        traces.have_no(planted);
    }
    // The server's write-ahead log keeps old bytes for a while; that the key that wraps them is gone has to do there.
    let holding = traces.holding(&wrapped);
    assert!(holding.iter().all(|file| file.contains("pg_wal")), "{holding:?}");
    let new_key = std::fs::read_to_string(place.key_file()).unwrap();
    assert!(new_key.lines().all(|line| !old_key.contains(line)), "the key that wrapped it is gone");

    assert_eq!(shown(place, "m1")["name"], "(erased)");
    assert_eq!(shown(place, "m2")["name"], "Somebody Else", "the others' are as they were");
    for words in [&["activity"][..], &["member", "list", "--status", "any"]] {
        let told = place.ok(&[&["--as", "olivia"], words].concat());
        assert!(!told.contains("Zyxwina") && told.contains("m1"), "{words:?}: {told}");
    }
    let details = place.run(&["--as", "olivia", "member", "details", "m1", "--name", "New"]);
    assert_eq!(details.status.code(), Some(5), "{details:?}");
    let again = place.run(&["--as", "olivia", "--format", "json", "gdpr", "erase", "m1"]);
    assert!(again.status.success(), "a second time is no mistake: {again:?}");
}

#[test]
fn neither_values_nor_wrapped_keys_are_left_in_sqlite() {
    nothing_is_left(&Place::sqlite());
}

#[test]
fn neither_values_nor_wrapped_keys_are_left_in_postgres() {
    nothing_is_left(&Place::postgres());
}

#[test]
fn a_member_who_is_still_there_keeps_their_access_and_gets_no_name_again() {
    let place = Place::sqlite();
    populated(&place);
    erased(&place);
    let refused = place.run(&["--as", "olivia", "member", "details", "m1", "--name", "New"]);
    assert!(String::from_utf8(refused.stderr).unwrap().contains("was erased"));
    assert_eq!(shown(&place, "m1")["status"], "active");
}

#[test]
fn what_is_under_a_legal_hold_is_not_erased() {
    let place = Place::sqlite();
    populated(&place);
    place.ok(&["--as", "olivia", "--reason", "a dispute", "gdpr", "hold", "m1"]);
    let refused = place.run(&["--as", "olivia", "gdpr", "erase", "m1"]);
    assert_eq!(refused.status.code(), Some(5));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("legal hold"));
    assert_eq!(shown(&place, "m1")["name"], CHANGED[0]);
    place.ok(&["--as", "olivia", "gdpr", "release", "m1"]);
    erased(&place);
    assert_eq!(shown(&place, "m1")["name"], "(erased)");
}

#[test]
fn a_restored_backup_stays_erased() {
    let place = Place::sqlite();
    populated(&place);
    let (file, backup) = (place.directory.path().join("log.db"), TempFile::new());
    std::fs::copy(&file, &backup.0).unwrap();
    erased(&place);
    std::fs::copy(&backup.0, &file).unwrap();
    assert_eq!(shown(&place, "m1")["name"], "(sealed)", "its key is wrapped under one that is gone");
    let log = place.directory.path().join("erasures.jsonl");
    let told = place.ok(&["--format", "json", "gdpr", "reapply", log.to_str().unwrap()]);
    assert!(told.contains("\"erased\""), "{told}");
    assert_eq!(shown(&place, "m1")["name"], "(erased)");
    assert_eq!(place.wrapped_key("m1"), None);
    let told = place.ok(&["--format", "json", "gdpr", "reapply", log.to_str().unwrap()]);
    assert!(told.contains("was_erased"), "{told}");
}

/// Outside the place, whose files are looked through.
struct TempFile(std::path::PathBuf, #[allow(dead_code, reason = "kept as long as the file")] tempfile::TempDir);

impl TempFile {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self(directory.path().join("backup.db"), directory)
    }
}

#[test]
fn only_those_whom_the_profile_lets_export_and_erase() {
    let place = Place::sqlite();
    populated(&place);
    for words in [&["export", "m1"][..], &["erase", "m1"], &["hold", "m1"], &["register"], &["due"]] {
        let refused = place.run(&[&["--as", "m2", "gdpr"], words].concat());
        assert!(matches!(refused.status.code(), Some(3 | 4)), "{words:?}: {refused:?}");
    }
    assert_eq!(place.run(&["--as", "@operator", "gdpr", "erase", "m1"]).status.code(), Some(3));
    assert_eq!(shown(&place, "m1")["name"], CHANGED[0]);
}

#[test]
fn an_export_has_all_that_is_held_and_who_looked() {
    let place = Place::sqlite();
    populated(&place);
    place.ok(&["--as", "olivia", "member", "details", "m2", "--name", "<script>alert(1)</script>"]);
    place.key_of("m1");
    place.ok(&["--as", "olivia", "member", "suspend", "m1"]);
    place.ok(&["--as", "olivia", "--reason", "letter of 3 March", "gdpr", "export", "m1"]);
    let text = place.ok(&["--as", "olivia", "--reason", "again", "gdpr", "export", "m1"]);
    let dossier: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(dossier["now"]["email"], CHANGED[1]);
    let names: Vec<_> = dossier["details"].as_array().unwrap().iter().map(|it| it["value"].as_str().unwrap()).collect();
    assert_eq!(names, [PLANTED[0], PLANTED[1], PLANTED[2], CHANGED[0], CHANGED[1]]);
    let looks: Vec<_> = dossier["looks"].as_array().unwrap().iter().map(|it| it["reason"].as_str().unwrap()).collect();
    assert_eq!(looks, ["letter of 3 March", "again"], "its own is in it");
    let key = &dossier["keys"][0];
    assert_eq!((&key["label"], &key["last_used"]), (&"test".into(), &Value::Null), "{key}");
    let access = dossier["access"].as_array().unwrap();
    let active = access.iter().find(|span| span["what"] == "status: active").unwrap();
    let suspended = access.iter().find(|span| span["what"] == "status: suspended").unwrap();
    assert_eq!(active["until_position"], suspended["from_position"]);
    assert_eq!(suspended["until_position"], Value::Null);

    let page = place.directory.path().join("m2.html");
    place.ok(&["--as", "olivia", "gdpr", "export", "m2", "--html", page.to_str().unwrap()]);
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script>"), "{page}");
}

#[test]
fn what_has_served_is_due_unless_it_was_erased() {
    let place = Place::sqlite();
    populated(&place);
    place.ok(&["--as", "olivia", "member", "remove", "m1"]);
    let due = |days: &str| -> Value {
        let text = place.ok(&["--as", "olivia", "--format", "json", "gdpr", "due", "--left", days]);
        serde_json::from_str::<Value>(&text).unwrap()["due"].clone()
    };
    assert_eq!(due("30"), serde_json::json!([]));
    assert_eq!((&due("0")[0]["member"], &due("0")[0]["because"]), (&"m1".into(), &"left".into()));
    erased(&place);
    assert_eq!(due("0"), serde_json::json!([]));
    let register = place.ok(&["--as", "olivia", "gdpr", "register"]);
    assert!(register.contains("phone numbers") && register.contains("1 of them erased"), "{register}");
}
