//! Checks in process, on random histories of every profile: whatever way a question is put, the answer is the
//! one that `evaluate` gives on a state folded anew.

pub(crate) mod history;

use std::sync::Arc;

use chancery::aggregates::AccessState;
use chancery::aggregates::access::{Reading, evaluate, holdings};
use chancery::aggregates::vocabulary::{OrganisationId, Time};
use chancery::embed::{
    Access, Chancery, Decision, ForeignHandle, OpenError, Ownership, Page, PageError, Request, Resolved,
};
use chancery::engine::{Engine, Moment};
use chancery::store::Access as Mode;
use history::{History, PROFILES};
use tokio::runtime::Runtime;

fn keys(state: &AccessState) -> (Vec<String>, Vec<String>, Vec<String>) {
    let members = state.members().map(|(_, member)| member.id.to_string()).collect();
    let scopes = state.scopes().map(|(_, scope)| scope.id.to_string()).collect();
    let permissions = state.profile().unwrap().permissions().iter().map(|permission| permission.key.to_string());
    (members, permissions.collect(), scopes)
}

/// The state as somebody folds it who has no cache, no index and no other engine.
async fn folded(engine: &Engine, organisation: &OrganisationId, moment: Moment) -> Arc<AccessState> {
    let state = Engine::new(engine.store().clone()).replay(organisation, moment).await.unwrap().state;
    assert!(state.index().is_none());
    state
}

fn compare(access: &Access, state: &AccessState, at: Time) {
    assert_eq!(access.position(), state.position());
    let (members, permissions, scopes) = keys(state);
    let places: Vec<Option<&str>> = [None].into_iter().chain(scopes.iter().map(|id| Some(id.as_str()))).collect();
    for subject in members.iter().map(String::as_str).chain(["nobody"]) {
        for scope in places.iter().copied().chain([Some("nowhere")]) {
            let request = |permission, owner| Request { subject, permission, scope, owner, at };
            let requests: Vec<_> = permissions
                .iter()
                .map(String::as_str)
                .chain(["no.such.permission"])
                .flat_map(|key| [request(key, None), request(key, Some(subject)), request(key, Some("another"))])
                .collect();
            let expected: Vec<Decision> = requests.iter().map(|request| evaluate(state, request)).collect();
            let single: Vec<Decision> = requests.iter().map(|request| access.check(request)).collect();
            assert_eq!(single, expected, "{subject} {scope:?}");
            assert_eq!(access.check_batch(&requests), single, "a batch is not its questions");
            let outright: Vec<bool> = expected.iter().map(is_outright).collect();
            assert_eq!(requests.iter().map(|request| access.permits(request)).collect::<Vec<_>>(), outright);
            for (request, expected) in requests.iter().zip(&expected) {
                if let Some(question) = resolve(access, request) {
                    assert_eq!(access.check_resolved(&question).as_ref(), Ok(expected), "{request:?}");
                    assert_eq!(access.permits_resolved(&question), Ok(is_outright(expected)), "{request:?}");
                }
            }
        }
    }
    compare_lists(access, state, at);
}

fn is_outright(decision: &Decision) -> bool {
    *decision == Decision::Allowed { only_own: false }
}

fn resolve(access: &Access, request: &Request<'_>) -> Option<Resolved> {
    let resource = request.scope.map_or(Some(access.whole()), |id| access.resource(id))?;
    let (subject, action) = (access.subject(request.subject)?, access.action(request.permission)?);
    let resolved = Resolved::new(subject, action, resource, request.at).unwrap();
    let resolved = resolved.owned(Ownership::of(request.owner, request.subject));
    assert_eq!(access.resolve(request), Ok(resolved));
    Some(resolved)
}

fn compare_lists(access: &Access, state: &AccessState, at: Time) {
    let (members, permissions, scopes) = keys(state);
    let places: Vec<Option<&str>> = [None].into_iter().chain(scopes.iter().map(|id| Some(id.as_str()))).collect();
    let allowed = |subject: &str, permission: &str, scope: Option<&str>| match evaluate(
        state,
        &Request { subject, permission, scope, owner: None, at },
    ) {
        Decision::Allowed { only_own } => Some(only_own),
        Decision::Denied(_) => None,
    };
    let resource = |scope: Option<&str>| scope.map_or(access.whole(), |id| access.resource(id).unwrap());
    for permission in permissions.iter().step_by(5) {
        let action = access.action(permission).unwrap();
        for scope in &places {
            let listed = all(3, |from| access.subjects(action, resource(*scope), at, from, 3));
            let listed = listed.iter().map(|(found, own)| (access.subject_id(*found).unwrap(), *own));
            let checked = members.iter().filter_map(|id| Some((id.as_str(), allowed(id, permission, *scope)?)));
            assert_eq!(listed.collect::<Vec<_>>(), checked.collect::<Vec<_>>(), "who may {permission} on {scope:?}");
        }
        for member in &members {
            let subject = access.subject(member).unwrap();
            let listed = all(2, |from| access.resources(subject, action, at, from, 2));
            let listed = listed.iter().map(|(found, own)| (access.resource_id(*found), *own));
            let checked = places.iter().filter_map(|place| Some((*place, allowed(member, permission, *place)?)));
            assert_eq!(listed.collect::<Vec<_>>(), checked.collect::<Vec<_>>(), "where {member} may {permission}");
        }
    }
    for (member, scope) in members.iter().flat_map(|member| places.iter().map(move |place| (member, *place))) {
        let (subject, on) = (access.subject(member).unwrap(), resource(scope));
        let listed = all(7, |from| access.actions(subject, on, at, from, 7));
        let listed = listed.iter().map(|(found, own)| (access.action_key(*found).unwrap(), *own));
        let checked = permissions.iter().filter_map(|key| Some((key.as_str(), allowed(member, key, scope)?)));
        assert_eq!(listed.collect::<Vec<_>>(), checked.collect::<Vec<_>>(), "what {member} may do on {scope:?}");
        let place = chancery::aggregates::access::Place::named(state, scope);
        let held = holdings(state, state.member_ix(member).unwrap(), place, at, Reading::Actual);
        assert_eq!(access.permissions_of(subject, on, at), Ok(held));
    }
}

/// All pages of a listing; every page but the last is full.
fn all<T>(size: usize, mut page: impl FnMut(Option<chancery::embed::Cursor>) -> Result<Page<T>, PageError>) -> Vec<T> {
    let mut items = Vec::new();
    let mut from = None;
    loop {
        let page = page(from).unwrap();
        assert!(page.next.is_none() || page.items.len() == size);
        items.extend(page.items);
        from = page.next;
        if from.is_none() {
            return items;
        }
    }
}

async fn every_way_of_asking_agrees(profile: &str, seed: u64) {
    let mut history = History::founded(profile, seed).await;
    let chancery = Chancery::over(history.engine.clone());
    let organisation = chancery.organisation("tenant").await.unwrap();
    let mut kept = Vec::new();
    for _ in 0..4 {
        for _ in 0..20 {
            history.step().await;
        }
        let state = folded(&history.engine, &history.organisation, Moment::Now).await;
        compare(&organisation.access(), &state, history.now());
        kept.push(organisation.access());
    }
    // A version that is held does not change, whatever happened since.
    for access in &kept {
        let state = folded(&history.engine, &history.organisation, Moment::Position(access.position())).await;
        compare(access, &state, history.now());
    }
}

#[test]
fn every_way_of_asking_gives_the_answer_of_a_state_folded_anew() {
    let runtime = Runtime::new().unwrap();
    for (profile, seed) in PROFILES.into_iter().zip(1..) {
        runtime.block_on(every_way_of_asking_agrees(profile, seed));
    }
}

#[test]
fn a_handle_means_the_same_thing_after_any_change() {
    Runtime::new().unwrap().block_on(async {
        let mut history = History::founded("proplink", 9).await;
        let organisation = Chancery::over(history.engine.clone()).organisation("tenant").await.unwrap();
        for _ in 0..20 {
            history.step().await;
        }
        let first = organisation.access();
        let state = folded(&history.engine, &history.organisation, Moment::Now).await;
        let (members, permissions, scopes) = keys(&state);
        for _ in 0..60 {
            history.step().await;
        }
        let last = organisation.access();
        assert!(last.position() > first.position());
        for (member, permission) in members.iter().zip(permissions.iter().cycle().step_by(3)) {
            let (subject, action) = (first.subject(member).unwrap(), first.action(permission).unwrap());
            assert_eq!((last.subject_id(subject), last.subject(member)), (Some(member.as_str()), Some(subject)));
            assert_eq!((last.action_key(action), last.action(permission)), (Some(permission.as_str()), Some(action)));
            for scope in &scopes {
                let resource = first.resource(scope).unwrap();
                let at = history.now();
                let resolved = Resolved::new(subject, action, resource, Time::MIN_UTC).unwrap().at(at);
                let request = Request { subject: member, permission, scope: Some(scope), owner: None, at };
                assert_eq!(organisation.check_resolved(&resolved), Ok(organisation.check(&request)));
                assert_eq!(organisation.permits_resolved(&resolved), Ok(organisation.permits(&request)));
            }
        }
    });
}

#[test]
fn a_handle_of_another_organisation_is_refused() {
    Runtime::new().unwrap().block_on(async {
        let (one, other) = (History::founded("workspace", 1).await, History::founded("workspace", 1).await);
        let one = Chancery::over(one.engine).organisation("tenant").await.unwrap();
        let other = Chancery::over(other.engine).organisation("tenant").await.unwrap();
        let (own, foreign) = (one.access(), other.access());
        let key = own.index().profile().unwrap().permissions()[0].key.clone();
        let handles = |access: &Access| {
            (access.subject("founder").unwrap(), access.action(key.as_str()).unwrap(), access.whole())
        };
        let ((subject, action, whole), theirs) = (handles(&own), handles(&foreign));
        let at = Time::MIN_UTC;
        let ours = Resolved::new(subject, action, whole, at).unwrap();
        assert!(one.check_resolved(&ours).unwrap().is_allowed());
        for (subject, action, resource) in [
            (theirs.0, action, whole),
            (subject, theirs.1, whole),
            (subject, action, theirs.2),
            (theirs.0, theirs.1, whole),
        ] {
            assert_eq!(Resolved::new(subject, action, resource, at), Err(ForeignHandle));
        }
        let foreign = Resolved::new(theirs.0, theirs.1, theirs.2, at).unwrap();
        assert_eq!(
            (one.check_resolved(&foreign), own.check_resolved(&foreign)),
            (Err(ForeignHandle), Err(ForeignHandle))
        );
        assert_eq!(
            (one.permits_resolved(&foreign), own.permits_resolved(&foreign)),
            (Err(ForeignHandle), Err(ForeignHandle))
        );
        assert!(other.permits_resolved(&foreign).unwrap());
        assert_eq!(own.subject_id(theirs.0), None);
        assert_eq!(own.permissions_of(subject, theirs.2, at), Err(ForeignHandle));
        assert_eq!(own.subjects(theirs.1, whole, at, None, 10), Err(PageError::Foreign(ForeignHandle)));
        assert_eq!(own.subjects(action, whole, at, None, 0), Err(PageError::Empty));
    });
}

#[test]
fn a_check_sees_a_command_once_it_is_acknowledged_and_another_process_after_catching_up() {
    Runtime::new().unwrap().block_on(async {
        let mut history = History::founded("workspace", 3).await;
        let here = Chancery::over(history.engine.clone());
        let elsewhere = Chancery::over(Engine::new(history.engine.store().clone()));
        let (near, far) = (here.organisation("tenant").await.unwrap(), elsewhere.organisation("tenant").await.unwrap());
        let before = far.position();
        for _ in 0..10 {
            let position = history.step().await.unwrap_or_else(|| near.position());
            assert_eq!(near.position(), position);
        }
        assert!(near.position() > before);
        assert_eq!(far.position(), before);
        elsewhere.catch_up("tenant").await.unwrap();
        assert_eq!(far.position(), near.position());
    });
}

#[test]
fn a_place_that_names_no_store_is_refused_with_those_that_do() {
    let error = Chancery::open("access.db", Mode::Write).unwrap_err();
    assert!(matches!(&error, OpenError::UnknownStore(given) if given == "access.db"), "{error}");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("missing.db");
    let location = format!("sqlite:{}", file.display());
    assert!(matches!(Chancery::open(&location, Mode::Write), Err(OpenError::Store(_))));
    assert!(Chancery::open(&location, Mode::Create).is_ok() && Chancery::open("memory:", Mode::Create).is_ok());
}
