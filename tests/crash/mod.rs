//! `kill -9`: what was acknowledged is there, what was not is there whole or not at all.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::sync::Arc;
use std::time::Duration;

use chancery::aggregates::command::{Command, MemberCommand};
use chancery::aggregates::event::Details;
use chancery::aggregates::founding::Founder;
use chancery::aggregates::profile::{BUILT_IN, check::check};
use chancery::aggregates::vocabulary::{Actor, MemberId, MemberKind, OrganisationId, RoleId, Window};
use chancery::engine::{Context, Engine, Request};
use chancery::store::sqlite::SqliteStore;
use chancery::store::{EventRow, Range, Store, Visit};

const KILLS: u64 = 50;
const ORGANISATIONS: u64 = 3;
const CHILD: &str = "CHANCERY_CRASH_CHILD";
const THIS_TEST: &str = "crash::acknowledged_commands_survive_kill_9";

#[test]
fn acknowledged_commands_survive_kill_9() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    // The child is this same test, told so by its environment.
    if let Some(path) = std::env::var_os(CHILD) {
        return runtime.block_on(command_without_end(Path::new(&path)));
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("crash.db");
    runtime.block_on(found(&path));
    let mut acknowledged = BTreeMap::new();
    let mut died_at_work = 0;
    for kill in 0..KILLS {
        let before = acknowledged.len();
        // Every fourth may die before it has opened the store, the others while they write.
        let at_work = kill % 4 != 0;
        run_and_kill(&path, at_work, Duration::from_millis(kill * 37 % 90), &mut acknowledged);
        died_at_work += u64::from(acknowledged.len() > before);
        runtime.block_on(verify(&path, &acknowledged));
    }
    assert!(
        died_at_work > KILLS / 2,
        "only {died_at_work} of {KILLS} children had acknowledged anything when they died"
    );
}

/// Each request adds a member and gives a role: two events that belong together.
async fn command_without_end(path: &Path) {
    let engine = Engine::new(Arc::new(SqliteStore::open(path).unwrap()));
    let tasks: Vec<_> = (0..ORGANISATIONS).map(|number| tokio::spawn(enrol(engine.clone(), number))).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

async fn enrol(engine: Engine, number: u64) {
    let organisation = organisation(number);
    loop {
        let member = MemberId::known(format!("member-{}", engine.state(&organisation).await.unwrap().position()));
        let add = MemberCommand::AddMember {
            kind: MemberKind::Person,
            account_type: None,
            details: Details::default(),
            scope: None,
        };
        let role = RoleId::known("manager");
        let assign = MemberCommand::AssignRole { role, scope: None, window: Window::default() };
        let commands = vec![Command::Member(member.clone(), add), Command::Member(member.clone(), assign)];
        let actor = Actor::Member(MemberId::known("founder"));
        let organisation = organisation.clone();
        let request = Request {
            organisation: organisation.clone(),
            commands,
            actor,
            context: Context::default(),
            idempotency_key: Some(member.to_string()),
        };
        let outcome = engine.execute(request).await.unwrap();
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "ack {organisation} {member} {}", outcome.position).unwrap();
        stdout.flush().unwrap();
    }
}

fn organisation(number: u64) -> OrganisationId {
    OrganisationId::known(format!("tenant-{number}"))
}

async fn found(path: &Path) {
    let engine = Engine::new(Arc::new(SqliteStore::open_or_create(path).unwrap()));
    let profile = check(BUILT_IN.iter().find(|(name, _)| *name == "workspace").unwrap().1).unwrap();
    for number in 0..ORGANISATIONS {
        let founder = Founder { id: MemberId::known("founder"), details: Details::default() };
        engine.found(&organisation(number), "Crash", &profile, &founder, Context::default()).await.unwrap();
    }
    engine.close().await;
}

fn run_and_kill(path: &Path, at_work: bool, after: Duration, acknowledged: &mut BTreeMap<(String, String), u64>) {
    let mut child = Process::new(std::env::current_exe().unwrap())
        .args([THIS_TEST, "--exact", "--nocapture"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let (begun, begins) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let noticed = lines.inspect(|line| {
            if line.contains("ack ") {
                let _ = begun.send(());
            }
        });
        noticed.collect::<Vec<String>>()
    });
    if at_work {
        begins.recv_timeout(Duration::from_secs(30)).unwrap();
    }
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    for line in reader.join().unwrap() {
        let Some(ack) = line.split_once("ack ").map(|(_, ack)| ack) else { continue };
        if let [organisation, member, position] = ack.split(' ').collect::<Vec<_>>()[..] {
            acknowledged.insert((organisation.to_owned(), member.to_owned()), position.parse().unwrap());
        }
    }
}

async fn verify(path: &Path, acknowledged: &BTreeMap<(String, String), u64>) {
    let store = Arc::new(SqliteStore::open(path).unwrap());
    let engine = Engine::new(store.clone());
    for number in 0..ORGANISATIONS {
        // Loading fails on a gap in the organisation's positions.
        let state = engine.state(&organisation(number)).await.unwrap();
        let head = store.head(organisation(number).as_str()).await.unwrap().unwrap();
        assert_eq!(state.position(), head.position);
        for (_, member) in state.members() {
            assert!(!member.assignments.is_empty(), "{} was added without the role that came with it", member.id);
        }
    }
    for ((organisation, member), position) in acknowledged {
        let state = engine.state(&OrganisationId::known(organisation.as_str())).await.unwrap();
        assert!(state.member_by_id(member).is_some(), "{member} of {organisation} was acknowledged and is lost");
        assert!(*position <= state.position());
    }
    let (send, receive) = std::sync::mpsc::channel();
    let visitor = move |row: EventRow<'_>| {
        send.send(row.global_position).unwrap();
        Visit::Continue(())
    };
    store.scan(Range::Store { after: 0 }, Box::new(visitor)).await.unwrap();
    assert!(receive.into_iter().eq(1..=state_total(store.as_ref()).await), "global positions have a gap");
    engine.close().await;
}

async fn state_total(store: &dyn Store) -> u64 {
    store.heads().await.unwrap().iter().map(|head| head.position).sum()
}
