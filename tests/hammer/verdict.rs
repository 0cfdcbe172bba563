//! What must be true afterwards, whatever happened.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use chancery::aggregates::AccessState;
use chancery::aggregates::access::{Place, Reading, holdings};
use chancery::aggregates::event::Recorded;
use chancery::aggregates::profile::Need;
use chancery::aggregates::state::Status;
use chancery::aggregates::vocabulary::OrganisationId;
use chancery::engine::Engine;
use chancery::store::{EventRow, Range, Visit};
use parking_lot::Mutex;

use super::world::{profile, told};

/// What the processes wrote down.
#[derive(Default)]
pub(super) struct Diaries {
    /// By organisation: position, number of events (none when it was told on a retry) and correlation.
    done: HashMap<String, Vec<(u64, u64, String)>>,
    /// By organisation: position and state.
    states: HashMap<String, Vec<(u64, String)>>,
    /// Processes that wrote their states down.
    finished: usize,
    counts: BTreeMap<String, u64>,
}

impl Diaries {
    pub(super) fn read(files: impl Iterator<Item = PathBuf>) -> Self {
        let mut diaries = Self::default();
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            // A process that was killed may have left half a line, and has not acknowledged that.
            let whole = text.rfind('\n').map_or("", |end| &text[..end]);
            whole.lines().for_each(|line| diaries.take(line));
            diaries.finished += usize::from(whole.contains("\nstate "));
        }
        diaries
    }

    fn take(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |word: &str| word.parse::<u64>().unwrap();
        let label = match words[..] {
            [how @ ("done" | "repeated"), organisation, position, count, correlation, kind] => {
                let done = (number(position), number(count), correlation.to_owned());
                self.done.entry(organisation.to_owned()).or_default().push(done);
                format!("{kind} {how}")
            }
            ["refused", _, kind, rule] => format!("{kind} refused: {rule}"),
            ["again", _, kind] => format!("{kind} sent again"),
            ["state", organisation, position, told] => {
                let state = (number(position), told.to_owned());
                return self.states.entry(organisation.to_owned()).or_default().push(state);
            }
            _ => panic!("{line}"),
        };
        *self.counts.entry(label).or_insert(0) += 1;
    }
}

/// What was looked at.
#[derive(Default)]
pub(super) struct Verdict {
    events: u64,
    acknowledged: u64,
    states: u64,
}

impl Verdict {
    /// One organisation: its log, every position of its replay, and what processes said about it.
    pub(super) async fn judge(&mut self, engine: &Engine, organisation: &str, diaries: &Diaries) {
        let events = log(engine, organisation).await;
        assert!(events.iter().map(|event| event.stamp.position).eq(1..=events.len() as u64), "{organisation}");
        assert!(events.is_sorted_by_key(|event| event.stamp.time), "{organisation}");
        assert!(events.is_sorted_by(|one, next| one.global_position < next.global_position), "{organisation}");
        self.events += events.len() as u64;
        once_each(organisation, &events);
        let nothing = Vec::new();
        for (position, count, correlation) in diaries.done.get(organisation).unwrap_or(&nothing) {
            self.acknowledged += 1;
            // A request without events found all as it was to be.
            let last = usize::try_from(*position).unwrap();
            let first = last.checked_sub(usize::try_from(*count).unwrap()).unwrap();
            for event in events.get(first..last).unwrap_or_else(|| panic!("{organisation} lost {position}")) {
                assert_eq!(event.metadata.correlation.as_ref(), Some(correlation), "{organisation} {position}");
            }
        }

        let states = diaries.states.get(organisation).map_or(&[][..], Vec::as_slice);
        assert_eq!(states.len(), diaries.finished);
        let mut replayed = AccessState::default();
        let founding = events[0].metadata.correlation.clone();
        for event in &events {
            replayed.apply(&event.event, event.stamp);
            if event.metadata.correlation != founding {
                the_rules_hold(organisation, &replayed);
            }
            for (_, live) in states.iter().filter(|(position, _)| *position == event.stamp.position) {
                self.states += 1;
                assert_eq!(*live, told(&replayed), "{organisation} {}", event.stamp.position);
            }
        }
    }

    /// The whole store: no gap between organisations either.
    pub(super) async fn judge_order(&self, engine: &Engine) {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let visitor = move |row: EventRow<'_>| {
            sink.lock().push(row.global_position);
            Visit::Continue(())
        };
        engine.store().scan(Range::Store { after: 0 }, Box::new(visitor)).await.unwrap();
        assert!(seen.lock().iter().copied().eq(1..=self.events));
    }

    pub(super) fn tell(&self, diaries: &Diaries) {
        println!("{} events, {} acknowledged requests, {} live states", self.events, self.acknowledged, self.states);
        for (label, count) in &diaries.counts {
            println!("{count:>8} {label}");
        }
        assert_eq!(diaries.finished, 4);
        assert_eq!(self.states, 4 * super::ORGANISATIONS.len() as u64);
        assert!(self.acknowledged > 0);
    }
}

async fn log(engine: &Engine, organisation: &str) -> Vec<Recorded> {
    let events = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&events);
    let visit = move |event| {
        sink.lock().push(event);
        Visit::Continue(())
    };
    engine.events(&OrganisationId::known(organisation), 0, u64::MAX, visit).await.unwrap();
    std::mem::take(&mut *events.lock())
}

/// No request was carried out twice: the events of one stand together.
fn once_each(organisation: &str, events: &[Recorded]) {
    let mut seen = BTreeSet::new();
    let mut last = None;
    for event in events {
        let correlation = event.metadata.correlation.as_deref();
        if correlation != last {
            assert!(seen.insert(correlation), "{organisation}: {correlation:?} was carried out twice");
            last = correlation;
        }
    }
}

fn the_rules_hold(organisation: &str, state: &AccessState) {
    let at = state.position();
    let mut names = BTreeSet::new();
    for (_, role) in state.roles() {
        assert!(names.insert(role.name.to_lowercase()), "{organisation} {at}: two roles are called {}", role.name);
    }
    for (ix, role) in state.roles() {
        let mut above: Vec<_> = role.inherits.to_vec();
        let mut seen = BTreeSet::new();
        while let Some(parent) = above.pop() {
            assert!(parent != ix, "{organisation} {at}: {} inherits from itself", role.name);
            if seen.insert(parent) {
                let parent = state.role(parent).unwrap();
                assert!(parent.deleted.is_none(), "{organisation} {at}: {} inherits from a deleted role", role.name);
                above.extend(parent.inherits.iter().copied());
            }
        }
    }
    for (_, member) in state.members() {
        for assignment in &member.assignments {
            let role = state.role(assignment.role).unwrap();
            assert!(role.deleted.is_none(), "{organisation} {at}: {} holds the deleted {}", member.id, role.name);
        }
    }
    if profile(organisation) == "proplink" {
        let owner = state.role_by_id("owner").unwrap();
        assert_eq!(owner.holders.len(), 1, "{organisation} {at}: {:?}", owner.holders);
        let holder = state.member(*owner.holders.iter().next().unwrap()).unwrap();
        assert_eq!(holder.status, Status::Active, "{organisation} {at}");
    }
    let now = state.time().unwrap();
    let profile = state.profile().unwrap();
    let manages = [Need::RoleEdit, Need::RoleAssign].map(|need| profile.need(need).unwrap());
    let somebody = state.members().any(|(member, _)| {
        let held = holdings(state, member, Place::Organisation, now, Reading::Actual);
        manages.iter().all(|permission| held.full.contains(*permission))
    });
    assert!(somebody, "{organisation} {at}: nobody can manage roles");
}
