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

#[test]
fn show_all() {
    let store = Store::with_history();
    for line in include_str!("lines.txt").lines() {
        let answer = store.ask(line);
        println!("\n$ chancery {line}   [{}]\n{}{}", answer.code, answer.text, answer.error);
    }
}
