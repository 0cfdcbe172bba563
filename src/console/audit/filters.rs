//! The form that chooses entries.

use chancery_projections::audit::EVENT_TYPES;
use maud::{Markup, html};

use super::asked::NAMED;
use crate::console::visit::Visit;

/// Members and scopes that are suggested as one types; where there are more, ids are typed.
const SUGGESTED: usize = 300;

/// The form, filled in as it was asked.
pub(super) fn form(visit: &Visit) -> Markup {
    let query = &visit.query;
    let chosen: Vec<&str> = query.all("type").flat_map(|value| value.split(',')).map(str::trim).collect();
    let has = |kind: &str| chosen.iter().any(|chosen| chosen.eq_ignore_ascii_case(kind));
    let types = chosen.iter().filter(|kind| !kind.is_empty()).count();
    html! {
        form.filters method="get" action=(visit.present("/audit")) role="search" {
            @if let Some(past) = &visit.past { input type="hidden" name="at" value=(past.asked); }
            @for (name, label) in NAMED { div {
                label for=(name) { (label) }
                input id=(name) name=(name) value=(query.all(name).collect::<Vec<_>>().join(",")) autocomplete="off" list=[suggestions(visit, name).is_some().then(|| format!("{name}s"))];
            } }
            div { label for="outcome" { "Outcome" } select id="outcome" name="outcome" {
                @for (value, label) in [("", "any"), ("allowed", "allowed"), ("refused", "refused")] {
                    option value=(value) selected[query.text("outcome") == value] { (label) }
                }
            } }
            (day(visit, "from", "From")) (day(visit, "to", "To, included"))
            details.menu.types {
                summary.button { "Types" @if types > 0 { " (" (types) ")" } }
                div.panel { fieldset { legend { "Only these types of event" } div.kinds {
                    @for kind in EVENT_TYPES { label.check { input type="checkbox" name="type" value=(kind) checked[has(kind)]; (kind) } }
                } } }
            }
            button.main { "Apply" }
            @if !super::asked::chosen(query).query().is_empty() { a.button href=(visit.link("/audit")) { "Clear" } }
        }
        @for (name, _) in NAMED { @if let Some(options) = suggestions(visit, name) {
            datalist id={ (name) "s" } { @for (id, label) in options { option value=(id) { (label) } } }
        } }
    }
}

/// A day; something else, such as a position or a time of the day, stays what it is.
fn day(visit: &Visit, name: &str, label: &str) -> Markup {
    let value = visit.query.text(name);
    let plain = value.is_empty() || chrono::NaiveDate::parse_from_str(value, "%Y-%m-%d").is_ok();
    html! { div { label for=(name) { (label) } input id=(name) name=(name) type=(if plain { "date" } else { "text" }) value=(value); } }
}

fn suggestions(visit: &Visit, name: &str) -> Option<Vec<(String, String)>> {
    let state = &visit.facts.state;
    match name {
        "role" => Some(state.roles().map(|(_, role)| (role.id.to_string(), role.name.to_string())).collect()),
        "permission" => {
            let permissions = state.profile()?.permissions().iter();
            Some(permissions.map(|one| (one.key.to_string(), one.label.to_string())).collect())
        }
        "scope" => {
            let scopes = || state.scopes().map(|(_, scope)| (scope.id.to_string(), scope.name.to_string()));
            (scopes().count() <= SUGGESTED).then(|| scopes().collect())
        }
        "actor" | "subject" if state.member_count() <= SUGGESTED => {
            let named = |(_, member)| {
                let member: &chancery_aggregates::state::MemberEntry = member;
                (member.id.to_string(), crate::console::fragments::name_of(state, member))
            };
            Some(state.members().map(named).collect())
        }
        _ => None,
    }
}
