//! Changing: who does it and why, under which conditions, for real or only to see what it would do.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use axum::response::{IntoResponse, Response};
use chancery_aggregates::event::Recorded;
use chancery_aggregates::state::KeyEntry;
use chancery_aggregates::vocabulary::{Actor, KeyId, OrganisationId};
use chancery_aggregates::{AccessState, Command, Facts};
use chancery_projections::activity::Narrator;
use chancery_projections::diff::{Filter, diff};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::shapes::DiffLine;
use super::view::{entity_tag, governed_organisation, named_organisation};
use crate::api::authentication::Caller;
use crate::api::body::Query;
use crate::api::headers::{self, IDEMPOTENCY_KEY, ON_BEHALF_OF, POSITION, REASON, REPLAYED};
use crate::api::problem::{Answer, Problem};
use crate::api::service::Shared;
use crate::engine::{Condition, Context, Engine, Outcome, Request};

/// The longest idempotency key, in bytes.
const LONGEST_KEY: usize = 200;

/// Whether a change is only to be shown.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Rehearsal {
    /// Answers what would change, and for whom, and changes nothing
    #[param(nullable = false)]
    pub dry_run: Option<bool>,
}

/// What is said about a change besides its body.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "describes the headers that `Change` reads")]
pub struct Circumstances {
    /// Makes a repeated request answer as the first time, at most 200 bytes
    #[param(nullable = false, rename = "idempotency-key")]
    pub idempotency_key: Option<String>,
    /// Why; recorded with the change. Percent-encoded UTF-8
    #[param(nullable = false, rename = "x-chancery-reason")]
    pub reason: Option<String>,
    /// On whose behalf; recorded with the change. Percent-encoded UTF-8
    #[param(nullable = false, rename = "x-chancery-on-behalf-of")]
    pub on_behalf_of: Option<String>,
}

/// The version that a change is for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "describes the header that `Change` reads")]
pub struct IfMatch {
    /// The `ETag` that the resource was read with: the change is made only if nobody changed it since
    #[param(nullable = false, rename = "if-match")]
    pub if_match: Option<String>,
}

/// A change to be made: an extractor.
#[derive(Debug)]
pub struct Change {
    service: Shared,
    organisation: OrganisationId,
    facts: Facts,
    key: Option<KeyId>,
    context: Context,
    idempotency_key: Option<String>,
    if_match: Option<String>,
    dry_run: bool,
}

/// What a change is about, as it is afterwards.
#[derive(Debug, Clone)]
pub struct Shown<T> {
    /// Its path, where it is new.
    pub location: Option<String>,
    /// Its version.
    pub version: Option<u64>,
    /// What it is.
    pub body: T,
}

/// Which version a resource has in a state; none where it is not there.
pub type VersionOf = Arc<dyn Fn(&AccessState) -> Option<u64> + Send + Sync>;

impl FromRequestParts<Shared> for Change {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Shared) -> Answer<Self> {
        let caller = Caller::from_request_parts(parts, service).await?;
        let (organisation, actor) = named_organisation(parts, service, &caller).await?;
        Self::by(parts, service, &caller, organisation, actor).await
    }
}

/// A change that the operator may ask for as well: an extractor.
#[derive(Debug)]
pub struct Governed(pub Change);

impl FromRequestParts<Shared> for Governed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Shared) -> Answer<Self> {
        let caller = Caller::from_request_parts(parts, service).await?;
        let (organisation, actor) = governed_organisation(parts, service, &caller).await?;
        Change::by(parts, service, &caller, organisation, actor).await.map(Self)
    }
}

impl Change {
    async fn by(
        parts: &mut Parts,
        service: &Shared,
        caller: &Caller,
        organisation: OrganisationId,
        actor: Actor,
    ) -> Answer<Self> {
        let Query(Rehearsal { dry_run }) = Query::from_request_parts(parts, service).await?;
        let state = service.state(&organisation, headers::at_least(&parts.headers)?).await?;
        let facts = Facts { state: state.as_ref().clone(), actor, now: service.now(&state) };
        Ok(Self {
            service: service.clone(),
            organisation,
            facts,
            key: caller.0.id.clone(),
            context: context(&parts.headers, caller)?,
            idempotency_key: idempotency_key(&parts.headers)?,
            if_match: headers::text(&parts.headers, &header::IF_MATCH)?,
            dry_run: dry_run.unwrap_or_default(),
        })
    }
}

/// What is recorded about a change besides who makes it.
pub(in crate::api) fn context(headers: &HeaderMap, caller: &Caller) -> Answer<Context> {
    let readable = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned);
    Ok(Context {
        key: caller.0.id.as_ref().map(ToString::to_string),
        reason: headers::text(headers, &REASON)?,
        on_behalf_of: headers::text(headers, &ON_BEHALF_OF)?,
        correlation: headers::trace(headers).map(str::to_owned).or_else(|| readable(headers::REQUEST_ID)),
        causation: None,
        source: Some("http".to_owned()),
        address: caller.1.map(|address| address.to_string()),
        agent: readable(header::USER_AGENT),
    })
}

/// What makes a repeated request answer as the first time.
pub(in crate::api) fn idempotency_key(headers: &HeaderMap) -> Answer<Option<String>> {
    match headers::text(headers, &IDEMPOTENCY_KEY)? {
        Some(key) if key.is_empty() || key.len() > LONGEST_KEY => {
            let detail = format!("an idempotency key has 1 to {LONGEST_KEY} bytes");
            Err(Problem::bad_request("bad_header", detail).field(IDEMPOTENCY_KEY.as_str()))
        }
        key => Ok(key),
    }
}

impl Change {
    /// The organisation as it stands, and who acts: to find out what names mean.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Whether the request may be one that was made before.
    pub fn is_repeatable(&self) -> bool {
        self.idempotency_key.is_some()
    }

    /// What makes it.
    pub fn engine(&self) -> &Engine {
        &self.service.engine
    }

    /// Whether it is only to be shown what the change would do.
    pub fn is_rehearsal(&self) -> bool {
        self.dry_run
    }

    /// The change with what made its actor act.
    #[must_use]
    pub fn caused_by(mut self, causation: String) -> Self {
        self.context.causation = Some(causation);
        self
    }

    /// Which organisation is changed.
    pub fn organisation(&self) -> &OrganisationId {
        &self.organisation
    }

    /// The key that the change is asked for with, where it is one of the log.
    pub fn key(&self) -> Option<&KeyEntry> {
        self.facts.state.key(self.key.as_ref()?.as_str())
    }

    /// Makes the change, or shows what it would do. `version` is that of the resource that is changed,
    /// where `If-Match` may name one; `show` tells what there is afterwards.
    ///
    /// # Errors
    /// When a rule refuses, or the resource is of another version.
    pub async fn run<T: Serialize>(
        self,
        status: StatusCode,
        commands: Vec<Command>,
        version: Option<VersionOf>,
        show: impl FnOnce(&Facts) -> Answer<Shown<T>>,
    ) -> Answer<Response> {
        match self.make(commands, version).await? {
            Made::Rehearsed(response) => Ok(response),
            Made::Done { outcome, facts } => Ok(answer(status, &outcome, show(&facts)?)),
        }
    }

    /// Makes the change, or finds out what it would do.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn make(self, commands: Vec<Command>, version: Option<VersionOf>) -> Answer<Made> {
        let condition = version.and_then(|version| self.condition(version));
        let request = Request {
            organisation: self.organisation.clone(),
            commands,
            actor: self.facts.actor.clone(),
            context: self.context.clone(),
            idempotency_key: self.idempotency_key.clone(),
        };
        if self.dry_run {
            return self.rehearse(&request, condition).await.map(Made::Rehearsed);
        }
        let timer = std::time::Instant::now();
        let engine = &self.service.engine;
        let outcome = match condition {
            Some(condition) => engine.execute_if(request, condition).await?,
            None => engine.execute(request).await?,
        };
        self.service.meters.changes.observe(timer.elapsed().as_secs_f64());
        let state = self.service.state(&self.organisation, Some(outcome.position)).await?;
        let facts = Facts { now: self.service.now(&state), state: state.as_ref().clone(), ..self.facts };
        Ok(Made::Done { outcome, facts: Box::new(facts) })
    }

    /// Records an export, and hands the file out; a rehearsal hands out nothing.
    ///
    /// # Errors
    /// When a rule refuses.
    pub async fn hand_out(self, export: Command, file: impl IntoResponse) -> Answer<Response> {
        match self.make(vec![export], None).await? {
            Made::Rehearsed(response) => Ok(response),
            Made::Done { .. } => Ok(file.into_response()),
        }
    }

    /// Has the export of somebody refused who may not export, and the refusal recorded: nothing is made for them.
    ///
    /// # Errors
    /// Always: as the rule refuses, or, where it does so no longer, [`Problem::changed`].
    pub async fn refuse_export(self, export: Command) -> Answer<Response> {
        match self.make(vec![export], None).await? {
            Made::Rehearsed(response) => Ok(response),
            Made::Done { .. } => Err(Problem::changed()),
        }
    }

    /// What must be so by `If-Match`.
    fn condition(&self, version: VersionOf) -> Option<Condition> {
        let wanted = self.if_match.clone()?;
        Some(Arc::new(move |state| match version(state) {
            // Whether it is there, and for whom, is for the rules to say.
            None => true,
            Some(version) => wanted.split(',').map(str::trim).any(|tag| tag == "*" || tag == format!("\"{version}\"")),
        }))
    }

    async fn rehearse(&self, request: &Request, condition: Option<Condition>) -> Answer<Response> {
        let (before, _, events) = self.service.engine.rehearse(request).await?;
        if condition.is_some_and(|condition| !condition(&before)) {
            return Err(Problem::changed());
        }
        let now = events.last().map_or(self.facts.now, |event| event.stamp.time);
        let compared = diff(&before, now, &events, now, &Filter::default());
        let facts = Facts { state: before, ..self.facts.clone() };
        let reader = facts.reader()?;
        // The operator changes the rules, and is shown nobody's access.
        let shown_all = facts.actor != Actor::Operator;
        let seen = |id: &str| shown_all && reader.member(id).is_ok_and(|(ix, _)| reader.sees_access_of(ix));
        let (lines, unseen): (Vec<_>, Vec<_>) =
            compared.lines.into_iter().partition(|line| seen(line.member.id.as_str()));
        let access = lines.iter().filter_map(|line| serde_json::to_value(line).ok()).collect();
        let position = facts.state.position();
        let preview = Preview { access, unseen: unseen.len(), ..Preview::of(&facts.state, &events) };
        Ok(([(POSITION, HeaderValue::from(position))], axum::Json(preview)).into_response())
    }
}

/// What became of a change.
#[derive(Debug)]
pub enum Made {
    /// It was only to be shown what it would do.
    Rehearsed(Response),
    /// It was made.
    Done {
        /// What happened.
        outcome: Outcome,
        /// The organisation afterwards.
        facts: Box<Facts>,
    },
}

/// The answer to a change that was made.
pub(super) fn answer<T: Serialize>(status: StatusCode, outcome: &Outcome, shown: Shown<T>) -> Response {
    let mut response = (status, axum::Json(shown.body)).into_response();
    let headers = response.headers_mut();
    headers.insert(POSITION, HeaderValue::from(outcome.position));
    if outcome.repeated {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    if let Some(tag) = shown.version.and_then(entity_tag) {
        headers.insert(header::ETAG, tag);
    }
    if let Some(location) = shown.location.and_then(|location| HeaderValue::from_str(&location).ok()) {
        headers.insert(header::LOCATION, location);
    }
    response
}

/// What a change would do
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"dry_run": true, "events": [{"type": "RoleCreated", "sentence": "Olivia made the role Auditor"}],
    "access": [], "unseen": 0}))]
pub struct Preview {
    /// Always true: nothing was changed
    dry_run: bool,
    /// What would happen, in order
    events: Vec<EventInWords>,
    /// Whose effective permissions would change, where and how, as far as the caller sees them
    #[schema(value_type = Vec<DiffLine>)]
    access: Vec<Value>,
    /// How many other lines of `access` are out of the caller's sight
    unseen: usize,
}

impl Preview {
    /// What would happen, and nothing yet about whose permissions would change.
    pub(super) fn of(before: &AccessState, events: &[Recorded]) -> Self {
        Self { dry_run: true, events: in_words(before, events), access: Vec::new(), unseen: 0 }
    }
}

/// Events in words, from the state before the first of them.
pub(super) fn in_words(before: &AccessState, events: &[Recorded]) -> Vec<EventInWords> {
    let mut narrator = Narrator::new(before.clone());
    let tell = |recorded: &Recorded| {
        let sentence = narrator.tell(recorded).sentence;
        EventInWords { kind: recorded.event.name().to_owned(), sentence }
    };
    events.iter().map(tell).collect()
}

/// What there is after a change; with `dry_run`, what would change instead
#[derive(Serialize, ToSchema)]
#[allow(dead_code, reason = "describes what `Change::run` answers")]
#[serde(untagged)]
pub enum Changed<T> {
    /// What would change
    Preview(Preview),
    /// What there is now
    Done(T),
}

/// An event in words
#[derive(Debug, Serialize, ToSchema)]
pub struct EventInWords {
    /// The event's type
    #[serde(rename = "type")]
    kind: String,
    /// The event in words
    sentence: String,
}
