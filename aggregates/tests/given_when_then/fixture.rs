//! An organisation with its log, and the way from there into `TestFramework`.

use std::fmt::Debug;

use chancery_aggregates::command::{
    Command, MemberCommand, OrganisationCommand, ReviewCommand, RoleCommand, ScopeCommand,
};
use chancery_aggregates::event::{Event, Stamp};
use chancery_aggregates::founding::{Founder, commands};
use chancery_aggregates::member::Member;
use chancery_aggregates::organisation::Organisation;
use chancery_aggregates::profile::document::{Policy, ProfileDocument};
use chancery_aggregates::refusal::Refusal;
use chancery_aggregates::review::Review;
use chancery_aggregates::role::Role;
use chancery_aggregates::scope::Scope;
use chancery_aggregates::vocabulary::{Actor, MemberId, OrganisationId, ReviewId, RoleId, ScopeId, Time};
use chancery_aggregates::{AccessState, Facts};
use chrono::{DateTime, TimeDelta};
use cqrs_es::Aggregate;
use cqrs_es::test::{AggregateResultValidator, TestFramework};

use crate::commands::named;

pub(crate) const OPERATOR: &str = "@operator";
pub(crate) const SYSTEM: &str = "@system";

/// Nine in the morning of the n-th day; the tests begin on day 0.
pub(crate) fn day(number: i64) -> Time {
    DateTime::from_timestamp(1_772_442_000, 0).expect("2026-03-02T09:00:00Z") + TimeDelta::days(number)
}

/// An organisation's log and its fold.
#[derive(Clone)]
pub(crate) struct World {
    log: Vec<Event>,
    state: AccessState,
    now: Time,
}

impl World {
    /// Before anything happened.
    pub(crate) fn empty() -> Self {
        Self { log: Vec::new(), state: AccessState::default(), now: day(0) }
    }

    /// An organisation as it stands after its founding.
    pub(crate) fn founded(profile: &ProfileDocument, founder: &str) -> Self {
        let founder = Founder { id: MemberId::known(founder), details: named(founder) };
        let commands = commands(&OrganisationId::known("acme"), "Acme", profile, &founder);
        commands.into_iter().fold(Self::empty(), |world, command| match command {
            Command::Organisation(command) => world.given(OPERATOR, command),
            Command::Role(id, command) => world.given(OPERATOR, (id, command)),
            Command::Member(id, command) => world.given(OPERATOR, (id, command)),
            Command::Scope(id, command) => world.given(OPERATOR, (id, command)),
            Command::Review(id, command) => world.given(OPERATOR, (id, command)),
        })
    }

    /// What a command made before the test begins. One that is refused, or changes nothing, is a
    /// mistake in the test.
    pub(crate) fn given<C: Asked>(mut self, actor: &str, command: C) -> Self {
        let facts = self.facts(actor);
        match command.decide(&command.aggregate(&facts.state), &facts) {
            Ok(events) if !events.is_empty() => events.into_iter().for_each(|event| self.happen(event.into())),
            other => panic!("{actor} {command:?} cannot be given: {other:?}"),
        }
        self
    }

    /// Other switches than the profile's.
    pub(crate) fn with_policy(self, change: impl FnOnce(&mut Policy)) -> Self {
        let mut policy = self.state.profile().expect("a founded organisation").policy().clone();
        change(&mut policy);
        self.given(OPERATOR, OrganisationCommand::RevisePolicy { policy: Box::new(policy) })
    }

    /// The organisation at its head.
    pub(crate) fn state(&self) -> &AccessState {
        &self.state
    }

    /// Time passes.
    pub(crate) fn on(mut self, now: Time) -> Self {
        self.now = now;
        self
    }

    /// The command that the test is about, through `cqrs-es`: the aggregate folded from its own
    /// stream, the facts from the whole log. An aggregate taken from the access state has to decide
    /// the same.
    pub(crate) fn when<C: Asked>(self, actor: &str, command: C) -> AggregateResultValidator<C::Aggregate> {
        let facts = self.facts(actor);
        let framework = || {
            let stream = self.log.iter().filter_map(|event| command.own(event)).collect();
            TestFramework::<C::Aggregate>::with(facts.clone()).given(stream).when(command.clone())
        };
        let taken_from_state = command.decide(&command.aggregate(&facts.state), &facts);
        assert_eq!(framework().inspect_result(), taken_from_state, "own stream and access state disagree");
        framework()
    }

    fn facts(&self, actor: &str) -> Facts {
        Facts { state: self.state.clone(), actor: Actor::parse(actor).expect("an actor"), now: self.now }
    }

    fn happen(&mut self, event: Event) {
        let stamp = Stamp { position: self.state.position() + 1, time: self.now };
        self.state.apply(&event, stamp);
        self.log.push(event);
    }
}

/// What can be asked, and the aggregate that it is asked of.
pub(crate) trait Asked: Clone + Debug {
    type Aggregate: Aggregate<Command = Self, Event = Self::Event, Error = Refusal, Services = Facts>;
    type Event: Clone + Debug + PartialEq + Into<Event>;

    /// The event, if it is of the aggregate's own stream.
    fn own(&self, event: &Event) -> Option<Self::Event>;

    /// The aggregate as the access state has it.
    fn aggregate(&self, state: &AccessState) -> Self::Aggregate;

    fn decide(&self, aggregate: &Self::Aggregate, facts: &Facts) -> Result<Vec<Self::Event>, Refusal>;
}

impl Asked for OrganisationCommand {
    type Aggregate = Organisation;
    type Event = chancery_aggregates::event::OrganisationEvent;

    fn own(&self, event: &Event) -> Option<Self::Event> {
        if let Event::Organisation(event) = event { Some(event.clone()) } else { None }
    }

    fn aggregate(&self, state: &AccessState) -> Organisation {
        Organisation::of(state)
    }

    fn decide(&self, aggregate: &Organisation, facts: &Facts) -> Result<Vec<Self::Event>, Refusal> {
        aggregate.decide(self, facts)
    }
}

macro_rules! asked {
    ($($id:ty, $command:ty => $aggregate:ident, $event:ident, $named:ident, $find:ident);* $(;)?) => {$(
        impl Asked for ($id, $command) {
            type Aggregate = $aggregate;
            type Event = chancery_aggregates::event::$event;

            fn own(&self, event: &Event) -> Option<Self::Event> {
                match event {
                    Event::$aggregate(event) if *event.$named() == self.0 => Some(event.clone()),
                    _ => None,
                }
            }

            fn aggregate(&self, state: &AccessState) -> $aggregate {
                state.$find(self.0.as_str()).map_or_else($aggregate::default, |entry| $aggregate::of(state, entry))
            }

            fn decide(&self, aggregate: &$aggregate, facts: &Facts) -> Result<Vec<Self::Event>, Refusal> {
                aggregate.decide(&self.0, &self.1, facts)
            }
        }
    )*};
}

asked! {
    RoleId, RoleCommand => Role, RoleEvent, role, role_by_id;
    MemberId, MemberCommand => Member, MemberEvent, member, member_by_id;
    ScopeId, ScopeCommand => Scope, ScopeEvent, scope, scope_by_id;
    ReviewId, ReviewCommand => Review, ReviewEvent, review, review_by_id;
}

/// How a chain ends that is refused.
pub(crate) trait ThenRefused {
    /// The rule by its stable name, and the refusal with all that it tells.
    fn then_refused(self, rule: &str, refusal: Refusal);

    /// The rule, and the sentence that a person reads.
    fn then_says(self, rule: &str, message: &str);
}

impl<A: Aggregate<Error = Refusal>> ThenRefused for AggregateResultValidator<A> {
    fn then_refused(self, rule: &str, refusal: Refusal) {
        assert_eq!(refusal.rule(), rule);
        self.then_expect_error(refusal);
    }

    fn then_says(self, rule: &str, message: &str) {
        match self.inspect_result() {
            Err(refusal) => assert_eq!((refusal.rule(), refusal.to_string().as_str()), (rule, message)),
            Ok(events) => panic!("expected the rule `{rule}`, got {events:?}"),
        }
    }
}
