//! Our events, in queries of somebody else's.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chancery::aggregates::event::{MemberEvent, RoleEvent};
use chancery::interop::{Follower, InteropError, Member, Organisation, Role, Scope};
use cqrs_es::persist::{GenericQuery, PersistenceError, ViewContext, ViewRepository};
use cqrs_es::{Aggregate, DomainEvent as _, EventEnvelope, Query, View};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::{acme, add, append_from_the_future, execute, found};
use crate::store_contract::{Place, rows};

/// What a query was told of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) aggregate_id: String,
    pub(super) sequence: usize,
    pub(super) event_type: String,
    pub(super) organisation: String,
    pub(super) position: u64,
    pub(super) global_position: u64,
}

impl Told {
    pub(super) fn is(&self, event_type: &str) -> bool {
        self.event_type == event_type
    }
}

/// A query that remembers.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen(Arc<Mutex<Vec<Told>>>);

impl Seen {
    pub(super) fn take(&self) -> Vec<Told> {
        std::mem::take(&mut self.0.lock())
    }
}

#[async_trait]
impl<A: Aggregate> Query<A> for Seen {
    async fn dispatch(&self, aggregate_id: &str, events: &[EventEnvelope<A>]) {
        for event in events {
            assert_eq!(event.aggregate_id, aggregate_id);
            self.0.lock().push(Told {
                aggregate_id: aggregate_id.to_owned(),
                sequence: event.sequence,
                event_type: event.payload.event_type(),
                organisation: event.metadata["organisation"].clone(),
                position: event.metadata["position"].parse().unwrap(),
                global_position: event.metadata["global_position"].parse().unwrap(),
            });
        }
    }
}

/// Advances to the end.
pub(crate) async fn follow(follower: &Follower, mut position: u64) -> u64 {
    loop {
        let reached = follower.advance(position).await.unwrap();
        if reached == position {
            return reached;
        }
        position = reached;
    }
}

pub(super) async fn queries_follow_in_order_and_go_on_from_a_position(place: &dyn Place) {
    let (engine, store) = acme(place).await;
    let seen = Seen::default();
    let follower = Follower::new(store.clone())
        .with_query::<Organisation>(Box::new(seen.clone()))
        .with_query::<Role>(Box::new(seen.clone()))
        .with_query::<Member>(Box::new(seen.clone()))
        .with_query::<Scope>(Box::new(seen.clone()));
    let reached = follow(&follower, 0).await;
    let stored = rows(&*store, chancery::store::Range::Store { after: 0 }).await;
    let told = seen.take();
    let expected: Vec<_> = stored
        .iter()
        .map(|row| (row.global_position, row.event.aggregate_id.clone(), row.event.event_type.clone()))
        .collect();
    let found_out: Vec<_> =
        told.iter().map(|one| (one.global_position, one.aggregate_id.clone(), one.event_type.clone())).collect();
    assert_eq!(found_out, expected);
    assert_eq!(reached, expected.len() as u64);

    assert_eq!(follow(&follower, reached).await, reached);
    assert_eq!(seen.take(), []);
    execute(&engine, "acme", add("ann")).await;
    let further = follow(&follower, reached).await;
    assert!(further > reached);
    assert!(seen.take().iter().all(|one| one.aggregate_id == "acme/ann" && one.global_position > reached));
}

pub(super) async fn one_organisation_is_followed_by_its_own_positions(place: &dyn Place) {
    let (engine, store) = acme(place).await;
    found(&engine, "globex").await;
    execute(&engine, "acme", add("ann")).await;
    let seen = Seen::default();
    let follower = Follower::of(store.clone(), "globex").with_query::<Member>(Box::new(seen.clone()));
    let reached = follow(&follower, 0).await;
    // Past the events of aggregates that nobody asked for as well.
    assert_eq!(reached, store.head("globex").await.unwrap().unwrap().position);
    let told = seen.take();
    assert!(!told.is_empty() && told.iter().all(|one| one.organisation == "globex"), "{told:?}");
    assert_eq!(follow(&Follower::of(store, "nobody"), 0).await, 0);
}

/// How often a member was given a role, and the name by which it knows the latest.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Card {
    pub(crate) given: u32,
    pub(crate) latest: String,
}

impl View<Member> for Card {
    fn update(&mut self, event: &EventEnvelope<Member>) {
        if let MemberEvent::RoleAssigned { role, .. } = &event.payload {
            self.given += 1;
            self.latest = role.name.to_string();
        }
    }
}

/// The names that a role has had.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Names(Vec<String>);

impl View<Role> for Names {
    fn update(&mut self, event: &EventEnvelope<Role>) {
        if let RoleEvent::RoleRenamed { after, .. } = &event.payload {
            self.0.push(after.to_string());
        }
    }
}

/// Views of a service, in memory.
#[derive(Debug)]
struct Views<V>(Mutex<BTreeMap<String, (V, i64)>>);

impl<V: View<A> + Clone, A: Aggregate> ViewRepository<V, A> for Views<V> {
    async fn load(&self, id: &str) -> Result<Option<V>, PersistenceError> {
        Ok(self.0.lock().get(id).map(|(view, _)| view.clone()))
    }

    async fn load_with_context(&self, id: &str) -> Result<Option<(V, ViewContext)>, PersistenceError> {
        let views = self.0.lock();
        Ok(views.get(id).map(|(view, version)| (view.clone(), ViewContext::new(id.to_owned(), *version))))
    }

    async fn update_view(&self, view: V, context: ViewContext) -> Result<(), PersistenceError> {
        self.0.lock().insert(context.view_instance_id, (view, context.version + 1));
        Ok(())
    }
}

pub(super) async fn a_generic_query_keeps_a_view_up_to_date(place: &dyn Place) {
    let (_, store) = acme(place).await;
    let (cards, names) = (Arc::new(Views(Mutex::default())), Arc::new(Views(Mutex::default())));
    let follower = Follower::new(store)
        .with_query::<Member>(Box::new(GenericQuery::<_, Card, Member>::new(cards.clone())))
        .with_query::<Role>(Box::new(GenericQuery::<_, Names, Role>::new(names.clone())));
    follow(&follower, 0).await;
    let card = ViewRepository::<Card, Member>::load(&*cards, "acme/tom").await.unwrap().unwrap();
    assert_eq!((card.given, card.latest.as_str()), (2, "Reviewer"));
    let names = ViewRepository::<Names, Role>::load(&*names, "acme/auditor").await.unwrap().unwrap();
    assert_eq!(names.0, ["Reviewer"]);
}

pub(super) async fn an_event_that_cannot_be_read_is_told_after_those_before_it(place: &dyn Place) {
    let (_, store) = acme(place).await;
    let before = store.head("acme").await.unwrap().unwrap().position;
    append_from_the_future(&*store, "acme").await;
    let seen = Seen::default();
    let follower = Follower::of(store.clone(), "acme").with_query::<Role>(Box::new(seen.clone()));
    assert_eq!(follower.advance(0).await.unwrap(), before);
    assert!(seen.take().iter().any(|one| one.is("RoleRenamed")));
    for _ in 0..2 {
        let error = follower.advance(before).await.unwrap_err();
        assert!(
            matches!(error, InteropError::Event { global_position, .. } if global_position == before + 1),
            "{error}"
        );
    }
    assert_eq!(seen.take(), []);
    // Who does not ask for roles is not held up by one.
    let members = Follower::of(store, "acme").with_query::<Member>(Box::new(seen));
    assert_eq!(follow(&members, 0).await, before + 1);
}
