//! `completions`: for a shell.

use clap::CommandFactory;

use super::{Cli, CliError, Done, Session};

/// Which shell.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    shell: clap_complete::Shell,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "chancery", &mut script);
    session.output().raw(&script)?;
    Ok(Done::Shown)
}
