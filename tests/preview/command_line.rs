//! `--dry-run` and `run`, on the command line.

use crate::cli::Desk;

/// PropLink with two sites, Tom as Manager of Acacia, and Ann without anything.
fn office() -> Desk {
    let desk = Desk::founded("proplink");
    for line in [
        "scope create north North --kind estate",
        "scope create acacia Acacia --kind site --below north",
        "scope create beech Beech --kind site --below north",
        "member add tom --name Tom --selected acacia",
        "member assign tom manager",
        "member add ann --name Ann",
    ] {
        desk.by("olivia", line).ok();
    }
    desk
}

fn position(desk: &Desk) -> u64 {
    desk.json("organisation show")["position"].as_u64().unwrap()
}

#[test]
fn a_rehearsal_tells_who_would_gain_what_and_writes_nothing() {
    let desk = office();
    let before = position(&desk);
    let told = desk.by("olivia", "member scope tom --dry-run --selected beech");
    told.ok();
    assert!(told.stdout.starts_with("rehearsed only: nothing was written"), "{}", told.stdout);
    told.has_line("1 member would gain, 1 would lose");
    assert!(told.lines().iter().any(|line| line.starts_with('+') && line.contains("in Beech")), "{}", told.stdout);
    assert!(told.lines().iter().any(|line| line.starts_with('-') && line.contains("in Acacia")), "{}", told.stdout);
    assert_eq!(position(&desk), before);
}

#[test]
fn a_rehearsal_that_is_refused_leaves_no_trace_either() {
    let desk = office();
    let before = position(&desk);
    let refused = desk.by("tom", "member scope tom --all --dry-run");
    assert!(refused.ends(3).contains("rule: missing_permission"), "{refused:?}");
    assert_eq!(position(&desk), before);
    desk.by("tom", "member scope tom --all").ends(3);
    assert_eq!(position(&desk), before + 1, "without `--dry-run` the refusal is recorded");
}

#[test]
fn what_begins_and_ends_later_is_told_with_its_time() {
    let desk = office();
    let line = "member assign ann manager --from 2999-01-01 --until 2999-03-31 --dry-run";
    desk.by("olivia", "member scope ann --selected acacia").ok();
    let told = desk.by("olivia", line);
    told.ok();
    let window = "gained from 1 January 2999 until 31 March 2999 in Acacia";
    assert!(told.stdout.contains(window), "{}", told.stdout);
}

#[test]
fn a_change_of_a_role_is_told_for_its_holders() {
    let desk = office();
    desk.by("olivia", "role duplicate manager Lead --id lead").ok();
    desk.by("olivia", "member assign tom lead").ok();
    desk.by("olivia", "member unassign tom manager").ok();
    let told = desk.by("olivia", "role toggle lead --deny invoice.approve --dry-run");
    told.ok();
    told.has_line("- 1 permission lost in Acacia: invoice.approve");
}

#[test]
fn a_rehearsed_founding_makes_no_file() {
    let desk = Desk::new();
    let told = desk.ask("organisation found acme --profile workspace --name Acme --owner ada --dry-run");
    told.ok();
    assert!(told.stdout.contains("1 member would gain"), "{}", told.stdout);
    assert_eq!(std::fs::read_dir(desk.path()).unwrap().count(), 0);
}

#[test]
fn an_import_is_rehearsed_as_a_whole() {
    let desk = office();
    let before = position(&desk);
    std::fs::write(desk.path().join("members.csv"), "ivy,Reader\n").unwrap();
    std::fs::write(desk.path().join("roles.csv"), "Reader,site.read\n").unwrap();
    let told = desk.ask("import pairs --members members.csv --roles roles.csv --dry-run");
    told.ok();
    assert!(told.stdout.contains("imported into organisation `acme`"), "{}", told.stdout);
    assert_eq!(position(&desk), before);
}

#[test]
fn a_read_is_as_it_always_is() {
    let desk = office();
    assert_eq!(desk.ask("role list --dry-run").stdout, desk.ask("role list").stdout);
    assert_eq!(desk.ask("check tom invoice.approve --dry-run").code, 3);
}

#[test]
fn a_rehearsal_shows_programs_all_of_it_as_one_document() {
    let desk = office();
    let value = desk.json("--as olivia member scope tom --dry-run --selected beech");
    assert_eq!(value["dry_run"], true);
    let lines = value["preview"]["lines"].as_array().unwrap();
    assert!(lines.iter().all(|line| line["causes"].as_array().unwrap().len() == 1));
    assert_eq!(value["preview"]["events"][0]["type"], "MemberScopeChanged");
}

#[test]
fn members_out_of_sight_are_not_told_of() {
    let desk = office();
    // Ann sees nobody but herself.
    desk.by("olivia", "member scope ann --selected beech").ok();
    let all = desk.by("olivia", "scope archive north --dry-run");
    assert!(all.ok().contains("Tom"), "{}", all.stdout);
    let list = desk.path().join("list");
    std::fs::write(&list, "olivia: scope archive north\n").unwrap();
    let seen = desk.by("ann", "run list --dry-run");
    assert!(!seen.stdout.contains("Tom"), "{}", seen.stdout);
    assert!(seen.stdout.contains("shown is what `ann` may see"), "{}", seen.stdout);
}

const LIST: &str = "\
# what is to be done on Monday
role duplicate manager Lead --id lead
member assign ann lead
member assign ann nobody
tom: member assign ann manager
member scope ann --selected beech
";

#[test]
fn a_list_is_run_line_by_line_and_its_rehearsal_says_the_same() {
    let desk = office();
    std::fs::write(desk.path().join("list"), LIST).unwrap();
    let before = position(&desk);
    let rehearsed = desk.by("olivia", "run list --dry-run");
    assert_eq!(rehearsed.code, 4, "{rehearsed:?}");
    assert!(rehearsed.stdout.contains("line 4: there is no role `nobody`"), "{}", rehearsed.stdout);
    assert!(rehearsed.stdout.contains("line 5: "), "{}", rehearsed.stdout);
    rehearsed.has_line("2 of 5 lines failed").has_line("1 member would gain");
    assert_eq!(position(&desk), before);

    let done = desk.by("olivia", "run list");
    assert_eq!(done.code, 4, "{done:?}");
    let changes = |text: &str| text.lines().filter(|line| line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(changes(&done.stdout), changes(&rehearsed.stdout));
    assert_eq!(desk.ask("check ann invoice.approve --on beech").code, 0);
}

#[test]
fn a_list_with_a_line_that_is_no_command_is_not_begun() {
    let desk = office();
    let before = position(&desk);
    std::fs::write(desk.path().join("list"), "member suspend tom\nmember suspnd ann\nrole list\nrun list\n").unwrap();
    let ended = desk.by("olivia", "run list");
    let told = ended.ends(2);
    assert!(told.contains("line 2: unrecognized subcommand 'suspnd'"), "{told}");
    assert!(told.contains("line 3: it changes nothing") && told.contains("line 4: "), "{told}");
    assert_eq!(position(&desk), before);
}
