//! `--at-least` and `--wait`.

use std::process::{Command, Output, Stdio};

use crate::store_contract::postgres::cluster::Database;

fn chancery(store: &str, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
    command.args(["--store", store]).args(line.split(' ')).env_remove("CHANCERY_STORE");
    command.env_remove("CHANCERY_ORGANISATION").env_remove("CHANCERY_AS");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(store: &str, line: &str) -> Output {
    chancery(store, line).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The position of the only organisation's head.
fn head(store: &str) -> u64 {
    let status: serde_json::Value = serde_json::from_slice(&run(store, "status --format json").stdout).unwrap();
    status["organisations"][0]["position"].as_u64().unwrap()
}

fn a_read_waits_for_a_change_made_elsewhere(store: &str) {
    let found = run(store, "organisation found acme --profile workspace --name Acme --owner sam");
    assert!(found.status.success(), "{}", text(&found));
    let head = head(store);
    let line = format!("member list --at-least {} --wait 2m", head + 1);
    let waiting = chancery(store, &line).spawn().unwrap();
    assert!(run(store, "member add tom --as sam").status.success());
    let list = waiting.wait_with_output().unwrap();
    assert!(list.status.success() && text(&list).contains("tom"), "{}", text(&list));
}

#[test]
fn a_read_of_a_file_waits_for_a_change_made_elsewhere() {
    let directory = tempfile::tempdir().unwrap();
    a_read_waits_for_a_change_made_elsewhere(&format!("sqlite:{}", directory.path().join("store.db").display()));
}

#[test]
fn a_read_of_a_server_waits_for_a_change_made_elsewhere() {
    a_read_waits_for_a_change_made_elsewhere(&Database::new().url());
}

#[test]
fn a_change_that_does_not_come_ends_with_code_4_and_says_where_the_organisation_is() {
    let directory = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", directory.path().join("store.db").display());
    assert!(run(&store, "organisation found acme --profile workspace --name Acme --owner sam").status.success());
    let head = head(&store);
    let list = run(&store, "role list --at-least 999 --wait 50ms --format json");
    assert_eq!(list.status.code(), Some(4), "{}", text(&list));
    let error: serde_json::Value = serde_json::from_slice(&list.stderr).unwrap();
    assert_eq!(error["error"]["rule"], "behind");
    let wanted = format!("organisation `acme` is at position {head} after waiting 50ms, and not yet at 999");
    assert_eq!(error["error"]["message"], wanted);
    let list = run(&store, "role list --at-least 1 --wait soon");
    assert_eq!(list.status.code(), Some(2), "{}", text(&list));
}
