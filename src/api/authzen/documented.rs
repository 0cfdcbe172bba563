//! The requests and answers of AuthZEN as the description of the interface shows them.
//! What is read is in `request.rs`, borrowed from the body.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Who: a member
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Subject, example = json!({"type": "user", "id": "tom"}))]
pub(super) struct SubjectBody {
    /// `user` or `person`, `service`, or `member` for either
    #[serde(rename = "type")]
    kind: String,
    /// The member's id
    id: String,
}

/// Subjects of a type
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SubjectType, example = json!({"type": "user"}))]
pub(super) struct SubjectTypeBody {
    /// `user` or `person`, `service`, or `member` for either
    #[serde(rename = "type")]
    kind: String,
}

/// What: a permission
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Action, example = json!({"name": "invoice.approve"}))]
pub(super) struct ActionBody {
    /// The permission's key
    name: String,
}

/// On what
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Resource, example = json!({"type": "property", "id": "acacia"}))]
pub(super) struct ResourceBody {
    /// A kind of scope, `scope`, `organisation`, or a type of the product's own
    #[serde(rename = "type")]
    kind: String,
    /// The id of a scope or of the organisation; for other types any text
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    properties: Option<PropertiesBody>,
}

/// Resources of a type
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ResourceType, example = json!({"type": "property"}))]
pub(super) struct ResourceTypeBody {
    /// A kind of scope, `scope`, or `organisation`
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    properties: Option<PropertiesBody>,
}

/// What a resource says of itself
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ResourceProperties, example = json!({"scope": "acacia", "owner": "tom"}))]
pub(super) struct PropertiesBody {
    /// The id of the scope that a resource of the product's own is in; without it, the organisation as a whole
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    scope: Option<String>,
    /// The member whose own it is
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    owner: Option<String>,
}

/// When; the present where nothing is said
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Context, example = json!({"time": "2026-03-03T14:30:00Z"}))]
pub(super) struct ContextBody {
    /// An instant, by RFC 3339; the seconds may be left out
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    time: Option<String>,
    /// A position of the organisation's log
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    position: Option<u64>,
}

/// A question
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "subject": {"type": "user", "id": "tom"}, "action": {"name": "invoice.approve"},
    "resource": {"type": "property", "id": "acacia"}
}))]
pub(super) struct EvaluationRequest {
    subject: SubjectBody,
    action: ActionBody,
    resource: ResourceBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    context: Option<ContextBody>,
}

/// A decision
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "decision": false,
    "context": {"code": "no_role", "kind": "forbidden", "reason": "no role in force gives the permission there"}
}))]
pub(super) struct EvaluationAnswer {
    /// Whether the answer is yes
    decision: bool,
    /// Why not (`code`, `kind`, `reason`), what the yes is limited to (`only_own`), or why it could not be asked (`error`)
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    context: Option<Value>,
}

/// Questions, with what they have in common said once
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "subject": {"type": "user", "id": "tom"}, "action": {"name": "invoice.approve"},
    "evaluations": [{"resource": {"type": "property", "id": "acacia"}}, {"resource": {"type": "property", "id": "birch"}}],
    "options": {"evaluations_semantic": "execute_all"}
}))]
pub(super) struct EvaluationsRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    subject: Option<SubjectBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    action: Option<ActionBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    resource: Option<ResourceBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    context: Option<ContextBody>,
    /// Each a question; what it leaves out is taken from above. Anything else is a denied item
    evaluations: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    options: Option<OptionsBody>,
}

/// How the questions are gone through
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EvaluationsOptions)]
pub(super) struct OptionsBody {
    #[schema(nullable = false)]
    evaluations_semantic: Option<SemanticBody>,
}

/// When to stop
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EvaluationsSemantic)]
#[allow(dead_code, reason = "describes `Semantic`")]
pub(super) enum SemanticBody {
    ExecuteAll,
    DenyOnFirstDeny,
    PermitOnFirstPermit,
}

/// The decisions; a single one where there were no items
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"evaluations": [{"decision": true}, {"decision": false, "context": {
    "code": "out_of_scope", "kind": "not_found", "reason": "the resource is outside the member's scope"}}]}))]
pub(super) struct EvaluationsAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    evaluations: Option<Vec<EvaluationAnswer>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    decision: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    context: Option<Value>,
}

/// Which part of the results
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PageRequest, example = json!({"limit": 50}))]
pub(super) struct PageBody {
    /// `next_token` of the answer before; everything else in the request stays the same
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    token: Option<String>,
    /// The most results to answer; 100 where nothing is said, never over 1,000
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    limit: Option<u64>,
}

/// A search for subjects
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "subject": {"type": "user"}, "action": {"name": "invoice.approve"},
    "resource": {"type": "property", "id": "acacia"}, "page": {"limit": 50}
}))]
pub(super) struct SubjectSearch {
    subject: SubjectTypeBody,
    action: ActionBody,
    resource: ResourceBody,
    #[schema(nullable = false)]
    context: Option<ContextBody>,
    #[schema(nullable = false)]
    page: Option<PageBody>,
}

/// A search for resources
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "subject": {"type": "user", "id": "tom"}, "action": {"name": "invoice.approve"}, "resource": {"type": "property"}
}))]
pub(super) struct ResourceSearch {
    subject: SubjectBody,
    action: ActionBody,
    resource: ResourceTypeBody,
    #[schema(nullable = false)]
    context: Option<ContextBody>,
    #[schema(nullable = false)]
    page: Option<PageBody>,
}

/// A search for actions
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "subject": {"type": "user", "id": "tom"}, "resource": {"type": "property", "id": "acacia"}
}))]
pub(super) struct ActionSearch {
    subject: SubjectBody,
    resource: ResourceBody,
    #[schema(nullable = false)]
    context: Option<ContextBody>,
    #[schema(nullable = false)]
    page: Option<PageBody>,
}

/// Where the results stand
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"next_token": "", "count": 2}))]
pub(super) struct PageAnswer {
    /// Where the next page starts; empty after the last one
    pub(super) next_token: String,
    /// How many results this page has
    pub(super) count: usize,
}

/// A subject or a resource that was found
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FoundEntity {
    /// The type that was searched for
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// Its id
    pub(super) id: String,
}

/// An action that was found
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FoundAction {
    /// The permission's key
    pub(super) name: String,
}

/// Subjects or resources
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"page": {"next_token": "", "count": 1}, "results": [{"type": "user", "id": "tom"}]}))]
pub(super) struct EntitiesAnswer {
    pub(super) page: PageAnswer,
    pub(super) results: Vec<FoundEntity>,
}

/// Actions
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"page": {"next_token": "", "count": 1}, "results": [{"name": "invoice.approve"}]}))]
pub(super) struct ActionsAnswer {
    pub(super) page: PageAnswer,
    pub(super) results: Vec<FoundAction>,
}

/// Where the endpoints are
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "policy_decision_point": "https://access.example.com",
    "access_evaluation_endpoint": "https://access.example.com/access/v1/evaluation",
    "access_evaluations_endpoint": "https://access.example.com/access/v1/evaluations",
    "search_subject_endpoint": "https://access.example.com/access/v1/search/subject",
    "search_resource_endpoint": "https://access.example.com/access/v1/search/resource",
    "search_action_endpoint": "https://access.example.com/access/v1/search/action"
}))]
pub(super) struct Metadata {
    pub(super) policy_decision_point: String,
    pub(super) access_evaluation_endpoint: String,
    pub(super) access_evaluations_endpoint: String,
    pub(super) search_subject_endpoint: String,
    pub(super) search_resource_endpoint: String,
    pub(super) search_action_endpoint: String,
}
