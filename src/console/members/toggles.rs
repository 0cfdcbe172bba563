//! Permissions allowed to or withheld from one member.

use axum::response::Response;
use chancery_aggregates::Command;
use chancery_aggregates::command::MemberCommand;
use chancery_aggregates::state::MemberEntry;
use chancery_aggregates::state::permission_set::PermissionIx;
use chancery_aggregates::vocabulary::PermissionKey;
use maud::{Markup, html};

use super::act::{bounded, proposal};
use super::{InMember, below, may};
use crate::api::body::InPath;
use crate::console::change::basis_fields;
use crate::console::form::Deed;
use crate::console::fragments::name_of;
use crate::console::oops::{Oops, sentence};
use crate::console::page::Section;
use crate::console::permissions::{Item, about, category, groups, is_open, tools};
use crate::console::visit::Visit;

pub(super) async fn show(visit: Visit, InPath(path): InPath<InMember>) -> Result<Response, Oops> {
    let reader = visit.facts.reader()?;
    let (ix, member) = reader.member(&path.member)?;
    if !reader.sees_access_of(ix) {
        return Err(Oops::nothing());
    }
    let profile = visit.facts.profile()?;
    let toggle = |permission: PermissionIx| member.toggles.iter().find(|toggle| toggle.permission == permission);
    let groups = groups(profile, visit.query.get("filter"), |permission| toggle(permission).is_some());
    let page = visit.link(&below(member.id.as_str()));
    let title = format!("Direct toggles of {}", name_of(&visit.facts.state, member));
    let list = html! { @for group in &groups {
        (category(group, is_open(&visit, group, true), &html! {
            ul.permissions { @for item in &group.items { (choice(&visit, member, item, toggle(item.ix).map(|toggle| toggle.allowed))) } }
        }))
    } };
    let content = html! {
        nav.crumbs aria-label="Breadcrumb" { a href=(visit.link("/members")) { "Members" } " / " a href=(page) { (name_of(&visit.facts.state, member)) } }
        h1 { (title) }
        p.quiet { "Allowed counts whatever the roles say, within the member’s scope and account type. Withheld wins over everything." }
        (tools(&visit))
        @if visit.is_present() {
            form.switches method="post" action={ (page) "/toggles" } {
                (visit.token()) (basis_fields(member.sequence, &visit.head.state))
                (list)
                div.savebar { button.main { "Preview changes" } span.quiet { "Nothing is saved before you have seen what it does." } }
            }
        } @else { (list) }
    };
    Ok(visit.page(Section::Members, &title, &content))
}

/// Three ways for each permission; those that this actor may not choose are greyed out with the reason.
fn choice(visit: &Visit, member: &MemberEntry, item: &Item<'_>, now: Option<bool>) -> Markup {
    let key = item.permission.key.as_str();
    let permission = item.permission.key.clone();
    let reason = match now {
        // Asking for what is so already changes nothing, and tells whether it may be asked for at all.
        Some(allowed) => may(visit, member, &MemberCommand::ToggleMemberPermission { permission, allowed }),
        None => may(visit, member, &MemberCommand::ClearMemberPermission { permission }),
    };
    let fixed = !visit.is_present() || reason.is_err();
    let value = |now: Option<bool>| match now {
        None => "no",
        Some(true) => "allow",
        Some(false) => "withhold",
    };
    let why = reason.as_ref().err().map(|_| format!("why-{key}"));
    html! {
        li data-search={ (item.permission.label) " " (key) } {
            fieldset.three disabled[fixed] aria-describedby=[why.as_deref()] {
                legend { (about(item.permission)) }
                @if !fixed { input type="hidden" name={ "was:" (key) } value=(value(now)); }
                @for (way, label) in [(None, "As roles say"), (Some(true), "Allowed"), (Some(false), "Withheld")] {
                    label { input type="radio" name={ "set:" (key) } value=(value(way)) checked[now == way]; (label) }
                }
            }
            @if let Err(refusal) = &reason { @if visit.is_present() { small.why id=[why.as_deref()] { (sentence(&refusal.to_string())) } } }
        }
    }
}

pub(super) async fn toggle(InPath(path): InPath<InMember>, deed: Deed) -> Result<Response, Oops> {
    let reader = deed.visit.head.reader()?;
    let (_, member) = reader.member(&path.member)?;
    let wanted = deed.fields.iter().filter_map(|(name, value)| Some((name.strip_prefix("set:")?, value)));
    let touched = wanted.filter(|(key, value)| deed.fields.text(&format!("was:{key}")) != *value);
    let commands: Vec<Command> = touched
        .map(|(key, value)| {
            let permission = PermissionKey::known(bounded(key));
            let command = match value {
                "allow" => MemberCommand::ToggleMemberPermission { permission, allowed: true },
                "withhold" => MemberCommand::ToggleMemberPermission { permission, allowed: false },
                _ => MemberCommand::ClearMemberPermission { permission },
            };
            Command::Member(member.id.clone(), command)
        })
        .collect();
    let proposal = proposal(
        &deed.visit,
        &member.id,
        format!("Toggle permissions of {}", name_of(&deed.visit.head.state, member)),
        commands,
        "toggles",
    );
    drop(reader);
    deed.propose(proposal).await
}
