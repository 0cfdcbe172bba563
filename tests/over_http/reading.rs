//! Reads print over HTTP what they print on the store, byte for byte.

use chrono::{DateTime, Utc};

use super::{Desk, on, on_every_store, program, run};
use crate::cli::Ran;

on_every_store! {
    every_read_prints_the_same_as_on_the_store,
}

/// Lines that read, refused and misspelt ones among them.
const READS: &[&str] = &[
    "organisation list",
    "organisation show",
    "organisation show --at 20",
    "profile show",
    "profile show --permissions",
    "profile show --at 20",
    "profile show workspace",
    "role list",
    "role list --sort users --reverse --columns name,users,inherits",
    "role list --search manager",
    "role list --at 10",
    "role show manager",
    "role show \"Invoice approver\" --all",
    "role show nothere",
    "member list",
    "member list --search o --status any",
    "member list --role manager",
    "member list --role Manager --on acacia",
    "member list --expiring",
    "member list --expiring=400 --at 2026-03-03",
    "member list --account-type nothere",
    "member show tom",
    "member show rita --at 43",
    "member show olivia",
    "member show nobody",
    "scope list",
    "scope list --search acacia",
    "key list",
    "key list henry --all",
    "check tom invoice.approve --on acacia",
    "check rita invoice.approve --on acacia",
    "check rita no.such --on acacia",
    "check tom invoice.approve --on acacia --at 2026-03-03",
    "explain tom invoice.approve --on acacia",
    "explain rita invoice.approve --on beech",
    "explain tom invoice.approve --on acacia --at 30",
    "who-can invoice.approve --on acacia",
    "who-can no.such",
    "access",
    "access tom --permissions",
    "access --on acacia --role manager",
    "access --at 30 --removed",
    "diff --from 10 --to 30",
    "diff --from 2026-03-01 --member tom --permissions",
    "diff --from 30 --to 10",
    "gdpr register --left 30",
    "gdpr due --left 0 --suspended 0",
    "findings",
    "findings --all --kind expiring,idle_manager",
    "findings --at 30",
    "events",
    "events --after 10 --limit 5",
    "events --from 2026-03-01 --type RoleAssigned,MemberAdded",
    "audit list",
    "audit list --actor henry,sam --type roleassigned --outcome allowed",
    "audit list --outcome refused --full",
    "audit list --subject tom --role manager --from 2026-03-01 --to 2026-03-31",
    "audit list --scope acacia --permission invoice.approve",
    "audit list --after 10 --limit 5",
    "audit list --actor nobody",
    "audit list --type RoleAsigned",
    "audit list --outcome denied",
    "activity",
    "activity --by henry --limit 3",
    "activity --member tom --reverse",
    "member list --at-least 5",
    "member list --at-least 9999 --wait 10ms",
    "member list --at 9999",
    "member list --at 2019-01-01",
];

/// With instants of this run left out: two runs have two of them.
fn masked(text: &str, begun: DateTime<Utc>) -> String {
    let now = |piece: &str| {
        let time = DateTime::parse_from_rfc3339(piece);
        time.is_ok_and(|time| time >= begun)
    };
    let text = text.split('"').map(|piece| if now(piece) { "(now)" } else { piece }).collect::<Vec<_>>().join("\"");
    // As pages tell them.
    let today = begun.format("%-d %B %Y at ").to_string();
    let time = "00:00:00 UTC".len();
    let pieces = text.split(&today).enumerate();
    pieces.map(|(number, piece)| if number == 0 { piece } else { piece.get(time..).unwrap_or(piece) }).collect()
}

fn told(ran: &Ran, begun: DateTime<Utc>) -> (i32, String, String) {
    (ran.code, masked(&ran.stdout, begun), masked(&ran.stderr, begun))
}

fn every_read_prints_the_same_as_on_the_store(desk: &Desk) {
    let readers = ["henry", "tom", "rita"].map(|reader| (reader, desk.key(reader)));
    let service = desk.serve(&[]);
    let begun = Utc::now();
    let (mut compared, mut answered) = (0, 0);
    for line in READS {
        for (reader, key) in &readers {
            for format in ["--format table", "--format json", "--color always"] {
                // The one sees most, and is asked in every way.
                if *reader != "henry" && format != "--format table" {
                    continue;
                }
                let line = format!("{format} {line}");
                let both = || {
                    let here = on(&desk.store, &format!("-o fairmont --as {reader} {line}"));
                    (told(&here, begun), told(&service.run(key, &line), begun))
                };
                let (mut here, mut there) = both();
                if here != there {
                    // A minute may have turned in between.
                    (here, there) = both();
                }
                assert_eq!(there, here, "{reader}: {line}");
                compared += 1;
                answered += usize::from(here.0 == 0);
            }
        }
    }
    assert!(compared == READS.len() * 5 && answered > READS.len() * 2, "{answered} of {compared} were answered");
}

#[test]
fn a_long_log_comes_in_stretches_and_whole() {
    let desk = Desk::on_sqlite();
    let members: String = (0..2_600).map(|number| format!("m{number},reader\n")).collect();
    let members = super::write(&desk.path("members.csv"), &members);
    let roles = super::write(&desk.path("roles.csv"), "reader,page.read\n");
    let import = format!("import pairs --members {members} --roles {roles} --found long --name Long --owner olga");
    assert_eq!(on(&desk.store, &import).code, 0);
    let issue = "-o long --as olga key issue --self --label all";
    let key = on(&desk.store, issue).stdout.trim().to_owned();
    let service = desk.serve(&[]);
    for line in [
        "--format json events",
        "--format json events --from 9 --limit 0 --type RoleAssigned",
        "--format json audit list",
        "--format json audit list --from 9 --limit 0 --type RoleAssigned --outcome allowed",
    ] {
        let here = on(&desk.store, &format!("-o long --as olga {line}"));
        assert!(here.ok().lines().count() > 2_500, "{here:?}");
        assert!(service.run(&key, line).ok() == here.ok(), "{line}");
    }
    assert!(on(&desk.store, "-o long --as olga --format json events").ok().lines().count() > 5_000);
}

#[test]
fn a_flag_counts_before_the_environment_and_a_store_and_a_service_exclude_each_other() {
    let desk = Desk::on_sqlite();
    let nowhere = "http://127.0.0.1:9";
    let list = |command: &mut std::process::Command| run(command, "-o fairmont member list");
    list(program().env("CHANCERY_SERVER", nowhere).args(["--store", &desk.store])).ok();
    let ran = list(program().env("CHANCERY_KEY", "k").env("CHANCERY_STORE", &desk.store).args(["--server", nowhere]));
    assert!(ran.ends(1).contains("cannot be reached"), "{ran:?}");
    let ran = list(program().env("CHANCERY_STORE", &desk.store).env("CHANCERY_SERVER", nowhere));
    assert!(ran.ends(2).contains("are both set"), "{ran:?}");
    let ran = list(program().args(["--store", &desk.store, "--server", nowhere]));
    assert!(ran.ends(2).contains("exclude each other"), "{ran:?}");
    let ran = list(program().args(["--server", nowhere]));
    assert!(ran.ends(2).contains("CHANCERY_KEY"), "{ran:?}");
    let ran = list(program().env("CHANCERY_KEY", "k").args(["--server", "ftp://x"]));
    assert!(ran.ends(2).contains("is no address of a service"), "{ran:?}");
    run(program().args(["--server", nowhere]), "profile list").ok();
    let ran = run(program().args(["--server", nowhere]), "projections status");
    assert!(ran.ends(2).contains("`chancery projections` works on a store itself"), "{ran:?}");
}
