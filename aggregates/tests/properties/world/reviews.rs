//! Random access reviews.

use chancery_aggregates::Command;
use chancery_aggregates::command::{NewReview, ReviewCommand};
use chancery_aggregates::event::{Frozen, ReviewAbout, Verdict};
use chancery_aggregates::review::{Stage, lines};
use chancery_aggregates::vocabulary::ReviewId;
use chrono::TimeDelta;

use super::{World, pick};

impl World {
    /// Most often on a review that is open.
    pub(super) fn review_command(&self, verb: u8, [a, b, c, d]: [u8; 4]) -> Command {
        let reviews: Vec<_> = self.state.reviews().collect();
        let open: Vec<_> = reviews.iter().filter(|entry| entry.review.stage == Stage::Open).copied().collect();
        let Some(entry) = pick(&open, a).or_else(|| pick(&reviews, a)).filter(|_| verb != 0) else {
            let number = reviews.len() - usize::from(a % 16 == 15 && !reviews.is_empty());
            return Command::Review(ReviewId::known(format!("r{number}")), self.open_review([a, b, c, d]));
        };
        let count = entry.review.count as u8;
        let numbers = [b, c].map(|choice| u32::from(choice % count.saturating_add(1)) + u32::from(choice % 16 != 15));
        let command = match (verb, d % 8) {
            (1 | 3, _) => {
                let verdict = if d.is_multiple_of(2) { Verdict::Keep } else { Verdict::Revoke };
                ReviewCommand::DecideLines { lines: numbers.to_vec(), verdict }
            }
            (_, 0..4) => ReviewCommand::DelegateLines { lines: numbers.to_vec(), to: self.member(c) },
            (_, 4..7) => ReviewCommand::CompleteReview,
            _ => ReviewCommand::CancelReview,
        };
        Command::Review(entry.id.clone(), command)
    }

    fn open_review(&self, [a, b, c, d]: [u8; 4]) -> ReviewCommand {
        let role = self.state.role_ix(self.role(b).as_str()).map(|role| self.state.cite_role(role));
        let scope = self.state.scope_ix(self.scope(b).as_str()).map(|scope| self.state.cite_scope(scope));
        let about = match a % 4 {
            0 => role.map(ReviewAbout::Role),
            1 => scope.map(ReviewAbout::Scope),
            2 => Some(ReviewAbout::Sensitive),
            _ => None,
        };
        let about = about.unwrap_or_default();
        let mut found = lines(&self.state, &about);
        let (reviewer, other) = (self.member(c), self.member(d));
        for line in &mut found {
            line.reviewer = if line.member == reviewer { other.clone() } else { reviewer.clone() };
        }
        let head = self.state.position();
        ReviewCommand::OpenReview(Box::new(NewReview {
            title: Self::name(b),
            about,
            frozen: Frozen { position: if d % 16 == 15 { head + 1 } else { head }, time: self.now },
            deadline: self.now + TimeDelta::days(i64::from(d) - 20),
            lines: found,
        }))
    }
}
