//! `chancery import` as a program.

use std::process::Command;

use super::data;

fn chancery(store: &std::path::Path, words: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
    command.arg("--store").arg(format!("sqlite:{}", store.display())).args(words);
    for variable in ["CHANCERY_STORE", "CHANCERY_ORGANISATION", "CHANCERY_AS"] {
        command.env_remove(variable);
    }
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_policy_is_imported_once_however_often_it_is_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("acme.db");
    let policy = data("rbac_policy.csv").display().to_string();
    let line = ["import", "casbin", &policy, "--found", "acme", "--name", "Acme", "--owner", "sam"];
    let (code, out, err) = chancery(&store, &line);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("founded and imported into organisation `acme`\n"), "{out}");
    assert!(out.contains("members                       2\n"), "{out}");
    let (code, out, _) = chancery(&store, &line);
    assert_eq!(
        (code, out.as_str()),
        (0, "nothing to do: organisation `acme` has everything already, at position 13\n")
    );
    let (_, out, _) = chancery(&store, &["import", "casbin", &policy, "-o", "acme", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((json["events"].as_u64(), json["position"].as_u64()), (Some(0), Some(13)));
}

#[test]
fn bad_lines_end_the_program_as_bad_input() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("acme.db");
    let policy = directory.path().join("policy.csv");
    std::fs::write(&policy, "p, admin, data, read\np, admin, data, write, deny\ng2, x, y\n").unwrap();
    let policy = policy.display().to_string();
    let (code, out, err) =
        chancery(&store, &["import", "casbin", &policy, "--found", "acme", "--name", "Acme", "--owner", "sam"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("2 lines cannot be imported, so nothing was:"), "{err}");
    assert!(err.contains("policy.csv:3: a line of the type `g2`"), "{err}");
    let (code, _, err) = chancery(&store, &["import", "casbin", "/no/such/file", "-o", "acme"]);
    assert_ne!(code, 0);
    assert!(!err.is_empty());
}

#[test]
fn only_the_operator_imports() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("acme.db");
    let policy = data("rbac_policy.csv").display().to_string();
    let (code, _, err) = chancery(&store, &["import", "casbin", &policy, "-o", "acme", "--as", "sam"]);
    assert_eq!(code, 2, "{err}");
}
