//! Our events, handed to a service's own queries.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use chancery_aggregates::event::Event;
use chancery_aggregates::member::Member;
use chancery_aggregates::organisation::Organisation;
use chancery_aggregates::review::Review;
use chancery_aggregates::role::Role;
use chancery_aggregates::scope::Scope;
use cqrs_es::{Aggregate, EventEnvelope, Query};

use super::InteropError;
use super::reading::{self, page};
use crate::store::{EventRow, Range, Store};

/// Rows read at once.
const PAGE: usize = 1000;

/// Hands the events of a store, or of one organisation, to `cqrs-es` queries, in the order of the log.
///
/// Where it stands is the caller's to keep, in the same transaction as the queries' views if it can
/// be: [`advance`](Follower::advance) says how far it came. After a crash the events since the kept
/// position come again, so a query that is not in the same transaction should pass over what it has
/// seen, by `global_position` in the metadata (or `position` within an organisation).
///
/// `Query::dispatch` cannot report a failure: a query that may fail must remember that it did, and
/// its caller must look before keeping the position.
///
/// ```
/// # use std::sync::Arc;
/// # use chancery::interop::{Follower, InteropError, Role};
/// # use chancery::store::Store;
/// # async fn example(store: Arc<dyn Store>, query: Box<dyn cqrs_es::Query<Role>>) -> Result<(), InteropError> {
/// # fn kept() -> u64 { 0 }
/// # fn keep(_: u64) {}
/// let follower = Follower::new(store).with_query::<Role>(query);
/// let mut position = kept();
/// loop {
///     let reached = follower.advance(position).await?;
///     if reached == position {
///         break; // at the end of the log: look again in a while
///     }
///     position = reached;
///     keep(position);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Follower {
    store: Arc<dyn Store>,
    organisation: Option<String>,
    queries: Queries,
}

mod sealed {
    use cqrs_es::{Aggregate, Query};

    use super::{Member, Organisation, Review, Role, Scope};

    /// Who is told of what.
    #[derive(Default)]
    pub struct Queries {
        pub(super) organisations: Vec<Box<dyn Query<Organisation>>>,
        pub(super) roles: Vec<Box<dyn Query<Role>>>,
        pub(super) members: Vec<Box<dyn Query<Member>>>,
        pub(super) scopes: Vec<Box<dyn Query<Scope>>>,
        pub(super) reviews: Vec<Box<dyn Query<Review>>>,
    }

    /// Where the queries of an aggregate stand.
    pub trait Sealed: Aggregate {
        /// Adds one.
        fn add(queries: &mut Queries, query: Box<dyn Query<Self>>);
    }
}

use sealed::Queries;

/// An aggregate whose events can be followed: one of ours.
pub trait Followed: sealed::Sealed {}

macro_rules! followed {
    ($($aggregate:ident => $queries:ident),*) => {$(
        impl Followed for $aggregate {}
        impl sealed::Sealed for $aggregate {
            fn add(queries: &mut Queries, query: Box<dyn Query<Self>>) {
                queries.$queries.push(query);
            }
        }
    )*};
}

followed!(Organisation => organisations, Role => roles, Member => members, Scope => scopes, Review => reviews);

impl fmt::Debug for Follower {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Follower").field("organisation", &self.organisation).finish_non_exhaustive()
    }
}

/// What is dispatched besides the event.
struct Wrapping {
    aggregate_id: String,
    sequence: usize,
    metadata: HashMap<String, String>,
}

impl Follower {
    /// Follows the whole store; positions are global ones.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, organisation: None, queries: Queries::default() }
    }

    /// Follows one organisation; positions are those of its log.
    #[must_use]
    pub fn of(store: Arc<dyn Store>, organisation: &str) -> Self {
        Self { store, organisation: Some(organisation.to_owned()), queries: Queries::default() }
    }

    /// Adds a query. Events of aggregates without a query are passed over.
    #[must_use]
    pub fn with_query<A: Followed>(mut self, query: Box<dyn Query<A>>) -> Self {
        A::add(&mut self.queries, query);
        self
    }

    /// Dispatches the next events after a position, some hundreds of them at most, and returns the
    /// position that it came to: the same when there is nothing new. Each query gets one event at a time.
    ///
    /// # Errors
    /// When the store fails. When an event cannot be read, those before it are dispatched and counted
    /// first, so that the error comes alone, and comes again until a program that knows the event is used.
    pub async fn advance(&self, after: u64) -> Result<u64, InteropError> {
        let range = match &self.organisation {
            Some(organisation) => Range::Organisation { organisation: organisation.clone(), after, until: u64::MAX },
            None => Range::Store { after },
        };
        let wanted = self.queries.wanted();
        let make = move |row: EventRow<'_>| {
            if !wanted.contains(&Some(row.aggregate_type)) {
                return Ok(None);
            }
            let wrapping = Wrapping {
                aggregate_id: row.aggregate_id.to_owned(),
                sequence: usize::try_from(row.sequence).unwrap_or(usize::MAX),
                metadata: reading::metadata(row)?,
            };
            reading::event(row).map(|event| Some((event, wrapping)))
        };
        let page = page(&*self.store, range, PAGE, make).await?;
        for (event, wrapping) in page.items {
            self.queries.dispatch(event, wrapping).await;
        }
        match (page.last, page.failure) {
            (Some(last), _) => Ok(last),
            (None, Some(error)) => Err(error),
            (None, None) => Ok(after),
        }
    }
}

impl Queries {
    fn wanted(&self) -> [Option<&'static str>; 5] {
        let of = |there: bool, name: &'static str| there.then_some(name);
        [
            of(!self.organisations.is_empty(), Organisation::TYPE),
            of(!self.roles.is_empty(), Role::TYPE),
            of(!self.members.is_empty(), Member::TYPE),
            of(!self.scopes.is_empty(), Scope::TYPE),
            of(!self.reviews.is_empty(), Review::TYPE),
        ]
    }

    async fn dispatch(&self, event: Event, wrapping: Wrapping) {
        match event {
            Event::Organisation(event) => dispatch(&self.organisations, event, wrapping).await,
            Event::Role(event) => dispatch(&self.roles, event, wrapping).await,
            Event::Member(event) => dispatch(&self.members, event, wrapping).await,
            Event::Scope(event) => dispatch(&self.scopes, event, wrapping).await,
            Event::Review(event) => dispatch(&self.reviews, event, wrapping).await,
        }
    }
}

async fn dispatch<A: Aggregate>(queries: &[Box<dyn Query<A>>], payload: A::Event, wrapping: Wrapping) {
    let Wrapping { aggregate_id, sequence, metadata } = wrapping;
    let envelope = [EventEnvelope { aggregate_id: aggregate_id.clone(), sequence, payload, metadata }];
    for query in queries {
        query.dispatch(&aggregate_id, &envelope).await;
    }
}
