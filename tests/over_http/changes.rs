//! Changes do over HTTP what they do on the store, and tell of it in the same words.

use serde_json::Value;

use super::{Desk, on, on_every_store, write};

on_every_store! {
    every_change_does_and_tells_the_same_as_on_the_store,
}

/// Lines that change something or are refused, by Henry, in order.
const CHANGES: &[&str] = &[
    "scope create willow \"Willow Court\" --kind site --below riverside --reason \"bought in autumn\"",
    "scope create willow Again --kind site",
    "scope rename willow \"Willow Gardens\"",
    "scope share willow --with acacia",
    "scope unshare willow --with acacia",
    "scope move willow --top",
    "scope archive willow",
    "scope restore willow",
    "role create Surveyor --permission invoice.read --description \"looks at houses\"",
    "role create Surveyor",
    "role duplicate surveyor \"Second surveyor\"",
    "role toggle surveyor --allow invoice.* --deny invoice.read",
    "role inherit \"Second surveyor\" --from Surveyor",
    "role rename surveyor Inspector",
    "role recolour surveyor #00ff00",
    "role describe surveyor \"inspects\"",
    "role delete surveyor",
    "role delete \"Second surveyor\"",
    "role delete owner",
    "--dry-run role create Keeper --permission invoice.read",
    "--dry-run member assign tom \"Read Only\"",
    "--dry-run --format json member suspend tom",
    "member add kim --name Kim --email kim@example.org --selected acacia --role \"Read Only\"",
    "member add kim",
    "member details kim --phone 12",
    "member verify-email kim",
    "member scope kim --by-group riverside",
    "member assign kim contractor",
    "member assign kim \"Site Manager\" --until 2099-12-31",
    "member unassign kim site_manager",
    "member allow kim invoice.approve",
    "member withhold kim payment.approve",
    "member clear kim payment.approve",
    "--format json member suspend kim",
    "member suspend kim",
    "member reactivate kim",
    "member remove kim",
    "member remove nobody",
    "gdpr hold tom",
    "--dry-run gdpr release tom",
    "gdpr release tom",
    "gdpr hold nobody",
    "--dry-run gdpr export tom",
    "--idempotency-key one role create Once",
    "--idempotency-key one role create Once",
    "--idempotency-key one role create Twice",
    "owner transfer priya",
    "owner transfer priya",
];

/// Without instants, which two runs do not share.
fn untimed(text: &str) -> String {
    let timed = |line: &&str| !["\"time\"", "\"at\""].iter().any(|name| line.trim_start().starts_with(name));
    text.lines().filter(timed).collect::<Vec<_>>().join("\n")
}

fn every_change_does_and_tells_the_same_as_on_the_store(desk: &Desk) {
    let key = desk.key("henry");
    // A twin, from the same events on.
    let twin = Desk::on_sqlite();
    let store = format!("sqlite:{}", twin.path("twin.db").display());
    super::run(&mut super::keyed(), &format!("copy --from {} --to {store} fairmont", desk.store)).ok();
    let twin = Desk { store, ..twin };
    let head = desk.head();
    let service = desk.serve(&[]);
    for line in CHANGES {
        let here = on(&twin.store, &format!("-o fairmont --as henry {line}"));
        let there = service.run(&key, line);
        let told = |ran: &crate::cli::Ran| (ran.code, untimed(&ran.stdout), untimed(&ran.stderr));
        assert_eq!(told(&there), told(&here), "{line}");
    }
    let (here, there) = (twin.events(head), desk.events(head));
    assert!(here.len() > CHANGES.len() / 2, "{here:?}");
    assert_eq!(there, here);
}

#[test]
fn a_list_of_lines_is_sent_with_its_text_and_told_line_by_line() {
    let desk = Desk::on_sqlite();
    let key = desk.key("henry");
    let service = desk.serve(&[]);
    let text = "# a list\nscope create elm Elm --kind site\nhenry: scope rename elm \"Elm Road\"\n\
                role delete owner\npriya: scope rename elm Oak\n";
    let list = write(&desk.path("list.txt"), text);
    let rehearsed = service.run(&key, &format!("--dry-run run {list}"));
    assert!(rehearsed.stdout.contains("rehearsed only"), "{rehearsed:?}");
    let before = desk.head();
    let ran = service.run(&key, &format!("run {list}"));
    ran.has_line("2 of 4 lines failed");
    assert!(ran.stdout.contains("the key acts as `henry`, and the line says `priya`"), "{ran:?}");
    let kinds: Vec<String> = desk.events(before).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["ScopeCreated", "ScopeRenamed", "CommandRefused"]);
    let absent = service.run(&key, "run /no/such/list");
    assert!(absent.ends(1).contains("`/no/such/list` cannot be used"), "{absent:?}");
    let wrong = write(&desk.path("wrong.txt"), "member list\n");
    assert!(service.run(&key, &format!("run {wrong}")).ends(2).contains("is not a list of commands"));
}

#[test]
fn a_review_that_is_completed_over_http_is_signed_at_once() {
    let desk = Desk::on_sqlite();
    let key = desk.key("henry");
    // By itself the service signs when it starts, and then not for a long time.
    let signs = ["--log-key", &desk.path("log.key").display().to_string(), "--checkpoint-time", "1h"];
    let service = desk.serve(&signs);
    for line in [
        "role create Tiny --permission invoice.read",
        "member assign tom tiny",
        "review open tiny Tiny --about role:tiny --reviewer henry --deadline 2099-12-31",
        "review decide tiny --all --keep",
        "--dry-run review complete tiny",
    ] {
        service.run(&key, line).ok();
    }
    let completed = service.run(&key, "review complete tiny");
    assert!(!format!("{completed:?}").contains("signed later"), "{completed:?}");
    let evidence: Value = serde_json::from_str(service.run(&key, "review evidence tiny").ok()).unwrap();
    assert_eq!(evidence["checkpoint"]["events"], desk.head(), "{evidence}");
    assert!(evidence["proof"].is_string(), "{evidence}");
}

#[test]
fn a_key_is_made_over_http_shown_once_and_ended() {
    let desk = Desk::on_sqlite();
    let key = desk.key("henry");
    let service = desk.serve(&[]);
    let made = service.run(&key, "key issue --self --label laptop --days 3");
    assert_eq!(made.code, 0, "{made:?}");
    assert!(made.stderr.contains("shown this once"), "{made:?}");
    let other = made.stdout.trim().to_owned();
    service.run(&other, "member show henry").ok();
    // From a file, which is shown to nobody.
    let file = write(&desk.path("key"), &format!("{other}\n"));
    let url = service.url();
    let list = super::run(super::program().args(["--server", &url, "--key-file", &file]), "key list");
    assert!(list.ok().contains("laptop"), "{list:?}");
    service.run(&key, &format!("key revoke {other}")).ok();
    assert!(service.run(&other, "member show henry").ends(3).contains("the key is not valid"));
}

#[test]
fn the_operators_key_founds_an_organisation_with_a_profile_of_ones_own() {
    let desk = Desk::on_sqlite();
    let keys = desk.path("operator.keys").display().to_string();
    let service = desk.serve(&["--operator-keys", &keys]);
    let operator = service.said.as_ref().unwrap().trim().rsplit(' ').next().unwrap().to_owned();
    let blank = chancery::aggregates::profile::BUILT_IN.iter().find(|(name, _)| *name == "blank").unwrap().1;
    let profile = write(&desk.path("own.toml"), blank);
    let found = |id: &str, profile: &str| {
        let line = format!("organisation found {id} --profile {profile} --name Own --owner olga --owner-name Olga");
        service.run(&operator, &line)
    };
    assert!(found("own", &profile).ok().starts_with("founded `own` from profile `blank`"));
    assert!(found("own", &profile).ends(5).contains("own"));
    found("built", "workspace").ok();
    assert!(found("none", "no-such-profile").ends(4).contains("there is no profile"));
    let listed = service.run(&operator, "organisation list");
    assert_eq!(listed.ok().lines().count(), 5, "{listed:?}");
    assert!(!listed.stdout.contains("Fairmont Estates"), "{listed:?}");
    for line in ["-o own member list", "status", "-o own --as @operator role list", "-o own events"] {
        assert!(service.run(&operator, line).ends(3).contains("opens none"), "{line}");
    }
    let name = "-o own member show olga --format json";
    assert!(on(&desk.store, name).ok().contains("Olga"), "the first member's name came along");
}
