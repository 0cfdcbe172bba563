//! The published `postgres-es`, untouched: it reads our streams, and we leave its own alone.

use std::sync::Arc;

use chancery::aggregates::command::{Command, MemberCommand, NewRole, RoleCommand};
use chancery::aggregates::event::Details;
use chancery::aggregates::vocabulary::{MemberId, MemberKind, RoleId, Window};
use chancery::interop::{Follower, LogRepository, Member, PostgresTables, Role};
use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{
    GenericQuery, PersistedEventRepository as _, PersistedEventStore, ReplayStream, SerializedEvent,
    ViewRepository as _,
};
use cqrs_es::{Aggregate, AggregateContext as _, CqrsFramework, DomainEvent, EventStore as _};
use postgres_es::{PostgresEventRepository, PostgresViewRepository};
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgPool, PgPoolOptions};

use super::super::assert_gapless;
use super::ServerPlace;
use super::engines::{engine, execute, found};
use crate::interop::following::{Card, follow};

/// What the README of `postgres-es` has services create.
const TABLES: &str = "
    CREATE TABLE events (
        aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence bigint CHECK (sequence >= 0) NOT NULL,
        event_type text NOT NULL, event_version text NOT NULL, payload json NOT NULL, metadata json NOT NULL,
        PRIMARY KEY (aggregate_type, aggregate_id, sequence)
    );
    CREATE TABLE cards (
        view_id text NOT NULL, version bigint CHECK (version >= 0) NOT NULL, payload json NOT NULL, PRIMARY KEY (view_id)
    )";

async fn pool(place: &ServerPlace, schema: &str) -> PgPool {
    let set = format!("SET search_path TO {schema}");
    PgPoolOptions::new()
        .after_connect(move |connection, _| {
            let set = set.clone();
            Box::pin(async move { sqlx::Executor::execute(connection, set.as_str()).await.map(drop) })
        })
        .connect(&place.database.url())
        .await
        .unwrap()
}

async fn streamed<A: Aggregate>(repository: &PostgresEventRepository, id: &str) -> Vec<(usize, String)> {
    collect::<A>(repository.stream_events::<A>(id).await.unwrap()).await
}

async fn collect<A: Aggregate>(mut stream: ReplayStream) -> Vec<(usize, String)> {
    let mut events = Vec::new();
    while let Some(envelope) = stream.next::<A>(&[]).await {
        let envelope = envelope.unwrap();
        assert!(envelope.metadata.contains_key("actor"), "{:?}", envelope.metadata);
        events.push((envelope.sequence, envelope.payload.event_type()));
    }
    events
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stock_repository_loads_and_streams_our_aggregates() {
    let place = ServerPlace::new();
    let engine = engine(&place);
    found(&engine, "workspace").await;
    let (auditor, tom) = (RoleId::known("auditor"), MemberId::known("tom"));
    let role = NewRole { name: "Auditor".into(), description: "Reads".into(), ..NewRole::default() };
    execute(&engine, Command::Role(auditor.clone(), RoleCommand::CreateRole(Box::new(role)))).await.unwrap();
    execute(&engine, Command::Role(auditor.clone(), RoleCommand::RenameRole { name: "Reviewer".into() }))
        .await
        .unwrap();
    let add = MemberCommand::AddMember {
        kind: MemberKind::Person,
        account_type: None,
        details: Details::default(),
        scope: None,
    };
    execute(&engine, Command::Member(tom.clone(), add)).await.unwrap();
    let assign = MemberCommand::AssignRole { role: auditor, scope: None, window: Window::default() };
    execute(&engine, Command::Member(tom, assign)).await.unwrap();

    // By the table's full name, and by the search_path.
    let public = pool(&place, "public").await;
    let qualified = chancery::interop::postgres::repository(public.clone(), "chancery");
    let by_path = PostgresEventRepository::new(pool(&place, "chancery").await);
    let tables = PostgresTables::in_schema("chancery");
    let by_hand = PostgresEventRepository::new(public).with_tables(&tables.events, &tables.snapshots);
    for repository in [qualified, by_hand, by_path] {
        let last: Vec<SerializedEvent> = repository.get_last_events::<Role>("acme/auditor", 1).await.unwrap();
        assert_eq!(last.len(), 1);
        assert_eq!((last[0].sequence, last[0].event_type.as_str()), (2, "RoleRenamed"));
        let names = |events: Vec<(usize, String)>| events.into_iter().map(|(_, name)| name).collect::<Vec<_>>();
        let roles = streamed::<Role>(&repository, "acme/auditor").await;
        assert_eq!(names(roles), ["RoleCreated", "RoleRenamed"]);
        assert_eq!(
            names(streamed::<Member>(&repository, "acme/tom").await),
            ["MemberAdded", "RoleAssigned", "RoleAssigned"]
        );

        let all = collect::<Member>(repository.stream_all_events::<Member>().await.unwrap()).await;
        assert_eq!(all.iter().filter(|(_, name)| name == "MemberAdded").count(), 2);

        let store = PersistedEventStore::<_, Role>::new_event_store(repository);
        let mut context = store.load_aggregate("acme/auditor").await.unwrap();
        let mut folded = Role::default();
        for envelope in store.load_events("acme/auditor").await.unwrap() {
            folded.apply(envelope.payload);
        }
        assert_eq!(context.aggregate(), &folded);
        assert_ne!(folded, Role::default());
    }
    engine.close().await;
}

/// Somebody else's aggregate, with the same names as ours.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Counter(u64);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Counted {
    Once,
}

#[derive(Debug, thiserror::Error)]
#[error("never")]
struct Never;

impl DomainEvent for Counted {
    fn event_type(&self) -> String {
        "Once".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for Counter {
    const TYPE: &'static str = "role";
    type Command = ();
    type Event = Counted;
    type Error = Never;
    type Services = ();

    async fn handle(&mut self, (): (), (): &(), sink: &EventSink<Self>) -> Result<(), Never> {
        sink.write(Counted::Once, self).await;
        Ok(())
    }

    fn apply(&mut self, Counted::Once: Counted) {
        self.0 += 1;
    }
}

/// The service's tables in a schema, ours beside them, both at work.
async fn beside(schema: &str) {
    let place = ServerPlace::new();
    place.database.execute(&format!("CREATE SCHEMA IF NOT EXISTS {schema}; SET search_path TO {schema}; {TABLES}"));
    let pool = pool(&place, schema).await;
    let service = |pool: &PgPool| {
        let store = PersistedEventStore::<_, Counter>::new_event_store(PostgresEventRepository::new(pool.clone()));
        CqrsFramework::new(store, Vec::new(), ())
    };
    service(&pool).execute("acme/manager", ()).await.unwrap();

    let store = Arc::new(place.store());
    let ours = tokio::spawn(async move {
        for _ in 0..50 {
            super::super::append_next(&*store, "acme").await;
        }
        store
    });
    for _ in 0..50 {
        service(&pool).execute("acme/manager", ()).await.unwrap();
    }
    let store = ours.await.unwrap();
    assert_gapless(&*store, "acme", 50).await;
    let theirs = PersistedEventStore::<_, Counter>::new_event_store(PostgresEventRepository::new(pool.clone()));
    let mut context = theirs.load_aggregate("acme/manager").await.unwrap();
    assert_eq!(context.aggregate(), &Counter(51));
    // Their tables take what they always took, and so does ours after a restart.
    sqlx::query("DELETE FROM events").execute(&pool).await.unwrap();
    drop(store);
    let store = place.store();
    super::super::append_next(&store, "acme").await;
    assert_gapless(&store, "acme", 51).await;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&pool).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_on_stock_postgres_es_in_the_same_database_is_not_disturbed() {
    beside("public").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_on_stock_postgres_es_in_another_schema_is_not_disturbed() {
    beside("shop").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stock_view_in_the_services_own_table_follows_our_members() {
    let place = ServerPlace::new();
    place.database.execute(TABLES);
    let (_engine, store) = crate::interop::acme(&place).await;
    let views = Arc::new(PostgresViewRepository::<Card, Member>::new("cards", pool(&place, "public").await));
    let follower =
        Follower::new(store).with_query::<Member>(Box::new(GenericQuery::<_, Card, Member>::new(views.clone())));
    let reached = follow(&follower, 0).await;
    let card = views.load("acme/tom").await.unwrap().unwrap();
    assert_eq!((card.given, card.latest.as_str()), (2, "Reviewer"));
    // From the kept position nothing comes twice.
    assert_eq!(follow(&follower, reached).await, reached);
    assert_eq!(views.load("acme/tom").await.unwrap().unwrap(), card);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_repository_and_the_stock_one_agree() {
    let place = ServerPlace::new();
    let (_engine, store) = crate::interop::acme(&place).await;
    let ours = LogRepository::new(store);
    let stock = chancery::interop::postgres::repository(pool(&place, "public").await, "chancery");
    let mut of_ours = ours.get_events::<Member>("acme/tom").await.unwrap();
    for event in &mut of_ours {
        for column in ["organisation", "position", "global_position", "time"] {
            event.metadata.as_object_mut().unwrap().remove(column).unwrap();
        }
    }
    assert_eq!(of_ours, stock.get_events::<Member>("acme/tom").await.unwrap());
    // The database refuses what stock would write.
    let refused = stock.persist::<Member>(&[SerializedEvent { sequence: 99, ..of_ours[0].clone() }], None).await;
    assert!(refused.is_err_and(|error| error.to_string().contains("organisation")));
}
