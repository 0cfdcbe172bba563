//! What is kept about a member's person: name, e-mail address, phone number, and the account type.

use axum::response::Response;
use chancery_aggregates::Command;
use chancery_aggregates::command::MemberCommand;
use chancery_aggregates::event::Details;
use chancery_aggregates::state::{AccessState, MemberEntry, Shown};
use chancery_aggregates::vocabulary::{AccountTypeKey, Field, Personal};
use maud::{Markup, html};

use super::act::{bounded, proposal};
use super::{InMember, below, may};
use crate::api::body::InPath;
use crate::console::change::basis_fields;
use crate::console::form::{Deed, Fields};
use crate::console::fragments::name_of;
use crate::console::oops::{Oops, sentence};
use crate::console::page::Section;
use crate::console::visit::Visit;
use crate::views::member::account_type;

const FIELDS: [(Field, &str, &str); 3] =
    [(Field::Name, "Name", "text"), (Field::Email, "E-mail", "email"), (Field::Phone, "Phone", "tel")];

pub(super) async fn edit(visit: Visit, InPath(path): InPath<InMember>) -> Result<Response, Oops> {
    let reader = visit.facts.reader()?;
    let (_, member) = reader.member(&path.member)?;
    let mut fields = Fields::default().with("type", &account_type(&visit.facts.state, member));
    for (field, ..) in FIELDS {
        fields = fields.with(field.as_str(), &text_of(&visit.facts.state, member, field).unwrap_or_default());
    }
    let title = format!("Details of {}", name_of(&visit.facts.state, member));
    let content = html! {
        nav.crumbs aria-label="Breadcrumb" {
            a href=(visit.link("/members")) { "Members" } " / "
            a href=(visit.link(&below(member.id.as_str()))) { (name_of(&visit.facts.state, member)) }
        }
        h1 { (title) }
        (form(&visit, member, &fields))
    };
    Ok(visit.page(Section::Members, &title, &content))
}

/// A value as it can be written again; nothing where it is sealed for good, or was never there.
fn text_of(state: &AccessState, member: &MemberEntry, field: Field) -> Option<String> {
    state.shown_of(member, field).and_then(Shown::text)
}

fn form(visit: &Visit, member: &MemberEntry, fields: &Fields) -> Markup {
    let page = visit.present(&below(member.id.as_str()));
    let details = may(visit, member, &MemberCommand::ChangeDetails { details: member.details.clone() });
    let types = visit.head.profile().map(|profile| profile.account_types()).unwrap_or_default();
    let now = AccountTypeKey::known(account_type(&visit.head.state, member));
    let retype = may(visit, member, &MemberCommand::ChangeAccountType { account_type: now });
    let fixed = |allowed: &Result<(), _>| !visit.is_present() || allowed.is_err();
    html! {
        form.stack method="post" action={ (page) "/details" } {
            (visit.token()) (basis_fields(member.sequence, &visit.head.state))
            fieldset disabled[fixed(&details)] {
                legend { "Person" }
                @for (field, label, kind) in FIELDS { div.field {
                    label for=(field.as_str()) { (label) }
                    input id=(field.as_str()) type=(kind) name=(field.as_str()) value=(fields.text(field.as_str())) maxlength="200" autocomplete="off";
                } }
                p.quiet { "An e-mail address that is changed counts as not verified." }
            }
            @if let Err(refusal) = &details { small.why { (sentence(&refusal.to_string())) } }
            @if types.len() > 1 {
                fieldset disabled[fixed(&retype)] {
                    legend { "Account type" }
                    div.field { label for="type" { "Account type" } select id="type" name="type" {
                        @for of in types { option value=(of.key) selected[fields.text("type") == of.key.as_str()] { (of.label) } }
                    } }
                }
                @if let Err(refusal) = &retype { small.why { (sentence(&refusal.to_string())) } }
            }
            div.row {
                @if !fixed(&details) || !fixed(&retype) { button.main { "Preview" } }
                a.button href=(page) { "Cancel" }
            }
        }
    }
}

pub(super) async fn change(InPath(path): InPath<InMember>, deed: Deed) -> Result<Response, Oops> {
    let (visit, fields) = (&deed.visit, &deed.fields);
    let reader = visit.head.reader()?;
    let (_, member) = reader.member(&path.member)?;
    let state = &visit.head.state;
    let mut commands = Vec::new();
    let details = filled_in(state, member, fields);
    if details != member.details {
        commands.push(MemberCommand::ChangeDetails { details });
    }
    if let Some(wanted) = fields.get("type").filter(|wanted| *wanted != account_type(state, member)) {
        commands.push(MemberCommand::ChangeAccountType { account_type: AccountTypeKey::known(bounded(wanted)) });
    }
    let commands: Vec<Command> =
        commands.into_iter().map(|command| Command::Member(member.id.clone(), command)).collect();
    let title = format!("Change details of {}", name_of(state, member));
    let mut proposal = proposal(visit, &member.id, title, commands, "details");
    proposal.refill = Some(form(visit, member, fields));
    drop(reader);
    deed.propose(proposal).await
}

/// The details as they are wanted. What was not touched stays as it is sealed; what is not in the form, too.
fn filled_in(state: &AccessState, member: &MemberEntry, fields: &Fields) -> Details {
    let wanted = |field: Field, before: &Option<Personal>| {
        let name = field.as_str();
        if !fields.has(name) || fields.text(name) == text_of(state, member, field).unwrap_or_default() {
            return before.clone();
        }
        fields.get(name).map(|text| Personal::Clear(text.into()))
    };
    Details {
        name: wanted(Field::Name, &member.details.name),
        email: wanted(Field::Email, &member.details.email),
        phone: wanted(Field::Phone, &member.details.phone),
    }
}
