//! Members' keys apart from the store: a backup from before an erasure reads again, but for whoever was erased.

use serde_json::{Value, json};

use super::place::Place;
use super::{CHANGED, populated, shown};

fn erase(place: &Place, member: &str, keys: &str) {
    let log = place.directory.path().join("erasures.jsonl");
    let words = ["--as", "olivia", "--reason", "asked for", "gdpr", "erase", member];
    place.ok(&[&words[..], &["--log", log.to_str().unwrap(), "--keys", keys]].concat());
}

fn reapply(place: &Place) -> Value {
    let log = place.directory.path().join("erasures.jsonl");
    serde_json::from_str(&place.ok(&["--format", "json", "gdpr", "reapply", log.to_str().unwrap()])).unwrap()
}

fn a_backup_reads_again(place: &Place) {
    populated(place);
    place.ok(&["--as", "olivia", "member", "add", "m4", "--name", "Erased Earlier"]);
    let outside = tempfile::tempdir().unwrap();
    let keys = outside.path().join("members.keys");
    let keys = keys.to_str().unwrap();
    erase(place, "m4", keys);
    place.back_up(outside.path());
    erase(place, "m1", keys);
    place.ok(&["--as", "olivia", "member", "add", "m3", "--name", "Newcomer"]);

    place.restore(outside.path());
    assert_eq!(shown(place, "m2")["name"], "(sealed)", "every key is wrapped under one that is gone");
    let told = place.ok(&["--format", "json", "gdpr", "keys", "import", keys]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told, json!({"restored": 1, "same": 1, "destroyed": 1, "unknown": 0}));
    assert_eq!(shown(place, "m2")["name"], "Somebody Else");
    assert_eq!(shown(place, "m1")["name"], "(erased)", "its key was not in the file");
    assert_eq!(place.wrapped_key("m1"), None);
    assert_eq!(reapply(place)[1]["outcome"], "erased", "and now the log says so too");

    // All goes on as if nothing had happened.
    place.ok(&["--as", "olivia", "member", "add", "m5", "--name", "Fifth"]);
    let rotated: Value = serde_json::from_str(&place.ok(&["--format", "json", "gdpr", "rotate"])).unwrap();
    assert_eq!((&rotated["keys"], &rotated["lost"]), (&2.into(), &0.into()), "{rotated}");
    assert_eq!((&shown(place, "m5")["name"], &shown(place, "m1")["name"]), (&"Fifth".into(), &"(erased)".into()));
}

#[test]
fn a_backup_and_newer_keys_read_everybody_but_the_erased_on_sqlite() {
    a_backup_reads_again(&Place::sqlite());
}

#[test]
fn a_backup_and_newer_keys_read_everybody_but_the_erased_on_postgres() {
    a_backup_reads_again(&Place::postgres());
}

#[test]
fn keys_that_do_not_belong_here_change_nothing_and_are_named() {
    let (place, other) = (Place::sqlite(), Place::sqlite());
    populated(&place);
    populated(&other);
    let file = place.directory.path().join("members.keys");
    let path = file.to_str().unwrap();
    place.ok(&["gdpr", "keys", "export", path]);
    let exported = std::fs::read_to_string(&file).unwrap();
    assert!(!exported.contains(CHANGED[0]) && exported.lines().count() == 3, "{exported}");
    let same: Value = serde_json::from_str(&place.ok(&["--format", "json", "gdpr", "keys", "import", path])).unwrap();
    assert_eq!(same["same"], 2);

    let refused = |place: &Place, words: &str| {
        let output = place.run(&["gdpr", "keys", "import", path]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && said.contains(words), "{said}");
        assert_eq!(shown(place, "m1")["name"], CHANGED[0]);
    };
    refused(&other, "the key at hand is");
    std::fs::copy(place.key_file(), other.key_file()).unwrap();
    let output = other.run(&["gdpr", "keys", "import", path]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("the file is of another store"), "{said}");

    let broken = exported.replacen("\"wrapped\":\"", "\"wrapped\":\"AAAA", 1);
    std::fs::write(&file, broken).unwrap();
    refused(&place, "line 2 is not of a file of keys: the key cannot be unwrapped");
    std::fs::write(&file, "").unwrap();
    refused(&place, "line 1");
    place.ok(&["gdpr", "rotate"]);
    std::fs::write(&file, exported).unwrap();
    refused(&place, "export the keys again");
}

#[test]
fn a_restored_backup_without_its_newer_keys_can_still_be_rotated_and_erased_in() {
    let place = Place::sqlite();
    populated(&place);
    let outside = tempfile::tempdir().unwrap();
    place.back_up(outside.path());
    place.ok(&["gdpr", "rotate"]);
    place.restore(outside.path());
    let rotated: Value = serde_json::from_str(&place.ok(&["--format", "json", "gdpr", "rotate"])).unwrap();
    assert_eq!((&rotated["keys"], &rotated["lost"]), (&0.into(), &2.into()), "{rotated}");
    let receipt = place.ok(&["--as", "olivia", "gdpr", "erase", "m1"]);
    assert!(receipt.contains("1 members' keys are under a key that is gone"), "{receipt}");
    assert_eq!(shown(&place, "m1")["name"], "(erased)");
}
