//! The page of a role.

use axum::response::Response;
use chancery_aggregates::Refusal;
use chancery_aggregates::command::RoleCommand;
use chancery_aggregates::state::{RoleEntry, RoleIx};
use chancery_aggregates::vocabulary::PermissionKey;
use maud::{Markup, html};

use super::{InRole, badges, below, may};
use crate::api::body::InPath;
use crate::console::change::basis_fields;
use crate::console::fragments::{Offer, count, dot, name_of, offers, time};
use crate::console::oops::{Oops, sentence};
use crate::console::page::Section;
use crate::console::permissions::{Group, Item, about, category, groups, is_open, tools};
use crate::console::visit::{Visit, segment};

/// Holders that the page names before it counts the rest.
const HOLDERS: usize = 20;

pub(super) async fn show(visit: Visit, InPath(path): InPath<InRole>) -> Result<Response, Oops> {
    let reader = visit.facts.reader()?;
    let (ix, role) = reader.role(&path.role)?;
    let content = html! {
        nav.crumbs aria-label="Breadcrumb" { a href=(visit.link("/roles")) { "Roles" } }
        div.heading {
            h1 { @if role.colour.is_some() { (dot(role.colour.as_deref())) } (role.name) }
            (badges(role))
        }
        @if !role.description.is_empty() { p.lead { (role.description) } }
        (facts(&visit, role))
        @if visit.is_present() { (actions(&visit, role)) }
        (catalogue(&visit, ix, role)?)
        (holders(&visit, role))
        (super::give::form(&visit, role))
    };
    Ok(visit.page(Section::Roles, &role.name, &content))
}

fn facts(visit: &Visit, role: &RoleEntry) -> Markup {
    let state = &visit.facts.state;
    html! {
        dl.facts {
            @if let Some(level) = role.level { div { dt { "Level" } dd { (level) } } }
            div { dt { "Users" } dd { (role.holders.len()) } }
            div { dt { "Permissions" } dd { (role.effective.len()) } }
            @if !role.inherits.is_empty() { div { dt { "Inherits from" } dd {
                @for (number, parent) in role.inherits.iter().enumerate() {
                    @let parent = state.cite_role(*parent);
                    @if number > 0 { ", " } a href=(visit.link(&below(parent.id.as_str()))) { (parent.name) }
                }
            } } }
            @if !role.heirs.is_empty() { div { dt { "Inherited by" } dd {
                @for (number, heir) in role.heirs.iter().enumerate() {
                    @let heir = state.cite_role(*heir);
                    @if number > 0 { ", " } a href=(visit.link(&below(heir.id.as_str()))) { (heir.name) }
                }
            } } }
            div { dt { "Created" } dd { (time(role.created.time)) } }
            div { dt { "Last modified" } dd { (time(role.modified.time)) } }
            div { dt { "Id" } dd { code { (role.id) } } }
        }
    }
}

fn actions(visit: &Visit, role: &RoleEntry) -> Markup {
    let page = visit.link(&below(role.id.as_str()));
    let describe = RoleCommand::DescribeRole { description: role.description.clone() };
    let copy = RoleCommand::DuplicateRole { source: role.id.clone(), name: "a copy that is not there".into() };
    let may_copy = chancery_aggregates::role::Role::default()
        .decide(&chancery_aggregates::vocabulary::RoleId::known("a-copy-that-is-not-there"), &copy, &visit.head)
        .map(|_| ());
    let (lock, label) = if role.locked { (RoleCommand::UnlockRole, "Unlock") } else { (RoleCommand::LockRole, "Lock") };
    let link = |label, to: &str| html! { a.button href={ (page) "/" (to) } { (label) } };
    let post = |label, to: &str, grave: bool| {
        html! {
            form method="post" action={ (page) "/" (to) } {
                (visit.token()) (basis_fields(role.sequence, &visit.head.state))
                button.grave[grave] { (label) @if grave { "…" } }
            }
        }
    };
    let may = |command| may(visit, role, &command);
    let offer = |label, allowed, ask| Offer { label, allowed, ask };
    offers(&[
        offer("Edit details", may(describe), link("Edit details", "details")),
        offer("Duplicate", may_copy, link("Duplicate", "duplicate")),
        offer(label, may(lock), post(label, "lock", false)),
        offer("Delete", may(RoleCommand::DeleteRole), post("Delete", "delete", true)),
    ])
}

/// What the role permits: switches, where they may be moved.
fn catalogue(visit: &Visit, ix: RoleIx, role: &RoleEntry) -> Result<Markup, Oops> {
    let profile = visit.facts.profile()?;
    let toggle = |allow: Vec<PermissionKey>, deny: Vec<PermissionKey>| {
        may(visit, role, &RoleCommand::TogglePermissions { allow, deny })
    };
    let whole = visit.is_present().then(|| toggle(Vec::new(), Vec::new()));
    let editable = matches!(whole, Some(Ok(())));
    let groups = groups(profile, visit.query.get("filter"), |permission| role.effective.contains(permission));
    // Asking for what is so already changes nothing, and tells whether it may be asked for at all.
    let reason = |item: &Item<'_>| {
        let key = vec![item.permission.key.clone()];
        let asked = if role.own.contains(item.ix) { toggle(key, Vec::new()) } else { toggle(Vec::new(), key) };
        asked.err()
    };
    let switches: Vec<(&Group<'_>, Vec<Switch<'_>>)> = groups
        .iter()
        .map(|group| {
            let switch = |item| Switch {
                item,
                own: role.own.contains(item_ix(item)),
                reason: if editable { reason(item) } else { None },
            };
            (group, group.items.iter().map(switch).collect())
        })
        .collect();
    let movable = || switches.iter().flat_map(|(_, switches)| switches).filter(|switch| switch.reason.is_none());
    let was: Vec<&str> =
        movable().filter(|switch| switch.own).map(|switch| switch.item.permission.key.as_str()).collect();
    let parents = inherited(visit, ix, role);
    Ok(html! {
        section aria-labelledby="permissions" {
            h2 id="permissions" { "Permissions" }
            @if let Some(Err(refusal)) = &whole { p.notice { (sentence(&refusal.to_string())) } }
            (tools(visit))
            form.switches method="post" action={ (visit.link(&below(role.id.as_str()))) "/permissions" } {
                @if editable {
                    (visit.token()) (basis_fields(role.sequence, &visit.head.state))
                    input type="hidden" name="was" value=(was.join(" "));
                }
                @for (group, switches) in &switches {
                    (category(group, is_open(visit, group, true), &html! {
                        ul.permissions { @for switch in switches { (show_switch(switch, editable, &parents)) } }
                    }))
                }
                @if groups.is_empty() { p.empty { "No permission has that in its name." } }
                @if editable { div.savebar { button.main { "Preview changes" } span.quiet { "Nothing is saved before you have seen who gains and loses what." } } }
            }
        }
    })
}

fn item_ix(item: &Item<'_>) -> chancery_aggregates::state::permission_set::PermissionIx {
    item.ix
}

struct Switch<'a> {
    item: &'a Item<'a>,
    own: bool,
    reason: Option<Refusal>,
}

fn show_switch(switch: &Switch<'_>, editable: bool, parents: &str) -> Markup {
    let permission = switch.item.permission;
    let key = permission.key.as_str();
    let fixed = !editable || switch.reason.is_some();
    let why = switch.reason.as_ref().map(|_| format!("why-{key}"));
    let inherited = switch.item.on && !switch.own;
    html! {
        li data-search={ (permission.label) " " (key) " " (permission.description) } {
            label.switch.off[fixed] {
                input type="checkbox" role="switch" name="on" value=(key) checked[switch.own] disabled[fixed]
                    aria-describedby=[why.as_deref()];
                span { (about(permission)) @if inherited { span.badge { "inherited from " (parents) } } }
            }
            @if let Some(refusal) = &switch.reason { small.why id=[why.as_deref()] { (sentence(&refusal.to_string())) } }
        }
    }
}

/// The names of the parents.
fn inherited(visit: &Visit, _: RoleIx, role: &RoleEntry) -> String {
    let names: Vec<String> =
        role.inherits.iter().map(|parent| visit.facts.state.cite_role(*parent).name.to_string()).collect();
    chancery_projections::words::list(&names)
}

/// Who holds the role, as far as the reader sees them.
fn holders(visit: &Visit, role: &RoleEntry) -> Markup {
    let Ok(reader) = visit.facts.reader() else { return html! {} };
    let state = &visit.facts.state;
    let seen = role.holders.iter().filter(|ix| reader.sees_access_of(**ix)).filter_map(|ix| state.member(*ix));
    let seen: Vec<_> = seen.filter(|member| reader.member(member.id.as_str()).is_ok()).take(HOLDERS + 1).collect();
    html! {
        section aria-labelledby="users" {
            h2 id="users" { "Users" }
            @if seen.is_empty() { p.empty { @if role.holders.is_empty() { "Nobody holds this role." } @else { "Nobody whom you see holds this role." } } }
            ul.names { @for member in seen.iter().take(HOLDERS) {
                li { a href=(visit.link(&format!("/members/{}", segment(member.id.as_str())))) { (name_of(state, member)) } }
            } }
            @if seen.len() > HOLDERS {
                @let query = super::super::form::Fields::default().with("role", role.id.as_str()).query();
                p { a href={ (visit.present("/members")) "?" (query) } { "All " (count(role.holders.len(), "holder")) } }
            }
        }
    }
}
