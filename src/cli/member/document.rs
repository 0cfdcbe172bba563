//! `member document …`: the documents that an account type asks for.

use std::str::FromStr;

use chancery_aggregates::command::MemberCommand;
use chancery_aggregates::vocabulary::DocumentKind;

use crate::cli::time::{Edge, Written};
use crate::cli::{CliError, Session};

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Hand a document in
    Submit {
        #[command(flatten)]
        document: Document,
        /// Where it is kept
        #[arg(long, value_name = "TEXT")]
        reference: Option<String>,
    },
    /// Accept a document
    Approve {
        #[command(flatten)]
        document: Document,
        /// Until when it counts; a date includes that day
        #[arg(long, value_name = "TIME", value_parser = Written::from_str)]
        expires: Option<Written>,
    },
    /// Turn a document down
    Reject {
        #[command(flatten)]
        document: Document,
    },
    /// Record that a document's time is over
    Expire {
        #[command(flatten)]
        document: Document,
    },
}

/// Whose document, and which.
#[derive(Debug, clap::Args)]
pub struct Document {
    /// The member's id
    member: String,
    /// Which document; `chancery profile show` lists what is asked for
    kind: String,
}

impl Command {
    pub(super) fn parts(&self, session: &Session) -> Result<(String, MemberCommand), CliError> {
        let kind = |document: &Document| DocumentKind::known(document.kind.as_str());
        Ok(match self {
            Self::Submit { document, reference } => {
                let reference = reference.as_deref().map(Into::into);
                (document.member.clone(), MemberCommand::SubmitDocument { document: kind(document), reference })
            }
            Self::Approve { document, expires } => {
                let now = session.engine()?.now();
                let expires = expires.map(|expires| expires.instant(Edge::After, now));
                (document.member.clone(), MemberCommand::ApproveDocument { document: kind(document), expires })
            }
            Self::Reject { document } => {
                (document.member.clone(), MemberCommand::RejectDocument { document: kind(document) })
            }
            Self::Expire { document } => {
                (document.member.clone(), MemberCommand::ExpireDocument { document: kind(document) })
            }
        })
    }
}
