//! A review: how far it has come, its lines with the evidence, and what is to be decided.

use axum::response::Response;
use chancery_aggregates::event::Verdict;
use chancery_aggregates::review::{Stage, Standing};
use chancery_aggregates::state::ReviewEntry;
use chancery_projections::review::{Deed as Happened, RecordLine};
use chancery_projections::words::{self, Person};
use maud::{Markup, html};
use std::collections::BTreeMap;

use super::{InReview, below, stage, title};
use crate::api::body::InPath;
use crate::console::change::basis_fields;
use crate::console::fragments::{pager, time};
use crate::console::oops::Oops;
use crate::console::page::Section;
use crate::console::visit::{Visit, segment};
use crate::review::{given, lines};
use crate::views::key::Uses;
use crate::views::review::{about, find, last_used, waiting};

/// Lines on a page.
const PAGE: usize = 50;

pub(super) async fn show(visit: Visit, InPath(path): InPath<InReview>) -> Result<Response, Oops> {
    let (facts, engine) = (&visit.facts, &visit.service.engine);
    let entry = find(facts, &path.review)?;
    let mine = |line: &RecordLine| line.line.reviewer == visit.member;
    let mut shown = lines(engine, facts, entry).await?;
    let total = shown.len();
    match visit.query.text("show") {
        "mine" => shown.retain(|line| mine(line) && line.decided.is_none()),
        "undecided" => shown.retain(|line| line.decided.is_none()),
        "revoked" => {
            shown.retain(|line| line.decided.as_ref().is_some_and(|it| it.decision.verdict == Verdict::Revoke));
        }
        _ => {}
    }
    let pages = shown.len().div_ceil(PAGE).max(1);
    let page = visit.query.get("page").and_then(|page| page.parse().ok()).unwrap_or(1).clamp(1, pages);
    let page_lines: Vec<RecordLine> = shown.into_iter().skip((page - 1) * PAGE).take(PAGE).collect();
    let given = given(engine, facts.state.organisation(), &page_lines).await?;
    let uses = Uses::read(&**engine.store(), facts).await.map_err(crate::api::problem::Problem::from)?;
    let decides = visit.is_present() && entry.review.stage == Stage::Open && page_lines.iter().any(mine);
    let table = Lines { visit: &visit, lines: &page_lines, given: &given, uses: &uses, decides };
    let content = html! {
        nav.crumbs aria-label="Breadcrumb" { a href=(visit.link("/reviews")) { "Reviews" } }
        div.heading { h1 { (title(entry)) } span.badges { (stage(facts, entry)) } }
        (summary(&visit, entry))
        h2 { "Lines" }
        (filters(&visit, total))
        @if page_lines.is_empty() { p.empty { "No line is like that." } }
        @else if decides { (table.form(entry)) }
        @else { (table.show()) }
        (pager(page, pages, |page| visit.with("page", &page.to_string())))
        @if visit.is_present() && entry.review.stage == Stage::Open { (closing(&visit, entry)) }
    };
    Ok(visit.page(Section::Reviews, &title(entry), &content))
}

fn summary(visit: &Visit, entry: &ReviewEntry) -> Markup {
    let (facts, review) = (&visit.facts, &entry.review);
    let decided = review.kept + review.revoked;
    let open = review.stage == Stage::Open;
    let outstanding = review.outstanding(&facts.state, facts.now).count();
    html! {
        p { label for="decided" { (decided) " of " (review.count) " lines are decided " } progress id="decided" value=(decided) max=(review.count) { (decided) " of " (review.count) } }
        dl.facts {
            div { dt { "About" } dd { (about(&review.about)) } }
            div { dt { "Access as of" } dd { (time(review.frozen.time)) ", position " (review.frozen.position) } }
            div { dt { "Deadline" } dd { (words::until(review.deadline)) } }
            div { dt { "Kept" } dd { (review.kept) } }
            div { dt { "Revoked" } dd { (review.revoked) @if open && outstanding > 0 { ", of which " (outstanding) " still there" } } }
            div { dt { "Opened" } dd { (time(entry.opened.time)) } }
            @if let Some(closed) = entry.closed { div { dt { "Ended" } dd { (time(closed.time)) ", position " (closed.position) } } }
            @if let Some(result) = &review.result { div { dt { "Root of the lines" } dd { code { (result.root) } } } }
        }
        @if visit.facts.may_review().is_ok() { p { a href=(visit.link(&format!("{}/evidence", below(entry.id.as_str())))) { "Evidence" } } }
    }
}

fn filters(visit: &Visit, total: usize) -> Markup {
    let entry = |show: &str, label: &str| {
        let current = visit.query.text("show") == show;
        html! { li { a href=(visit.without("page").split('?').next().map(|path| if show.is_empty() { path.to_owned() } else { format!("{path}?show={show}") }).unwrap_or_default()) aria-current=[current.then_some("true")] { (label) } } }
    };
    html! { nav.tabs aria-label="Which lines" { ul {
        (entry("", &format!("All ({total})"))) (entry("mine", "Waiting for you")) (entry("undecided", "Undecided")) (entry("revoked", "Revoked"))
    } } }
}

struct Lines<'a> {
    visit: &'a Visit,
    lines: &'a [RecordLine],
    given: &'a BTreeMap<u64, Happened>,
    uses: &'a Uses,
    /// Whether the reader may decide some of them.
    decides: bool,
}

impl Lines<'_> {
    /// Several lines are decided in one save.
    fn form(&self, entry: &ReviewEntry) -> Markup {
        let action = format!("{}/do/decide", self.visit.present(&below(entry.id.as_str())));
        html! {
            form method="post" action=(action) {
                (self.visit.token()) (basis_fields(entry.sequence, &self.visit.head.state))
                (self.show())
                div.row {
                    button.main name="verdict" value="keep" { "Keep the chosen…" }
                    button.grave name="verdict" value="revoke" { "Revoke the chosen…" }
                    label for="delegate" { "or pass them to" }
                    input id="delegate" name="to" placeholder="member’s id" autocomplete="off";
                    button name="verdict" value="delegate" { "Pass on…" }
                }
            }
        }
    }

    fn show(&self) -> Markup {
        html! {
            div.scroll tabindex="0" role="region" aria-label="Lines of the review" { table.list {
                caption.hidden { "Lines of the review" }
                thead { tr {
                    @if self.decides { th scope="col" { "Choose" } }
                    th scope="col" { "Line" } th scope="col" { "Member" } th scope="col" { "Access" } th scope="col" { "Given" }
                    th scope="col" { "Reviewer" } th scope="col" { "Decision" } th scope="col" { "Since then" }
                } }
                tbody { @for line in self.lines { (self.row(line)) } }
            } }
        }
    }

    fn row(&self, line: &RecordLine) -> Markup {
        let state = &self.visit.facts.state;
        let person = |id: &str| Person::known_as(state, id).to_string();
        let member = line.line.member.as_str();
        html! {
            tr {
                @if self.decides { td { @if line.line.reviewer == self.visit.member && line.line.member != self.visit.member {
                    input type="checkbox" name="line" value=(line.line.line) aria-label={ "Line " (line.line.line) };
                } } }
                td { (line.line.line) }
                th scope="row" { a href=(self.visit.link(&format!("/members/{}", segment(member)))) { (person(member)) } }
                td { (words::reviewed(&line.line.access)) @if let Some(used) = last_used(line, self.uses) { " " span.quiet { "last used " (time(used)) } } }
                td { @if let Some(given) = self.given.get(&line.line.since) { (self.given(given)) } }
                td { (person(line.line.reviewer.as_str())) }
                td { (self.decision(line)) }
                td { @match line.standing {
                    Standing::Unchanged => {},
                    Standing::Changed => span.badge.warn { "changed" },
                    Standing::Gone => span.badge { "gone" },
                } @if let Some(ended) = &line.ended { " " (self.given(ended)) } }
            }
        }
    }

    fn given(&self, given: &Happened) -> Markup {
        html! {
            (time(given.time)) " by " (words::actor(&self.visit.facts.state, &given.by)) " " span.quiet { "#" (given.position) }
            @if let Some(reason) = &given.reason { " “" (reason) "”" }
        }
    }

    fn decision(&self, line: &RecordLine) -> Markup {
        html! {
            @match line.decided.as_ref().map(|decided| decided.decision.verdict) {
                None => span.badge.warn { "undecided" },
                Some(Verdict::Keep) => span.badge.good { "keep" },
                Some(Verdict::Revoke) => span.badge.bad { "revoke" },
            }
            @if let Some(made) = &line.decision { " " (self.given(made)) }
        }
    }
}

/// What those may do who may open reviews.
fn closing(visit: &Visit, entry: &ReviewEntry) -> Markup {
    if visit.head.may_review().is_err() {
        return html! {};
    }
    let outstanding = entry.review.outstanding(&visit.head.state, visit.head.now).count();
    let form = |deed: &str, label: &str| {
        let action = format!("{}/do/{deed}", visit.present(&below(entry.id.as_str())));
        html! { form method="post" action=(action) {
            (visit.token()) (basis_fields(entry.sequence, &visit.head.state)) button { (label) "…" }
        } }
    };
    html! {
        h2 { "Changes" }
        div.row {
            @if outstanding > 0 { (form("apply", "Take away what is revoked")) }
            (form("complete", "Complete"))
            (form("cancel", "Give it up"))
        }
        @if waiting(&visit.head, entry) > 0 { p.quiet { "Lines are still waiting for you." } }
    }
}
