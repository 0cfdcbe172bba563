//! One process: this test binary started again.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chancery::aggregates::vocabulary::{Actor, OrganisationId};
use chancery::engine::{Context, Engine, EngineError, Follower, Request};
use parking_lot::Mutex;

use super::commands::{Dice, next};
use super::world::told;
use super::{ORGANISATIONS, open};

const URL: &str = "CHANCERY_HAMMER_URL";
const NUMBER: &str = "CHANCERY_HAMMER_NUMBER";
const DIARY: &str = "CHANCERY_HAMMER_DIARY";
const MILLISECONDS: &str = "CHANCERY_HAMMER_MILLISECONDS";

/// Tasks of one process on the organisation that all share.
const CROWD: u64 = 3;

pub(super) fn command(url: &str, number: u32, diary: &Path, length: Duration) -> Command {
    let module = module_path!().split_once("::").unwrap().1;
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("{module}::hammers"), "--ignored", "--nocapture"]);
    command.env(URL, url).env(NUMBER, number.to_string()).env(DIARY, diary);
    command.env(MILLISECONDS, length.as_millis().to_string());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(super) fn succeed(output: &Output) {
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{}\n{text}\n{errors}", output.status);
}

/// What a process writes down the moment it knows it. A line is one write, so that a process that is
/// killed leaves whole lines.
struct Diary(Mutex<std::fs::File>);

impl Diary {
    fn note(&self, line: &str) {
        self.0.lock().write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by another test as a process of its own"]
async fn hammers() {
    let variable = |name: &str| std::env::var(name).unwrap();
    let number: u64 = variable(NUMBER).parse().unwrap();
    let until = Instant::now() + Duration::from_millis(variable(MILLISECONDS).parse().unwrap());
    let file = std::fs::File::create(PathBuf::from(variable(DIARY))).unwrap();
    let diary = Arc::new(Diary(Mutex::new(file)));
    let engine = open(&variable(URL));
    let follower = engine.follow(Duration::from_secs(3));
    let mut tasks = Vec::new();
    for (index, name) in ORGANISATIONS.iter().enumerate() {
        for task in 0..if index == 0 { CROWD } else { 1 } {
            let seed = number * 1000 + index as u64 * 10 + task;
            let organisation = OrganisationId::known(*name);
            tasks.push(tokio::spawn(hammer(follower.clone(), diary.clone(), organisation, seed, until)));
        }
    }
    for task in tasks {
        task.await.unwrap();
    }
    for name in ORGANISATIONS {
        let state = patiently(&engine, &OrganisationId::known(name)).await;
        diary.note(&format!("state {name} {} {}", state.position(), told(&state)));
    }
    drop(follower);
    engine.close().await;
}

async fn hammer(follower: Follower, diary: Arc<Diary>, organisation: OrganisationId, seed: u64, until: Instant) {
    let mut dice = Dice(seed);
    let mut number = 0;
    while Instant::now() < until {
        number += 1;
        let unique = format!("r-{seed}-{number}");
        let state = match follower.state(&organisation).await {
            Ok(state) => state,
            Err(_) => patiently(follower.engine(), &organisation).await,
        };
        let (actor, command) = next(&mut dice, &organisation, &state, &unique);
        let kind = command.name();
        let request = Request {
            organisation: organisation.clone(),
            commands: vec![command],
            actor: Actor::Member(actor),
            context: Context { correlation: Some(unique.clone()), ..Context::default() },
            idempotency_key: Some(unique.clone()),
        };
        loop {
            match follower.engine().execute(request.clone()).await {
                Ok(outcome) => {
                    let (count, head) = (outcome.events.len(), outcome.position);
                    let done = if outcome.repeated { "repeated" } else { "done" };
                    diary.note(&format!("{done} {organisation} {head} {count} {unique} {kind}"));
                    break;
                }
                Err(EngineError::Refused { refusal, .. }) => {
                    diary.note(&format!("refused {organisation} {kind} {}", refusal.rule()));
                    break;
                }
                // Perhaps it was done all the same: the key tells.
                Err(EngineError::Store(_) | EngineError::Contended { .. }) => {
                    diary.note(&format!("again {organisation} {kind}"));
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// The state of now, however long the server is away.
async fn patiently(engine: &Engine, organisation: &OrganisationId) -> Arc<chancery::aggregates::AccessState> {
    loop {
        match engine.state(organisation).await {
            Ok(state) => return state,
            Err(EngineError::Store(_)) => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(error) => panic!("{error}"),
        }
    }
}
