//! `--store postgres://…`

use std::process::{Command, Output};

use super::cluster::Database;

fn chancery(url: &str, line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
    command.args(["--store", url]).args(line.split(' ')).env_remove("CHANCERY_STORE").output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn the_command_line_founds_reads_and_changes_on_a_server() {
    let database = Database::new();
    let url = database.url();
    let before = chancery(&url, "role list");
    assert!(!before.status.success() && text(&before).contains("it has no schema `chancery`"), "{}", text(&before));

    let found = "organisation found acme --profile workspace --name Acme --owner sam --as @operator";
    let done = chancery(&url, found);
    assert!(done.status.success(), "{}", text(&done));
    let done = chancery(&url, "member add tom --as sam");
    assert!(done.status.success(), "{}", text(&done));
    let list = chancery(&url, "member list");
    assert!(list.status.success() && text(&list).contains("tom"), "{}", text(&list));

    let demo = chancery(&url, "demo");
    assert!(!demo.status.success() && text(&demo).contains("played into a file"), "{}", text(&demo));
}
