//! `/access/v1/search/subject`, `resource` and `action`: each result is one that the same evaluation allows.

use std::hash::{BuildHasher, Hash};

use axum::extract::{Request, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chancery_aggregates::access::{Place, Question};
use chancery_aggregates::state::MemberIx;
use chancery_aggregates::state::permission_set::PermissionIx;
use serde::Serialize;
use serde::de::IgnoredAny;

use super::answer::respond;
use super::documented::{
    ActionSearch, ActionsAnswer, EntitiesAnswer, FoundAction, FoundEntity, PageAnswer, ResourceSearch, SubjectSearch,
};
use super::evaluation::parse;
use super::moment::Views;
use super::request::{Action, Context, Object, Resource, Search, Subject};
use super::sight::{ResourceKind, Sight, Unasked, is_of_kind};
use super::{Asked, asked};
use crate::api::authentication::Caller;
use crate::api::check::try_out;
use crate::api::failures::Failures;
use crate::api::problem::{Answer, Problem};
use crate::api::service::Shared;

const DEFAULT_LIMIT: u64 = 100;
const LARGEST_LIMIT: u64 = 1_000;

/// Searches for the subjects that may do something
///
/// Every result is a member whom the caller sees and for whom the evaluation comes to yes. A type of subjects that
/// there is not has none.
#[utoipa::path(
    post, path = "/access/v1/search/subject", operation_id = "search_subjects", tag = "AuthZEN",
    request_body(content = SubjectSearch, content_type = "application/json"),
    responses((status = 200, body = EntitiesAnswer, description = "The subjects"), Failures),
)]
pub(super) async fn subjects(State(service): State<Shared>, caller: Caller, request: Request) -> Answer<Response> {
    let Asked { body, state } = asked(&service, &caller, request).await?;
    let search: Search<'_> = parse::<Object<_>>(&body)?.0;
    let mut views = Views::new(&service, caller.member()?, state)?;
    let (subject, action, resource) = (search.subject()?, search.action()?, search.resource()?);
    search.require_resource_id()?;
    let page = Page::of(&search)?;
    let position = views.position();
    let sight = views.of(search.context()).await?;
    let permission = sight.permission(action).ok();
    let place = sight.place(resource);
    let kind = subject.kind.as_str();
    let found = permission.into_iter().flat_map(|permission| {
        let may = move |ix: MemberIx| {
            let ownership = sight.ownership(resource, ix);
            try_out(&sight.state, &Question { subject: ix, permission, place, ownership, at: sight.at }).is_allowed()
        };
        let seen = sight.state.members().filter(|(ix, _)| sight.sees_member(*ix));
        seen.filter(move |(ix, member)| is_of_kind(member, kind) && may(*ix))
            .map(move |(ix, member)| (ix.index(), FoundEntity { kind: kind.to_owned(), id: member.id.to_string() }))
    });
    let (page, results) = page.cut(found);
    Ok(json(&EntitiesAnswer { page, results }, position))
}

/// Searches for the resources on which a subject may do something
///
/// The type is a kind of scope, `scope` for any, or `organisation`. Resources that a product keeps are not known
/// here: of them there are none.
#[utoipa::path(
    post, path = "/access/v1/search/resource", operation_id = "search_resources", tag = "AuthZEN",
    request_body(content = ResourceSearch, content_type = "application/json"),
    responses((status = 200, body = EntitiesAnswer, description = "The resources"), Failures),
)]
pub(super) async fn resources(State(service): State<Shared>, caller: Caller, request: Request) -> Answer<Response> {
    let Asked { body, state } = asked(&service, &caller, request).await?;
    let search: Search<'_> = parse::<Object<_>>(&body)?.0;
    let mut views = Views::new(&service, caller.member()?, state)?;
    let (subject, action, resource) = (search.subject()?, search.action()?, search.resource()?);
    search.require_subject_id()?;
    let page = Page::of(&search)?;
    let position = views.position();
    let sight = views.of(search.context()).await?;
    let found: Vec<(usize, FoundEntity)> = match who_and_what(sight, subject, action)? {
        Some((member, permission)) => places_of_kind(sight, resource.kind.as_str())
            .filter(|(_, place, _)| {
                let ownership = sight.ownership(resource, member);
                let question = Question { subject: member, permission, place: *place, ownership, at: sight.at };
                try_out(&sight.state, &question).is_allowed()
            })
            .map(|(number, _, id)| (number, FoundEntity { kind: resource.kind.as_str().to_owned(), id }))
            .collect(),
        None => Vec::new(),
    };
    let (page, results) = page.cut(found.into_iter());
    Ok(json(&EntitiesAnswer { page, results }, position))
}

/// Searches for the actions that a subject may do on a resource
///
/// Every result is a permission of the catalogue. Restrictions narrow others and are none themselves.
#[utoipa::path(
    post, path = "/access/v1/search/action", operation_id = "search_actions", tag = "AuthZEN",
    request_body(content = ActionSearch, content_type = "application/json"),
    responses((status = 200, body = ActionsAnswer, description = "The actions"), Failures),
)]
pub(super) async fn actions(State(service): State<Shared>, caller: Caller, request: Request) -> Answer<Response> {
    let Asked { body, state } = asked(&service, &caller, request).await?;
    let search = parse::<Object<Search<'_, IgnoredAny>>>(&body)?.0.of_actions();
    let mut views = Views::new(&service, caller.member()?, state)?;
    let (subject, resource) = (search.subject()?, search.resource()?);
    search.require_subject_id()?;
    search.require_resource_id()?;
    let page = Page::of(&search)?;
    let position = views.position();
    let sight = views.of(search.context()).await?;
    let subject = match sight.subject(subject) {
        Ok(subject) => Some(subject),
        Err(Unasked::Blind(refusal)) => return Err(refusal.into()),
        Err(_) => None,
    };
    let (place, profile) = (sight.place(resource), sight.state.profile());
    let found = subject.into_iter().zip(profile).flat_map(|(subject, profile)| {
        let ownership = sight.ownership(resource, subject);
        let may = move |permission: PermissionIx| {
            try_out(&sight.state, &Question { subject, permission, place, ownership, at: sight.at }).is_allowed()
        };
        profile
            .grants()
            .iter()
            .enumerate()
            .filter(move |(_, permission)| may(*permission))
            .map(|(number, permission)| (number, FoundAction { name: profile.cite(permission).id.to_string() }))
    });
    let (page, results) = page.cut(found);
    Ok(json(&ActionsAnswer { page, results }, position))
}

/// The member and the permission; none where one of them is not there.
fn who_and_what(sight: &Sight, subject: &Subject<'_>, action: &Action<'_>) -> Answer<Option<(MemberIx, PermissionIx)>> {
    match sight.subject(subject) {
        Ok(member) => Ok(sight.permission(action).ok().map(|permission| (member, permission))),
        Err(Unasked::Blind(refusal)) => Err(refusal.into()),
        Err(_) => Ok(None),
    }
}

/// The places of a type, numbered in an order that only grows.
fn places_of_kind<'s>(sight: &'s Sight, kind: &'s str) -> impl Iterator<Item = (usize, Place, String)> + 's {
    let known = sight.kind(kind);
    let organisation =
        (known == ResourceKind::Organisation).then(|| (0, Place::Organisation, sight.state.organisation().to_string()));
    let wanted = move |own: &str| match known {
        ResourceKind::Scope(Some(kind)) => own == kind,
        ResourceKind::Scope(None) => true,
        ResourceKind::Organisation | ResourceKind::Product => false,
    };
    let scopes = sight.state.scopes().filter(move |(ix, scope)| wanted(&scope.kind) && sight.sees_scope(*ix));
    organisation.into_iter().chain(scopes.map(|(ix, scope)| (ix.index(), Place::Scope(ix), scope.id.to_string())))
}

impl<'a> Search<'a> {
    fn subject(&self) -> Answer<&Subject<'a>> {
        self.subject.as_ref().map(|subject| &subject.0).ok_or_else(|| missing("subject"))
    }

    fn action(&self) -> Answer<&Action<'a>> {
        self.action.as_ref().map(|action| &action.0).ok_or_else(|| missing("action"))
    }

    fn resource(&self) -> Answer<&Resource<'a>> {
        self.resource.as_ref().map(|resource| &resource.0).ok_or_else(|| missing("resource"))
    }

    fn context(&self) -> Option<&Context<'a>> {
        self.context.as_ref().map(|context| &context.0)
    }

    fn require_subject_id(&self) -> Answer<()> {
        self.subject()?.id.as_ref().map(|_| ()).ok_or_else(|| missing("subject.id"))
    }

    fn require_resource_id(&self) -> Answer<()> {
        self.resource()?.id.as_ref().map(|_| ()).ok_or_else(|| missing("resource.id"))
    }

    /// What a token is bound to: the search without its page's token.
    fn fingerprint(&self) -> u64 {
        let subject = self.subject.as_ref().map(|subject| (&subject.0.kind, &subject.0.id));
        let resource = self.resource.as_ref().map(|resource| {
            let properties = resource.0.properties.as_ref();
            (&resource.0.kind, &resource.0.id, properties.map(|properties| (&properties.0.scope, &properties.0.owner)))
        });
        let context = self.context.as_ref().map(|context| (&context.0.time, context.0.position));
        let action = self.action.as_ref().map(|action| &action.0.name);
        let limit = self.page.as_ref().and_then(|page| page.0.limit);
        foldhash::quality::FixedState::default().hash_one(Fingerprint((subject, action, resource, context, limit)))
    }
}

#[derive(Hash)]
struct Fingerprint<T: Hash>(T);

/// Which part of the results is asked for.
struct Page {
    /// The number of the first result that may be on it.
    from: usize,
    limit: usize,
    fingerprint: u64,
}

impl Page {
    fn of(search: &Search<'_>) -> Answer<Self> {
        let page = search.page.as_ref().map(|page| &page.0);
        let limit = page.and_then(|page| page.limit).unwrap_or(DEFAULT_LIMIT).min(LARGEST_LIMIT) as usize;
        let fingerprint = search.fingerprint();
        let token = page.and_then(|page| page.token.as_ref()).filter(|token| !token.as_str().is_empty());
        let from = match token {
            Some(token) => read_token(token.as_str(), fingerprint).ok_or_else(|| {
                let detail = "the token is of another search: send everything else as it was";
                Problem::bad_request("bad_token", detail).field("page.token")
            })?,
            None => 0,
        };
        Ok(Self { from, limit, fingerprint })
    }

    /// The results on this page, and where the next one starts.
    fn cut<T>(&self, found: impl Iterator<Item = (usize, T)>) -> (PageAnswer, Vec<T>) {
        let mut results = Vec::new();
        let mut next = String::new();
        for (number, result) in found.filter(|(number, _)| *number >= self.from) {
            if results.len() == self.limit {
                next = write_token(number, self.fingerprint);
                break;
            }
            results.push(result);
        }
        (PageAnswer { next_token: next, count: results.len() }, results)
    }
}

fn write_token(from: usize, fingerprint: u64) -> String {
    URL_SAFE_NO_PAD.encode([(from as u64).to_be_bytes(), fingerprint.to_be_bytes()].concat())
}

fn read_token(token: &str, fingerprint: u64) -> Option<usize> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (from, bound) = bytes.split_at_checked(8)?;
    let from = u64::from_be_bytes(from.try_into().ok()?);
    (u64::from_be_bytes(bound.try_into().ok()?) == fingerprint).then(|| usize::try_from(from).ok())?
}

fn json(answer: &impl Serialize, position: u64) -> Response {
    // INVARIANT: the answer is strings and numbers, which always have a JSON form.
    respond(serde_json::to_vec(answer).unwrap_or_default(), position)
}

fn missing(field: &'static str) -> Problem {
    Problem::bad_request("missing", format!("`{field}` is missing")).field(field)
}
