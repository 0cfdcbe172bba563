//! From where a member acted is sealed under the member's own key.

use std::sync::Arc;

use chancery::aggregates::command::{Command, MemberCommand};
use chancery::aggregates::event::{Details, Metadata, Origin, Recorded};
use chancery::aggregates::founding::Founder;
use chancery::aggregates::profile::{BUILT_IN, check::check};
use chancery::aggregates::vocabulary::{Actor, MemberId, MemberKind, OrganisationId};
use chancery::engine::{Context, Engine, Request};
use chancery::gdpr::{Erasure, Periods, due_now};
use chancery::store::memory::MemoryStore;
use chancery::vault::{LocalKeys, Source};
use parking_lot::Mutex;

use super::place::runtime;

const ADDRESS: &str = "203.0.113.77";
const AGENT: &str = "Zyxwinas-Browser/9.41";

struct Desk {
    engine: Engine,
    _directory: tempfile::TempDir,
}

fn acme() -> OrganisationId {
    OrganisationId::known("acme")
}

fn member(id: &str) -> Actor {
    Actor::Member(MemberId::known(id))
}

fn from_far() -> Context {
    let (address, agent) = (Some(ADDRESS.to_owned()), Some(AGENT.to_owned()));
    Context { source: Some("http".to_owned()), address, agent, ..Context::default() }
}

fn request(actor: Actor, id: &str, context: Context) -> Request {
    let add = MemberCommand::AddMember {
        kind: MemberKind::Person,
        account_type: None,
        details: Details::default(),
        scope: None,
    };
    let commands = vec![Command::Member(MemberId::known(id), add)];
    Request { organisation: acme(), commands, actor, context, idempotency_key: None }
}

impl Desk {
    async fn new(source: impl FnOnce(&tempfile::TempDir) -> Source) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let keys = LocalKeys::new(source(&directory));
        let engine = Engine::new(Arc::new(MemoryStore::new())).with_vault(Arc::new(keys));
        let profile = check(BUILT_IN.iter().find(|(name, _)| *name == "workspace").unwrap().1).unwrap();
        let founder = Founder { id: MemberId::known("olivia"), details: Details::default() };
        engine.found(&acme(), "Acme", &profile, &founder, from_far()).await.unwrap();
        Self { engine, _directory: directory }
    }

    async fn with_key() -> Self {
        Self::new(|directory| Source::beside(&directory.path().join("store"))).await
    }

    async fn does(&self, actor: Actor, id: &str, context: Context) -> Recorded {
        let outcome = self.engine.execute(request(actor, id, context)).await.unwrap();
        outcome.events.into_iter().next_back().unwrap()
    }

    /// The last event, as the log has it.
    async fn last(&self) -> Metadata {
        let head = self.engine.state(&acme()).await.unwrap().position();
        let found = Arc::new(Mutex::new(None));
        let sink = found.clone();
        let visit = move |recorded: Recorded| {
            *sink.lock() = Some(recorded.metadata);
            std::ops::ControlFlow::Continue(())
        };
        self.engine.events(&acme(), head - 1, head, visit).await.unwrap();
        found.lock().take().unwrap()
    }

    async fn shown(&self, event: &Recorded) -> Origin {
        let state = self.engine.state(&acme()).await.unwrap();
        state.origin(&event.metadata, event.stamp.position)
    }

    /// Whose personal data is due as soon as they have left.
    async fn due(&self) -> Vec<String> {
        let state = self.engine.state(&acme()).await.unwrap();
        let periods = Periods { left: 0, suspended: 0 };
        let due = due_now(&self.engine, &state, periods, self.engine.now()).await.unwrap();
        due.into_iter().map(|one| one.member).collect()
    }

    async fn keys(&self) -> Vec<String> {
        let keys = self.engine.store().key_store().unwrap().keys_blocking("acme", None).unwrap();
        keys.into_iter().map(|key| key.member).collect()
    }
}

fn told(address: Option<&str>, agent: Option<&str>) -> Origin {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Origin { source: Some("http".to_owned()), address: owned(address), agent: owned(agent) }
}

#[test]
fn an_address_and_a_program_are_ciphertext_in_the_log_and_read_again_on_display() {
    runtime().block_on(async {
        let desk = Desk::with_key().await;
        let event = desk.does(member("olivia"), "m1", from_far()).await;
        let kept = desk.last().await;
        assert_eq!(kept, event.metadata, "what the engine hands out is what the log has");
        assert_eq!((kept.source.as_deref(), &kept.address, &kept.agent), (Some("http"), &None, &None));
        let sealed = kept.origin.clone().unwrap();
        assert!(!sealed.contains(ADDRESS) && !serde_json::to_string(&kept).unwrap().contains(AGENT));
        assert_eq!(desk.shown(&event).await, told(Some(ADDRESS), Some(AGENT)));

        let second = desk.does(member("olivia"), "m2", from_far()).await;
        assert_ne!(second.metadata.origin.as_ref(), Some(&sealed), "each event has its own");
        let mut moved = second.clone();
        moved.metadata.origin = Some(sealed);
        assert_eq!(desk.shown(&moved).await, told(Some("(sealed)"), Some("(sealed)")), "it opens nowhere else");
        assert_eq!(desk.keys().await, ["olivia"], "one key for all of it");
    });
}

#[test]
fn the_products_own_words_are_nobodys_data_and_an_unknown_way_in_is_taken_for_one() {
    runtime().block_on(async {
        let desk = Desk::with_key().await;
        let own = Context { source: Some("local".into()), agent: Some("chancery/0.1.0".into()), ..Context::default() };
        desk.does(member("olivia"), "m1", own).await;
        let kept = desk.last().await;
        assert_eq!((kept.source.as_deref(), kept.agent.as_deref()), (Some("local"), Some("chancery/0.1.0")));
        assert_eq!((kept.origin, desk.keys().await.len()), (None, 0), "no key is made for it");

        let embedding = Context { source: Some(ADDRESS.to_owned()), ..Context::default() };
        let event = desk.does(member("olivia"), "m2", embedding).await;
        assert_eq!(event.metadata.source, None);
        assert_eq!(desk.shown(&event).await.source.as_deref(), Some(ADDRESS));
    });
}

#[test]
fn after_an_erasure_it_is_gone_and_no_more_of_it_is_recorded() {
    runtime().block_on(async {
        let desk = Desk::with_key().await;
        desk.does(member("olivia"), "m1", Context::default()).await;
        let refused = desk.engine.execute(request(member("m1"), "m2", from_far())).await;
        assert!(refused.is_err());
        let head = desk.engine.state(&acme()).await.unwrap().position();
        let refusal = desk.last().await;
        let state = desk.engine.state(&acme()).await.unwrap();
        assert_eq!(state.origin(&refusal, head), told(Some(ADDRESS), Some(AGENT)), "a refusal tells it too");

        let (organisation, member_id) = (acme(), MemberId::known("m1"));
        let erasure = Erasure { organisation, member: member_id, actor: member("olivia"), context: Context::default() };
        erasure.carry_out(&desk.engine).await.unwrap();
        let state = desk.engine.state(&acme()).await.unwrap();
        assert_eq!(state.origin(&refusal, head), told(Some("(erased)"), Some("(erased)")));

        assert!(desk.engine.execute(request(member("m1"), "m3", from_far())).await.is_err());
        let kept = desk.last().await;
        assert_eq!((kept.actor.as_str(), kept.source.as_deref()), ("m1", Some("http")));
        assert_eq!((kept.address, kept.agent, kept.origin), (None, None, None));
    });
}

#[test]
fn whoever_left_an_address_and_no_name_is_due_to_be_erased() {
    runtime().block_on(async {
        let desk = Desk::with_key().await;
        for id in ["m1", "m2"] {
            desk.does(member("olivia"), id, Context::default()).await;
        }
        assert!(desk.engine.execute(request(member("m1"), "m3", from_far())).await.is_err());
        for id in ["m1", "m2"] {
            let commands = vec![Command::Member(MemberId::known(id), MemberCommand::RemoveMember)];
            let removal = Request { commands, ..request(member("olivia"), id, Context::default()) };
            desk.engine.execute(removal).await.unwrap();
        }
        assert_eq!(desk.due().await, ["m1"], "of m2 nothing is held");
        let (organisation, member_id) = (acme(), MemberId::known("m1"));
        let erasure = Erasure { organisation, member: member_id, actor: member("olivia"), context: Context::default() };
        erasure.carry_out(&desk.engine).await.unwrap();
        assert!(desk.due().await.is_empty());
    });
}

#[test]
fn whoever_is_no_member_has_no_key_made_for_them() {
    runtime().block_on(async {
        let desk = Desk::with_key().await;
        assert!(desk.engine.execute(request(member("nobody"), "m1", from_far())).await.is_err());
        let kept = desk.last().await;
        assert_eq!((kept.actor.as_str(), kept.address, kept.origin), ("nobody", None, None));
        assert!(desk.keys().await.is_empty());
        // The operator is no member either: what the log has of the founding is as it was said.
        let head = Arc::new(Mutex::new(None));
        let sink = head.clone();
        let visit = move |recorded: Recorded| {
            *sink.lock() = Some(recorded.metadata);
            std::ops::ControlFlow::Break(())
        };
        desk.engine.events(&acme(), 0, 1, visit).await.unwrap();
        let founding = head.lock().take().unwrap();
        assert_eq!((founding.actor.as_str(), founding.address.as_deref()), ("@operator", Some(ADDRESS)));
    });
}

#[test]
fn without_a_key_to_be_had_nobody_is_kept_from_working_and_nothing_is_in_clear() {
    runtime().block_on(async {
        let missing =
            |directory: &tempfile::TempDir| Source::File { path: directory.path().join("not there"), make: false };
        for desk in [Desk::new(|_| Source::Unset).await, Desk::new(missing).await] {
            let event = desk.does(member("olivia"), "m1", from_far()).await;
            let Metadata { source, address, agent, origin, .. } = event.metadata;
            assert_eq!((source.as_deref(), address, agent, origin), (Some("http"), None, None, None));
            assert!(desk.engine.execute(request(member("m1"), "m2", from_far())).await.is_err());
            assert_eq!(desk.last().await.address, None);
        }
    });
}

#[test]
fn events_from_before_it_was_sealed_are_read_as_they_were_written() {
    let written = r#"{"actor":"sam","reason":"joins","source":"http","agent":"curl/8.5.0"}"#;
    let metadata: Metadata = serde_json::from_str(written).unwrap();
    let state = chancery::aggregates::AccessState::default();
    assert_eq!(state.origin(&metadata, 7), told(None, Some("curl/8.5.0")));
    assert_eq!(serde_json::to_string(&metadata).unwrap(), written);
    assert_eq!(metadata.impersonal_origin(), told(None, None), "other systems are not sent it");
}
