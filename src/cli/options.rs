//! What every subcommand takes.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use chancery_aggregates::vocabulary::{Actor, IdError, OrganisationId};
use clap::ValueEnum;

pub(super) use super::time::Point;
use super::time::{self, Edge};
use crate::engine::Moment;
use crate::vault::Source;

/// Options of every subcommand.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Options {
    /// Where the log is: sqlite:FILE or postgres://USER@HOST/DATABASE
    #[arg(long, global = true, value_name = "STORE", env = "CHANCERY_STORE", default_value = "sqlite:chancery.db")]
    pub store: String,
    /// The key that personal data is sealed with: file:PATH or env:NAME. Without it, FILE.vault-key beside sqlite:FILE
    #[arg(long, global = true, value_name = "SOURCE", env = "CHANCERY_VAULT_KEY", value_parser = vault_key)]
    pub vault_key: Option<Source>,
    /// A service to ask instead, by its address: https://HOST or http://HOST:PORT. Its key is in CHANCERY_KEY, or in a
    /// file, and says who acts and in which organisation
    #[arg(long, global = true, value_name = "URL", env = "CHANCERY_SERVER")]
    pub server: Option<String>,
    /// The file with the key for the service
    #[arg(long, global = true, value_name = "FILE", env = "CHANCERY_KEY_FILE")]
    pub key_file: Option<PathBuf>,
    /// The authority that the service's certificate is to be of, a PEM file; without it, those of the system
    #[arg(long, global = true, value_name = "FILE", env = "CHANCERY_CA_FILE")]
    pub ca_file: Option<PathBuf>,
    /// Words that stand for what the environment says.
    #[arg(skip)]
    pub(super) from_environment: Vec<String>,
    /// Whose rules; may be left out when the store has one organisation
    #[arg(long, short, global = true, value_name = "ORG", env = "CHANCERY_ORGANISATION", value_parser = organisation)]
    pub organisation: Option<OrganisationId>,
    /// Who acts: a member's id, @system or @operator. Without it a read is the operator's
    #[arg(long = "as", global = true, value_name = "MEMBER", env = "CHANCERY_AS", value_parser = Actor::parse)]
    pub actor: Option<Actor>,
    /// Why; recorded with every change
    #[arg(long, global = true, value_name = "TEXT")]
    pub reason: Option<String>,
    /// On whose behalf; recorded with every change
    #[arg(long, global = true, value_name = "WHO")]
    pub on_behalf_of: Option<String>,
    /// Makes a repeated command answer as the first time
    #[arg(long, global = true, value_name = "KEY")]
    pub idempotency_key: Option<String>,
    /// Only tell what a change would do, and to whom; nothing is written
    #[arg(long, global = true)]
    pub dry_run: bool,
    /// Wait until the organisation has reached this position, which a change made elsewhere has told
    #[arg(long, global = true, value_name = "POSITION")]
    pub at_least: Option<u64>,
    /// How long to wait for it: 500ms, 10s, 2m
    #[arg(long, global = true, value_name = "DURATION", value_parser = time::duration, default_value = "10s")]
    pub wait: Duration,
    /// Tables for people, JSON for programs
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value_t = Format::Table)]
    pub format: Format,
    /// Colours; auto means on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    pub color: When,
}

fn vault_key(text: &str) -> Result<Source, String> {
    Source::parse(text).ok_or_else(|| "a key is in file:PATH or in env:NAME".to_owned())
}

fn organisation(text: &str) -> Result<OrganisationId, IdError> {
    OrganisationId::parse(text)
}

/// How answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Tables and sentences.
    Table,
    /// One JSON document; JSON Lines where a log is listed.
    Json,
    /// As what the audit log is exported.
    #[value(skip)]
    Exported(crate::audit::Format),
}

/// When something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal.
    Auto,
    /// In any case.
    Always,
    /// In no case.
    Never,
}

/// The point of history that a read is about: `#[command(flatten)]` it.
#[derive(Debug, Clone, clap::Args)]
pub struct At {
    /// As it was (or will be) then: a time, or a position of the log such as 57
    #[arg(long, value_name = "TIME|POSITION", value_parser = Point::from_str)]
    pub at: Option<Point>,
}

impl At {
    /// The moment at which to look.
    pub fn moment(&self, now: chancery_aggregates::vocabulary::Time) -> Moment {
        self.at.as_ref().map_or(Moment::Now, |point| point.moment(Edge::Included, now))
    }
}
