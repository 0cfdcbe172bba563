//! The list of roles.

use axum::response::Response;
use chancery_aggregates::command::{NewRole, RoleCommand};
use chancery_aggregates::role::Role;
use chancery_aggregates::state::{RoleEntry, fold_name};
use chancery_aggregates::vocabulary::RoleId;
use maud::{Markup, html};

use super::{badges, below};
use crate::console::fragments::{action, count, dot, pager, time};
use crate::console::oops::Oops;
use crate::console::page::Section;
use crate::console::preferences::{Column, picker};
use crate::console::visit::Visit;

/// Roles on a page.
const PAGE: usize = 100;

const COLUMNS: [Column; 7] = [
    Column { key: "level", label: "Level", usual: true },
    Column { key: "users", label: "Users", usual: true },
    Column { key: "permissions", label: "Permissions", usual: true },
    Column { key: "description", label: "Description", usual: false },
    Column { key: "inherits", label: "Inherits from", usual: false },
    Column { key: "created", label: "Created", usual: false },
    Column { key: "modified", label: "Last modified", usual: true },
];

pub(super) async fn list(visit: Visit) -> Result<Response, Oops> {
    let reader = visit.facts.reader()?;
    if !reader.sees_roles()? {
        return Err(Oops::nothing());
    }
    let mut roles: Vec<&RoleEntry> = reader.roles()?.into_iter().map(|(_, role)| role).collect();
    let all = roles.len();
    if let Some(wanted) = visit.query.get("search").map(fold_name) {
        roles.retain(|role| {
            [role.name.as_str(), role.id.as_str()].iter().any(|text| fold_name(text).contains(wanted.as_str()))
        });
    }
    sort(&mut roles, visit.query.text("sort"), visit.query.get("order") == Some("desc"));
    let pages = roles.len().div_ceil(PAGE).max(1);
    let page = visit.query.get("page").and_then(|page| page.parse().ok()).unwrap_or(1).clamp(1, pages);
    let found = roles.len();
    let shown: Vec<&RoleEntry> = roles.into_iter().skip((page - 1) * PAGE).take(PAGE).collect();
    let content = html! {
        div.heading {
            h1 { "Roles" }
            @if visit.is_present() { (action(&may_create(&visit), "New role", &visit.link("/new-role"))) }
        }
        div.tools {
            form.search method="get" action=(visit.path) role="search" {
                @for (name, value) in visit.query.without("search").without("page").iter() { input type="hidden" name=(name) value=(value); }
                label for="search" { "Search roles by name" }
                div.row {
                    input id="search" type="search" name="search" value=(visit.query.text("search"));
                    button { "Search" }
                }
            }
            (picker(&visit, "roles", &columns(&visit)))
        }
        @if found == 0 {
            p.empty { @if all == 0 { "There are no roles yet." } @else { "No role has that in its name." } }
        } @else {
            div.scroll tabindex="0" role="region" aria-label="List of roles" { (table(&visit, &shown)) }
            p.quiet { (count(found, "role")) }
            (pager(page, pages, |page| visit.with("page", &page.to_string())))
        }
    };
    Ok(visit.page(Section::Roles, "Roles", &content))
}

/// Whether a role with nothing in it could be made.
fn may_create(visit: &Visit) -> Result<(), chancery_aggregates::Refusal> {
    let id = RoleId::known("a-role-that-is-not-there");
    let level = visit.head.profile()?.policy().levels.then_some(u16::MAX);
    let new = NewRole { name: "a role that is not there".into(), level, ..NewRole::default() };
    Role::default().decide(&id, &RoleCommand::CreateRole(Box::new(new)), &visit.head).map(|_| ())
}

fn sort(roles: &mut [&RoleEntry], by: &str, descending: bool) {
    match by {
        "created" => roles.sort_by_key(|role| role.created.position),
        "modified" => roles.sort_by_key(|role| role.modified.position),
        "users" => roles.sort_by_key(|role| role.holders.len()),
        "level" => roles.sort_by_key(|role| role.level.unwrap_or(u16::MAX)),
        _ => roles.sort_by_cached_key(|role| fold_name(&role.name)),
    }
    if descending {
        roles.reverse();
    }
}

/// The columns that mean something here.
fn columns(visit: &Visit) -> Vec<Column> {
    let levels = visit.facts.profile().is_ok_and(|profile| profile.policy().levels);
    COLUMNS.into_iter().filter(|column| levels || column.key != "level").collect()
}

fn table(visit: &Visit, roles: &[&RoleEntry]) -> Markup {
    let columns = columns(visit);
    let shown: Vec<&Column> = columns.iter().filter(|column| visit.preferences.shows("roles", column)).collect();
    // Where no role has a colour, a place for it would only be in the way.
    let coloured = visit.facts.state.roles().any(|(_, role)| role.colour.is_some());
    html! {
        table.list {
            caption.hidden { "Roles" }
            thead { tr {
                (heading(visit, "name", "Name"))
                @for column in &shown {
                    @if matches!(column.key, "level" | "users" | "created" | "modified") { (heading(visit, column.key, column.label)) }
                    @else { th.number[column.key == "permissions"] scope="col" { (column.label) } }
                }
            } }
            tbody { @for role in roles { tr {
                th scope="row" {
                    @if coloured { (dot(role.colour.as_deref())) }
                    a href=(visit.link(&below(role.id.as_str()))) { (role.name) }
                    (badges(role))
                }
                @for column in &shown { (cell(visit, role, column.key)) }
            } } }
        }
    }
}

/// A heading by which the list can be sorted.
fn heading(visit: &Visit, key: &str, label: &str) -> Markup {
    let sorted = visit.query.get("sort").unwrap_or("name") == key;
    let descending = visit.query.get("order") == Some("desc");
    let order = if sorted && !descending { "desc" } else { "asc" };
    let query = visit.query.with("sort", key).with("order", order).without("page").query();
    let state = match (sorted, descending) {
        (false, _) => None,
        (true, false) => Some("ascending"),
        (true, true) => Some("descending"),
    };
    html! {
        th.number[matches!(key, "level" | "users")] scope="col" aria-sort=[state] {
            a href={ (visit.path) "?" (query) } { (label)
                @if sorted { span.arrow aria-hidden="true" { @if descending { " ↓" } @else { " ↑" } } }
            }
        }
    }
}

fn cell(visit: &Visit, role: &RoleEntry, column: &str) -> Markup {
    let state = &visit.facts.state;
    html! {
        @match column {
            "level" => td.number { @if let Some(level) = role.level { (level) } },
            "users" => td.number { (role.holders.len()) },
            "permissions" => td.number { (role.effective.len()) },
            "description" => td { (role.description) },
            "inherits" => td { @for (number, parent) in role.inherits.iter().enumerate() {
                @if number > 0 { ", " } (state.cite_role(*parent).name)
            } },
            "created" => td { (time(role.created.time)) },
            _ => td { (time(role.modified.time)) },
        }
    }
}
