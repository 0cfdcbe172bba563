//! Lines that are run for the callers of a service: the other end of `--server`.
//!
//! A line comes from outside. It acts with the authority of its key and no other, is about the key's own
//! organisation, and reads no file of the machine that it runs on: what would need more is refused, here and by the
//! [`Session`], which has nothing else to give.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chancery_aggregates::Refusal;
use chancery_aggregates::refusal::Thing;
use chancery_aggregates::vocabulary::{Actor, OrganisationId};
use clap::builder::Resettable;
use clap::{CommandFactory as _, FromArgMatches as _};
use parking_lot::Mutex;

use super::options::When;
use super::output::Output;
use super::{Cli, CliError, Command, Done, Ran, Reach, Session, carry_out, organisation, preview};
use crate::api::authentication::Bearer;
use crate::api::lines::{Ended, LineAnswer, Lines, Request};
use crate::engine::{Context, Engine};

/// The longest answer, in bytes: it is put together in memory.
const LONGEST_ANSWER: usize = 32 << 20;

/// The widths that tables are folded to.
const WIDTHS: std::ops::RangeInclusive<u16> = 20..=1_000;

/// Runs lines for the callers of a service.
#[derive(Debug, Clone, Copy)]
pub struct ServedLines;

/// Within which bounds a line is run.
#[derive(Debug, Clone)]
pub(super) struct Confined {
    bearer: Bearer,
    /// How others reach the service.
    url: String,
    /// What is recorded with a change.
    pub(super) context: Context,
    /// The caller's name for a request that may be repeated without the caller's saying so on the line.
    pub(super) idempotency_key: Option<String>,
    /// What the files have that the line names.
    files: Arc<BTreeMap<String, String>>,
    longest_wait: Duration,
    width: Option<u16>,
    colour: bool,
    /// Whether the line may have been run before.
    pub(super) again: bool,
    /// A stretch of the log rather than all of it.
    pub(super) after: Option<u64>,
    /// Whether the service has a key that signs the log.
    pub(super) signs: bool,
    /// What is told besides the answer.
    pub(super) told: Arc<Mutex<Told>>,
}

/// What is told besides the answer.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Told {
    /// Where a list goes on.
    pub(super) next: Option<u64>,
    /// An earlier request made the change.
    pub(super) replayed: bool,
    /// The log is to be signed.
    pub(super) sign: bool,
}

#[async_trait]
impl Lines for ServedLines {
    async fn run(&self, request: Request<'_>) -> Ended {
        let service = request.service;
        let words = request.line.words.clone();
        let confined = Confined::of(request);
        let (result, output) = confined.run(&service.engine, &words).await;
        let told = *confined.told.lock();
        if let Some(organisation) = confined.organisation().filter(|_| told.sign) {
            service.sign(organisation).await;
        }
        ended(result, &output, told)
    }
}

impl Confined {
    fn of(request: Request<'_>) -> Self {
        let Request { service, bearer, line, context, idempotency_key } = request;
        Self {
            bearer: bearer.clone(),
            url: service.settings.url(),
            context,
            idempotency_key,
            files: Arc::new(line.files),
            // The envelope ends what takes longer than a request may.
            longest_wait: service.settings.request_timeout.0 / 2,
            width: line.width.map(|width| width.clamp(*WIDTHS.start(), *WIDTHS.end())),
            colour: line.colour,
            again: line.again,
            after: line.after,
            signs: service.settings.log_key.is_some(),
            told: Arc::default(),
        }
    }

    /// Runs a line within these bounds.
    async fn run(&self, engine: &Engine, words: &[String]) -> (Result<Done, CliError>, Output) {
        let cli = parse(words).and_then(|cli| self.confine(cli));
        let cli = match cli {
            Ok(cli) => cli,
            Err(error) => return (Err(error), Output::served(None, self.width, LONGEST_ANSWER)),
        };
        let output = Output::served(Some(&cli.options), self.width, LONGEST_ANSWER);
        let aside = preview::aside(&cli.options, &output);
        let session = Session::confined(engine.clone(), &cli.options, aside, self.clone());
        (carry_out(&cli, &session, &output).await, output)
    }

    /// Runs one line of a list. It has an idempotency key of its own.
    pub(super) async fn run_listed(&self, engine: &Engine, words: &[&str], number: usize) -> Ran {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let idempotency_key = self.idempotency_key.as_ref().map(|key| format!("{key}/{number}"));
        let confined = Self { idempotency_key, colour: false, width: None, ..self.clone() };
        let (result, output) = confined.run(engine, &words).await;
        Ran { result, output: output.captured_text() }
    }

    /// The line with the key's authority and organisation, if it asks for no other.
    fn confine(&self, mut cli: Cli) -> Result<Cli, CliError> {
        let command = cli.command.name();
        if cli.command.reach() != Reach::Organisation {
            return Err(CliError::NeedsStore { command });
        }
        let own = match &self.bearer {
            Bearer::Member { organisation, member } => {
                if let Some(named) = cli.options.organisation.as_ref().filter(|named| *named != organisation) {
                    // No nearest name: it would be another tenant's.
                    let (thing, id) = (Thing::Organisation, named.as_str().into());
                    return Err(Refusal::Unknown { thing, id, nearest: None }.into());
                }
                cli.options.organisation = Some(organisation.clone());
                Actor::Member(member.clone())
            }
            Bearer::Operator => Actor::Operator,
        };
        if let Some(named) = cli.options.actor.as_ref().filter(|named| **named != own) {
            return Err(CliError::OtherActor { own: own.to_string(), named: named.to_string() });
        }
        let founds =
            matches!(cli.command, Command::Organisation(organisation::Command::Found(_) | organisation::Command::List));
        if self.bearer == Bearer::Operator && !founds {
            return Err(CliError::NotForOperator);
        }
        let options = &mut cli.options;
        options.actor = Some(own);
        options.store.clone_from(&self.url);
        options.wait = options.wait.min(self.longest_wait);
        options.color = if self.colour { When::Always } else { When::Never };
        Ok(cli)
    }

    /// The organisation that the line is about; none for the operator.
    pub(super) fn organisation(&self) -> Option<&OrganisationId> {
        match &self.bearer {
            Bearer::Member { organisation, .. } => Some(organisation),
            Bearer::Operator => None,
        }
    }

    /// What a file has that came with the line.
    ///
    /// # Errors
    /// When none of this name came.
    pub(super) fn file(&self, name: &str) -> std::io::Result<Vec<u8>> {
        let text = self.files.get(name).ok_or(std::io::ErrorKind::NotFound)?;
        Ok(text.clone().into_bytes())
    }
}

/// Reads a line. What the environment of the service says is not the caller's.
fn parse(words: &[String]) -> Result<Cli, CliError> {
    let grammar = Cli::command().mut_args(|argument| argument.env(Resettable::Reset));
    let words = std::iter::once("chancery").chain(words.iter().map(String::as_str));
    let matches = grammar.try_get_matches_from(words).map_err(CliError::Usage)?;
    Cli::from_arg_matches(&matches).map_err(CliError::Usage)
}

fn ended(result: Result<Done, CliError>, output: &Output, told: Told) -> Ended {
    let (text, aside) = (output.captured_text(), output.captured_aside());
    let answer = LineAnswer { output: text, aside, next: told.next, ..LineAnswer::default() };
    match result {
        Ok(done) => {
            let position = match &done {
                Done::Wrote(outcome) => Some(outcome.position),
                _ => None,
            };
            let answer = LineAnswer { exit: done.exit() as u8, ..answer };
            Ended { answer, position, replayed: told.replayed, rule: None }
        }
        Err(error) => {
            let refused = error.refusal().is_some();
            let rule = error.refusal().map(Refusal::rule);
            let exit = error.exit() as u8;
            let error = error.json().get_mut("error").map(serde_json::Value::take);
            Ended { answer: LineAnswer { exit, error, refused, ..answer }, rule, ..Ended::default() }
        }
    }
}
