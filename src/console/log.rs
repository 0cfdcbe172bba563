//! The log in words, as parts of pages.

use chancery_projections::activity::{Entry, Filter};
use maud::{Markup, html};

use super::fragments::time;
use super::jump::Jumps;
use super::oops::Oops;
use super::visit::Visit;
use crate::views::backward::{Found, LOOKED_AT, Part, activity};
use crate::views::sight::Sight;

/// The last entries before a position that a filter takes, newest first, as far as the reader may read them.
///
/// # Errors
/// When the reader may read nothing of the log, or it cannot be read.
pub(super) async fn entries(visit: &Visit, filter: Filter, before: u64, most: usize) -> Result<Found<Entry>, Oops> {
    let sight = Sight::of(&visit.facts)?;
    let until = before.saturating_sub(1).min(visit.facts.state.position());
    let part = Part { after: 0, until, most, looked_at: LOOKED_AT };
    Ok(activity(&visit.service.engine, &visit.organisation, part, filter, &sight).await?)
}

/// Entries as a list, each with the way to what it is about, now and just before and after.
pub(super) fn show(visit: &Visit, entries: &[Entry]) -> Markup {
    let jumps = Jumps::of(visit);
    html! {
        ol.log { @for entry in entries { li {
            div.meta { (time(entry.time)) span.quiet { "#" (entry.position) }
                span.badge.bad[entry.kind == "CommandRefused"] { (entry.kind) } }
            p { (entry.sentence) "." }
            (jumps.of_entry(entry.position, entry.kind, &entry.subjects))
        } } }
    }
}
