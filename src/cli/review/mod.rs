//! `review …`: access reviews, line by line.

mod decide;
mod end;
mod evidence;
mod lines;
mod list;
mod open;

use std::ops::RangeInclusive;

use chancery_aggregates::vocabulary::{LONGEST_NAME, ReviewId};

use super::{CliError, Done, Session};
use crate::store::sqlite::Access;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Begin a review of access as it is, or was: each piece of it is a line that somebody keeps or revokes
    Open(open::Args),
    /// List the reviews
    List,
    /// Show a review, and how far it has come
    Show(list::Named),
    /// List the lines of a review, with who gave the access, and what was decided
    Lines(lines::Args),
    /// Keep or revoke the access on lines that are yours to decide
    Decide(decide::Args),
    /// Let somebody else decide lines
    Delegate(decide::Delegate),
    /// Take away what was revoked and is still there
    Apply(decide::Apply),
    /// End a review, and sign the log with what came of it
    Complete(end::Complete),
    /// Give a review up
    Cancel(list::Named),
    /// Hand out the evidence of a review: what was looked at, decided and carried out, and what proves it
    Evidence(evidence::Args),
}

impl Command {
    pub(super) fn needs(&self) -> Access {
        match self {
            // Files are an export, which is recorded.
            Self::Evidence(args) if args.writes_files() => Access::Write,
            Self::List | Self::Show(_) | Self::Lines(_) | Self::Evidence(_) => Access::Read,
            Self::Open(_)
            | Self::Decide(_)
            | Self::Delegate(_)
            | Self::Apply(_)
            | Self::Complete(_)
            | Self::Cancel(_) => Access::Write,
        }
    }

    /// Whether a service does it for its callers, too: it writes no file.
    pub(super) fn is_served(&self) -> bool {
        !matches!(self, Self::Evidence(args) if args.writes_files())
    }

    pub(super) async fn run(&self, session: &Session) -> Result<Done, CliError> {
        match self {
            Self::Open(args) => open::run(args, session).await,
            Self::List => list::list(session).await,
            Self::Show(args) => list::show(args, session).await,
            Self::Lines(args) => lines::run(args, session).await,
            Self::Decide(args) => decide::run(args, session).await,
            Self::Delegate(args) => decide::delegate(args, session).await,
            Self::Apply(args) => decide::apply(args, session).await,
            Self::Complete(args) => end::complete(args, session).await,
            Self::Cancel(args) => end::cancel(args, session).await,
            Self::Evidence(args) => evidence::run(args, session).await,
        }
    }
}

/// A review as a command names it.
fn id(text: &str) -> ReviewId {
    ReviewId::known(text.chars().take(LONGEST_NAME).collect::<String>())
}

/// Lines as they are written: `3`, or `7-9`.
#[derive(Debug, Clone)]
struct Numbers(RangeInclusive<u32>);

impl std::str::FromStr for Numbers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.parse::<u32>().ok().filter(|number| *number > 0);
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (number(first), number(last)) {
            // A review has no more lines than this.
            (Some(first), Some(last)) if first <= last && last - first < 100_000 => Ok(Self(first..=last)),
            _ => Err("write the number of a line as 3, and several as 7-9".to_owned()),
        }
    }
}

fn numbers(written: &[Numbers]) -> Vec<u32> {
    written.iter().flat_map(|numbers| numbers.0.clone()).collect()
}
