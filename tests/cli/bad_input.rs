//! Bad input and bad files: each gets a clear error and a non-zero exit code, and nothing is lost.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::{Desk, Ran};

/// The desk's log as it stands, to be compared.
fn log(desk: &Desk) -> String {
    let ran = desk.ask("--format json events");
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.stdout
}

fn assert_refused(desk: &Desk, line: &str, code: i32, wanted: &str) {
    let before = log(desk).lines().filter(|line| !line.contains("CommandRefused")).count();
    let ran = desk.by("olivia", line);
    assert_eq!(ran.code, code, "{line}: {ran:?}");
    assert!(ran.stderr.contains(wanted), "{line}: {ran:?}");
    let after = log(desk).lines().filter(|line| !line.contains("CommandRefused")).count();
    assert_eq!(before, after, "{line} changed something");
}

#[test]
fn commands_that_make_no_sense_are_named_and_change_nothing() {
    let desk = Desk::founded("proplink");
    for line in [
        "role create Parent --id parent",
        "role create Child --id child --inherits parent",
        "scope create north North --kind estate",
    ] {
        assert_eq!(desk.by("olivia", line).code, 0);
    }
    assert_refused(&desk, "role create Other --permission invoce.approve", 4, "did you mean `invoice.approve`");
    assert_refused(&desk, "role create PARENT", 5, "a role named `Parent` exists already");
    assert_refused(&desk, "role inherit parent --from child", 5, "which inherits from it");
    assert_refused(&desk, "member scope olivia --selected south", 4, "there is no scope `south`");
    assert_refused(&desk, "scope create south South --kind estat", 4, "did you mean `estate`");
    assert_refused(&desk, "scope move north --below north", 5, "cannot stand below");
}

#[test]
fn a_store_cut_short_is_not_used() {
    let desk = Desk::founded("workspace");
    let file = desk.path().join("chancery.db");
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    for line in ["role list", "events", "status"] {
        let ran = desk.ask(line);
        assert_eq!(ran.code, 1, "{line}: {ran:?}");
        assert!(ran.stderr.contains("chancery.db"), "{line}: {ran:?}");
    }
    std::fs::write(&file, &bytes).unwrap();
    assert_eq!(desk.ask("role list").code, 0, "what was refused was not made worse");
}

#[test]
fn a_read_only_store_is_read_and_not_written() {
    let desk = Desk::founded("workspace");
    let before = log(&desk);
    let file = desk.path().join("chancery.db");
    let allow = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    allow(0o444);
    let ran = without_power(&desk, "chancery --as olivia role create Auditor; echo code $?; chancery role list");
    allow(0o644);
    assert!(ran.stderr.contains("read-only"), "{ran:?}");
    assert!(ran.stdout.contains("code 1") && ran.stdout.contains("Owner"), "{ran:?}");
    assert_eq!(log(&desk), before);
}

#[test]
fn a_full_disk_is_told_and_nothing_acknowledged_is_lost() {
    let desk = Desk::founded("workspace");
    let size = std::fs::metadata(desk.path().join("chancery.db")).unwrap().len() / 1024 + 64;
    // The limit stands for the end of the disk; without the trap the signal would end the program.
    let script = format!(
        "trap '' XFSZ; ulimit -f {size}; for i in $(seq 1 400); do \
         chancery --as olivia role create Role-$i --id role-$i --description \"$(printf 'x%.0s' $(seq 1 1500))\" \
         && echo made role-$i || break; done"
    );
    let ran = shell(&desk, &script);
    assert!(ran.stderr.contains("no space left"), "{ran:?}");
    let made: Vec<&str> = ran.stdout.lines().filter_map(|line| line.strip_prefix("made ")).collect();
    assert!(!made.is_empty() && made.len() < 400, "{} roles fitted", made.len());
    let roles = desk.ask("--format json role list").stdout;
    assert!(made.iter().all(|role| roles.contains(&format!("\"{role}\""))), "an acknowledged role is lost");
    assert_eq!(desk.by("olivia", "role create Later").code, 0, "with space there is again, writing goes on");
}

fn shell(desk: &Desk, script: &str) -> Ran {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_chancery"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    Command::new("bash").args(["-c", script]).env("PATH", path).current_dir(desk.path()).output().unwrap().into()
}

/// Root may write to any file: there the script runs without that power.
fn without_power(desk: &Desk, script: &str) -> Ran {
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    if !root {
        return shell(desk, script);
    }
    let script = format!("setpriv --bounding-set=-all --inh-caps=-all bash -c '{script}'");
    shell(desk, &script)
}
