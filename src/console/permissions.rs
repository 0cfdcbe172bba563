//! The catalogue by category, with counters: what roles and members have of it.

use chancery_aggregates::profile::{Permission, Profile};
use chancery_aggregates::state::fold_name;
use chancery_aggregates::state::permission_set::PermissionIx;
use maud::{Markup, html};

use super::visit::Visit;

/// A permission of the catalogue, as it stands for something.
pub(super) struct Item<'a> {
    pub(super) ix: PermissionIx,
    pub(super) permission: &'a Permission,
    pub(super) on: bool,
}

/// A category of the catalogue.
pub(super) struct Group<'a> {
    pub(super) key: &'a str,
    pub(super) label: &'a str,
    /// To govern the organisation itself: outside of the product's own catalogue.
    pub(super) administration: bool,
    /// Those that the filter leaves.
    pub(super) items: Vec<Item<'a>>,
    /// How many of the category are on.
    pub(super) on: usize,
    /// How many the category has.
    pub(super) size: usize,
}

/// The catalogue by category, without what the filter leaves out. Categories of which nothing is left are not there.
pub(super) fn groups<'a>(
    profile: &'a Profile,
    filter: Option<&str>,
    on: impl Fn(PermissionIx) -> bool,
) -> Vec<Group<'a>> {
    let wanted = filter.map(fold_name);
    let categories = &profile.document().categories;
    let mut groups: Vec<Group<'a>> = categories
        .iter()
        .map(|category| Group {
            key: &category.key,
            label: &category.label,
            administration: category.administration,
            items: Vec::new(),
            on: 0,
            size: 0,
        })
        .collect();
    for permission in profile.permissions() {
        let Some(ix) = profile.permission_ix(permission.key.as_str()) else { continue };
        let Some(group) = groups.get_mut(permission.category) else { continue };
        let on = on(ix);
        group.size += 1;
        group.on += usize::from(on);
        let texts = [permission.key.as_str(), &permission.label, &permission.description, group.label];
        let found =
            wanted.as_ref().is_none_or(|wanted| texts.iter().any(|text| fold_name(text).contains(wanted.as_str())));
        if found {
            group.items.push(Item { ix, permission, on });
        }
    }
    groups.retain(|group| !group.items.is_empty());
    groups
}

/// Filter, and all categories open or closed. They work by links; the script does it in place.
pub(super) fn tools(visit: &Visit) -> Markup {
    html! {
        div.tools {
            form.search method="get" action=(visit.path) role="search" data-filter="permissions" {
                @for (name, value) in visit.query.without("filter").iter() { input type="hidden" name=(name) value=(value); }
                label for="filter" { "Filter permissions" }
                div.row {
                    input id="filter" type="search" name="filter" value=(visit.query.text("filter"));
                    button { "Filter" }
                }
            }
            div.row {
                a.button data-all="open" href=(visit.with("open", "all")) { "Expand all" }
                a.button data-all="closed" href=(visit.with("open", "none")) { "Collapse all" }
            }
        }
    }
}

/// Whether a category is shown open: as asked, or where it has something.
pub(super) fn is_open(visit: &Visit, group: &Group<'_>, some: bool) -> bool {
    match visit.query.get("open") {
        Some("all") => true,
        Some("none") => false,
        _ => visit.query.has("filter") || (some && group.on > 0),
    }
}

/// A category that opens and closes.
pub(super) fn category(group: &Group<'_>, open: bool, content: &Markup) -> Markup {
    html! {
        details.category id={ "category-" (group.key) } open[open] data-search=(group.label) {
            summary {
                span.name { (group.label) }
                @if group.administration { span.badge { "administration" } }
                span.counter.full[group.on == group.size].none[group.on == 0]
                    aria-label={ (group.on) " of " (group.size) " permissions" } { (group.on) "/" (group.size) }
            }
            (content)
        }
    }
}

/// What a permission is.
pub(super) fn about(permission: &Permission) -> Markup {
    html! {
        span.label { (permission.label) }
        @if permission.narrows.is_some() { span.badge.warn { "restriction" } }
        @if permission.sensitive { span.badge { "sensitive" } }
        code { (permission.key) }
        @if !permission.description.is_empty() { small { (permission.description) } }
    }
}
