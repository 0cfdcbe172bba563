//! A service written with `cqrs-es` beside us, on every store.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail as tests do, but clippy exempts only the tests themselves"
)]

pub(crate) mod following;
mod loading;

use std::sync::Arc;

use chancery::aggregates::command::{Command, MemberCommand, NewRole, RoleCommand};
use chancery::aggregates::event::Details;
use chancery::aggregates::founding::Founder;
use chancery::aggregates::profile::{BUILT_IN, check::check};
use chancery::aggregates::vocabulary::{Actor, MemberId, MemberKind, OrganisationId, RoleId, Window};
use chancery::engine::{Context, Engine, Request};
use chancery::store::Store;

use crate::store_contract::Place;

macro_rules! on_every_store {
    ($($group:ident :: $name:ident)*) => {
        on_every_store! { @stores
            in_memory crate::store_contract::MemoryPlace::default(),
            on_sqlite crate::store_contract::sqlite::FilePlace::new(),
            on_postgres crate::store_contract::postgres::ServerPlace::new();
            [$($group::$name)*]
        }
    };
    (@stores $($store:ident $place:expr),*; $tests:tt) => { $(
        mod $store {
            on_every_store! { @tests $place; $tests }
        }
    )* };
    (@tests $place:expr; [$($group:ident :: $name:ident)*]) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            super::$group::$name(&$place).await;
        }
    )* };
}

on_every_store! {
    loading::an_aggregate_is_loaded_as_the_engine_has_it
    loading::events_are_listed_with_their_positions
    loading::all_events_of_a_type_are_streamed_in_the_order_of_the_log
    loading::nothing_is_written_through_a_repository
    loading::a_log_that_cannot_be_read_ends_a_stream_with_an_error
    following::queries_follow_in_order_and_go_on_from_a_position
    following::one_organisation_is_followed_by_its_own_positions
    following::a_generic_query_keeps_a_view_up_to_date
    following::an_event_that_cannot_be_read_is_told_after_those_before_it
}

/// An organisation `acme` in which the role Auditor was made, renamed and given to Tom.
pub(crate) async fn acme(place: &dyn Place) -> (Engine, Arc<dyn Store>) {
    let store = place.open().await;
    let engine = Engine::new(store.clone());
    found(&engine, "acme").await;
    let auditor = RoleId::known("auditor");
    let role = NewRole { name: "Auditor".into(), description: "Reads".into(), ..NewRole::default() };
    execute(&engine, "acme", Command::Role(auditor.clone(), RoleCommand::CreateRole(Box::new(role)))).await;
    let rename = RoleCommand::RenameRole { name: "Reviewer".into() };
    execute(&engine, "acme", Command::Role(auditor.clone(), rename)).await;
    execute(&engine, "acme", add("tom")).await;
    let assign = MemberCommand::AssignRole { role: auditor, scope: None, window: Window::default() };
    execute(&engine, "acme", Command::Member(MemberId::known("tom"), assign)).await;
    (engine, store)
}

pub(crate) async fn found(engine: &Engine, organisation: &str) {
    let profile = check(BUILT_IN.iter().find(|(name, _)| *name == "workspace").unwrap().1).unwrap();
    let founder = Founder { id: MemberId::known("founder"), details: Details::default() };
    let id = OrganisationId::known(organisation);
    engine.found(&id, organisation, &profile, &founder, Context::default()).await.unwrap();
}

pub(crate) fn add(member: &str) -> Command {
    let add = MemberCommand::AddMember {
        kind: MemberKind::Person,
        account_type: None,
        details: Details::default(),
        scope: None,
    };
    Command::Member(MemberId::known(member), add)
}

pub(crate) async fn execute(engine: &Engine, organisation: &str, command: Command) {
    let request = Request {
        organisation: OrganisationId::known(organisation),
        commands: vec![command],
        actor: Actor::Member(MemberId::known("founder")),
        context: Context::default(),
        idempotency_key: None,
    };
    engine.execute(request).await.unwrap();
}

/// An event as a program of the future would write it.
pub(crate) async fn append_from_the_future(store: &dyn Store, organisation: &str) {
    let head = store.head(organisation).await.unwrap().unwrap();
    let event = chancery::store::NewEvent {
        aggregate_type: "role".to_owned(),
        aggregate_id: format!("{organisation}/auditor"),
        sequence: 1000,
        event_type: "RoleTeleported".to_owned(),
        event_version: "7".to_owned(),
        payload: r#"{"RoleTeleported":{}}"#.to_owned(),
        metadata: "{}".to_owned(),
        time: head.time,
    };
    let organisation = organisation.to_owned();
    let append =
        chancery::store::Append { organisation, expected_head: head.position, idempotency: None, events: vec![event] };
    store.append(append).await.unwrap();
}
