//! The log in words, as parts of pages.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use chancery_projections::activity::{Entry, Filter, Narrator};
use maud::{Markup, html};

use super::fragments::time;
use super::oops::Oops;
use super::visit::Visit;
use crate::views::log::read;
use crate::views::sight::Sight;

/// The last entries before a position that a filter takes, newest first, as far as the reader may read them.
///
/// # Errors
/// When the reader may read nothing of the log, or it cannot be read.
pub(super) async fn entries(visit: &Visit, filter: Filter, before: u64, most: usize) -> Result<Vec<Entry>, Oops> {
    let sight = Sight::of(&visit.facts)?;
    let start = (VecDeque::<Entry>::new(), Narrator::default());
    let until = before.saturating_sub(1).min(visit.facts.state.position());
    let engine = &visit.service.engine;
    // From the beginning on: the narrator tells what things were called then.
    let (kept, _) = read(engine, &visit.organisation, 0, until, start, move |(kept, narrator), recorded| {
        let entry = narrator.tell(&recorded);
        if sight.has(&entry) && filter.matches(&entry) {
            if kept.len() == most {
                kept.pop_front();
            }
            kept.push_back(entry);
        }
        ControlFlow::Continue(())
    })
    .await?;
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
