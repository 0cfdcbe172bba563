//! What requests say, and what is answered.

use chancery_aggregates::event::Verdict;
use chancery_aggregates::vocabulary::Time;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::api::problem::{Answer, Problem};
use crate::api::time::time;
use crate::api::v1::names;
use crate::api::v1::shapes;
use crate::api::v1::view::moment;
use crate::engine::Moment;
use crate::review::{Chosen, Opening, about};

/// An access review
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Review(pub(super) Value);

impl PartialSchema for Review {
    fn schema() -> RefOr<Schema> {
        shapes::Review::schema()
    }
}

impl ToSchema for Review {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        shapes::Review::schemas(schemas);
    }
}

/// A piece of somebody's access, and what was decided about it
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct LineOfReview(pub(super) Value);

impl PartialSchema for LineOfReview {
    fn schema() -> RefOr<Schema> {
        shapes::LineOfReview::schema()
    }
}

impl ToSchema for LineOfReview {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        shapes::LineOfReview::schemas(schemas);
    }
}

/// A review after a change, and the lines that were not carried out
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Carried(pub(super) Value);

#[derive(ToSchema)]
#[schema(example = json!({"review": null, "left": [{"line": 4, "rule": "gone", "because": "it is gone already"}]}))]
#[allow(dead_code, reason = "describes what `Carried` has")]
struct CarriedShape {
    /// The review; null where the caller may not know of it any more
    review: Option<shapes::Review>,
    /// Lines that were revoked and are not taken away
    left: Vec<shapes::LeftLine>,
}

impl PartialSchema for Carried {
    fn schema() -> RefOr<Schema> {
        CarriedShape::schema()
    }
}

impl ToSchema for Carried {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        CarriedShape::schemas(schemas);
    }
}

/// Reviews, and where the next page begins
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next": null}))]
pub(super) struct ReviewList {
    /// The latest first
    pub(super) items: Vec<Review>,
    /// The cursor of the next page; null after the last
    pub(super) next: Option<String>,
}

/// Lines of a review, and where the next page begins
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next": null}))]
pub(super) struct LineList {
    /// By number
    pub(super) items: Vec<LineOfReview>,
    /// The cursor of the next page; null after the last
    pub(super) next: Option<String>,
}

/// Which review.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct ReviewPath {
    /// Whose review
    #[param(example = "acme")]
    #[allow(dead_code, reason = "the extractors of the organisation read it")]
    pub(super) organisation: String,
    /// The review's id
    #[param(example = "q1")]
    pub(super) review: String,
}

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LineFilter {
    /// Only those that are the caller's to decide
    #[param(nullable = false)]
    pub(super) mine: Option<bool>,
    /// Only those that nobody decided yet
    #[param(nullable = false)]
    pub(super) undecided: Option<bool>,
    /// `next` of the page before
    #[param(nullable = false)]
    pub(super) cursor: Option<String>,
    /// The most items to answer, 1 to 1,000; 100 where nothing is said
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    pub(super) limit: Option<usize>,
}

/// Lines that somebody else decides
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": "role:approver", "reviewer": "mei"}))]
pub(super) struct OtherReviewer {
    /// `member:ID`, `role:ID` or `scope:ID`
    lines: String,
    /// Who decides them
    reviewer: String,
}

/// A review to be
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"id": "q1", "title": "First quarter", "deadline": "2099-12-31T00:00:00Z", "reviewer": "mei"}))]
pub(super) struct NewReview {
    /// Its id, which never changes
    pub(super) id: String,
    /// What people call it
    title: String,
    /// Which access: `all`, `sensitive`, `role:ID` or `scope:ID`; all where nothing is said
    #[schema(nullable = false)]
    about: Option<String>,
    /// Access as it was then: a time, or a position of the log; now where nothing is said
    #[schema(nullable = false)]
    at: Option<String>,
    /// When it should be done
    #[schema(format = DateTime)]
    deadline: String,
    /// Who decides
    reviewer: String,
    /// Who decides what is about the reviewer
    #[schema(nullable = false)]
    fallback: Option<String>,
    /// Who decides some lines instead; of several that fit, the last
    #[schema(nullable = false)]
    others: Option<Vec<OtherReviewer>>,
}

/// What is decided
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [1, 2], "verdict": "keep"}))]
pub(super) struct Decisions {
    /// Numbers of the lines
    pub(super) lines: Vec<u32>,
    /// `keep` or `revoke`
    verdict: String,
    /// Whether revoked access is taken away in the same step, where the caller may; true where nothing is said
    #[schema(nullable = false)]
    carry_out: Option<bool>,
}

/// Who decides from now on
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [3], "to": "mei"}))]
pub(super) struct Delegation {
    /// Numbers of the lines
    pub(super) lines: Vec<u32>,
    /// The member's id
    pub(super) to: String,
}

/// Which revoked lines are taken away
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [4]}))]
pub(super) struct Revocations {
    /// Numbers of the lines; all that are still there where nothing is said
    #[schema(nullable = false)]
    pub(super) lines: Option<Vec<u32>>,
}

impl NewReview {
    pub(super) fn opening(self) -> Answer<Opening> {
        let bad = |field: &'static str, detail: &'static str| Problem::bad_request("bad_body", detail).field(field);
        let instant = |text: &str| -> Answer<Time> {
            time(text).ok_or_else(|| bad("deadline", "write a time as 2026-03-03T14:30:00Z"))
        };
        let mut others = Vec::new();
        for other in self.others.unwrap_or_default() {
            let chosen = Chosen::parse(&other.lines);
            let chosen = chosen.ok_or_else(|| bad("others", "write lines as member:ID, role:ID or scope:ID"))?;
            others.push((chosen, names::member(&other.reviewer)));
        }
        let about = about(self.about.as_deref().unwrap_or("all"));
        Ok(Opening {
            deadline: instant(&self.deadline)?,
            about: about.ok_or_else(|| bad("about", "write all, sensitive, role:ID or scope:ID"))?,
            moment: self.at.as_deref().map_or(Ok(Moment::Now), moment)?,
            reviewer: names::member(&self.reviewer),
            fallback: self.fallback.as_deref().map(names::member),
            others,
            title: self.title,
        })
    }
}

impl Decisions {
    pub(super) fn verdict(&self) -> Answer<Verdict> {
        match self.verdict.as_str() {
            "keep" => Ok(Verdict::Keep),
            "revoke" => Ok(Verdict::Revoke),
            _ => Err(Problem::bad_request("bad_body", "a verdict is `keep` or `revoke`").field("verdict")),
        }
    }

    pub(super) fn carries_out(&self) -> bool {
        self.verdict == "revoke" && self.carry_out.unwrap_or(true)
    }
}
