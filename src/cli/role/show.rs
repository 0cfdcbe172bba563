//! `role show`: a role, its permissions by category, and which of its switches the reader may touch.

use chancery_aggregates::access::Reading;
use chancery_aggregates::command::RoleCommand;
use chancery_aggregates::profile::{Permission, Profile};
use chancery_aggregates::role::Role;
use chancery_aggregates::state::{AccessState, RoleEntry, RoleIx};
use chancery_aggregates::{Facts, Refusal};
use chancery_aggregates::vocabulary::Actor;
use serde_json::{Value, json};

use super::list::{kind, role_json};
use crate::cli::options::At;
use crate::cli::output::{Page, Tone};
use crate::cli::{CliError, Done, Session, resolve, words};

/// Which role, and how much of it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The role, by id or name
    role: String,
    /// List the permissions that are off, too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    at: At,
}
