//! Changes: proposed by a form, shown as a preview, made when they are confirmed.
//!
//! A form is posted twice to the same address: without `confirm` it is rehearsed, and the page says who would
//! gain and lose what; with it, the change is made. A form that was filled in on something that somebody
//! else has changed since is neither: the page shows what the other did and leaves the choice, and what
//! was filled in is still there.

mod preview;

use std::ops::ControlFlow;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chancery_aggregates::{AccessState, Command, Facts};
use chancery_projections::activity::{Entry, Narrator};
use chancery_projections::preview::preview;
use maud::{Markup, html};

use super::form::{Deed, Fields};
use super::fragments::{spans, time};
use super::oops::{Oops, sentence};
use super::page::Section;
use crate::api::problem::Problem;
use crate::engine::{Condition, Context, EngineError, Request};
use crate::views::eyes::Eyes;
use crate::views::log::{read, stream};
use crate::views::sight::Sight;

/// The version that something has in a state; none where it is not there.
pub(super) type VersionOf = fn(&AccessState, &str) -> Option<u64>;

/// What a form was filled in on.
#[derive(Debug, Clone)]
pub(super) struct Basis {
    /// Its stream, such as `role/auditor`.
    pub(super) stream: String,
    /// Its id.
    pub(super) id: String,
    /// Its version in a state.
    pub(super) version: VersionOf,
}

/// A change that is proposed.
#[derive(Debug)]
pub(super) struct Proposal {
    pub(super) section: Section,
    /// What it is, as a heading.
    pub(super) title: String,
    pub(super) commands: Vec<Command>,
    /// Where the form was posted to.
    pub(super) action: String,
    /// Where it was filled in.
    pub(super) back: String,
    /// Where to go when it is done.
    pub(super) done: String,
    /// What is said then.
    pub(super) notice: String,
    /// What must not have changed meanwhile.
    pub(super) basis: Option<Basis>,
    /// It takes something away for good.
    pub(super) grave: bool,
    /// It is shown before it is made.
    pub(super) asks: bool,
    /// The form as it was filled in, to be shown again when it is refused.
    pub(super) refill: Option<Markup>,
}

/// The fields that bind a form to what it was filled in on.
pub(super) fn basis_fields(version: u64, state: &AccessState) -> Markup {
    html! {
        input type="hidden" name="version" value=(version);
        input type="hidden" name="position" value=(state.position());
    }
}

impl Deed {
    /// Shows what the change would do, or makes it.
    pub(super) async fn propose(mut self, proposal: Proposal) -> Result<Response, Oops> {
        // What answers a form has no address of its own: its links lead to where the form was.
        let back = proposal.back.split('?').next().unwrap_or_default();
        (self.visit.path, self.visit.query) = (back.to_owned(), Fields::default());
        let seen = self.fields.get("version").and_then(|version| version.parse::<u64>().ok());
        let now = |state: &AccessState| {
            let basis = proposal.basis.as_ref()?;
            (basis.version)(state, &basis.id)
        };
        if seen.is_some() && now(&self.visit.head.state).is_some_and(|now| Some(now) != seen) {
            return self.conflict(&proposal).await;
        }
        if self.fields.has("confirm") || !proposal.asks {
            self.make(proposal, seen).await
        } else {
            self.rehearse(proposal).await
        }
    }

    fn request(&self, commands: &[Command]) -> Request {
        let visit = &self.visit;
        Request {
            organisation: visit.organisation.clone(),
            commands: commands.to_vec(),
            actor: visit.head.actor.clone(),
            context: Context { reason: self.fields.get("reason").map(str::to_owned), ..Context::of(&visit.origin) },
            idempotency_key: None,
        }
    }

    async fn rehearse(self, proposal: Proposal) -> Result<Response, Oops> {
        let engine = &self.visit.service.engine;
        let request = self.request(&proposal.commands);
        let (before, after, events) = match engine.rehearse(&request).await {
            Ok(rehearsed) => rehearsed,
            Err(EngineError::Refused { refusal, .. }) => {
                let problem = Problem::from(*refusal);
                if problem.status() == StatusCode::FORBIDDEN {
                    self.record_attempt(request).await;
                }
                return Ok(self.refused(&proposal, &problem));
            }
            Err(other) => return Err(other.into()),
        };
        let Some(at) = events.first().map(|event| event.stamp.time) else {
            self.visit.service.console.tell(&self.visit.guest, "Nothing to change: it is so already.");
            return Ok(Redirect::to(&proposal.back).into_response());
        };
        let facts = |state: &AccessState| Facts { state: state.clone(), actor: self.visit.head.actor.clone(), now: at };
        let (earlier, later) = (facts(&before), facts(&after));
        let told = preview(&before, &after, &events, at, &Eyes::of(&earlier, &later));
        let content = html! {
            h1 { (proposal.title) }
            (preview::show(&self.visit, &told))
            (self.confirmation(&proposal))
        };
        Ok(self.visit.page(proposal.section, &proposal.title, &content))
    }

    /// Whoever asks for what they may not have is in the log, as everywhere: on the very state that refused it,
    /// so that nothing else can come of it.
    async fn record_attempt(&self, request: Request) {
        let position = self.visit.head.state.position();
        let same: Condition = Arc::new(move |state: &AccessState| state.position() == position);
        let _ = self.visit.service.engine.execute_if(request, same).await;
    }

    async fn make(self, proposal: Proposal, seen: Option<u64>) -> Result<Response, Oops> {
        let engine = &self.visit.service.engine;
        let request = self.request(&proposal.commands);
        let made = match (&proposal.basis, seen) {
            (Some(basis), Some(seen)) => {
                let basis = basis.clone();
                let same: Condition = Arc::new(move |state: &AccessState| {
                    // Whether it is there, and for whom, is for the rules to say.
                    (basis.version)(state, &basis.id).is_none_or(|version| version == seen)
                });
                engine.execute_if(request, same).await
            }
            _ => engine.execute(request).await,
        };
        match made {
            Ok(_) => {
                self.visit.service.console.tell(&self.visit.guest, proposal.notice);
                Ok(Redirect::to(&proposal.done).into_response())
            }
            Err(EngineError::Changed { .. }) => self.conflict(&proposal).await,
            Err(EngineError::Refused { refusal, .. }) => Ok(self.refused(&proposal, &Problem::from(*refusal))),
            Err(other) => Err(other.into()),
        }
    }

    fn refused(&self, proposal: &Proposal, problem: &Problem) -> Response {
        if problem.status() == StatusCode::NOT_FOUND {
            return Oops::from(problem.clone()).into_response();
        }
        let content = html! {
            h1 { (proposal.title) }
            div.notice.wrong role="alert" {
                p { strong { "This is refused. " } (sentence(problem.detail())) }
                p.quiet { "Rule " code { (problem.rule()) } ". Nothing was changed." }
            }
            @match &proposal.refill {
                Some(form) => (form),
                None => p { a.button href=(proposal.back) { "Back" } },
            }
        };
        let page = self.visit.page(proposal.section, &proposal.title, &content);
        (problem.status(), page).into_response()
    }

    /// The same form again, to be posted for good.
    fn confirmation(&self, proposal: &Proposal) -> Markup {
        // A question is answered by what it asks.
        let label = proposal.title.strip_suffix('?').unwrap_or("Make this change");
        html! {
            form.confirm method="post" action=(proposal.action) {
                (self.again())
                input type="hidden" name="confirm" value="yes";
                @if !self.fields.has("reason") || self.fields.text("reason").is_empty() {
                    label for="reason" { "Reason " span.quiet { "(optional; it is kept in the log)" } }
                    input id="reason" name="reason" maxlength="500";
                } @else {
                    input type="hidden" name="reason" value=(self.fields.text("reason"));
                }
                div.row {
                    button.main.grave[proposal.grave] { (label) }
                    a.button href=(proposal.back) { "Leave it as it is" }
                }
            }
        }
    }

    /// What was filled in, hidden.
    fn again(&self) -> Markup {
        let kept = self.fields.iter().filter(|(name, _)| !matches!(*name, "confirm" | "reason"));
        html! { @for (name, value) in kept { input type="hidden" name=(name) value=(value); } }
    }

    async fn conflict(self, proposal: &Proposal) -> Result<Response, Oops> {
        let Some(basis) = &proposal.basis else { return Err(Problem::changed().into()) };
        let state = self.visit.service.state(&self.visit.organisation, None).await?;
        let since = self.fields.get("position").and_then(|position| position.parse().ok());
        let entries = self.happened(&basis.stream, since.unwrap_or_default(), state.position()).await?;
        let version = (basis.version)(&state, &basis.id).map(|version| version.to_string()).unwrap_or_default();
        let mine = self.wanted(&proposal.commands).await;
        let on_top = Self {
            fields: self.fields.with("version", &version).with("position", &state.position().to_string()),
            visit: self.visit,
        };
        let content = html! {
            h1 { (proposal.title) }
            div.notice.warn role="alert" {
                p { strong { "Somebody else changed this while you were at it." } " Nothing of yours is lost, and nothing of it is saved yet." }
            }
            h2 { "What happened meanwhile" }
            ol.log { @for entry in &entries {
                li { div.meta { (time(entry.time)) span.quiet { "#" (entry.position) } } p { (spans(&entry.sentence)) "." } }
            } }
            @if entries.is_empty() { p.quiet { "You may not read the log of it." } }
            h2 { "What you were about to do" }
            (mine)
            h2 { "What now?" }
            div.row {
                form method="post" action=(proposal.action) {
                    (on_top.again())
                    button.main { "Apply mine on top" }
                }
                a.button href=(proposal.done) { "Discard mine and see how it is now" }
            }
            p.quiet { "Applying yours on top shows once more what it would do, before anything is changed." }
        };
        let page = on_top.visit.page(proposal.section, &proposal.title, &content);
        Ok((StatusCode::CONFLICT, page).into_response())
    }

    /// What would come of commands as things are now, in words.
    async fn wanted(&self, commands: &[Command]) -> Markup {
        let request = self.request(commands);
        match self.visit.service.engine.rehearse(&request).await {
            Ok((before, _, events)) => {
                let mut narrator = Narrator::new(before);
                let sentences: Vec<String> = events.iter().map(|event| narrator.tell(event).sentence).collect();
                html! {
                    ol.log { @for sentence in &sentences { li { p { (spans(sentence)) "." } } } }
                    @if sentences.is_empty() { p.quiet { "Nothing more: it is so by now." } }
                }
            }
            Err(EngineError::Refused { refusal, .. }) => html! {
                p.notice.wrong { "By now this would be refused. " (sentence(Problem::from(*refusal).detail())) }
            },
            Err(_) => html! { p.quiet { "It cannot be told at present." } },
        }
    }

    /// What happened in a stream, as far as the reader may read it.
    async fn happened(&self, wanted: &str, after: u64, until: u64) -> Result<Vec<Entry>, Oops> {
        let Ok(sight) = Sight::of(&self.visit.head) else { return Ok(Vec::new()) };
        let engine = &self.visit.service.engine;
        let organisation = &self.visit.organisation;
        let before = engine.replay(organisation, crate::engine::Moment::Position(after.max(1))).await?;
        let start = (Narrator::new(before.state.as_ref().clone()), Vec::new());
        let wanted = wanted.to_owned();
        let (_, entries) =
            read(engine, organisation, after.max(1), until, start, move |(narrator, entries), recorded| {
                let entry = narrator.tell(&recorded);
                if stream(&recorded.event) == wanted && sight.has(&entry) {
                    entries.push(entry);
                }
                ControlFlow::Continue(())
            })
            .await?;
        Ok(entries)
    }
}
