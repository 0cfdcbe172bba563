//! `chancery copy`.

use std::process::{Command, Output};

use serde_json::Value;

use crate::store_contract::postgres::cluster::Database;

fn chancery(line: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
    for name in ["CHANCERY_STORE", "CHANCERY_ORGANISATION", "CHANCERY_AS"] {
        command.env_remove(name);
    }
    command.args(line).output().unwrap()
}

fn json(line: &[&str]) -> Value {
    let output = chancery(&[line, &["--format", "json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn found(store: &str, id: &str) {
    let words = ["organisation", "found", id, "--profile", "workspace", "--name", id, "--owner", "sam"];
    let output = chancery(&[&["--store", store], &words[..]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn organisations_move_to_a_server_and_into_another_schema_and_back_into_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| format!("sqlite:{}", directory.path().join(name).display());
    let (first, last) = (file("first.db"), file("last.db"));
    found(&first, "acme");
    found(&first, "brent");
    let database = Database::new();
    let (server, schema) = (database.url(), format!("{}?schema=elsewhere", database.url()));

    let one = json(&["copy", "--from", &first, "--to", &server]);
    assert_eq!((&one["same_global_positions"], &one["behind"]), (&Value::from(true), &Value::from(0)));
    let two = json(&["copy", "--from", &server, "--to", &schema]);
    let three = json(&["copy", "--from", &schema, "--to", &last, "brent"]);
    assert_eq!(one, two);
    assert_eq!(three["organisations"], Value::from(vec![one["organisations"][1].clone()]));
    // What was copied is used as any other.
    let output = chancery(&["--store", &last, "member", "add", "tom", "--as", "sam"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = chancery(&["copy", "--from", &first, "--to", &last, "-o", "brent"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{error}");
    assert!(error.contains("organisation `brent` has") && error.contains("only"), "{error}");
}

#[test]
fn a_table_shows_what_was_copied_and_mistakes_have_their_codes() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| format!("sqlite:{}", directory.path().join(name).display());
    let (first, last) = (file("first.db"), file("last.db"));
    let missing = chancery(&["copy", "--from", &first, "--to", &last]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(!directory.path().join("last.db").exists());
    found(&first, "acme");
    let unknown = chancery(&["copy", "--from", &first, "--to", &last, "acne"]);
    assert_eq!(unknown.status.code(), Some(4), "{}", String::from_utf8_lossy(&unknown.stderr));
    let output = chancery(&["copy", "--from", &first, "--to", &last]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("events compared, all equal") && text.contains("acme"), "{text}");
}
