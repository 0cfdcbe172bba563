//! The list of members: searched, filtered and in pages, however long it is.

use std::collections::HashMap;

use axum::response::Response;
use chancery_aggregates::Refusal;
use chancery_aggregates::access::Denial;
use chancery_aggregates::authority::Reader;
use chancery_aggregates::command::MemberCommand;
use chancery_aggregates::member::Member;
use chancery_aggregates::state::{MemberEntry, MemberIx, Status, fold_name};
use chancery_aggregates::vocabulary::{Field, MemberId, MemberKind};
use maud::{Markup, html};

use super::{below, scope_options};
use crate::console::fragments::{action, count, name_of, pager, time};
use crate::console::oops::Oops;
use crate::console::page::Section;
use crate::console::preferences::{Column, picker};
use crate::console::visit::Visit;
use crate::views::member::{Filter, Seen, Standing, readable, status_word, waits};

/// Members on a page.
const PAGE: usize = 50;

const COLUMNS: [Column; 7] = [
    Column { key: "roles", label: "Roles", usual: true },
    Column { key: "scope", label: "Scope", usual: true },
    Column { key: "type", label: "Account type", usual: true },
    Column { key: "status", label: "Status", usual: true },
    Column { key: "email", label: "E-mail", usual: false },
    Column { key: "id", label: "Id", usual: false },
    Column { key: "added", label: "Added", usual: false },
];

type Row<'a> = (MemberIx, &'a MemberEntry);

pub(super) async fn list(visit: Visit) -> Result<Response, Oops> {
    let reader = visit.facts.reader()?;
    let filter = filter(&visit, &reader)?;
    let pending = visit.query.has("pending");
    let mut rows = reader.members()?;
    rows.retain(|(ix, member)| filter.takes(&reader, *ix, member) && (!pending || guard(&visit, *ix).is_some()));
    let (found, pages) = (rows.len(), rows.len().div_ceil(PAGE).max(1));
    let page = visit.query.get("page").and_then(|page| page.parse().ok()).unwrap_or(1).clamp(1, pages);
    let shown = cut(&visit, rows, (page - 1) * PAGE);
    let content = html! {
        div.heading {
            h1 { "Members" }
            @if visit.is_present() { (action(&may_add(&visit), "Add member", &visit.link("/new-member"))) }
        }
        (filters(&visit, &reader))
        @if found == 0 { p.empty { "No member is like that." } }
        @else {
            div.scroll tabindex="0" role="region" aria-label="List of members" { (table(&visit, &reader, &shown)) }
            p.quiet { (count(found, "member")) }
            (pager(page, pages, |page| visit.with("page", &page.to_string())))
        }
    };
    Ok(visit.page(Section::Members, "Members", &content))
}

fn may_add(visit: &Visit) -> Result<(), Refusal> {
    let add = MemberCommand::AddMember {
        kind: MemberKind::Person,
        account_type: None,
        details: Default::default(),
        scope: None,
    };
    Member::default().decide(&MemberId::known("somebody-who-is-not-there"), &add, &visit.head).map(|_| ())
}

fn filter(visit: &Visit, reader: &Reader<'_>) -> Result<Filter, Oops> {
    let query = &visit.query;
    let profile = visit.facts.profile()?;
    Ok(Filter {
        search: query.get("search").map(|wanted| fold_name(wanted).to_string()),
        role: query.get("role").map(|id| reader.role(id)).transpose()?.map(|(ix, _)| ix),
        account_type: query.get("type").and_then(|key| profile.account_type_ix(key)),
        on: query.get("scope").map(|id| reader.scope(id)).transpose()?.map(|(ix, _)| ix),
        status: match query.text("status") {
            "active" => Some(Standing::Active),
            "suspended" => Some(Standing::Suspended),
            "left" => Some(Standing::Left),
            "any" => Some(Standing::Any),
            _ => None,
        },
    })
}

/// What of the guard a member still waits for.
fn guard(visit: &Visit, member: MemberIx) -> Option<Denial> {
    let waits = waits(&visit.facts.state, member, visit.facts.now)?;
    matches!(waits, Denial::EmailUnverified | Denial::DocumentMissing { .. }).then_some(waits)
}

/// The page that begins there, by name. A few are put into order by themselves, many by the order that is kept.
fn cut<'a>(visit: &Visit, rows: Vec<Row<'a>>, begin: usize) -> Vec<Row<'a>> {
    let state = &visit.facts.state;
    if rows.len() <= PAGE {
        let mut rows = rows;
        rows.sort_by_cached_key(|row| (fold_name(&name_of(state, row.1)), row.1.id.to_string()));
        return rows;
    }
    let found: HashMap<MemberIx, &MemberEntry> = rows.into_iter().collect();
    let order = visit.service.orders.of(state, visit.is_present());
    let in_order = order.into_iter().filter_map(|ix| Some((ix, *found.get(&ix)?)));
    in_order.skip(begin).take(PAGE).collect()
}

fn filters(visit: &Visit, reader: &Reader<'_>) -> Markup {
    let query = &visit.query;
    let types = visit.facts.profile().map(|profile| profile.account_types()).unwrap_or_default();
    let roles = reader.roles().unwrap_or_default();
    let statuses =
        [("", "Here now"), ("active", "Active"), ("suspended", "Suspended"), ("left", "Left"), ("any", "All")];
    html! {
        div.tools {
            form.filters method="get" action=(visit.path) role="search" {
                @if let Some(past) = &visit.past { input type="hidden" name="at" value=(past.asked); }
                div { label for="search" { "Search" } input id="search" type="search" name="search" value=(query.text("search")); }
                @if !roles.is_empty() { div { label for="role" { "Role" }
                    select id="role" name="role" { option value="" { "Any" }
                        @for (_, role) in roles { option value=(role.id) selected[query.text("role") == role.id.as_str()] { (role.name) } } } } }
                @if types.len() > 1 { div { label for="type" { "Account type" }
                    select id="type" name="type" { option value="" { "Any" }
                        @for of in types { option value=(of.key) selected[query.text("type") == of.key.as_str()] { (of.label) } } } } }
                @if visit.facts.state.scopes().next().is_some() { div { label for="scope" { "Works in" }
                    select id="scope" name="scope" { option value="" { "Anywhere" } (scope_options(visit, query.get("scope"))) } } }
                div { label for="status" { "Status" }
                    select id="status" name="status" {
                        @for (value, label) in statuses { option value=(value) selected[query.text("status") == value] { (label) } } } }
                label.check { input type="checkbox" name="pending" value="yes" checked[query.has("pending")]; "Guard pending" }
                button { "Apply" }
            }
            (picker(visit, "members", &COLUMNS))
        }
    }
}

fn table(visit: &Visit, reader: &Reader<'_>, rows: &[Row<'_>]) -> Markup {
    let shown: Vec<&Column> = COLUMNS.iter().filter(|column| visit.preferences.shows("members", column)).collect();
    html! {
        table.list {
            caption.hidden { "Members" }
            thead { tr { th scope="col" { "Name" } @for column in &shown { th scope="col" { (column.label) } } } }
            tbody { @for (ix, member) in rows { tr {
                th scope="row" {
                    a href=(visit.link(&below(member.id.as_str()))) { (name_of(&visit.facts.state, member)) }
                    @if member.kind == MemberKind::Service { span.badges { span.badge { "service account" } } }
                }
                @let seen = Seen::of(reader, *ix, member);
                @for column in &shown { (cell(visit, *ix, member, &seen, column.key)) }
            } } }
        }
    }
}

fn cell(visit: &Visit, ix: MemberIx, member: &MemberEntry, seen: &Seen<'_>, column: &str) -> Markup {
    let state = &visit.facts.state;
    html! {
        @match column {
            "roles" => td { (seen.role_names().join(", ")) },
            "scope" => td { (seen.scope_words(state)) },
            "type" => td { (type_label(visit, member)) },
            "status" => td { (standing(visit, ix, member)) },
            "email" => td { (readable(state, member, Field::Email).unwrap_or_default()) },
            "id" => td { code { (member.id) } },
            _ => td { (time(member.added.time)) },
        }
    }
}

/// What people call the member's account type.
pub(super) fn type_label(visit: &Visit, member: &MemberEntry) -> String {
    let of = visit.facts.state.profile().and_then(|profile| profile.account_type(member.account_type));
    of.map(|of| of.label.clone()).unwrap_or_default()
}

/// Whether a member takes part, in a word with a colour.
pub(super) fn standing(visit: &Visit, ix: MemberIx, member: &MemberEntry) -> Markup {
    html! {
        @match member.status {
            Status::Active if guard(visit, ix).is_some() => span.badge.warn { "guard pending" },
            Status::Active => span.badge.good { "active" },
            Status::Suspended => span.badge.bad { "suspended" },
            Status::Removed => span.badge { (status_word(member.status)) },
        }
    }
}
