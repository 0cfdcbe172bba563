//! What a page of the audit log is asked for, as fields.

use crate::api::problem::Problem;
use crate::audit::{Asked, range};
use crate::cli::time::{Edge, Point};
use crate::console::form::Fields;
use crate::console::oops::Oops;
use crate::console::visit::Visit;
use crate::engine::Moment;

/// Filters of which several values stand with commas between them, as they are called.
pub(super) const NAMED: [(&str, &str); 5] = [
    ("actor", "By (id)"),
    ("subject", "About member (id)"),
    ("role", "Role (id)"),
    ("permission", "Permission"),
    ("scope", "Scope (id)"),
];

/// All names that choose entries.
pub(super) const ALL: [&str; 9] = ["actor", "subject", "role", "permission", "scope", "type", "outcome", "from", "to"];

/// What entries are chosen by, besides the range.
pub(super) fn asked(fields: &Fields) -> Asked {
    let values = |name: &str| {
        let words = fields.all(name).flat_map(|value| value.split(',')).map(str::trim);
        words.filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    Asked {
        actors: values("actor"),
        subjects: values("subject"),
        roles: values("role"),
        permissions: values("permission"),
        scopes: values("scope"),
        kinds: values("type"),
        outcomes: values("outcome"),
    }
}

/// First and last position of the range that is asked for, both included, as far as the page shows the log.
///
/// # Errors
/// When a text is no time and no position, or the log cannot be read.
pub(super) async fn positions(visit: &Visit, fields: &Fields) -> Result<(u64, u64), Oops> {
    let end = |name: &'static str, edge: Edge| -> Result<Option<Moment>, Oops> {
        let Some(text) = fields.get(name) else { return Ok(None) };
        let point: Point = text.parse().map_err(|error: crate::cli::time::NotAPoint| {
            Oops::from(Problem::bad_request("bad_time", error.to_string()).field(name))
        })?;
        Ok(Some(point.moment(edge, visit.head.now)))
    };
    let (from, to) = (end("from", Edge::Start)?, end("to", Edge::Included)?);
    let head = visit.facts.state.position();
    // A position that is not reached yet bounds nothing.
    let within = |moment: Option<Moment>| match moment {
        Some(Moment::Position(position)) if position > head => None,
        other => other,
    };
    let beyond = matches!(from, Some(Moment::Position(position)) if position > head);
    let (first, last) = range(&visit.service.engine, &visit.organisation, within(from), within(to)).await?;
    Ok((if beyond { head + 1 } else { first }, last.min(head)))
}

/// The fields that choose entries, as a query has them.
pub(super) fn chosen(fields: &Fields) -> Fields {
    ALL.iter().flat_map(|name| fields.all(name).filter(|value| !value.is_empty()).map(|value| (*name, value))).collect()
}
