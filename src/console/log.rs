//! The log in words, as parts of pages.

use chancery_projections::activity::{Entry, Filter};
use maud::{Markup, html};

use super::fragments::time;
use super::oops::Oops;
use super::visit::Visit;
use crate::views::log::newest;
use crate::views::sight::Sight;

/// The last entries before a position that a filter takes, newest first, as far as the reader may read them.
///
/// # Errors
/// When the reader may read nothing of the log, or it cannot be read.
pub(super) async fn entries(visit: &Visit, filter: Filter, before: u64, most: usize) -> Result<Vec<Entry>, Oops> {
    let sight = Sight::of(&visit.facts)?;
    let until = before.saturating_sub(1).min(visit.facts.state.position());
    let is_wanted = move |entry: &Entry| sight.has(entry) && filter.matches(entry);
    let kept = newest(&visit.service.engine, &visit.organisation, (0, until), most, is_wanted).await?;
    Ok(kept.into_iter().rev().collect())
}

/// Entries as a list, each with the way to the state just before and after it for who may see the past.
pub(super) fn show(visit: &Visit, entries: &[Entry]) -> Markup {
    let replays = visit.head.may_replay().is_ok();
    html! {
        ol.log { @for entry in entries { li {
            div.meta { (time(entry.time)) span.quiet { "#" (entry.position) } span.badge { (entry.kind) }
                @if replays {
                    @if entry.position > 1 { a href=(at(visit, entry.position - 1)) { "before" } }
                    a href=(at(visit, entry.position)) { "after" }
                }
            }
            p { (entry.sentence) "." }
        } } }
    }
}

/// This page as of a position, without what belongs to a list of now.
fn at(visit: &Visit, position: u64) -> String {
    format!("{}?at={position}", visit.path)
}
