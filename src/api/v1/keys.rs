//! `/v1/organisations/{organisation}/keys`: the keys with which programs act as members.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chancery_aggregates::command::MemberCommand;
use chancery_aggregates::key::{KeyExpiry, ROTATION_GRACE, USUAL_DAYS, longest_days};
use chancery_aggregates::state::{KeyEntry, MemberEntry};
use chancery_aggregates::vocabulary::{MemberId, Time};
use chancery_aggregates::{Command, Facts};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::change::{Changed, Circumstances, Governed, Made, Preview, Rehearsal, answer};
use super::names::{bounded, location, present};
use super::page::{Cut, Order, Paging, Placed, cut, number_key};
use super::view::AtLeast;
use super::{Change, Seen, Shown, View, names};
use crate::api::body::{InPath, Json, Query};
use crate::api::failures::Failures;
use crate::api::problem::{Answer, Problem};
use crate::api::service::Shared;
use crate::keys::Token;
use crate::views::key::{Key, Uses, find, seen};

/// The operations.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(issue))
        .routes(routes!(show, revoke))
        .routes(routes!(rotate))
}

/// Which key.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct KeyPath {
    /// Whose key
    #[param(example = "acme")]
    #[allow(dead_code, reason = "the extractors of the organisation read it")]
    organisation: String,
    /// The key's id, which is the part of it before the secret
    #[param(example = "k7Q2mX9bL0aZ")]
    key: String,
}

/// Whose key is to be made.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct HolderPath {
    /// Whose member
    #[param(example = "acme")]
    #[allow(dead_code, reason = "the extractors of the organisation read it")]
    organisation: String,
    /// The member's id
    #[param(example = "sync")]
    member: String,
}

/// Which keys.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct KeyFilter {
    /// Only this member's
    #[param(nullable = false)]
    member: Option<String>,
    /// Those that have ended as well
    #[param(nullable = false)]
    all: Option<bool>,
    /// `next` of the page before
    #[param(nullable = false)]
    cursor: Option<String>,
    /// The most items to answer, 1 to 1,000; 100 where nothing is said
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// Which way round, by when they were made; `asc` where nothing is said
    #[param(nullable = false, inline)]
    order: Option<Order>,
}

/// Keys, and where the next page begins
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next": null}))]
struct KeyList {
    items: Vec<Key>,
    /// The cursor of the next page; null after the last
    next: Option<String>,
}

/// A key to be made
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"label": "nightly sync", "expires": "2099-01-01T00:00:00Z"}))]
struct KeyToIssue {
    /// What it is for
    label: String,
    /// First instant at which it no longer counts; null for none, which service accounts may have; left out, 90 days
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires: Option<Option<Time>>,
}

/// How a key takes the place of another
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
struct KeyToRotate {
    /// First instant at which the new key no longer counts; null for none; left out, after as long as the old one was
    /// made for
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires: Option<Option<Time>>,
    /// First instant at which the old key no longer counts; left out, in a day
    #[schema(value_type = Option<String>, format = DateTime)]
    old_until: Option<Time>,
}

/// A key with its secret, which is shown this once
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "token": "chancery_acme_k7Q2mX9bL0aZ_0000000000000000000000000000000000000000000000000",
    "key": {"key": "k7Q2mX9bL0aZ", "member": "sync", "label": "nightly sync", "begins": "chancery_acme_k7Q2mX9bL0aZ",
        "issued": "2026-03-03T14:30:00Z", "issued_at_position": 57, "expires": "2026-06-01T14:30:00Z", "revoked": null,
        "replaces": null, "last_used": null, "status": "active"}
}))]
struct NewKey {
    /// The whole key, to be sent as `Authorization: Bearer`; nothing can show it again
    token: String,
    key: Key,
}

/// Lists the keys that the caller may see, never their secrets
#[utoipa::path(get, path = "/v1/organisations/{organisation}/keys", operation_id = "list_keys", tag = "Keys",
    params(("organisation" = String, Path, description = "Whose keys", example = "acme"), KeyFilter, AtLeast),
    responses((status = 200, body = KeyList, description = "A page of keys"), Failures))]
async fn list(State(service): State<Shared>, view: View, Query(filter): Query<KeyFilter>) -> Answer<Seen<KeyList>> {
    let facts = &view.facts;
    let reader = facts.reader()?;
    let mut keys = seen(&reader, filter.member.as_deref())?;
    let all = filter.all.unwrap_or_default();
    keys.retain(|(_, key)| all || facts.state.admits(key, facts.now));
    let uses = Uses::read(service.engine.store().as_ref(), facts).await?;
    let placed = keys.into_iter().map(|(member, key)| Placed {
        key: number_key(key.issued.position),
        id: key.id.to_string(),
        item: Key::of(facts, member, key, &uses),
    });
    let of = format!("keys {all} {:?}", filter.member);
    let paging = Paging { cursor: filter.cursor, limit: filter.limit, order: filter.order };
    let Cut { items, next } = cut(placed.collect(), &paging, &of)?;
    Ok(view.seen(KeyList { items, next }))
}

/// Shows a key, never its secret
#[utoipa::path(get, path = "/v1/organisations/{organisation}/keys/{key}", operation_id = "show_key", tag = "Keys",
    params(KeyPath, AtLeast), responses((status = 200, body = Key, description = "The key"), Failures))]
async fn show(State(service): State<Shared>, view: View, InPath(path): InPath<KeyPath>) -> Answer<Seen<Key>> {
    let facts = &view.facts;
    let reader = facts.reader()?;
    let (ix, member, key) = find(&reader, &path.key, &bounded(&path.key))?;
    facts.visible_keys(ix)?;
    let uses = Uses::read(service.engine.store().as_ref(), facts).await?;
    Ok(view.seen(Key::of(facts, member, key, &uses)))
}

/// Makes a key of a member, and shows its secret this once
///
/// A person's keys are made by that person alone; a service account's by whoever holds all that it holds; the operator
/// makes one for somebody who can manage roles while nobody has any. A key makes none for its own member that ends later
/// than itself. A repeated request cannot show the secret again, and is refused as `issued_earlier`.
#[utoipa::path(post, path = "/v1/organisations/{organisation}/members/{member}/keys", operation_id = "issue_key",
    tag = "Keys", params(HolderPath, Rehearsal, Circumstances), request_body = KeyToIssue,
    responses((status = 201, body = NewKey, description = "The key with its secret"), (status = 200, body = Preview,
        description = "What would change, with `dry_run`"), Failures))]
async fn issue(
    Governed(change): Governed,
    InPath(path): InPath<HolderPath>,
    Json(body): Json<KeyToIssue>,
) -> Answer<Response> {
    let member = names::member(&path.member);
    let asked = expiry(body.expires);
    let expires = Bound::of(&change, &member)
        .and_then(|bound| bound.expiry(asked, TimeDelta::days(i64::from(USUAL_DAYS))))
        .unwrap_or(Ok(asked))?;
    let token = generate(&change)?;
    let (key, hash, label) = (token.key().clone(), token.hash(), body.label.into());
    make(change, member, MemberCommand::IssueKey { key, label, hash, expires }, &token).await
}

/// Makes a key in the place of another, and shows its secret this once
///
/// Judged as making one is. The old key goes on counting for a day, or as is said. A key that renews itself may last as
/// long as it was made for, if it then ends within a day.
#[utoipa::path(post, path = "/v1/organisations/{organisation}/keys/{key}/rotate", operation_id = "rotate_key",
    tag = "Keys", params(KeyPath, Rehearsal, Circumstances), request_body = KeyToRotate,
    responses((status = 201, body = NewKey, description = "The new key with its secret"), (status = 200, body = Preview,
        description = "What would change, with `dry_run`"), Failures))]
async fn rotate(change: Change, InPath(path): InPath<KeyPath>, Json(body): Json<KeyToRotate>) -> Answer<Response> {
    let facts = change.facts();
    let (member, old) = named(facts, &path)?;
    let (member, old) = (member.id.clone(), old.clone());
    let asked = expiry(body.expires);
    let itself = change.key().is_some_and(|key| key.id == old.id);
    let soon = facts.now.checked_add_signed(ROTATION_GRACE);
    let expires = if itself && body.old_until.is_none_or(|until| Some(until) <= soon) {
        asked
    } else {
        let usual = old.expires.map_or(TimeDelta::MAX, |expires| expires - old.issued.time);
        Bound::of(&change, &member).and_then(|bound| bound.expiry(asked, usual)).unwrap_or(Ok(asked))?
    };
    let token = generate(&change)?;
    let (key, by, hash, until) = (old.id.clone(), token.key().clone(), token.hash(), body.old_until);
    make(change, member, MemberCommand::RotateKey { key, by, hash, expires, until }, &token).await
}

/// Ends a key at once
#[utoipa::path(delete, path = "/v1/organisations/{organisation}/keys/{key}", operation_id = "revoke_key", tag = "Keys",
    params(KeyPath, Rehearsal, Circumstances),
    responses((status = 200, body = Changed<Key>, description = "The key that has ended; with `dry_run`, what would change instead"),
        Failures))]
async fn revoke(State(service): State<Shared>, change: Change, InPath(path): InPath<KeyPath>) -> Answer<Response> {
    let (member, key) = named(change.facts(), &path)?;
    let (id, key) = (member.id.clone(), key.id.clone());
    let uses = Uses::read(service.engine.store().as_ref(), change.facts()).await?;
    let commands = vec![Command::Member(id.clone(), MemberCommand::RevokeKey { key: key.clone() })];
    let shown = |facts: &Facts| {
        let ended = facts.state.member_by_id(id.as_str()).zip(facts.state.key(key.as_str()));
        let (member, key) = ended.ok_or_else(Problem::internal)?;
        Ok(Shown { location: None, version: None, body: Key::of(facts, member, key, &uses) })
    };
    change.run(StatusCode::OK, commands, None, shown).await
}

/// The key in a path, for a caller who sees whose it is.
fn named<'a>(facts: &'a Facts, path: &KeyPath) -> Answer<(&'a MemberEntry, &'a KeyEntry)> {
    let (_, member, key) = find(&facts.reader()?, &path.key, &bounded(&path.key))?;
    Ok((member, key))
}

fn expiry(asked: Option<Option<Time>>) -> KeyExpiry {
    match asked {
        None => KeyExpiry::Usual,
        Some(None) => KeyExpiry::Never,
        Some(Some(at)) => KeyExpiry::At(at),
    }
}

/// The end of the key that a caller comes with, where it is to bound the end of a new one: whoever
/// stole a key must not have it for longer by making others.
struct Bound {
    end: Time,
    /// Days that a key of the member lasts at most.
    longest: Option<u32>,
    now: Time,
}

impl Bound {
    /// None where the new key is another member's, or the caller's key has no end.
    fn of(change: &Change, member: &MemberId) -> Option<Self> {
        let (facts, own) = (change.facts(), change.key()?);
        let holder = facts.state.member(own.member).filter(|holder| holder.id == *member)?;
        let longest = longest_days(facts.profile().ok()?.policy(), holder.kind);
        Some(Self { end: own.expires?, longest, now: facts.now })
    }

    /// What is asked for, if it does not end later; none to leave it as it is.
    fn expiry(&self, asked: KeyExpiry, usual: TimeDelta) -> Option<Answer<KeyExpiry>> {
        match asked {
            KeyExpiry::At(at) if at <= self.end => None,
            KeyExpiry::Usual => {
                let usual = usual.min(self.longest.map_or(TimeDelta::MAX, |days| TimeDelta::days(days.into())));
                self.now
                    .checked_add_signed(usual)
                    .is_none_or(|usual| usual > self.end)
                    .then_some(Ok(KeyExpiry::At(self.end)))
            }
            KeyExpiry::At(_) | KeyExpiry::Never => {
                let detail =
                    format!("a key makes none for its own member that ends later than itself, at {}", self.end);
                Some(Err(Problem::new(StatusCode::FORBIDDEN, "key_outlives", detail).field("expires")))
            }
        }
    }
}

fn generate(change: &Change) -> Answer<Token> {
    Token::generate(change.organisation()).map_err(|error| {
        tracing::error!(%error, "no key can be made");
        Problem::internal()
    })
}

/// The key is shown only when it is in the log: a token that lets nobody in helps nobody.
async fn make(change: Change, member: MemberId, command: MemberCommand, token: &Token) -> Answer<Response> {
    let (outcome, facts) = match change.make(vec![Command::Member(member, command)], None).await? {
        Made::Rehearsed(response) => return Ok(response),
        Made::Done { outcome, facts } => (outcome, facts),
    };
    let state = &facts.state;
    if outcome.repeated {
        let earlier = state.keys().filter(|key| key.issued.position <= outcome.position).last();
        let id = earlier.map(|key| key.id.to_string()).unwrap_or_default();
        let detail = format!(
            "key `{id}` was made by this request before, and its secret is shown once: revoke it and make another"
        );
        return Err(Problem::new(StatusCode::CONFLICT, "issued_earlier", detail).field("Idempotency-Key"));
    }
    let made = state.key(token.key().as_str()).and_then(|key| Some((state.member(key.member)?, key)));
    let (member, key) = made.ok_or_else(Problem::internal)?;
    let body = NewKey { token: token.reveal().to_owned(), key: Key::of(&facts, member, key, &Uses::default()) };
    let location = Some(location(state, "keys", key.id.as_str()));
    Ok(answer(StatusCode::CREATED, &outcome, Shown { location, version: None, body }))
}
