//! Failures as RFC 9457 problem details: a stable `type` for each rule, and the offending field.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chancery_aggregates::Refusal;
use chancery_aggregates::refusal::{RefusalKind, Thing};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::engine::EngineError;
use crate::store::StoreError;
use crate::vault::VaultError;

/// What precedes the name of the rule in `type`.
const TYPE_PREFIX: &str = "urn:chancery:problem:";

/// Problem details (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "type": "urn:chancery:problem:name_taken", "title": "name taken", "status": 409,
    "detail": "a role named `Auditor` exists already: choose another name", "rule": "name_taken", "field": "name"
}))]
pub struct ProblemDetails {
    /// Stable, one for each rule: `urn:chancery:problem:` and the rule.
    #[serde(rename = "type")]
    pub kind: String,
    /// The rule in words.
    pub title: String,
    /// The status code of the answer.
    pub status: u16,
    /// What a person needs to know.
    pub detail: String,
    /// Stable name of the rule, as in the log and on the command line.
    pub rule: String,
    /// The member of the request, or the parameter, that is to blame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub field: Option<String>,
}

/// Why a request is not answered as it was hoped.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    rule: &'static str,
    detail: String,
    field: Option<String>,
    command: Option<usize>,
    headers: Vec<(header::HeaderName, HeaderValue)>,
}

/// What a handler comes to.
pub type Answer<T> = Result<T, Problem>;

impl Problem {
    /// A failure by a rule that is not one of the organisation's.
    pub fn new(status: StatusCode, rule: &'static str, detail: impl Into<String>) -> Self {
        Self { status, rule, detail: detail.into(), field: None, command: None, headers: Vec::new() }
    }

    /// The request makes no sense.
    pub fn bad_request(rule: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, rule, detail)
    }

    /// There is no usable key.
    pub fn unauthenticated(detail: &'static str) -> Self {
        let challenge = HeaderValue::from_static("Bearer realm=\"chancery\"");
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail).with_header(header::WWW_AUTHENTICATE, challenge)
    }

    /// There is nothing, or nothing that the caller may know of.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "unknown", detail)
    }

    /// The organisation is not there for the caller. No nearest name: it would be another tenant's.
    pub fn no_organisation(organisation: &str) -> Self {
        Self::not_found(format!("there is no organisation `{organisation}`"))
    }

    /// The service cannot do it now; nothing was acknowledged.
    pub fn unavailable(rule: &'static str, detail: &'static str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, rule, detail).retry_after(1)
    }

    /// The service itself failed.
    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the service failed: see its log")
    }

    /// What the caller wants to change is not as it was read.
    pub fn changed() -> Self {
        let detail = "somebody else changed this since it was read: read it again";
        Self::new(StatusCode::PRECONDITION_FAILED, "changed", detail).field("If-Match")
    }

    /// Names what is to blame.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Says when to try again, in seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The status code of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The rule, for programs.
    pub fn rule(&self) -> &'static str {
        self.rule
    }

    /// What a person needs to know.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Which of several commands is refused, counted from 0.
    pub fn command(&self) -> Option<usize> {
        self.command
    }

    /// The body of the answer.
    pub fn details(&self) -> ProblemDetails {
        ProblemDetails {
            kind: format!("{TYPE_PREFIX}{}", self.rule),
            title: self.rule.replace('_', " "),
            status: self.status.as_u16(),
            detail: self.detail.clone(),
            rule: self.rule.to_owned(),
            field: self.field.clone(),
        }
    }
}

/// The rule that refused a request, for the log and the metrics.
#[derive(Debug, Clone, Copy)]
pub(super) struct RefusedBy(pub(super) &'static str);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // INVARIANT: the details are strings and numbers, which always have a JSON form.
        let body = serde_json::to_vec(&self.details()).unwrap_or_default();
        let content_type = (header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        let mut response = (self.status, [content_type], body).into_response();
        response.headers_mut().extend(self.headers.into_iter().map(|(name, value)| (Some(name), value)));
        response.extensions_mut().insert(RefusedBy(self.rule));
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.kind() {
            // The catalogue is no resource of its own: what is named wrongly is in the request's body.
            RefusalKind::NotFound if names_catalogue(&refusal) => StatusCode::UNPROCESSABLE_ENTITY,
            RefusalKind::NotFound => StatusCode::NOT_FOUND,
            RefusalKind::Forbidden => StatusCode::FORBIDDEN,
            RefusalKind::Conflict => StatusCode::CONFLICT,
            RefusalKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let field = field_of(&refusal);
        let problem = Self::new(status, refusal.rule(), refusal.to_string());
        match field {
            Some(field) => problem.field(field),
            None => problem,
        }
    }
}

fn names_catalogue(refusal: &Refusal) -> bool {
    let catalogue = [Thing::Permission, Thing::AccountType, Thing::ScopeKind, Thing::Document];
    matches!(refusal, Refusal::Unknown { thing, .. } if catalogue.contains(thing))
}

/// The member of a request that a refusal is about, where it can be told from the refusal alone.
fn field_of(refusal: &Refusal) -> Option<&'static str> {
    Some(match refusal {
        Refusal::NameTaken { .. } | Refusal::BadName { .. } => "name",
        Refusal::IdTaken { .. } | Refusal::BadId { .. } => "id",
        Refusal::BadColour { .. } => "colour",
        Refusal::LevelRequired { .. } | Refusal::LevelNotUsed | Refusal::LevelCeiling { .. } => "level",
        Refusal::InheritanceCycle { .. } => "inherits",
        Refusal::ScopeCycle { .. } | Refusal::MisplacedScope { .. } => "parent",
        Refusal::KindRequired { .. } => "kind",
        Refusal::EmptyWindow { .. } => "until",
        Refusal::ReviewAhead { .. } => "position",
        Refusal::UnfitReviewer { .. } | Refusal::SelfReview { .. } => "reviewer",
        Refusal::ScopeRequired { .. } | Refusal::ScopeNotUsed { .. } => "scope",
        Refusal::ToggleNotHeld { .. } | Refusal::Contradiction { .. } => "permissions",
        Refusal::DocumentNotAsked { .. } => "document",
        Refusal::Unknown { thing, .. } => match thing {
            Thing::Organisation => "organisation",
            Thing::Role => "role",
            Thing::Member => "member",
            Thing::Scope => "scope",
            Thing::Permission => "permissions",
            Thing::AccountType => "account_type",
            Thing::ScopeKind => "kind",
            Thing::Document => "document",
            Thing::Key => "key",
            Thing::Review => "review",
            Thing::ReviewLine => "lines",
        },
        _ => return None,
    })
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Refused { refusal, command } => Self { command: Some(command), ..(*refusal).into() },
            EngineError::Store(error) => error.into(),
            EngineError::BeforeFounding { .. } => {
                Self::new(StatusCode::NOT_FOUND, "before_founding", error.to_string())
            }
            EngineError::BeyondHead { .. } => Self::new(StatusCode::NOT_FOUND, "beyond_head", error.to_string()),
            EngineError::Changed { .. } => Self::changed(),
            EngineError::Behind { .. } => Self::unavailable("behind", "the position did not come in time"),
            EngineError::Contended { .. } => Self::unavailable("contended", "too many others write here: try again"),
            EngineError::Sealing(VaultError::Store(error)) => error.into(),
            EngineError::Sealing(error) => {
                tracing::error!(%error, "personal data could not be sealed");
                Self::unavailable("not_sealed", "personal data cannot be written now: see the service's log")
            }
            EngineError::Unreadable { .. } | EngineError::Internal(_) => {
                tracing::error!(%error, "the engine failed");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the service failed: see its log")
            }
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if let StoreError::KeyReused { .. } = error {
            let detail = "this idempotency key was used before for another request";
            return Self::new(StatusCode::UNPROCESSABLE_ENTITY, "key_reused", detail).field("Idempotency-Key");
        }
        // What the store says names its place, which is not the caller's business.
        tracing::error!(%error, "the store failed");
        match error {
            StoreError::Full { .. } => {
                let detail = "no space is left for the log: nothing of this request was written";
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "store_full", detail)
            }
            StoreError::ReadOnly { .. } => Self::unavailable("store_read_only", "the log cannot be written"),
            StoreError::Closed => Self::unavailable("stopping", "the service is stopping"),
            StoreError::Invalid(_) | StoreError::Foreign { .. } => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the service failed: see its log")
            }
            _ => Self::unavailable("store_unavailable", "the store does not answer: try again"),
        }
    }
}
