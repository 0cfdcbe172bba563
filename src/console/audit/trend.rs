//! The log over time: how many events of which kind, and how many members hold what is sensitive.

use axum::response::Response;
use chancery_aggregates::vocabulary::Time;
use chancery_projections::access::Privileged;
use chancery_projections::audit::Group;
use maud::{Markup, html};

use super::admit;
use crate::api::problem::Problem;
use crate::console::drawing::{Series, legend, short, stacked, stepped};
use crate::console::form::Fields;
use crate::console::fragments::count;
use crate::console::oops::Oops;
use crate::console::page::Section;
use crate::console::visit::Visit;
use crate::history::{Density, Spans};

/// Stretches of time, at most: each costs a lookup, a count of its events, and one past state.
const STRETCHES: usize = 26;

pub(super) async fn show(visit: Visit) -> Result<Response, Oops> {
    admit(&visit)?;
    let service = &visit.service;
    let (state, now) = (&visit.facts.state, visit.facts.now);
    let density = service.history.density(&**service.engine.store(), state, now, STRETCHES).await;
    let density = density.map_err(Problem::from)?;
    let kinds = kinds(&visit, &density).await?;
    let held = held(&visit, &density.spans).await?;
    let each = density.spans.each();
    let content = html! {
        nav.crumbs aria-label="Breadcrumb" { a href=(visit.link("/audit")) { "Audit log" } }
        h1 { "Over time" }
        section aria-labelledby="kinds" {
            h2 id="kinds" { "Events by kind" }
            (legend(&kinds))
            (stacked(&density.spans, &kinds, &about_kinds(&density, &kinds)))
            details.all { summary { "The numbers" } (table_of_kinds(&visit, &density, &kinds)) }
        }
        section aria-labelledby="privileged" {
            h2 id="privileged" { "Privileged access" }
            p.quiet { "Members who hold a permission that the catalogue calls sensitive, counted every " (each) "." }
            (show_held(&visit, &density.spans, &held))
        }
    };
    Ok(visit.page(Section::Audit, "Over time", &content))
}

/// Numbers of events in each stretch, by group; groups without any are left out.
async fn kinds(visit: &Visit, density: &Density) -> Result<Vec<Series>, Oops> {
    let service = &visit.service;
    let mut series: Vec<(Group, Vec<u64>)> = Group::ALL.map(|group| (group, Vec::new())).into();
    for (after, until) in density.positions.iter().zip(density.positions.iter().skip(1)) {
        let store = service.engine.store();
        let kinds = service.history.kinds(&**store, &visit.organisation, *after, *until).await;
        let kinds = kinds.map_err(Problem::from)?;
        for (group, values) in &mut series {
            values.push(kinds.iter().filter(|(kind, _)| Group::of(kind) == *group).map(|(_, count)| count).sum());
        }
    }
    series.retain(|(_, values)| values.iter().any(|value| *value > 0));
    Ok(series.into_iter().map(|(group, values)| Series { class: class(group), label: group.label(), values }).collect())
}

fn class(group: Group) -> &'static str {
    match group {
        Group::Access => "g-access",
        Group::Roles => "g-roles",
        Group::Members => "g-members",
        Group::Scopes => "g-scopes",
        Group::Keys => "g-keys",
        Group::Rules => "g-rules",
        Group::Refusals => "g-refusals",
    }
}

/// The instant at which a stretch is over, or that is shown, if that is earlier.
fn end(visit: &Visit, spans: &Spans, number: usize) -> Time {
    let last = spans.begin(number + 1) - chrono::TimeDelta::microseconds(1);
    last.min(visit.facts.now)
}

/// Who held what is sensitive at the end of each stretch.
async fn held(visit: &Visit, spans: &Spans) -> Result<Vec<Privileged>, Oops> {
    let service = &visit.service;
    let mut held = Vec::with_capacity(spans.count());
    for number in 0..spans.count() {
        held.push(service.history.privileged(&service.engine, &visit.head.state, end(visit, spans, number)).await?);
    }
    Ok(held)
}

fn about_kinds(density: &Density, kinds: &[Series]) -> String {
    let named = kinds.iter().map(|one| format!("{}: {}", one.label, one.values.iter().sum::<u64>()));
    let counts = density.counts();
    format!(
        "{} from {} to {}, by kind. {}",
        count(usize::try_from(counts.iter().sum::<u64>()).unwrap_or(usize::MAX), "event"),
        short(density.spans.start()),
        short(density.spans.end()),
        named.collect::<Vec<_>>().join("; ")
    )
}

fn table_of_kinds(visit: &Visit, density: &Density, kinds: &[Series]) -> Markup {
    let counts = density.counts();
    // A stretch is a range of positions: neither clocks nor time zones come in between.
    let entries = |number: usize| {
        let (after, until) = (density.positions.get(number)?, density.positions.get(number + 1)?);
        let range = Fields::default().with("from", &(after + 1).to_string()).with("to", &until.to_string());
        (after < until).then(|| visit.also("/audit", &range))
    };
    html! {
        div.scroll tabindex="0" role="region" aria-label="Events by kind, in numbers" { table {
            thead { tr { th scope="col" { (density.spans.each()) " from" } @for one in kinds { th.number scope="col" { (one.label) } } th.number scope="col" { "All" } } }
            tbody { @for (number, all) in counts.iter().enumerate() { tr {
                th scope="row" { (short(density.spans.begin(number))) }
                @for one in kinds { td.number { (one.values.get(number).copied().unwrap_or_default()) } }
                td.number { @match entries(number) { Some(page) => a href=(page) { (all) span.hidden { " entries" } }, None => (all) } }
            } } }
        } }
    }
}

fn show_held(visit: &Visit, spans: &Spans, held: &[Privileged]) -> Markup {
    let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let of = |read: fn(&Privileged) -> usize| held.iter().map(|one| number(read(one))).collect::<Vec<_>>();
    let series = [
        Series { class: "g-privileged", label: "Members", values: of(|one| one.members) },
        Series { class: "g-services", label: "Of these, service accounts", values: of(|one| one.services) },
    ];
    let last = held.last().copied().unwrap_or_default();
    let most = held.iter().map(|one| one.members).max().unwrap_or_default();
    let about =
        format!("{} hold sensitive permissions at the end; at most it were {most}", count(last.members, "member"));
    html! {
        (legend(&series))
        (stepped(spans, &series, &about))
        details.all { summary { "The numbers" }
            div.scroll tabindex="0" role="region" aria-label="Privileged access, in numbers" { table {
                thead { tr { th scope="col" { "At" } th.number scope="col" { "Members" } th.number scope="col" { "Service accounts" } th.number scope="col" { "Sensitive permissions held" } } }
                tbody { @for (number, one) in held.iter().enumerate() { @let at = end(visit, spans, number); tr {
                    th scope="row" { a href={ (visit.present("/members")) "?" (Fields::default().with("at", &at.to_rfc3339()).query()) } { (short(at)) } }
                    td.number { (one.members) } td.number { (one.services) } td.number { (one.permissions) }
                } } }
            } }
        }
    }
}
