//! What happened to an access review, in words.

use chancery_aggregates::event::{ReviewAbout, ReviewEvent, ReviewLine, ReviewResult, Verdict};
use chancery_aggregates::vocabulary::MemberId;

use super::Teller;
use crate::words;

/// Numbers of lines that a sentence names before it counts the rest.
const NAMED: usize = 8;

pub(super) fn tell(teller: &Teller<'_>, event: &ReviewEvent) -> String {
    match event {
        ReviewEvent::ReviewOpened { review, about, frozen, deadline, lines } => format!(
            "opened the review “{}” of {}, as of #{}, with {} to decide {}",
            review.name,
            tell_about(about),
            frozen.position,
            words::count(*lines as usize, "line"),
            words::until(*deadline),
        ),
        ReviewEvent::ReviewLinesListed { review, lines } => {
            let numbers: Vec<u32> = lines.iter().map(|line| line.line).collect();
            format!("listed {} of the review `{review}`", tell_lines(&numbers))
        }
        ReviewEvent::ReviewReviewerChanged { review, lines, before, after } => format!(
            "passed {} of the review “{}” from {} to {}",
            tell_lines(lines),
            review.name,
            teller.whom(before),
            teller.whom(after),
        ),
        ReviewEvent::ReviewLineDecided { review, line, before, after } => {
            let verdict = match after.verdict {
                Verdict::Keep => "decided to keep",
                Verdict::Revoke => "decided to revoke",
            };
            let was = before
                .filter(|before| before.verdict != after.verdict)
                .map_or_else(String::new, |before| format!(", after deciding to {} it", before.verdict.as_str()));
            let standing = match after.standing {
                None => ", which is gone already",
                Some(since) if since != line.since => ", which has changed since",
                Some(_) => "",
            };
            let whose = whose(teller, line);
            format!("{verdict} {whose} (line {} of the review “{}”){standing}{was}", line.line, review.name)
        }
        ReviewEvent::ReviewCompleted { review, result, .. } => {
            format!("completed the review “{}”: {}", review.name, tell_result(result))
        }
        ReviewEvent::ReviewCancelled { review, lines, decided } => {
            format!("cancelled the review “{}” with {decided} of {lines} lines decided", review.name)
        }
    }
}

fn whose(teller: &Teller<'_>, line: &ReviewLine) -> String {
    let member: &MemberId = &line.member;
    format!("{} {}", teller.whose(member), words::reviewed(&line.access))
}

fn tell_about(about: &ReviewAbout) -> String {
    match about {
        ReviewAbout::All => "all access".to_owned(),
        ReviewAbout::Role(role) => format!("the role {}", role.name),
        ReviewAbout::Sensitive => "sensitive permissions".to_owned(),
        ReviewAbout::Scope(scope) => format!("access in {}", scope.name),
    }
}

fn tell_lines(numbers: &[u32]) -> String {
    let named: Vec<String> = numbers.iter().map(u32::to_string).collect();
    let word = if numbers.len() == 1 { "line" } else { "lines" };
    format!("{word} {}", words::list_up_to(&named, NAMED))
}

fn tell_result(result: &ReviewResult) -> String {
    let mut told = format!("{} kept, {} revoked", result.kept, result.revoked);
    for (lines, what) in [(&result.undecided, "undecided"), (&result.outstanding, "revoked and still there")] {
        if !lines.is_empty() {
            told.push_str(&format!(", {} {what}", lines.len()));
        }
    }
    told
}
