//! Checks in process: how long one takes, beside the barest index for the shape and (feature `peers`) beside
//! other systems; what publishing a version after an event costs; and what an organisation costs in memory.
//!
//! `cargo bench -p chancery-benches --bench check --features peers`

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark has nobody to report to")]

use std::sync::Arc;
use std::time::Instant;

use chancery::aggregates::AccessState;
use chancery::aggregates::access::{Question, evaluate, evaluate_question};
use chancery::aggregates::event::{Event, MemberEvent, RoleEvent, ScopeEvent, Stamp};
use chancery::aggregates::vocabulary::{MemberId, PermissionKey, PermissionRef, Window};
use chancery::embed::{Organisation, Organisations, Resolved};
use chancery::engine::Published;
use chancery_benches::measure::{Contender, median, race, report, resident};
use chancery_benches::shape::{Asked, Shape, casbin_large, now, org, organisation_id, role};
use chancery_benches::yardstick::{Big, Keys, Large, Org};

const BIG: usize = 1_000;

/// The event with this number.
type MakeEvent = fn(&Shape, usize) -> Event;

fn main() {
    // `cargo bench` adds a flag of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    match arguments.first().map(String::as_str) {
        Some("memory") => return memory_of(arguments.get(1).map_or("index", String::as_str)),
        Some("org") => return org_shape(),
        Some("large") => return large_shape(),
        Some("big") => return big_shape(),
        Some("publish") => return publishing(),
        _ => {}
    }
    org_shape();
    large_shape();
    big_shape();
    publishing();
    memory();
}

/// The questions in both mixes.
fn mixes(shape: &Shape, count: usize, organisations: usize) -> [(&'static str, Vec<Asked>); 2] {
    [
        ("half allowed", shape.questions(count, organisations, 50)),
        ("all denied", shape.questions(count, organisations, 0)),
    ]
}

struct Ours {
    state: AccessState,
    organisation: Organisation,
    questions: Vec<Question>,
    resolved: Vec<Resolved>,
}

impl Ours {
    fn of(shape: &Shape, asked: &[Asked]) -> Self {
        let state = shape.state("tenant").with_index();
        let organisation = Organisation::new(Arc::new(Published::new(state.index().unwrap().clone())));
        let access = organisation.access();
        let resolve = |asked: &Asked| access.resolve(&asked.request()).unwrap();
        let questions = asked.iter().map(|asked| asked.question(&state)).collect();
        let resolved = asked.iter().map(resolve).collect();
        Self { state, organisation, questions, resolved }
    }

    fn by_string<'a>(&'a self, asked: &'a [Asked]) -> Vec<Contender<'a>> {
        let access = self.organisation.access();
        vec![
            Contender::new("chancery, strings", asked, move |asked| access.check(&asked.request()).is_allowed()),
            Contender::new("chancery, strings, yes or no", asked, {
                let access = self.organisation.access();
                move |asked| access.permits(&asked.request())
            }),
            Contender::new("chancery, strings, newest version each time", asked, |asked| {
                self.organisation.check(&asked.request()).is_allowed()
            }),
            Contender::new("evaluate on the state, strings", asked, |asked| {
                evaluate(&self.state, &asked.request()).is_allowed()
            }),
        ]
    }

    fn by_handle(&self) -> Vec<Contender<'_>> {
        let access = self.organisation.access();
        vec![
            Contender::new("chancery, handles", &self.resolved, move |question| {
                access.check_resolved(question).unwrap().is_allowed()
            }),
            Contender::new("chancery, handles, yes or no", &self.resolved, {
                let access = self.organisation.access();
                move |question| access.permits_resolved(question).unwrap()
            }),
            Contender::new("chancery, handles, yes or no, newest version", &self.resolved, |question| {
                self.organisation.permits_resolved(question).unwrap()
            }),
            Contender::new("chancery, handles, newest version each time", &self.resolved, |question| {
                self.organisation.check_resolved(question).unwrap().is_allowed()
            }),
            Contender::new("evaluate on the state, numbers", &self.questions, |question| {
                evaluate_question(&self.state, question).is_allowed()
            }),
        ]
    }
}

fn run(title: &str, count: usize, mut contenders: Vec<Contender<'_>>) {
    let figures = race(count, &mut contenders);
    report(title, &contenders, &figures);
}

fn org_shape() {
    let shape = org();
    let (keys, yardstick) = (Keys::of(&shape), Org::of(&shape));
    for (mix, asked) in mixes(&shape, 1_000, 1) {
        let ours = Ours::of(&shape, &asked);
        let by_string = |asked: &Asked| yardstick.by_string(&keys, asked);
        let mut contenders = vec![Contender::new("yardstick, strings", &asked, by_string)];
        contenders.extend(ours.by_string(&asked));
        contenders.extend(peers(&shape, &asked));
        run(&format!("org, {mix}, strings"), asked.len(), contenders);
        let by_number = |asked: &Asked| yardstick.by_number(asked.numbers);
        let mut contenders = vec![Contender::new("yardstick, numbers", &asked, by_number)];
        contenders.extend(ours.by_handle());
        run(&format!("org, {mix}, pre-resolved"), asked.len(), contenders);
    }
}

#[cfg(not(feature = "peers"))]
fn peers<'a>(_: &Shape, _: &'a [Asked]) -> Vec<Contender<'a>> {
    Vec::new()
}

#[cfg(feature = "peers")]
fn peers<'a>(shape: &Shape, asked: &'a [Asked]) -> Vec<Contender<'a>> {
    use chancery_benches::peers::{casbin, cedar::Cedar, regorus::Regorus};
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let cached = runtime.block_on(casbin::cached(shape, 100_000));
    let plain = runtime.block_on(casbin::plain(shape));
    let cedar = Cedar::of(shape);
    let requests: Vec<_> = asked.iter().map(|asked| cedar.request(asked)).collect();
    let mut regorus = Regorus::of(shape);
    let inputs: Vec<_> = asked.iter().map(Regorus::input).collect();
    vec![
        Contender::new("casbin, all from its cache", asked, move |asked| casbin::allows(&cached, asked)),
        Contender::new("casbin", asked, move |asked| casbin::allows(&plain, asked)),
        Contender::new("regorus, virtual machine", inputs, move |input| regorus.allows(input)),
        Contender::new("cedar, permissions as action groups", requests, move |request| cedar.allows(request)),
    ]
}

fn large_shape() {
    let shape = casbin_large();
    let (keys, yardstick) = (Keys::of(&shape), Large::of(&shape));
    for (mix, asked) in mixes(&shape, 200_000, 1) {
        let ours = Ours::of(&shape, &asked);
        let by_string = |asked: &Asked| yardstick.by_string(&keys, asked);
        let mut contenders = vec![Contender::new("yardstick, strings", &asked, by_string)];
        contenders.extend(ours.by_string(&asked));
        run(&format!("casbin-large, {mix}, strings"), asked.len(), contenders);
        let by_number = |asked: &Asked| yardstick.by_number(asked.numbers);
        let mut contenders = vec![Contender::new("yardstick, numbers", &asked, by_number)];
        contenders.extend(ours.by_handle());
        run(&format!("casbin-large, {mix}, pre-resolved"), asked.len(), contenders);
    }
}

/// 1,000 organisations, each with an index of its own and without its state.
fn big_organisations(shape: &Shape) -> Vec<Organisation> {
    let mut profile = None;
    let mut organisation = |number| {
        let state = shape.shared_state(&organisation_id(number), &mut profile).with_index();
        Organisation::new(Arc::new(Published::new(state.index().unwrap().clone())))
    };
    (0..BIG).map(&mut organisation).collect()
}

fn big_shape() {
    let shape = org();
    let (keys, yardstick) = (Keys::of(&shape), Big::of(&shape, BIG));
    let list = big_organisations(&shape);
    let organisations = Organisations::default();
    organisations.extend(list.iter().cloned().enumerate().map(|(n, own)| (organisation_id(n).into(), own)));
    for (mix, asked) in mixes(&shape, 200_000, BIG) {
        let contenders = vec![
            Contender::new("yardstick, strings", &asked, |asked: &Asked| yardstick.by_string(&keys, asked)),
            Contender::new("chancery, strings, newest version each time", &asked, |asked: &Asked| {
                organisations.check(&asked.organisation_id, &asked.request()).unwrap().is_allowed()
            }),
        ];
        run(&format!("big, {mix}, strings"), asked.len(), contenders);
        let accesses: Vec<_> = list.iter().map(Organisation::access).collect();
        let resolved: Vec<(usize, Resolved)> = asked
            .iter()
            .map(|asked| (asked.organisation, accesses[asked.organisation].resolve(&asked.request()).unwrap()))
            .collect();
        let contenders = vec![
            Contender::new("yardstick, numbers", &asked, |asked: &Asked| {
                yardstick.organisations[asked.organisation].by_number(asked.numbers)
            }),
            Contender::new("chancery, handles", &resolved, |(n, question): &(usize, Resolved)| {
                accesses[*n].check_resolved(question).unwrap().is_allowed()
            }),
            Contender::new("chancery, handles, yes or no", &resolved, |(n, question): &(usize, Resolved)| {
                accesses[*n].permits_resolved(question).unwrap()
            }),
            Contender::new(
                "chancery, handles, newest version each time",
                &resolved,
                |(n, question): &(usize, Resolved)| list[*n].check_resolved(question).unwrap().is_allowed(),
            ),
        ];
        run(&format!("big, {mix}, pre-resolved"), asked.len(), contenders);
    }
}

/// What an event costs with and without an index to keep, a copy of the state before it being published.
fn publishing() {
    println!("\npublishing a version after one event (median of 2,000)");
    for (name, shape) in [("org", org()), ("casbin-large", casbin_large())] {
        let plain = shape.state("tenant");
        let indexed = plain.clone().with_index();
        let kinds: [(&str, MakeEvent); 4] = [
            ("role assigned", assigned),
            ("permission toggled on a role", toggled),
            ("scope shared or unshared", shared),
            ("member added", added),
        ];
        for (kind, event) in kinds {
            let times = [plain.clone(), indexed.clone()].map(|state| time_of_events(&shape, state, event));
            println!("  {name:<14} {kind:<32} state {:>8.2} µs   with index {:>8.2} µs", times[0], times[1]);
        }
    }
}

fn time_of_events(shape: &Shape, mut state: AccessState, event: MakeEvent) -> f64 {
    let mut taken = Vec::new();
    for number in 0..2_000 {
        let event = event(shape, number);
        let published = state.clone();
        let stamp = Stamp { position: state.position() + 1, time: now() };
        let start = Instant::now();
        state.apply(&event, stamp);
        taken.push(start.elapsed().as_secs_f64() * 1e6);
        drop(published);
    }
    median(taken)
}

fn assigned(shape: &Shape, n: usize) -> Event {
    let member = MemberId::known(shape.members[n * 7 % shape.members.len()].id.as_str());
    let role = role(n % shape.roles.len());
    MemberEvent::RoleAssigned { member, role, scope: None, window: Window::default(), before: None }.into()
}

fn toggled(shape: &Shape, n: usize) -> Event {
    let key = shape.permissions[n % shape.permissions.len()].as_str();
    let permission = PermissionRef { id: PermissionKey::known(key), name: key.into() };
    let after = n.is_multiple_of(2);
    RoleEvent::PermissionToggled { role: role(n % shape.roles.len()), permission, before: !after, after }.into()
}

fn shared(shape: &Shape, n: usize) -> Event {
    let (scope, with) = (shape.scope(n / 2 % 100 + 10), shape.scope(n / 2 % 10));
    if n.is_multiple_of(2) {
        ScopeEvent::ScopeShared { scope, with }
    } else {
        ScopeEvent::ScopeUnshared { scope, with }
    }
    .into()
}

fn added(_: &Shape, n: usize) -> Event {
    MemberEvent::MemberAdded {
        member: MemberId::known(format!("newcomer-{n}")),
        kind: chancery::aggregates::vocabulary::MemberKind::Person,
        account_type: chancery::aggregates::vocabulary::AccountTypeKey::known("account"),
        details: chancery::aggregates::event::Details::default(),
        scope: chancery::aggregates::vocabulary::MemberScope::None,
    }
    .into()
}

/// Each in a process of its own, so that what one leaves behind is not counted for the next.
fn memory() {
    println!("\nmemory of big: 1,000,000 members in 1,000 organisations");
    for what in ["nothing", "yardstick", "index", "state"] {
        let program = std::env::current_exe().unwrap();
        let output = std::process::Command::new(program).args(["memory", what]).output().unwrap();
        print!("  {}", String::from_utf8_lossy(&output.stdout));
    }
}

fn memory_of(what: &str) {
    let shape = org();
    let kept: Box<dyn std::any::Any> = match what {
        "index" => Box::new(big_organisations(&shape)),
        "state" => {
            let mut profile = None;
            let state = |n| shape.shared_state(&organisation_id(n), &mut profile);
            Box::new((0..BIG).map(state).collect::<Vec<_>>())
        }
        "yardstick" => Box::new(Big::of(&shape, BIG)),
        _ => Box::new(()),
    };
    println!("{what:<12} {:>8.1} MB", resident() as f64 / 1e6);
    drop(kept);
}
