//! A service written with `cqrs-es` that loads our aggregates and follows their events.
//!
//!     cargo run --example cqrs_service
//!
//! It counts who holds which role, in a view of its own. Here the store is in memory; one in a file or
//! on PostgreSQL is used in the same way.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use chancery::aggregates::command::{Command, MemberCommand, ScopeChoice};
use chancery::aggregates::event::{Details, MemberEvent};
use chancery::aggregates::founding::Founder;
use chancery::aggregates::profile::{BUILT_IN, check::check};
use chancery::aggregates::vocabulary::{Actor, MemberId, MemberKind, OrganisationId, RoleId, Window};
use chancery::engine::{Context, Engine, Request};
use chancery::interop::{Follower, LogRepository, Member, aggregate_id};
use chancery::store::memory::MemoryStore;
use cqrs_es::persist::PersistedEventStore;
use cqrs_es::{EventEnvelope, EventStore as _, Query};
use parking_lot::Mutex;

/// The service's own view: members by role. And where it stands, kept together with the view.
#[derive(Debug, Default)]
struct Holders {
    by_role: BTreeMap<String, Vec<String>>,
    seen: u64,
}

#[derive(Debug, Clone, Default)]
struct CountHolders(Arc<Mutex<Holders>>);

#[async_trait]
impl Query<Member> for CountHolders {
    async fn dispatch(&self, _aggregate_id: &str, events: &[EventEnvelope<Member>]) {
        let mut holders = self.0.lock();
        for event in events {
            let position = event.metadata.get("global_position").and_then(|number| number.parse().ok());
            if position.is_none_or(|position| position <= holders.seen) {
                continue; // It came before: a crash was between dispatching and keeping the position.
            }
            holders.seen = position.unwrap_or_default();
            match &event.payload {
                MemberEvent::RoleAssigned { member, role, .. } => {
                    holders.by_role.entry(role.name.to_string()).or_default().push(member.to_string());
                }
                MemberEvent::RoleUnassigned { member, role, .. } => {
                    holders.by_role.entry(role.name.to_string()).or_default().retain(|held| held != member.as_str());
                }
                _ => {}
            }
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let store = Arc::new(MemoryStore::new());
    let engine = Engine::new(store.clone());
    people(&engine).await?;

    // Follow: from the position that was kept, to the end of the log.
    let query = CountHolders::default();
    let follower = Follower::new(store.clone()).with_query::<Member>(Box::new(query.clone()));
    let mut position = 0;
    loop {
        let reached = follower.advance(position).await?;
        if reached == position {
            break; // A service would look again in a while.
        }
        position = reached;
    }
    println!("at position {position} of the log:");
    for (role, members) in &query.0.lock().by_role {
        println!("  {role}: {}", members.join(", "));
    }

    // Load: one aggregate's history, through the stock event store of `cqrs-es`.
    let members = PersistedEventStore::<_, Member>::new_event_store(LogRepository::new(store));
    println!("what happened to tom:");
    for event in members.load_events(&aggregate_id("acme", "tom")).await? {
        let actor = event.metadata.get("actor").map_or("nobody", String::as_str);
        println!("  {}. {} by {actor}", event.sequence, event.payload.name());
    }
    engine.close().await;
    Ok(())
}

/// Somebody to tell of: an organisation with two members.
async fn people(engine: &Engine) -> Result<(), Box<dyn Error>> {
    let organisation = OrganisationId::known("acme");
    let (_, profile) = BUILT_IN.iter().find(|(name, _)| *name == "workspace").ok_or("no such profile")?;
    let founder = Founder { id: MemberId::known("sam"), details: Details::default() };
    let profile = check(profile).map_err(|mistakes| format!("{mistakes:?}"))?;
    engine.found(&organisation, "Acme", &profile, &founder, Context::default()).await?;
    let add = |member| {
        let command = MemberCommand::AddMember {
            kind: MemberKind::Person,
            account_type: None,
            details: Details::default(),
            scope: Some(ScopeChoice::All),
        };
        Command::Member(MemberId::known(member), command)
    };
    let assign = MemberCommand::AssignRole { role: RoleId::known("developer"), scope: None, window: Window::default() };
    let commands = vec![add("tom"), add("ann"), Command::Member(MemberId::known("tom"), assign)];
    let request = Request {
        organisation,
        commands,
        actor: Actor::Member(MemberId::known("sam")),
        context: Context::default(),
        idempotency_key: None,
    };
    engine.execute(request).await?;
    Ok(())
}
