//! What ends soon.

use chancery_aggregates::state::{DocumentStatus, Status};
use chancery_aggregates::vocabulary::Time;
use chrono::TimeDelta;

use super::{Finding, Kind, Review};
use crate::words::{self, Person};

/// Windows and documents that end within the days asked for, the soonest first.
pub(super) fn expiring(review: &Review<'_>) -> Vec<Finding> {
    let of_profile = review.state.profile().map_or(0, |profile| profile.policy().reminder_days);
    let days = review.options.expiring_days.unwrap_or(of_profile);
    let last = review.at.checked_add_signed(TimeDelta::days(i64::from(days))).unwrap_or(Time::MAX_UTC);
    let soon = |until: &Time| review.at < *until && *until <= last;
    let mut found = Vec::new();
    for (_, member) in review.state.members().filter(|(_, member)| member.status != Status::Removed) {
        for held in member.assignments.iter().filter(|held| held.window.until.as_ref().is_some_and(soon)) {
            let person = Person::of(review.state, member);
            let sentence = format!("{person} has {}", review.assignment(held));
            let mut finding = Finding::new(Kind::Expiring, sentence).about(person).about_role(review.role(held.role));
            finding.until = held.window.until;
            found.push(finding.cite(held.at, "as it was given"));
        }
        for document in &member.documents {
            let DocumentStatus::Approved(Some(until)) = document.status else { continue };
            if !soon(&until) {
                continue;
            }
            let person = Person::of(review.state, member);
            let sentence = format!("the document `{}` of {person} counts {}", document.kind, words::until(until));
            let mut finding = Finding::new(Kind::Expiring, sentence).about(person);
            finding.until = Some(until);
            found.push(finding.cite(document.at, "as it was approved"));
        }
    }
    found.sort_by_key(|finding| finding.until);
    found
}
