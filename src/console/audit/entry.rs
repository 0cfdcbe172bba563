//! One entry, with everything that is known of it.

use axum::response::Response;
use chancery_projections::activity::SubjectKind;
use chancery_projections::audit::{Entry, Named};
use maud::{Markup, html};
use serde::Deserialize;

use super::{admit, list, seal};
use crate::api::body::InPath;
use crate::console::fragments::time;
use crate::console::jump::Jumps;
use crate::console::oops::Oops;
use crate::console::page::Section;
use crate::console::visit::Visit;
use crate::log::Hash;
use crate::views::backward::{Part, backward};

/// Which entry.
#[derive(Debug, Deserialize)]
pub(super) struct At {
    position: u64,
}

pub(super) async fn show(visit: Visit, InPath(At { position }): InPath<At>) -> Result<Response, Oops> {
    admit(&visit)?;
    let head = visit.facts.state.position();
    if position == 0 || position > head {
        return Err(Oops::nothing());
    }
    let part = Part { after: position - 1, until: position, most: 1, looked_at: 1 };
    let tell = |state: &_, recorded: &_| Some(Entry::of(state, recorded));
    let found = backward(&visit.service.engine, &visit.organisation, part, |_| true, tell).await?.items;
    let leaves = list::leaves(&visit, &found).await?;
    let entry = found.first().ok_or_else(Oops::nothing)?;
    let jumps = Jumps::of(&visit);
    let to = |position: u64| visit.link(&format!("/audit/entries/{position}"));
    let title = format!("Entry #{position}");
    let content = html! {
        nav.crumbs aria-label="Breadcrumb" { a href=(visit.link("/audit")) { "Audit log" } }
        div.heading {
            h1 { (title) }
            span.badges { span.badge { (entry.kind) } @if entry.refusal.is_some() { span.badge.bad { "refused" } } }
            nav.row aria-label="Neighbours" {
                @if position > 1 { a.button href=(to(position - 1)) rel="prev" { "#" (position - 1) } }
                @if position < head { a.button href=(to(position + 1)) rel="next" { "#" (position + 1) } }
            }
        }
        p.lead { (entry.sentence) "." }
        (jumps.of_entry(entry.position, entry.kind, &entry.subjects))
        (facts(&jumps, entry, leaves.get(&position)))
        section aria-labelledby="proof" {
            h2 id="proof" { "Proof" }
            (seal::verify_entry(&visit, position).await?)
        }
    };
    Ok(visit.page(Section::Audit, &title, &content))
}

/// Everything about an entry.
pub(super) fn facts(jumps: &Jumps<'_>, entry: &Entry, leaf: Option<&Hash>) -> Markup {
    let refusal = entry.refusal.as_ref();
    let plain = |text: &Option<String>| text.clone().map(|text| html! { (text) });
    let code = |text: Option<&str>| text.map(|text| html! { code { (text) } });
    let member = |named: &Option<Named>| named.as_ref().map(|named| called(jumps, SubjectKind::Member, named));
    let thing = |kind, named: &Option<Named>| named.as_ref().map(|named| called(jumps, kind, named));
    let rows: [(&str, Option<Markup>); 24] = [
        ("Position", Some(html! { "#" (entry.position) })),
        ("When", Some(html! { (time(entry.time)) " " span.quiet { (entry.time.to_rfc3339()) } })),
        ("Outcome", Some(html! { (entry.outcome.as_str()) })),
        ("Who", Some(called(jumps, SubjectKind::Member, &entry.actor))),
        ("On behalf of", member(&entry.on_behalf_of)),
        ("With the key", code(entry.key.as_deref())),
        ("Command", code(entry.command.as_deref())),
        ("About", member(&entry.subject)),
        ("Role", thing(SubjectKind::Role, &entry.role)),
        ("Permission", thing(SubjectKind::Permission, &entry.permission)),
        ("Where", thing(SubjectKind::Scope, &entry.scope)),
        ("Before", code(entry.before.as_deref())),
        ("After", code(entry.after.as_deref())),
        ("Rule", code(refusal.map(|refusal| refusal.rule.as_str()))),
        ("Refusal", refusal.map(|refusal| html! { (super::super::fragments::spans(&refusal.message)) })),
        ("Meant for", code(refusal.map(|refusal| refusal.target.as_str()))),
        ("How often", refusal.map(|refusal| html! { (refusal.occurrence) " within the hour" })),
        ("Reason", plain(&entry.reason)),
        ("From", plain(&entry.source)),
        ("Address", plain(&entry.address)),
        ("Program", plain(&entry.agent)),
        ("Request", code(entry.correlation.as_deref())),
        ("Because of", code(entry.causation.as_deref())),
        ("Leaf hash", leaf.map(|leaf| html! { code { (leaf) } })),
    ];
    html! { dl.whole { @for (label, value) in rows { @if let Some(value) = value { div { dt { (label) } dd { (value) } } } } } }
}

/// Something by its name then and its id, with the way to it if it is still there.
fn called(jumps: &Jumps<'_>, kind: SubjectKind, named: &Named) -> Markup {
    let name = named.name.as_deref().unwrap_or(&named.id);
    html! {
        @match jumps.to(kind, &named.id) {
            Some(page) => a href=(page) { (name) },
            None => (name),
        }
        @if name != named.id { " " code { (named.id) } }
    }
}
