//! The past, asked of the real program: as of, difference, explanation, who can, log and activity.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use chancery::aggregates::vocabulary::OrganisationId;
use chancery::cli::run_line;
use chancery::cli::script::{self, Step};
use chancery::engine::{Engine, ManualClock};
use chancery::store::sqlite::{Access, OpenOptions, SqliteStore};
use serde_json::Value;

/// What the program answered.
struct Answer {
    code: i32,
    text: String,
    error: String,
}

struct Store {
    _directory: tempfile::TempDir,
    path: PathBuf,
}

impl Store {
    /// A store with the history of `history.txt`, each event at its time.
    fn with_history() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("replay.db");
        tokio::runtime::Runtime::new().unwrap().block_on(play(&path));
        Self { _directory: directory, path }
    }

    fn ask(&self, line: &str) -> Answer {
        let words = script::split(line).unwrap();
        let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_chancery"))
            .args(["--store", &format!("sqlite:{}", self.path.display())])
            .args(words)
            .env_remove("CHANCERY_AS")
            .env_remove("CHANCERY_ORGANISATION")
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Answer { code: status.code().unwrap(), text: text(stdout), error: text(stderr) }
    }

    /// What a question prints that is answered.
    fn shown(&self, line: &str) -> String {
        let answer = self.ask(line);
        assert_eq!(answer.code, 0, "{line}\n{}{}", answer.text, answer.error);
        answer.text
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.shown(&format!("{line} --format json"))).unwrap()
    }
}

async fn play(path: &Path) {
    let organisation = OrganisationId::known("harbour");
    let clock = Arc::new(ManualClock::new(script::instant("2026-01-01").unwrap()));
    let store = SqliteStore::open_with(path, &OpenOptions::new(Access::Create)).unwrap();
    let engine = Engine::with_clock(Arc::new(store), clock.clone());
    for line in include_str!("history.txt").lines() {
        let (words, expected) = match script::read(line).unwrap() {
            None => continue,
            Some(Step::Time(time)) => {
                clock.set(time);
                continue;
            }
            Some(Step::Found { words }) => {
                let [profile, name, founder, founder_name] = words.try_into().unwrap();
                let words = ["organisation", "found", "harbour", "--profile", &profile, "--name", &name];
                let founder = ["--owner", &founder, "--owner-name", &founder_name];
                (words.into_iter().chain(founder).map(str::to_owned).collect(), None)
            }
            Some(Step::Command { actor, words, ends_with }) => {
                (["--as".to_owned(), actor].into_iter().chain(words).collect::<Vec<String>>(), ends_with)
            }
        };
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ended = run_line(&engine, &organisation, &words).await.result.map_err(|error| error.rule());
        assert_eq!(ended.err().map(str::to_owned), expected, "{line}");
    }
    engine.close().await;
}

/// Whether the pieces stand in the text, one after the other.
fn has_in_order(text: &str, pieces: &[&str]) -> bool {
    let mut rest = text;
    pieces.iter().all(|piece| match rest.split_once(piece) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

#[test]
fn access_is_shown_as_of_a_time_and_as_of_a_position() {
    let store = Store::with_history();
    let held = |line: &str| {
        let table = store.json(line);
        let tom = table["members"].as_array().unwrap().iter().find(|row| row["member"]["id"] == "tom").cloned();
        tom.map(|tom| tom["roles"].as_array().unwrap().iter().map(|role| role["permissions"].as_u64().unwrap()).sum())
    };
    assert_eq!(held("access --at 2024-02-01"), None::<u64>);
    assert_eq!(held("access --at 18"), Some(0));
    assert_eq!(held("access --at 19"), Some(104));
    assert_eq!(held("access --at 2024-06-30"), Some(104));
    assert_eq!(held("access --at 2024-07-01"), Some(0));
    assert!(store.shown("access tom --at 2024-07-01").contains("until 30 June 2024 (over)"));
    let before = store.ask("access --at 2020-01-01");
    assert_eq!((before.code, before.text.as_str()), (4, ""));
}

#[test]
fn one_members_permissions_are_grouped_by_category() {
    let store = Store::with_history();
    let text = store.shown("access anita --at 2024-03-15");
    assert!(has_in_order(&text, &["2 permissions in Birch Road", "Invoices", "2/6", "Read invoice, Approve invoice"]));
    let text = store.shown("access anita --at 2024-03-15 --permissions");
    assert!(has_in_order(&text, &["invoice.read", "invoice.approve", "all"]), "{text}");
    let text = store.shown("access anita --at 2024-06-01");
    assert!(has_in_order(&text, &["no access", "the member is suspended", "may do nothing"]), "{text}");
}

#[test]
fn an_explanation_cites_the_events_and_what_time_will_change() {
    let store = Store::with_history();
    let text = store.shown("explain tom invoice.approve --on birch --at 2024-04-15");
    let story = [
        "Tom may use “Approve invoice” (invoice.approve) on Birch Road",
        "until 30 June 2024; then denied",
        "#19",
        "Priya gave the role Manager to Tom until 30 June 2024, because “cover for Anita”",
        "#27",
        "Priya moved Birch Road from the top to North Estate, because “one estate”",
        "denied (out_of_scope)",
        "allowed",
    ];
    assert!(has_in_order(&text, &story), "{text}");
    let answer = store.json("explain tom invoice.approve --on birch --at 2024-04-15");
    let positions: Vec<u64> =
        answer["causes"].as_array().unwrap().iter().map(|cause| cause["position"].as_u64().unwrap()).collect();
    assert_eq!(positions, [19, 4, 18, 27]);
    assert_eq!(answer["causes"][0]["event"]["reason"], "cover for Anita");
}

#[test]
fn a_denial_says_what_is_missing_and_since_when() {
    let store = Store::with_history();
    let text = store.shown("explain anita invoice.approve --on birch");
    let story = ["the member is suspended", "missing: an end of the suspension", "access ended", "#28"];
    assert!(has_in_order(&text, &story), "{text}");
    let history = ["allowed", "#24", "fewer hands", "denied (suspended)", "#28", "Priya suspended Anita"];
    assert!(has_in_order(&text, &history), "{text}");
    let text = store.shown("explain tom invoice.approve --on acacia --at 2024-08-01");
    let over = [
        "missing: a role that gives it there",
        "the role’s time is over",
        "2024-07-01 00:00",
        "time",
        "(as set by #19)",
    ];
    assert!(has_in_order(&text, &over), "{text}");
}

#[test]
fn a_difference_cites_its_causes_however_indirect_and_the_passing_of_time() {
    let store = Store::with_history();
    let text = store.shown("diff --from 2024-02-15 --to 2024-08-01");
    let story = [
        "Tom",
        "- 104 permissions lost in North Estate and Acacia Avenue",
        "time  2024-07-01 00:00",
        "(as set by #19)",
    ];
    assert!(has_in_order(&text, &story), "{text}");
    assert!(has_in_order(
        &text,
        &["Anita", "- 1 permission lost in Birch Road: invoice.read", "#28", "Priya suspended Anita"]
    ));
    let moved = store.shown("diff --from 26 --to 27");
    assert!(
        has_in_order(&moved, &["Tom", "+ 104 permissions gained in Birch Road", "#27", "because “one estate”"]),
        "{moved}"
    );
    let edited = store.json("diff --from 23 --to 24 --role clerk");
    assert_eq!(edited["lines"][0]["causes"][0]["position"], 24);
    assert_eq!(edited["lines"][0]["changes"][0]["kind"], "gained");
    assert!(store.shown("diff --from 28 --to 28").contains("no effective permission changed"));
    assert_eq!(store.ask("diff --from 20 --to 10").code, 2);
}

#[test]
fn who_can_lists_everybody_with_the_way_they_come_to_it() {
    let store = Store::with_history();
    let who = |line: &str| -> Vec<String> {
        let list = store.json(line);
        let name = |row: &Value| row["member"]["name"].as_str().unwrap().to_owned();
        list["members"].as_array().unwrap().iter().map(name).collect()
    };
    assert_eq!(who("who-can invoice.approve --on birch --at 23"), ["Priya"]);
    assert_eq!(who("who-can invoice.approve --on birch --at 24"), ["Priya", "Anita"]);
    assert_eq!(who("who-can invoice.approve --on birch --at 27"), ["Priya", "Tom", "Anita"]);
    assert_eq!(who("who-can invoice.approve --on birch"), ["Priya"]);
    let text = store.shown("who-can invoice.approve --on birch --at 27");
    assert!(has_in_order(&text, &["3 members", "Tom", "Manager until 30 June 2024", "#19"]), "{text}");
    let misspelt = store.ask("who-can invoice.aprove");
    assert_eq!(misspelt.code, 4);
    assert!(misspelt.error.contains("did you mean `invoice.approve`?"));
}

#[test]
fn the_activity_log_is_filtered_and_never_cut_silently() {
    let store = Store::with_history();
    let text = store.shown("activity --member tom");
    assert!(has_in_order(
        &text,
        &["#18", "Priya added Tom as User", "#19", "until 30 June 2024, because “cover for Anita”"]
    ));
    let text = store.shown("activity --type CommandRefused");
    assert!(has_in_order(
        &text,
        &[
            "Anita tried to give a role to themselves: refused (missing_permission)",
            "(for the 2nd time within the hour)"
        ]
    ));
    let text = store.shown("activity --limit 2 --reverse");
    assert!(has_in_order(&text, &["#28", "#27", "the newest 2 of 28 entries; all of them with --limit 0"]), "{text}");
    assert_eq!(store.shown("activity --until 2024-01-06").lines().count(), 17);
    let lines = store.shown("activity --role clerk --search switched --format json");
    let entry: Value = serde_json::from_str(lines.trim()).unwrap();
    assert_eq!((&entry["position"], &entry["actor"]), (&Value::from(24), &Value::from("priya")));
}

#[test]
fn the_event_log_is_shown_as_it_was_recorded() {
    let store = Store::with_history();
    let lines = store.shown("events --stream member/tom --format json");
    let events: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 2);
    assert_eq!(events[1]["event"]["RoleAssigned"]["window"]["until"], "2024-07-01T00:00:00Z");
    assert_eq!(events[1]["metadata"]["reason"], "cover for Anita");
    assert_eq!(events[1]["sequence"], 2);
    let text = store.shown("events --after 15 --limit 2");
    assert!(has_in_order(&text, &["#16", "#17", "the first 2 of 13 events", "go on with --after 17"]), "{text}");
    assert_eq!(store.shown("events --format json").lines().count(), 28);
}

#[test]
fn readers_see_what_their_roles_and_scope_let_them() {
    let store = Store::with_history();
    for line in ["events --as ben", "diff --from 2024-02-15 --as ben", "access --at 2024-02-15 --as ben"] {
        assert_eq!(store.ask(line).code, 3, "{line}");
    }
    let text = store.shown("access --as ben");
    assert!(text.contains("Ben") && !text.contains("Tom") && !text.contains("Anita"), "{text}");
    let text = store.shown("activity --as ben");
    assert!(text.contains("Priya gave the role Read Only to Ben"), "{text}");
    assert!(!text.contains("Anita") && !text.contains("Birch"), "{text}");
    assert_eq!(store.ask("explain tom invoice.read --as ben").code, 4);
    assert_eq!(store.ask("activity --as anita").code, 3);
}
