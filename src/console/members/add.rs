//! A new member.

use axum::response::Response;
use chancery_aggregates::Command;
use chancery_aggregates::command::MemberCommand;
use chancery_aggregates::event::Details;
use chancery_aggregates::vocabulary::{AccountTypeKey, MemberId, MemberKind, Personal};
use maud::{Markup, html};

use super::act::{bounded, proposal};
use crate::console::form::{Deed, Fields};
use crate::console::oops::Oops;
use crate::console::page::Section;
use crate::console::visit::Visit;

pub(super) async fn new(visit: Visit) -> Result<Response, Oops> {
    visit.facts.reader()?.members()?;
    let form = form(&visit, &Fields::default());
    Ok(visit.page(Section::Members, "Add member", &html! { h1 { "Add member" } (form) }))
}

fn form(visit: &Visit, fields: &Fields) -> Markup {
    let types = visit.head.profile().map(|profile| profile.account_types()).unwrap_or_default();
    html! {
        form.stack method="post" action=(visit.present("/new-member")) {
            (visit.token())
            div.field { label for="id" { "Id" }
                input id="id" name="id" value=(fields.text("id")) required maxlength="128" autocomplete="off" aria-describedby="id-hint";
                small id="id-hint" { "It never changes, and is no personal data: choose an opaque one." } }
            div.field { label for="name" { "Name " span.quiet { "(optional)" } } input id="name" name="name" value=(fields.text("name")) maxlength="200" autocomplete="off"; }
            div.field { label for="email" { "E-mail " span.quiet { "(optional)" } } input id="email" type="email" name="email" value=(fields.text("email")) autocomplete="off"; }
            @if types.len() > 1 { div.field { label for="type" { "Account type" } select id="type" name="type" {
                @for of in types { option value=(of.key) selected[fields.text("type") == of.key.as_str()] { (of.label) } }
            } } }
            label.check { input type="checkbox" name="service" value="yes" checked[fields.has("service")]; "It is a program: a service account" }
            p.quiet { "Roles and scope are given on the member’s page." }
            div.row { button.main { "Add" } a.button href=(visit.present("/members")) { "Cancel" } }
        }
    }
}

pub(super) async fn create(deed: Deed) -> Result<Response, Oops> {
    let fields = &deed.fields;
    let id = MemberId::known(bounded(fields.text("id")));
    let personal = |name: &str| fields.get(name).map(|text| Personal::Clear(text.into()));
    let add = MemberCommand::AddMember {
        kind: if fields.has("service") { MemberKind::Service } else { MemberKind::Person },
        account_type: fields.get("type").map(|key| AccountTypeKey::known(bounded(key))),
        details: Details { name: personal("name"), email: personal("email"), ..Details::default() },
        scope: None,
    };
    let mut proposal = proposal(&deed.visit, &id, "Add member".to_owned(), vec![Command::Member(id.clone(), add)], "");
    proposal.action = deed.visit.present("/new-member");
    proposal.notice = "Added. Give a role and a scope next.".to_owned();
    proposal.basis = None;
    proposal.asks = false;
    proposal.refill = Some(form(&deed.visit, fields));
    deed.propose(proposal).await
}
