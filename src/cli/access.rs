//! Not there yet.

use super::{CliError, Done, Session};

/// Not there yet.
#[derive(Debug, clap::Args)]
pub struct Args {}

pub(super) async fn run(_: &Args, _: &Session) -> Result<Done, CliError> {
    Err(CliError::Unavailable { command: "access" })
}
