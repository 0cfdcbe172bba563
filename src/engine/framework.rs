//! `cqrs-es` on our log: commands run through [`CqrsFramework`], and this is its event store.
//!
//! `load_aggregate` takes the hot access state instead of reading the stream; `commit` stages the
//! events in the request's transaction, which the lane appends as a whole. (The event stores that
//! come with `cqrs-es` keep snapshots to which events are applied twice, and know no organisation.)

use std::collections::HashMap;
use std::sync::Arc;

use chancery_aggregates::authority::Facts;
use chancery_aggregates::command::Command;
use chancery_aggregates::event::Event;
use chancery_aggregates::member::Member;
use chancery_aggregates::organisation::Organisation;
use chancery_aggregates::review::Review;
use chancery_aggregates::role::Role;
use chancery_aggregates::scope::Scope;
use chancery_aggregates::vocabulary::Actor;
use chancery_aggregates::{AccessState, Refusal};
use cqrs_es::persist::{PersistedEventRepository as _, PersistenceError};
use cqrs_es::{Aggregate, AggregateContext, AggregateError, CqrsFramework, EventEnvelope, EventStore};
use parking_lot::Mutex;

use super::EngineError;
use super::transaction::Transaction;
use crate::interop::{LogRepository, aggregate_id};
use crate::store::Store;

/// An aggregate that the access state knows.
pub(super) trait Governed:
    Aggregate<Error = Refusal, Services = Facts, Event: Into<Event> + 'static> + 'static
{
    /// The aggregate, and how many events its stream has, as the state has them.
    fn of_state(state: &AccessState, id: &str) -> (Self, u64);
}

impl Governed for Organisation {
    fn of_state(state: &AccessState, _: &str) -> (Self, u64) {
        (Self::of(state), state.sequence())
    }
}

impl Governed for Role {
    fn of_state(state: &AccessState, id: &str) -> (Self, u64) {
        state.role_by_id(id).map_or_else(Default::default, |entry| (Self::of(state, entry), entry.sequence))
    }
}

impl Governed for Member {
    fn of_state(state: &AccessState, id: &str) -> (Self, u64) {
        state.member_by_id(id).map_or_else(Default::default, |entry| (Self::of(state, entry), entry.sequence))
    }
}

impl Governed for Scope {
    fn of_state(state: &AccessState, id: &str) -> (Self, u64) {
        state.scope_by_id(id).map_or_else(Default::default, |entry| (Self::of(state, entry), entry.sequence))
    }
}

impl Governed for Review {
    fn of_state(state: &AccessState, id: &str) -> (Self, u64) {
        state.review_by_id(id).map_or_else(Default::default, |entry| (Self::of(state, entry), entry.sequence))
    }
}

/// An event store for one request.
#[derive(Debug, Clone)]
pub(super) struct RequestStore {
    pub(super) store: Arc<dyn Store>,
    pub(super) organisation: String,
    pub(super) transaction: Arc<Mutex<Transaction>>,
}

/// An aggregate loaded for a command.
pub(super) struct Loaded<A> {
    id: String,
    aggregate: A,
    sequence: u64,
}

impl<A: Aggregate> AggregateContext<A> for Loaded<A> {
    fn aggregate(&mut self) -> &mut A {
        &mut self.aggregate
    }
}

impl<A: Governed> EventStore<A> for RequestStore {
    type AC = Loaded<A>;

    async fn load_events(&self, id: &str) -> Result<Vec<EventEnvelope<A>>, AggregateError<Refusal>> {
        let repository = LogRepository::new(self.store.clone());
        let events = repository.get_events::<A>(&aggregate_id(&self.organisation, id)).await?;
        events.into_iter().map(|event| event.try_into().map_err(|error: PersistenceError| error.into())).collect()
    }

    async fn load_aggregate(&self, id: &str) -> Result<Loaded<A>, AggregateError<Refusal>> {
        let (aggregate, sequence) = A::of_state(&self.transaction.lock().state, id);
        Ok(Loaded { id: id.to_owned(), aggregate, sequence })
    }

    async fn commit(
        &self,
        events: Vec<A::Event>,
        context: Loaded<A>,
        metadata: HashMap<String, String>,
    ) -> Result<Vec<EventEnvelope<A>>, AggregateError<Refusal>> {
        let mut transaction = self.transaction.lock();
        let mut committed = Vec::with_capacity(events.len());
        for (event, sequence) in events.into_iter().zip(context.sequence + 1..) {
            transaction
                .stage(event.clone().into(), &context.id, sequence)
                .map_err(|error| AggregateError::UnexpectedError(error.into()))?;
            committed.push(EventEnvelope {
                aggregate_id: context.id.clone(),
                sequence: sequence as usize,
                payload: event,
                metadata: metadata.clone(),
            });
        }
        Ok(committed)
    }
}

impl RequestStore {
    /// Runs one command through `cqrs-es`, on the working state.
    pub(super) async fn run(&self, command: Command, actor: &Actor) -> Result<Result<(), Refusal>, EngineError> {
        match command {
            Command::Organisation(command) => self.run_on::<Organisation>("", command, actor).await,
            Command::Role(id, command) => self.run_on::<Role>(&id.clone().to_string(), (id, command), actor).await,
            Command::Member(id, command) => self.run_on::<Member>(&id.clone().to_string(), (id, command), actor).await,
            Command::Scope(id, command) => self.run_on::<Scope>(&id.clone().to_string(), (id, command), actor).await,
            Command::Review(id, command) => self.run_on::<Review>(&id.clone().to_string(), (id, command), actor).await,
        }
    }

    async fn run_on<A: Governed>(
        &self,
        id: &str,
        command: A::Command,
        actor: &Actor,
    ) -> Result<Result<(), Refusal>, EngineError> {
        let facts = {
            let transaction = self.transaction.lock();
            Facts { state: transaction.state.clone(), actor: actor.clone(), now: transaction.now }
        };
        let framework = CqrsFramework::<A, _>::new(self.clone(), Vec::new(), facts);
        match framework.execute(id, command).await {
            Ok(()) => Ok(Ok(())),
            Err(AggregateError::UserError(refusal)) => Ok(Err(refusal)),
            Err(other) => Err(EngineError::Internal(other.to_string())),
        }
    }
}
