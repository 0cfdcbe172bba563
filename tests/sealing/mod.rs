//! Personal data is nowhere in clear, and after an erasure nowhere at all.

mod digests;
mod erasure;
mod everywhere;
mod kept;
mod origin;
mod place;
mod proofs;
mod service;
mod vault;

use place::Place;
use serde_json::Value;

/// A name, an address and a number that occur nowhere else.
pub(crate) const PLANTED: [&str; 3] = ["Zyxwina Quorn", "zyxwina@quorn.example", "+49 555 7391846"];
/// What they are changed to.
const CHANGED: [&str; 2] = ["Zyxwina Quorn-Vandermolen", "vandermolen@quorn.example"];

/// An organisation with Zyxwina in it, whose details were changed once.
pub(crate) fn populated(place: &Place) {
    let [name, email, phone] = PLANTED;
    place.ok(&["organisation", "found", "acme", "--profile", "workspace", "--name", "Acme", "--owner", "olivia"]);
    place.ok(&["--as", "olivia", "member", "add", "m1", "--name", name, "--email", email, "--phone", phone]);
    place.ok(&["--as", "olivia", "member", "add", "m2", "--name", "Somebody Else"]);
    let [name, email] = CHANGED;
    place.ok(&["--as", "olivia", "member", "details", "m1", "--name", name, "--email", email]);
}

pub(crate) fn shown(place: &Place, member: &str) -> Value {
    serde_json::from_str(&place.ok(&["--as", "olivia", "--format", "json", "member", "show", member])).unwrap()
}

#[test]
fn without_a_key_a_postgres_store_refuses_personal_data_and_takes_all_else() {
    let place = Place::postgres().without_key();
    place.ok(&["organisation", "found", "acme", "--profile", "workspace", "--name", "Acme", "--owner", "olivia"]);
    place.ok(&["--as", "olivia", "member", "add", "m1"]);
    let refused = place.run(&["--as", "olivia", "member", "details", "m1", "--name", PLANTED[0]]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("--vault-key") && refused.status.code() == Some(1), "{said}");
    assert_eq!(shown(&place, "m1")["name"], Value::Null);
}

#[test]
fn without_the_key_file_names_are_sealed_and_none_is_made_up() {
    let place = Place::sqlite();
    populated(&place);
    std::fs::rename(place.key_file(), place.key_file().with_extension("away")).unwrap();
    assert_eq!(shown(&place, "m1")["name"], "(sealed)");
    let refused = place.run(&["--as", "olivia", "member", "add", "m3", "--name", "Third"]);
    assert!(String::from_utf8(refused.stderr).unwrap().contains("is missing"));
    assert!(!place.key_file().exists());
    std::fs::rename(place.key_file().with_extension("away"), place.key_file()).unwrap();
    assert_eq!(shown(&place, "m1")["name"], CHANGED[0]);
}

#[test]
fn the_key_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::sqlite();
    populated(&place);
    let mode = std::fs::metadata(place.key_file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    std::fs::set_permissions(place.key_file(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let refused = place.run(&["--as", "olivia", "member", "add", "m3", "--name", "Third"]);
    assert!(String::from_utf8(refused.stderr).unwrap().contains("can be read by others"));
}

#[test]
fn a_rehearsal_neither_makes_a_key_nor_keeps_one() {
    let place = Place::sqlite();
    place.ok(&["organisation", "found", "acme", "--profile", "workspace", "--name", "Acme", "--owner", "olivia"]);
    place.ok(&["--as", "olivia", "--dry-run", "member", "add", "m1", "--name", PLANTED[0]]);
    assert!(!place.key_file().exists());
    assert_eq!(place.count("SELECT count(*) FROM personal_keys"), 0);
}

#[test]
fn details_that_stay_as_they_are_are_no_change() {
    let place = Place::sqlite();
    populated(&place);
    let said = place.ok(&["--as", "olivia", "member", "details", "m1", "--name", CHANGED[0], "--email", CHANGED[1]]);
    assert!(said.contains("nothing to change"), "{said}");
    let before = place.ok(&["--as", "olivia", "--format", "json", "events"]);
    place.ok(&["--as", "olivia", "member", "details", "m1", "--name", PLANTED[0]]);
    let after = place.ok(&["--as", "olivia", "--format", "json", "events"]);
    let last: Value = serde_json::from_str(after.lines().last().unwrap()).unwrap();
    let details = |which: &str| last["payload"]["MemberDetailsChanged"][which].clone();
    assert_eq!(details("before")["email"], details("after")["email"], "what stays is the same value: {last}");
    assert_eq!(after.lines().count(), before.lines().count() + 1);
}
