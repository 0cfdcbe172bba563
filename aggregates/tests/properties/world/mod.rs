//! Random histories: a small organisation of any built-in profile, and steps that ask anything of it.

mod choices;
mod commands;
mod opening;
mod reviews;

use chancery_aggregates::event::{Details, OrganisationEvent};
use chancery_aggregates::founding::{self, Founder};
use chancery_aggregates::member::Member;
use chancery_aggregates::organisation::Organisation;
use chancery_aggregates::profile::BUILT_IN;
use chancery_aggregates::profile::document::ProfileDocument;
use chancery_aggregates::refused;
use chancery_aggregates::review::Review;
use chancery_aggregates::role::Role;
use chancery_aggregates::scope::Scope;
use chancery_aggregates::vocabulary::{Actor, MemberId, OrganisationId, PermissionKey, RoleId, ScopeId, Time};
use chancery_aggregates::{AccessState, Command, Event, Facts, Refusal, Stamp};
use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::Value;

use crate::oracle::Oracle;

pub(crate) const FOUNDER: &str = "founder";

/// Seven random numbers: who asks, for what, with which four choices, and how long after the last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) actor: u8,
    pub(crate) verb: u8,
    pub(crate) choices: [u8; 4],
    pub(crate) wait: u8,
}

/// A history to be played on a profile.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) opening: [u8; 8],
    pub(crate) steps: Vec<Step>,
}

/// Written so that a failure can be pasted into a test.
impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let steps: Vec<_> = self.steps.iter().map(|s| (s.actor, s.verb, s.choices, s.wait)).collect();
        write!(f, "script({:?}, &{steps:?})", self.opening)
    }
}

pub(crate) fn script(opening: [u8; 8], steps: &[(u8, u8, [u8; 4], u8)]) -> Script {
    let steps = steps.iter().map(|(actor, verb, choices, wait)| Step {
        actor: *actor,
        verb: *verb,
        choices: *choices,
        wait: *wait,
    });
    Script { opening, steps: steps.collect() }
}

pub(crate) fn scripts(length: std::ops::Range<usize>) -> impl Strategy<Value = Script> {
    let step = any::<(u8, u8, [u8; 4], u8)>();
    let step = step.prop_map(|(actor, verb, choices, wait)| Step { actor, verb, choices, wait });
    (any::<[u8; 8]>(), proptest::collection::vec(step, length)).prop_map(|(opening, steps)| Script { opening, steps })
}

/// One event of the log.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) stamp: Stamp,
    pub(crate) actor: Actor,
    pub(crate) event: Event,
    pub(crate) json: Value,
}

/// What came of a command.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) actor: Actor,
    pub(crate) command: Command,
    pub(crate) result: Result<Vec<Event>, Refusal>,
    /// Where the log ended before.
    pub(crate) from: usize,
}

pub(crate) struct World {
    pub(crate) document: ProfileDocument,
    pub(crate) state: AccessState,
    pub(crate) log: Vec<Line>,
    pub(crate) now: Time,
    keys: Vec<PermissionKey>,
    management: Vec<PermissionKey>,
}

pub(crate) fn member_id(id: &str) -> MemberId {
    MemberId::known(id)
}

pub(crate) fn role_id(id: &str) -> RoleId {
    RoleId::known(id)
}

pub(crate) fn scope_id(id: &str) -> ScopeId {
    ScopeId::known(id)
}

pub(crate) fn permission_key(key: &str) -> PermissionKey {
    PermissionKey::known(key)
}

pub(crate) fn actor(id: &str) -> Actor {
    Actor::parse(id).unwrap()
}

fn pick<T: Clone>(items: &[T], choice: u8) -> Option<T> {
    items.get(usize::from(choice).checked_rem(items.len())?).cloned()
}

/// A coin that falls the same way for the same seed and index.
fn coin(seed: u8, index: usize, percent: u64) -> bool {
    let mut mixed = (u64::from(seed) << 32 | index as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) % 100 < percent
}

/// Decides a command as the engine does: on the aggregate as the access state has it.
pub(crate) fn decide(facts: &Facts, command: &Command) -> Result<Vec<Event>, Refusal> {
    fn wrap<E: Into<Event>>(events: Vec<E>) -> Vec<Event> {
        events.into_iter().map(Into::into).collect()
    }
    let state = &facts.state;
    match command {
        Command::Organisation(command) => Organisation::of(state).decide(command, facts).map(wrap),
        Command::Role(id, command) => {
            let role = state.role_by_id(id.as_str()).map(|entry| Role::of(state, entry)).unwrap_or_default();
            role.decide(id, command, facts).map(wrap)
        }
        Command::Member(id, command) => {
            let member = state.member_by_id(id.as_str()).map(|entry| Member::of(state, entry)).unwrap_or_default();
            member.decide(id, command, facts).map(wrap)
        }
        Command::Scope(id, command) => {
            let scope = state.scope_by_id(id.as_str()).map(|entry| Scope::of(state, entry)).unwrap_or_default();
            scope.decide(id, command, facts).map(wrap)
        }
        Command::Review(id, command) => {
            let review = state.review_by_id(id.as_str()).map(|entry| Review::of(state, entry)).unwrap_or_default();
            review.decide(id, command, facts).map(wrap)
        }
    }
}

impl World {
    /// An organisation just founded.
    pub(crate) fn found(profile: &str) -> Self {
        let text = BUILT_IN.iter().find(|(name, _)| *name == profile).unwrap().1;
        Self::found_by(toml::from_str(text).unwrap())
    }

    /// An organisation just founded by rules of the test's own.
    pub(crate) fn found_by(document: ProfileDocument) -> Self {
        let permissions = || document.categories.iter().flat_map(|category| &category.permissions);
        let keys: Vec<_> = permissions().map(|permission| permission_key(&permission.key)).collect();
        let authority = serde_json::to_value(&document.authority).unwrap();
        let named = |key: &&PermissionKey| authority.as_object().unwrap().values().any(|name| name == key.as_str());
        let management = keys.iter().filter(named).cloned().collect();
        let mut world = Self {
            state: AccessState::default(),
            log: Vec::new(),
            now: "2026-01-05T08:00:00Z".parse().unwrap(),
            keys,
            management,
            document,
        };
        let founder = Founder { id: member_id(FOUNDER), details: Details::default() };
        let organisation = OrganisationId::known("org");
        for command in founding::commands(&organisation, "Org", &world.document.clone(), &founder) {
            let outcome = world.ask(Actor::Operator, command);
            outcome.result.unwrap_or_else(|refusal| panic!("founding: {refusal}"));
        }
        world
    }

    pub(crate) fn facts(&self, actor: Actor) -> Facts {
        Facts { state: self.state.clone(), actor, now: self.now }
    }

    pub(crate) fn json(&self) -> impl Iterator<Item = &Value> {
        self.log.iter().map(|line| &line.json)
    }

    pub(crate) fn oracle(&self) -> Oracle {
        Oracle::fold(self.json())
    }

    /// Decides, and takes what comes of it.
    pub(crate) fn ask(&mut self, actor: Actor, command: Command) -> Outcome {
        let from = self.log.len();
        let result = decide(&self.facts(actor.clone()), &command);
        for event in result.iter().flatten() {
            self.record(event.clone(), actor.clone());
        }
        Outcome { actor, command, result, from }
    }

    fn record(&mut self, event: Event, actor: Actor) {
        let stamp = Stamp { position: self.log.len() as u64 + 1, time: self.now };
        self.state.apply(&event, stamp);
        let json = serde_json::from_str(&event.payload().unwrap()).unwrap();
        self.log.push(Line { stamp, actor, event, json });
    }

    /// Records a refusal as the engine does.
    fn record_refusal(&mut self, outcome: &Outcome) {
        let Err(refusal) = &outcome.result else { return };
        let attempt = refused::attempt(&self.state, &outcome.actor, &outcome.command, refusal, self.now, |_| 0);
        if attempt.recorded {
            let event = OrganisationEvent::CommandRefused(Box::new(attempt.refused));
            self.record(event.into(), outcome.actor.clone());
        }
    }

    /// One random step.
    pub(crate) fn step(&mut self, step: Step) -> Outcome {
        self.now += match step.wait {
            0..100 => TimeDelta::minutes(i64::from(step.wait)),
            100..200 => TimeDelta::hours(i64::from(step.wait) - 99),
            _ => TimeDelta::days((i64::from(step.wait) - 199) * 2),
        };
        let verb = self.verb(step.verb);
        // Else catalogue and policy would hardly ever change.
        let actor =
            if matches!(verb, 1..3) && !step.wait.is_multiple_of(4) { Actor::Operator } else { self.actor(step.actor) };
        let command = self.command(verb, step.choices);
        let outcome = self.ask(actor, command);
        self.record_refusal(&outcome);
        outcome
    }
}

/// Plays a script and looks at each outcome, the opening's included.
pub(crate) fn play(profile: &str, script: &Script, look: impl FnMut(&World, &Outcome)) -> World {
    play_on(World::found(profile), script, look)
}

/// Plays a script on an organisation that is founded already.
pub(crate) fn play_on(mut world: World, script: &Script, mut look: impl FnMut(&World, &Outcome)) -> World {
    for (actor, command) in world.opening(script.opening) {
        let outcome = world.ask(actor, command);
        look(&world, &outcome);
    }
    for step in &script.steps {
        let outcome = world.step(*step);
        look(&world, &outcome);
    }
    world
}
