//! The last checkpoint, as a badge, and the way to see it being checked.

use maud::{Markup, html};

use crate::api::problem::Problem;
use crate::console::fragments::{lock, time};
use crate::console::oops::Oops;
use crate::console::visit::Visit;
use crate::history::instant;
use crate::store::StoredCheckpoint;
use crate::views::evidence::{key_hash, root};

/// How much of a hash people compare at a glance.
pub(super) fn in_short(hash: &str) -> String {
    let start: String = hash.chars().take(10).collect();
    if start.len() < hash.len() { format!("{start}…") } else { start }
}

/// The last checkpoint of the log.
///
/// # Errors
/// The store fails.
pub(super) async fn last(visit: &Visit) -> Result<Option<StoredCheckpoint>, Oops> {
    let store = visit.service.engine.store();
    store.last_checkpoint(visit.organisation.as_str()).await.map_err(|error| Problem::from(error).into())
}

/// What the log was signed as last.
///
/// # Errors
/// The store fails.
pub(super) async fn badge(visit: &Visit) -> Result<Markup, Oops> {
    let Some(last) = last(visit).await? else { return Ok(missing(visit)) };
    let since = visit.head.state.position().saturating_sub(last.size);
    Ok(html! {
        section.seal aria-label="Last checkpoint" {
            (lock())
            dl {
                div { dt { "Signed" } dd { (entries(last.size)) } }
                div { dt { "On" } dd { (time(instant(last.time))) } }
                div { dt { "Root" } dd { code title=(root(&last)) { (in_short(&root(&last))) } } }
                div { dt { "Key" } dd { code { (key_hash(&last)) } } }
                div { dt { "Since then" } dd { (entries(since)) } }
            }
            (button(visit, last.size.min(visit.facts.state.position()), last.size, "Verify"))
        }
    })
}

/// So many entries, in words.
pub(super) fn entries(number: u64) -> String {
    if number == 1 { "1 entry".to_owned() } else { format!("{number} entries") }
}

/// Nothing was signed yet: what to do about it.
pub(super) fn missing(visit: &Visit) -> Markup {
    html! {
        section.seal.none aria-label="Last checkpoint" {
            p {
                strong { "This log is not signed yet." } " "
                @match &visit.service.settings.log_key {
                    Some(_) => { "The service has a key and signs it within " (visit.service.settings.checkpoint_time.to_string()) "." },
                    None => { "Start the service with " code { "--log-key FILE" } ", or run " code { "chancery audit checkpoint" }
                        ": from then on, whoever keeps a checkpoint can tell whether anything before it was changed." },
                }
            }
        }
    }
}

/// The way to verify an entry, or why it has to wait.
///
/// # Errors
/// The store fails.
pub(super) async fn verify_entry(visit: &Visit, position: u64) -> Result<Markup, Oops> {
    Ok(match last(visit).await? {
        None => missing(visit),
        Some(last) if last.size < position => html! {
            p { "The last checkpoint covers #1 to #" (last.size) ", and not yet this entry. The next one will." }
        },
        Some(last) => html! {
            p { "The last checkpoint covers #1 to #" (last.size) ": it can be shown that this entry is among them." }
            (button(visit, position, last.size, "Verify this entry"))
        },
    })
}

/// Which entry is checked against the last checkpoint.
pub(super) fn button(visit: &Visit, position: u64, size: u64, label: &str) -> Markup {
    html! {
        form.row method="get" action=(visit.present("/audit/verify")) {
            @if let Some(past) = &visit.past { input type="hidden" name="at" value=(past.asked); }
            label for="verified" { "Entry" }
            input.number id="verified" type="number" name="entry" min="1" max=(size) value=(position) required;
            button.main { (label) }
        }
    }
}
