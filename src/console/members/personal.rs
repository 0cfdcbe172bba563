//! Personal data of a member: handed out (Articles 15 and 20), and erased (Article 17).

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chancery_aggregates::Command;
use chancery_aggregates::command::MemberCommand;
use chancery_aggregates::state::MemberEntry;
use maud::{Markup, html};

use super::{InMember, below, may};
use crate::api::body::InPath;
use crate::api::download::download;
use crate::api::problem::Problem;
use crate::console::form::Deed;
use crate::console::fragments::{name_of, time};
use crate::console::oops::{Oops, sentence};
use crate::console::page::Section;
use crate::console::visit::Visit;
use crate::engine::{Context, Moment, Request};
use crate::gdpr::{Dossier, Erasure, Receipt, page};

pub(super) async fn show(visit: Visit, InPath(path): InPath<InMember>) -> Result<Response, Oops> {
    let reader = visit.facts.reader()?;
    let (_, member) = reader.member(&path.member)?;
    let name = name_of(&visit.facts.state, member);
    let title = format!("Personal data of {name}");
    let content = html! {
        nav.crumbs aria-label="Breadcrumb" {
            a href=(visit.link("/members")) { "Members" } " / " a href=(visit.link(&below(member.id.as_str()))) { (name) }
        }
        h1 { (title) }
        @if visit.is_present() { (export_form(&visit, member)) (erase_form(&visit, member, None)) }
        @else { p.notice { "Go back to the present to have personal data handed out or erased." } }
    };
    Ok(visit.page(Section::Members, &title, &content))
}

fn action(visit: &Visit, member: &MemberEntry, deed: &str) -> String {
    format!("{}/{deed}", visit.present(&below(member.id.as_str())))
}

fn export_form(visit: &Visit, member: &MemberEntry) -> Markup {
    let allowed = may(visit, member, &MemberCommand::ExportPersonalData);
    html! {
        section aria-labelledby="export" {
            h2 id="export" { "Hand out" }
            p { "All that is held about this member: personal data now and before, access and its times, what happened to them and what they did. That it was handed out, to whom and why, stays in the log." }
            @match &allowed {
                Err(refusal) => p.quiet { (sentence(&refusal.to_string())) },
                Ok(()) => form.stack method="post" action=(action(visit, member, "export")) {
                    (visit.token())
                    div.field { label for="why" { "Reason" } input id="why" name="reason" required maxlength="500"; }
                    div.row { button.main name="form" value="html" { "Page to print" } button name="form" value="json" { "JSON" } }
                },
            }
        }
    }
}

fn erase_form(visit: &Visit, member: &MemberEntry, wrong: Option<&str>) -> Markup {
    let allowed = may(visit, member, &MemberCommand::ErasePersonalData);
    html! {
        section aria-labelledby="erase" {
            h2 id="erase" { "Erase" }
            ul {
                li { "Name, e-mail address and phone number become unreadable for everybody, in the past as well, and nothing brings them back." }
                li { "New ones cannot be written: this member stays without a name." }
                li { "Access does not change: remove the member first, if they leave." }
                li { "The log keeps the id, roles and times, and its proofs hold." }
                li { "Names of all members in older backups become unreadable: make a new backup at once." }
            }
            @if let Some(wrong) = wrong { p.notice.wrong role="alert" { (wrong) } }
            @if member.erased.is_some() { p.notice { "They were erased." } }
            @else if let Err(refusal) = &allowed { p.quiet { (sentence(&refusal.to_string())) } }
            @else {
                form.stack method="post" action=(action(visit, member, "erase")) {
                    (visit.token())
                    div.field { label for="erase-why" { "Reason" } input id="erase-why" name="reason" required maxlength="500"; }
                    div.field { label for="typed" { "Type the id " code { (member.id) } " to confirm" } input id="typed" name="typed" required autocomplete="off"; }
                    div { button.grave { "Erase for good" } }
                }
            }
        }
    }
}

/// Why: asked for, since it stays in the log.
fn context(deed: &Deed) -> Result<Context, Oops> {
    let reason = deed.fields.get("reason").ok_or_else(|| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "reason_missing", "say why: the reason stays in the log")
    })?;
    Ok(Context { reason: Some(reason.to_owned()), ..Context::of(&deed.visit.origin) })
}

pub(super) async fn export(InPath(path): InPath<InMember>, deed: Deed) -> Result<Response, Oops> {
    let member = deed.visit.head.reader()?.member(&path.member)?.1.id.clone();
    let (engine, organisation) = (&deed.visit.service.engine, &deed.visit.organisation);
    // The look is in the log before anything is handed out; the rules decide there whether it may be.
    let request = Request {
        organisation: organisation.clone(),
        commands: vec![Command::Member(member.clone(), MemberCommand::ExportPersonalData)],
        actor: deed.visit.head.actor.clone(),
        context: context(&deed)?,
        idempotency_key: None,
    };
    engine.execute(request).await?;
    let replayed = engine.replay(organisation, Moment::Now).await?;
    let dossier = Dossier::read(engine, replayed, &member).await?.ok_or_else(Oops::nothing)?;
    let (kind, ending, text) = match deed.fields.text("form") {
        "json" => {
            let text = serde_json::to_string_pretty(&dossier);
            let failed = |_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the data cannot be written");
            ("application/json", "json", text.map_err(failed)? + "\n")
        }
        _ => ("text/html; charset=utf-8", "html", page(&dossier)),
    };
    Ok((download(&format!("personal-data-{member}.{ending}"), kind), text).into_response())
}

pub(super) async fn erase(InPath(path): InPath<InMember>, deed: Deed) -> Result<Response, Oops> {
    let visit = &deed.visit;
    let reader = visit.head.reader()?;
    let (_, member) = reader.member(&path.member)?;
    let id = member.id.clone();
    if deed.fields.text("typed") != id.as_str() {
        let wrong = "What you typed is another id: nothing was erased.";
        let content = html! { h1 { "Erase personal data" } (erase_form(visit, member, Some(wrong))) };
        let page = visit.page(Section::Members, "Erase personal data", &content);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    drop(reader);
    let context = context(&deed)?;
    let (organisation, actor) = (visit.organisation.clone(), visit.head.actor.clone());
    let receipt = Erasure { organisation, member: id, actor, context }.carry_out(&visit.service.engine).await?;
    Ok(visit.page(Section::Members, "Erased", &shown(visit, &receipt)))
}

fn shown(visit: &Visit, receipt: &Receipt) -> Markup {
    html! {
        h1 { "The personal data of " (receipt.member) " are erased" }
        p { "Keep this receipt apart from the database and its backups." }
        dl.facts {
            div { dt { "Recorded" } dd { "#" (receipt.position) ", " (time(receipt.time)) ", by " (receipt.by) } }
            div { dt { "Key destroyed" } dd { @if receipt.key_destroyed { "yes" } @else { "there was none" } } }
            @if let Some(name) = &receipt.key_encryption_key { div { dt { "Key-encryption key" } dd { "renewed: " code { (name) } } } }
        }
        @for left in &receipt.left { p.notice.warn { "Left to do: " (left) } }
        details { summary { "The line for the log of erasures" } pre { (serde_json::to_string(receipt).unwrap_or_default()) } }
        p { a.button href=(visit.present(&below(&receipt.member))) { "To the member" } }
    }
}
