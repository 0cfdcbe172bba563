//! A new review.

use axum::response::Response;
use chancery_aggregates::Command;
use chancery_aggregates::command::ReviewCommand;
use chancery_aggregates::vocabulary::{LONGEST_ID, MemberId, ReviewId};
use maud::{Markup, html};

use super::{basis, below};
use crate::api::problem::Problem;
use crate::cli::time::{Edge, Point, Written};
use crate::console::change::Proposal;
use crate::console::form::{Deed, Fields};
use crate::console::oops::Oops;
use crate::console::page::Section;
use crate::console::visit::Visit;
use crate::engine::Moment;
use crate::review::{Opening, about};

pub(super) async fn form(visit: Visit) -> Result<Response, Oops> {
    visit.head.may_review()?;
    let content = html! { h1 { "New review" } (fields(&visit, &Fields::default())) };
    Ok(visit.page(Section::Reviews, "New review", &content))
}

fn fields(visit: &Visit, filled: &Fields) -> Markup {
    let state = &visit.head.state;
    let wanted = filled.get("about").unwrap_or("all");
    let option = |value: String, label: String| html! { option value=(value) selected[wanted == value] { (label) } };
    html! {
        p { "Access as it is, or was, becomes a list of lines: roles, permissions allowed directly, the ownership, keys of service accounts. Nobody decides about their own." }
        form.stack method="post" action=(visit.present("/new-review")) {
            (visit.token())
            div.field { label for="title" { "Title" } input id="title" name="title" required maxlength="200" value=(filled.text("title")) autocomplete="off"; }
            div.field { label for="id" { "Id " span.quiet { "(it never changes)" } } input id="id" name="id" required maxlength="128" value=(filled.text("id")) autocomplete="off"; }
            div.field { label for="about" { "Which access" } select id="about" name="about" {
                (option("all".to_owned(), "All access".to_owned()))
                (option("sensitive".to_owned(), "Sensitive permissions, and what gives them".to_owned()))
                optgroup label="Who holds a role" { @for (_, role) in state.roles() { (option(format!("role:{}", role.id), role.name.to_string())) } }
                @if state.scopes().next().is_some() { optgroup label="What reaches a scope" { @for (_, scope) in state.scopes().filter(|(_, scope)| scope.archived.is_none()) {
                    (option(format!("scope:{}", scope.id), scope.name.to_string())) } } }
            } }
            div.field { label for="as-of" { "As of " span.quiet { "(a time or a position of the log; empty for now)" } } input id="as-of" name="as_of" value=(filled.text("as_of")) autocomplete="off"; }
            div.field { label for="deadline" { "Deadline " span.quiet { "(that day included)" } } input id="deadline" type="date" name="deadline" required value=(filled.text("deadline")); }
            div.field { label for="reviewer" { "Reviewer " span.quiet { "(the member’s id)" } } input id="reviewer" name="reviewer" required value=(filled.text("reviewer")) autocomplete="off"; }
            div.field { label for="fallback" { "Reviewer of what is about the reviewer" } input id="fallback" name="fallback" value=(filled.text("fallback")) autocomplete="off"; }
            div { button.main { "Open it…" } }
        }
    }
}

pub(super) async fn create(deed: Deed) -> Result<Response, Oops> {
    let (visit, fields_of) = (&deed.visit, &deed.fields);
    let bad = |detail: &str| Oops::from(Problem::bad_request("bad_form", detail.to_owned()));
    let engine = visit.service.engine.clone();
    let moment = match fields_of.get("as_of") {
        None => Moment::Now,
        Some(text) => {
            let point: Point =
                text.parse().map_err(|_| bad("write a time as 2026-03-03 14:30, or a position as 57"))?;
            point.moment(Edge::Included, visit.head.now)
        }
    };
    let deadline: Written = fields_of.text("deadline").parse().map_err(|_| bad("write a date as 2026-03-03"))?;
    let member = |name: &str| fields_of.get(name).map(|id| MemberId::known(cut(id)));
    let opening = Opening {
        title: fields_of.text("title").to_owned(),
        about: about(fields_of.text("about")).ok_or_else(|| bad("choose which access is reviewed"))?,
        moment,
        deadline: deadline.instant(Edge::After, visit.head.now),
        reviewer: member("reviewer").unwrap_or_default(),
        fallback: member("fallback"),
        others: Vec::new(),
    };
    let new = opening.command(&engine, &visit.organisation, &visit.head).await?;
    let id = ReviewId::known(cut(fields_of.text("id")));
    let refill = fields(visit, fields_of);
    let proposal = Proposal {
        section: Section::Reviews,
        title: format!("Open the review {}", fields_of.text("title")),
        commands: vec![Command::Review(id.clone(), ReviewCommand::OpenReview(Box::new(new)))],
        action: visit.present("/new-review"),
        back: visit.present("/reviews"),
        done: visit.present(&below(id.as_str())),
        notice: "The review is open.".to_owned(),
        basis: Some(basis(id.as_str())),
        grave: false,
        asks: true,
        refill: Some(refill),
    };
    deed.propose(proposal).await
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST_ID).collect()
}
