//! The command line: one file a subcommand, tables for people, JSON for programs.
//!
//! [`main`] is the program. [`run_line`] runs one line of the same grammar in process, on an engine
//! that is already open: for tests, and for the requirement cases.

mod access;
mod activity;
mod audit;
mod check;
mod completions;
mod copy;
mod demo;
mod diff;
mod error;
mod events;
mod explain;
mod files;
mod findings;
mod gdpr;
mod hint;
mod import;
mod key;
mod member;
mod options;
mod organisation;
mod output;
mod over_http;
mod owner;
mod page;
mod preview;
mod profile;
mod projections;
mod question;
mod report;
mod reports;
mod resolve;
mod review;
mod role;
mod run;
mod scope;
pub mod script;
mod sentence;
mod serve;
mod served;
mod session;
mod status;
pub(crate) mod time;
mod who_can;

use std::process::ExitCode;

use chancery_aggregates::vocabulary::OrganisationId;
use clap::{Parser, Subcommand};

pub use self::error::{CliError, Exit};
pub use self::options::{Format, Options, When};
pub use self::output::Output;
pub use self::served::ServedLines;
pub use self::session::{Done, Session, View};
use crate::engine::Engine;
use crate::store::sqlite::Access;

/// Exit codes, as `--help` and the README have them.
const EXIT_CODES: &str = "\
Exit codes:
  0  done; or `check` says allowed
  1  the store or the program failed
  2  the command line or the input makes no sense
  3  refused; or `check` says denied
  4  what was named is not there; or not yet, with `--at-least`
  5  it does not fit what is there now (a name taken, a role in use, a key used before)

Times are UTC: 2026-03-03T14:30:00Z, 2026-03-03T14:30, 2026-03-03, `now`, or ago: 90m, 2h, 3d, 6w.
A date alone is the whole day: it begins with `--from`, and is included by `--until`, `--to` and `--at`.
`--at`, `--from` and `--to` of the past also take a position of the log: 57 or '#57'.

With `--server` a line does over HTTP what it does on a store, by a key in CHANCERY_KEY or `--key-file`. `copy`,
`demo`, `import`, `projections` and `serve` work on a store only.";

/// Who may do what, where, and since when: access rules as events.
#[derive(Debug, Parser)]
#[command(name = "chancery", version, after_help = EXIT_CODES, max_term_width = 110)]
#[command(disable_help_subcommand = true, subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    /// What every subcommand takes.
    #[command(flatten)]
    pub options: Options,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Found and show organisations
    #[command(subcommand)]
    Organisation(organisation::Command),
    /// Look at the profiles: the rules that organisations start with
    #[command(subcommand)]
    Profile(profile::Command),
    /// Make, change and look at roles
    #[command(subcommand)]
    Role(role::Command),
    /// Add and change members, and what they hold
    #[command(subcommand)]
    Member(member::Command),
    /// Build the resource tree
    #[command(subcommand)]
    Scope(scope::Command),
    /// Make, list, renew and end the keys with which programs act as a member
    #[command(subcommand)]
    Key(key::Command),
    /// Hand over the ownership
    #[command(subcommand)]
    Owner(owner::Command),
    /// Ask whether a member may do something, now or then (exit code 0 allowed, 3 denied)
    Check(check::Args),
    /// Explain an answer down to the events that cause it
    Explain(explain::Args),
    /// List everybody who may do something
    WhoCan(who_can::Args),
    /// Show who holds what, where, now or then
    Access(access::Args),
    /// Show what changed between two instants
    Diff(diff::Args),
    /// Report what a reviewer wants to know: unused roles, forgotten access, conflicts, …
    Findings(findings::Args),
    /// Tables for auditors, each with the position and the root of the log: access, changes, leavers, …
    Report(reports::Args),
    /// Review access line by line: keep it or revoke it, and hand over the evidence
    #[command(subcommand)]
    Review(review::Command),
    /// Hand out, erase and look after personal data
    #[command(subcommand)]
    Gdpr(gdpr::Command),
    /// Run a list of commands, one a line
    Run(run::Args),
    /// Show the event log
    Events(events::Args),
    /// Show what happened, in words
    Activity(activity::Args),
    /// List the audit log, export it as evidence, sign it, verify it
    #[command(subcommand)]
    Audit(audit::Command),
    /// Take over members and roles from another system
    Import(import::Args),
    /// Copy organisations from one store to another, with everything that they are
    Copy(copy::Args),
    /// Found the demonstration's organisations with their history, and show around
    Demo(demo::Args),
    /// Keep the tables that services read by SQL
    #[command(subcommand)]
    Projections(projections::Command),
    /// Answer other programs over HTTP: decisions, resources, health and metrics
    Serve(Box<serve::Args>),
    /// Show what is in the store
    Status(status::Args),
    /// Write completions for a shell
    Completions(completions::Args),
}

/// With what a command can do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// An organisation: in a store, or over HTTP.
    Organisation,
    /// Nothing but the program itself.
    Itself,
    /// A store: what it does is for who keeps it.
    Store,
}

impl Command {
    /// With what it can do its work.
    fn reach(&self) -> Reach {
        match self {
            Self::Profile(command) if command.needs().is_none() => Reach::Itself,
            // It writes a file of the machine that it runs on, so no service does it for a caller.
            Self::Key(command) if command.needs().is_none() => Reach::Itself,
            Self::Audit(command) if command.needs().is_none() => Reach::Itself,
            Self::Completions(_) => Reach::Itself,
            Self::Audit(command) if command.is_served() => Reach::Organisation,
            // The other way it writes files.
            Self::Review(command) if command.is_served() => Reach::Organisation,
            Self::Gdpr(command) if command.is_served() => Reach::Organisation,
            // Files of the store's machine, and its keys.
            Self::Audit(_)
            | Self::Review(_)
            | Self::Gdpr(_)
            | Self::Import(_)
            | Self::Copy(_)
            | Self::Demo(_)
            | Self::Projections(_)
            | Self::Serve(_) => Reach::Store,
            Self::Organisation(_)
            | Self::Profile(_)
            | Self::Role(_)
            | Self::Member(_)
            | Self::Scope(_)
            | Self::Key(_)
            | Self::Owner(_)
            | Self::Check(_)
            | Self::Explain(_)
            | Self::WhoCan(_)
            | Self::Access(_)
            | Self::Diff(_)
            | Self::Findings(_)
            | Self::Report(_)
            | Self::Run(_)
            | Self::Events(_)
            | Self::Activity(_)
            | Self::Status(_) => Reach::Organisation,
        }
    }

    /// The subcommand as it is typed.
    fn name(&self) -> &'static str {
        match self {
            Self::Organisation(_) => "organisation",
            Self::Profile(_) => "profile",
            Self::Role(_) => "role",
            Self::Member(_) => "member",
            Self::Scope(_) => "scope",
            Self::Key(_) => "key",
            Self::Owner(_) => "owner",
            Self::Check(_) => "check",
            Self::Explain(_) => "explain",
            Self::WhoCan(_) => "who-can",
            Self::Access(_) => "access",
            Self::Diff(_) => "diff",
            Self::Findings(_) => "findings",
            Self::Report(_) => "report",
            Self::Review(_) => "review",
            Self::Gdpr(_) => "gdpr",
            Self::Run(_) => "run",
            Self::Events(_) => "events",
            Self::Activity(_) => "activity",
            Self::Audit(_) => "audit",
            Self::Import(_) => "import",
            Self::Copy(_) => "copy",
            Self::Demo(_) => "demo",
            Self::Projections(_) => "projections",
            Self::Serve(_) => "serve",
            Self::Status(_) => "status",
            Self::Completions(_) => "completions",
        }
    }

    /// What the store has to be opened for; nothing when the subcommand opens what it needs itself.
    fn needs(&self) -> Option<Access> {
        match self {
            Self::Organisation(command) => Some(command.needs()),
            Self::Profile(command) => command.needs(),
            Self::Role(command) => Some(command.needs()),
            Self::Member(command) => Some(command.needs()),
            Self::Scope(command) => Some(command.needs()),
            Self::Key(command) => command.needs(),
            Self::Owner(command) => Some(command.needs()),
            Self::Check(_)
            | Self::Explain(_)
            | Self::WhoCan(_)
            | Self::Access(_)
            | Self::Diff(_)
            | Self::Findings(_)
            | Self::Events(_)
            | Self::Activity(_)
            | Self::Status(_) => Some(Access::Read),
            Self::Report(args) => Some(args.needs()),
            Self::Audit(command) => command.needs(),
            Self::Import(args) => Some(args.needs()),
            Self::Gdpr(command) => Some(command.needs()),
            Self::Review(command) => Some(command.needs()),
            Self::Run(_) => Some(Access::Write),
            Self::Projections(command) => Some(command.needs()),
            Self::Copy(_) | Self::Demo(_) | Self::Serve(_) | Self::Completions(_) => None,
        }
    }

    async fn run(&self, session: &Session) -> Result<Done, CliError> {
        match self {
            Self::Organisation(command) => command.run(session).await,
            Self::Profile(command) => command.run(session).await,
            Self::Role(command) => command.run(session).await,
            Self::Member(command) => command.run(session).await,
            Self::Scope(command) => command.run(session).await,
            Self::Key(command) => command.run(session).await,
            Self::Owner(command) => command.run(session).await,
            Self::Check(args) => check::run(args, session).await,
            Self::Explain(args) => explain::run(args, session).await,
            Self::WhoCan(args) => who_can::run(args, session).await,
            Self::Access(args) => access::run(args, session).await,
            Self::Diff(args) => diff::run(args, session).await,
            Self::Findings(args) => findings::run(args, session).await,
            Self::Report(args) => reports::run(args, session).await,
            Self::Gdpr(command) => Box::pin(command.run(session)).await,
            Self::Review(command) => Box::pin(command.run(session)).await,
            Self::Run(args) => Box::pin(run::run(args, session)).await,
            Self::Events(args) => events::run(args, session).await,
            Self::Activity(args) => activity::run(args, session).await,
            Self::Audit(command) => command.run(session).await,
            Self::Import(args) => import::run(args, session).await,
            Self::Copy(args) => Box::pin(copy::run(args, session)).await,
            Self::Demo(args) => Box::pin(demo::run(args, session)).await,
            Self::Projections(command) => Box::pin(command.run(session)).await,
            Self::Serve(args) => Box::pin(serve::run(args, session)).await,
            Self::Status(args) => status::run(args, session).await,
            Self::Completions(args) => completions::run(args, session),
        }
    }
}

/// The program.
pub fn main() -> ExitCode {
    let cli = match over_http::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => return report::report_usage(&error),
    };
    let output = Output::stdout(&cli.options);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(run(&cli, output)),
        Err(error) => Err(CliError::Io(error)),
    };
    match ended {
        Ok(done) => done.exit().into(),
        Err(error) => error.report(&cli.options).into(),
    }
}

async fn run(cli: &Cli, output: Output) -> Result<Done, CliError> {
    if let Some(server) = cli.options.server.as_deref().filter(|_| cli.command.reach() != Reach::Itself) {
        return over_http::run(cli, server, &output).await;
    }
    let session = Session::new(&cli.options, cli.command.needs(), preview::aside(&cli.options, &output));
    let done = carry_out(cli, &session, &output).await;
    session.close().await;
    done
}

/// Runs the line, or rehearses it.
async fn carry_out(cli: &Cli, session: &Session, output: &Output) -> Result<Done, CliError> {
    if cli.options.dry_run { preview::rehearse(cli, session, output).await } else { cli.command.run(session).await }
}

/// What a line did: its result, typed, and what it printed.
#[derive(Debug)]
pub struct Ran {
    /// The result.
    pub result: Result<Done, CliError>,
    /// What would have gone to standard output.
    pub output: String,
}

/// Runs one line, without the program's name, on an open engine. `organisation` counts where the
/// line does not name another one.
pub async fn run_line(engine: &Engine, organisation: &OrganisationId, words: &[&str]) -> Ran {
    let cli = match Cli::try_parse_from(std::iter::once(&"chancery").chain(words)) {
        Ok(cli) => cli,
        Err(error) => return Ran { result: Err(CliError::Usage(error)), output: String::new() },
    };
    let output = Output::captured(&cli.options);
    let aside = preview::aside(&cli.options, &output);
    let session = Session::on(engine.clone(), organisation.clone(), &cli.options, aside);
    let result = carry_out(&cli, &session, &output).await;
    Ran { result, output: output.captured_text() }
}
