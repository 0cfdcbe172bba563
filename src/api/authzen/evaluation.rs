//! `/access/v1/evaluation` and `/access/v1/evaluations`.

use axum::extract::{Request, State};
use axum::response::Response;
use chancery_aggregates::access::{Denial, Question};
use chancery_aggregates::state::MemberIx;
use chancery_aggregates::state::permission_set::PermissionIx;
use serde_json::value::RawValue;
use tracing::Instrument as _;

use super::answer::{Answered, respond, single};
use super::documented::{EvaluationAnswer, EvaluationRequest, EvaluationsAnswer, EvaluationsRequest};
use super::moment::Views;
use super::request::{Action, Batch, Context, Item, Object, Resource, Semantic, Subject, is_object, mistake_in};
use super::sight::{Sight, Unasked};
use super::{Asked, asked};
use crate::api::authentication::Caller;
use crate::api::check::Checks;
use crate::api::failures::Failures;
use crate::api::problem::{Answer, Problem};
use crate::api::service::{Service, Shared};
use crate::traces;

/// Asks whether a subject may do something
///
/// The subject is a member: type `user` or `person`, `service`, or `member` for either. The action's name is
/// a permission. The resource is a scope (its kind, or `scope`), the `organisation`, or anything that a product keeps:
/// then `properties.scope` names the scope that it is in, without which it belongs to the organisation as a whole.
/// `properties.owner` names the member whose own it is; where that matters and is not said, the answer is yes with
/// `only_own`, and the caller has to look. `context.time` or `context.position` asks for the past, which needs the
/// permission to read the audit log.
#[utoipa::path(
    post, path = "/access/v1/evaluation", operation_id = "evaluate", tag = "AuthZEN",
    params(("x-chancery-at-least" = Option<u64>, Header, description = "The answer knows of this position at least")),
    request_body(content = EvaluationRequest, content_type = "application/json"),
    responses((status = 200, body = EvaluationAnswer, description = "The decision; a denial is no failure"), Failures),
)]
pub(super) async fn evaluation(State(service): State<Shared>, caller: Caller, request: Request) -> Answer<Response> {
    let asked = asked(&service, &caller, request).await?;
    evaluate(&service, &caller, asked).await
}

/// Answers one question of a body.
///
/// # Errors
/// When the body is none, or the caller may not ask.
pub(in crate::api) async fn evaluate(service: &Service, caller: &Caller, asked: Asked) -> Answer<Response> {
    let Asked { body, state } = asked;
    let item: Object<Item<'_>> = parse(&body)?;
    let mut views = Views::new(service, caller.member()?, state)?;
    let span = traces::evaluation(1);
    let answered = answer(service, &mut views, &Parts::of(&item.0)).instrument(span.clone()).await?;
    span.record("chancery.allowed", u64::from(answered.is_allowed()));
    Ok(single(&answered, views.position()))
}

/// Asks several questions at once
///
/// Top-level members are defaults for the items of `evaluations`; without items the request is a single question.
/// `options.evaluations_semantic` says when to stop: `execute_all` (default), `deny_on_first_deny` or
/// `permit_on_first_permit`. An item that cannot be asked is a denied item with an `error` in its context.
#[utoipa::path(
    post, path = "/access/v1/evaluations", operation_id = "evaluate_several", tag = "AuthZEN",
    params(("x-chancery-at-least" = Option<u64>, Header, description = "The answer knows of this position at least")),
    request_body(content = EvaluationsRequest, content_type = "application/json"),
    responses((status = 200, body = EvaluationsAnswer, description = "The decisions, in the order of the questions"), Failures),
)]
pub(super) async fn evaluations(State(service): State<Shared>, caller: Caller, request: Request) -> Answer<Response> {
    let asked = asked(&service, &caller, request).await?;
    evaluate_several(&service, &caller, asked).await
}

/// Answers the questions of a body.
///
/// # Errors
/// As [`evaluate`].
pub(in crate::api) async fn evaluate_several(service: &Service, caller: &Caller, asked: Asked) -> Answer<Response> {
    let Asked { body, state } = asked;
    let mut views = Views::new(service, caller.member()?, state)?;
    // Nearly always all items are well formed: only otherwise each is looked at by itself.
    if let Ok(batch) = from_json::<Object<Batch<'_, Object<Item<'_>>>>>(&body) {
        let items = batch.0.evaluations.as_deref().unwrap_or_default();
        let span = traces::evaluation(items.len().max(1));
        return answer_all(service, &mut views, &batch.0, items, |item| Ok(&item.0)).instrument(span).await;
    }
    let batch: Object<Batch<'_, &RawValue>> = parse(&body)?;
    let raw = batch.0.evaluations.as_deref().unwrap_or_default();
    let items: Vec<Result<Object<Item<'_>>, &RawValue>> =
        raw.iter().map(|raw| serde_json::from_str(raw.get()).map_err(|_| *raw)).collect();
    answer_all(service, &mut views, &batch.0, &items, |item| match item {
        Ok(item) => Ok(&item.0),
        Err(raw) => Err(Problem::bad_request("bad_body", mistake_in(raw.get()).unwrap_or_default())),
    })
    .instrument(traces::evaluation(items.len().max(1)))
    .await
}

/// What a question consists of; what is absent is missing.
#[derive(Debug, Clone, Copy)]
struct Parts<'q, 'a> {
    subject: Option<&'q Object<Subject<'a>>>,
    action: Option<&'q Object<Action<'a>>>,
    resource: Option<&'q Object<Resource<'a>>>,
    context: Option<&'q Object<Context<'a>>>,
}

/// A question with nothing missing.
#[derive(Debug, Clone, Copy)]
struct Whole<'q, 'a> {
    subject: &'q Subject<'a>,
    action: &'q Action<'a>,
    resource: &'q Resource<'a>,
    context: Option<&'q Context<'a>>,
}

impl<'q, 'a> Parts<'q, 'a> {
    fn of(item: &'q Item<'a>) -> Self {
        let Item { subject, action, resource, context } = item;
        Self {
            subject: subject.as_ref(),
            action: action.as_ref(),
            resource: resource.as_ref(),
            context: context.as_ref(),
        }
    }

    /// The question, if nothing is missing.
    fn whole(&self) -> Answer<Whole<'q, 'a>> {
        let subject = &self.subject.ok_or_else(|| missing("subject"))?.0;
        let action = &self.action.ok_or_else(|| missing("action"))?.0;
        let resource = &self.resource.ok_or_else(|| missing("resource"))?.0;
        if subject.id.is_none() {
            return Err(missing("subject.id"));
        }
        if resource.id.is_none() {
            return Err(missing("resource.id"));
        }
        Ok(Whole { subject, action, resource, context: self.context.map(|context| &context.0) })
    }

    /// An item's own parts, and the batch's for those that it leaves out.
    fn or(self, defaults: Self) -> Self {
        Self {
            subject: self.subject.or(defaults.subject),
            action: self.action.or(defaults.action),
            resource: self.resource.or(defaults.resource),
            context: self.context.or(defaults.context),
        }
    }
}

async fn answer_all<I, T>(
    service: &Service,
    views: &mut Views<'_>,
    batch: &Batch<'_, I>,
    items: &[T],
    read: impl for<'i> Fn(&'i T) -> Answer<&'i Item<'_>>,
) -> Answer<Response> {
    let defaults = Parts {
        subject: batch.subject.as_ref(),
        action: batch.action.as_ref(),
        resource: batch.resource.as_ref(),
        context: batch.context.as_ref(),
    };
    if items.is_empty() {
        return Ok(single(&answer(service, views, &defaults).await?, views.position()));
    }
    if items.len() > service.settings.evaluations {
        let detail = format!("at most {} questions at once", service.settings.evaluations);
        return Err(Problem::bad_request("too_many", detail).field("evaluations"));
    }
    let semantic = batch.options.as_ref().and_then(|options| options.0.evaluations_semantic).unwrap_or_default();
    let mut body = Vec::with_capacity(32 + items.len() * 24);
    let (mut checks, mut known) = (Checks::new(&service.meters), Known::default());
    body.extend_from_slice(br#"{"evaluations":["#);
    for (number, item) in items.iter().enumerate() {
        let asked = read(item).and_then(|item| Parts::of(item).or(defaults).whole());
        let answered = match asked {
            // Most items ask about the present: nothing is waited for.
            Ok(asked) => match views.present(asked.context) {
                Some(present) => decide(&mut checks, present, &asked, &mut known),
                None => match views.of(asked.context).await {
                    Ok(sight) => decide(&mut checks, sight, &asked, &mut Known::default()),
                    Err(problem) => Err(problem),
                },
            },
            Err(problem) => Err(problem),
        };
        let answered = answered.unwrap_or_else(Answered::Failed);
        if number > 0 {
            body.push(b',');
        }
        answered.write(&mut body);
        match (semantic, answered.is_allowed()) {
            (Semantic::DenyOnFirstDeny, false) | (Semantic::PermitOnFirstPermit, true) => break,
            _ => {}
        }
    }
    body.extend_from_slice(b"]}");
    tracing::Span::current().record("chancery.allowed", checks.allowed());
    Ok(respond(body, views.position()))
}

/// Answers one question.
async fn answer(service: &Service, views: &mut Views<'_>, parts: &Parts<'_, '_>) -> Answer<Answered> {
    let asked = parts.whole()?;
    let sight = views.of(asked.context).await?;
    decide(&mut Checks::new(&service.meters), sight, &asked, &mut Known::default())
}

/// What was looked up last: items of a batch often share a subject and an action, which are then looked up once. It is of
/// one view.
#[derive(Default)]
struct Known<'q, 'a> {
    subject: Option<(&'q Subject<'a>, MemberIx)>,
    action: Option<(&'q Action<'a>, PermissionIx)>,
}

impl<'q, 'a> Known<'q, 'a> {
    fn question(&mut self, sight: &Sight, asked: &Whole<'q, 'a>) -> Result<Question, Unasked> {
        let subject = match self.subject {
            Some((subject, ix)) if std::ptr::eq(subject, asked.subject) => ix,
            _ => self.subject.insert((asked.subject, sight.subject(asked.subject)?)).1,
        };
        let permission = match self.action {
            Some((action, ix)) if std::ptr::eq(action, asked.action) => ix,
            _ => self.action.insert((asked.action, sight.permission(asked.action)?)).1,
        };
        Ok(sight.question(subject, permission, asked.resource))
    }
}

fn decide<'q, 'a>(
    checks: &mut Checks<'_>,
    sight: &Sight,
    asked: &Whole<'q, 'a>,
    known: &mut Known<'q, 'a>,
) -> Answer<Answered> {
    Ok(Answered::Decided(match known.question(sight, asked) {
        Ok(question) => checks.check(&sight.state, &question),
        Err(unasked) => checks.deny(Denial::try_from(unasked)?),
    }))
}

fn missing(field: &'static str) -> Problem {
    Problem::bad_request("missing", format!("`{field}` is missing")).field(field)
}

/// Reads a body that is an object.
pub(super) fn parse<'a, T: serde::Deserialize<'a>>(body: &'a [u8]) -> Answer<T> {
    from_json(body).map_err(|error| {
        let detail = if is_object(body) { error.to_string() } else { format!("the body is no JSON object: {error}") };
        Problem::bad_request("bad_body", detail)
    })
}

/// Reads JSON. Whether it is UTF-8 is asked once for all of it, and not for each string.
fn from_json<'a, T: serde::Deserialize<'a>>(body: &'a [u8]) -> Result<T, serde_json::Error> {
    match std::str::from_utf8(body) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(body),
    }
}
