//! Deciding, passing on, carrying out, and ending.

use axum::http::StatusCode;
use axum::response::Response;
use chancery_aggregates::command::ReviewCommand;
use chancery_aggregates::event::Verdict;
use chancery_aggregates::review::{Left, Plan, Reviewed};
use chancery_aggregates::vocabulary::{LONGEST_ID, MemberId};
use chancery_aggregates::{Command, Facts};

use super::{InDeed, basis, below, title};
use crate::api::body::InPath;
use crate::api::problem::Problem;
use crate::console::change::Proposal;
use crate::console::form::{Deed, Fields};
use crate::console::oops::Oops;
use crate::console::page::Section;
use crate::views::review::{as_revoked, find};

/// What is asked for.
struct Wanted {
    title: String,
    commands: Vec<Command>,
    left: Vec<Left>,
    grave: bool,
}

pub(super) async fn act(InPath(path): InPath<InDeed>, deed: Deed) -> Result<Response, Oops> {
    let entry = find(&deed.visit.head, &path.review)?;
    let page = deed.visit.present(&below(entry.id.as_str()));
    let wanted = wanted(&path, &deed.fields, &deed.visit.head)?;
    let left: Vec<String> =
        wanted.left.iter().map(|left| format!(" Line {} is not taken away: {}.", left.line, left.because)).collect();
    let proposal = Proposal {
        section: Section::Reviews,
        title: wanted.title,
        commands: wanted.commands,
        action: format!("{page}/do/{}", path.deed),
        back: page.clone(),
        done: page,
        notice: format!("Saved.{}", left.concat()),
        basis: Some(basis(entry.id.as_str())),
        grave: wanted.grave,
        asks: true,
        refill: None,
    };
    let (service, organisation) = (deed.visit.service.clone(), deed.visit.organisation.clone());
    let completes = path.deed == "complete" && deed.fields.has("confirm");
    let answer = deed.propose(proposal).await?;
    // What is refused is answered with a page.
    if completes && answer.status() == StatusCode::SEE_OTHER {
        service.sign(&organisation).await;
    }
    Ok(answer)
}

fn wanted(path: &InDeed, fields: &Fields, facts: &Facts) -> Result<Wanted, Oops> {
    let entry = find(facts, &path.review)?;
    let name = title(entry);
    let plain = |title: String, command: ReviewCommand, grave| Wanted {
        title,
        commands: vec![Command::Review(entry.id.clone(), command)],
        left: Vec::new(),
        grave,
    };
    Ok(match path.deed.as_str() {
        "decide" => {
            let lines: Vec<u32> = fields.all("line").filter_map(|line| line.parse().ok()).collect();
            if lines.is_empty() {
                let detail = "choose the lines first, and then what is to become of them";
                return Err(Problem::bad_request("bad_form", detail).into());
            }
            match fields.text("verdict") {
                "keep" => {
                    let command = ReviewCommand::DecideLines { lines, verdict: Verdict::Keep };
                    plain(format!("Keep access: {name}"), command, false)
                }
                "revoke" => {
                    let plan = Plan::of(facts, &as_revoked(facts, entry, &lines));
                    let command = ReviewCommand::DecideLines { lines, verdict: Verdict::Revoke };
                    let decided = plain(format!("Revoke access: {name}"), command, true);
                    let commands = decided.commands.into_iter().chain(plan.commands).collect();
                    Wanted { title: decided.title, commands, left: plan.left, grave: true }
                }
                "delegate" => {
                    let to = MemberId::known(fields.text("to").chars().take(LONGEST_ID).collect::<String>());
                    plain(format!("Pass lines on: {name}"), ReviewCommand::DelegateLines { lines, to }, false)
                }
                _ => return Err(Oops::nothing()),
            }
        }
        "apply" => {
            facts.may_review()?;
            let outstanding: Vec<Reviewed> = entry.review.outstanding(&facts.state, facts.now).cloned().collect();
            let Plan { commands, left, .. } = Plan::of(facts, &outstanding);
            if commands.is_empty() {
                let because: Vec<String> =
                    left.iter().map(|left| format!("line {}: {}", left.line, left.because)).collect();
                let detail = format!("nothing can be taken away: {}", because.join("; "));
                return Err(Problem::new(StatusCode::CONFLICT, "nothing_to_do", detail).into());
            }
            Wanted { title: format!("Take away what is revoked: {name}"), commands, left, grave: true }
        }
        "complete" => plain(format!("Complete {name}"), ReviewCommand::CompleteReview, true),
        "cancel" => plain(format!("Give up {name}?"), ReviewCommand::CancelReview, true),
        _ => return Err(Oops::nothing()),
    })
}
