//! `--server`: the line is run by a service, and its answer shown as if it had been run here.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Read as _;
use std::path::Path;
use std::time::Instant;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _};

use super::error::Exit;
use super::options::Options;
use super::output::Output;
use super::{Cli, CliError, Command, Done, Reach, organisation};
use crate::api::lines::{Line, LineAnswer};
use crate::client::{Client, Connecting, Repeat, Secret};
use crate::store::sqlite::Access;

/// The variable with the key. No flag has it: what a command is started with is shown to everybody.
const KEY: &str = "CHANCERY_KEY";

/// Options that say how to reach the service, each with a value: they stay here.
const OWN: [&str; 4] = ["--server", "--key-file", "--ca-file", "--store"];

/// Reads the program's line, and decides between a store and a service where both are named: a flag counts before
/// the environment.
///
/// # Errors
/// When the line does not fit the grammar.
pub(super) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let matches = Cli::command().try_get_matches_from(words)?;
    let mut cli = Cli::from_arg_matches(&matches)?;
    let source = |name: &str| matches.value_source(name).filter(|source| *source != ValueSource::DefaultValue);
    let conflict = match (source("store"), source("server")) {
        (Some(ValueSource::CommandLine), Some(ValueSource::EnvVariable)) => {
            cli.options.server = None;
            return Ok(cli);
        }
        (Some(ValueSource::CommandLine), Some(ValueSource::CommandLine)) => {
            "`--store` and `--server` exclude each other"
        }
        (Some(ValueSource::EnvVariable), Some(ValueSource::EnvVariable)) => {
            "CHANCERY_STORE and CHANCERY_SERVER are both set: say `--store` or `--server`"
        }
        _ => "",
    };
    if !conflict.is_empty() && cli.command.reach() != Reach::Itself {
        return Err(Cli::command().error(ErrorKind::ArgumentConflict, conflict));
    }
    complete(&mut cli.options, &matches);
    Ok(cli)
}

/// What the environment says about the line travels with it, as the line itself does.
fn complete(options: &mut Options, matches: &ArgMatches) {
    let from_environment = |name: &str| matches.value_source(name) == Some(ValueSource::EnvVariable);
    options.from_environment.clear();
    if let Some(actor) = options.actor.as_ref().filter(|_| from_environment("actor")) {
        options.from_environment.extend(["--as".to_owned(), actor.to_string()]);
    }
    if let Some(organisation) = options.organisation.as_ref().filter(|_| from_environment("organisation")) {
        options.from_environment.extend(["--organisation".to_owned(), organisation.to_string()]);
    }
}

/// Has the line run by a service, and shows what it answers.
///
/// # Errors
/// As the line itself, and when the service cannot be asked.
pub(super) async fn run(cli: &Cli, server: &str, output: &Output) -> Result<Done, CliError> {
    if cli.command.reach() == Reach::Store {
        return Err(CliError::NeedsStore { command: cli.command.name() });
    }
    let authority = cli.options.ca_file.clone();
    let client = Client::new(server, key(&cli.options)?, Connecting { authority, ..Connecting::default() })?;
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let mut line = Line {
        words: words_of_line(words, &cli.options.from_environment),
        colour: output.has_colour(),
        width: output.columns(),
        files: files(&cli.command)?,
        after: is_whole_log(cli, output).then_some(0),
        ..Line::default()
    };
    let begun = Instant::now();
    loop {
        let answer = client.line(&line, repeat(cli)).await?;
        // The service waits for a position, but not as long as the line may.
        if is_behind(&answer) && begun.elapsed() < cli.options.wait {
            continue;
        }
        output.raw(answer.output.as_bytes())?;
        answer.aside.lines().for_each(|told| output.aside(told));
        if answer.error.is_some() {
            return Err(CliError::Served(Box::new(answer)));
        }
        match answer.next {
            Some(next) if line.after.is_some_and(|after| after < next) => line.after = Some(next),
            _ => return Ok(Done::Ran(Exit::of(answer.exit))),
        }
    }
}

/// Whether the position of `--at-least` has not come yet.
fn is_behind(answer: &LineAnswer) -> bool {
    answer.error.as_ref().is_some_and(|error| error.get("rule").is_some_and(|rule| rule == "behind"))
}

/// Whether the line asks for a log of any length: then it comes in stretches.
fn is_whole_log(cli: &Cli, output: &Output) -> bool {
    let is_unlimited = match &cli.command {
        Command::Events(args) => args.is_unlimited(),
        Command::Audit(command) => command.is_unlimited(),
        _ => false,
    };
    output.is_json() && is_unlimited
}

/// What becomes of a line whose answer is lost.
fn repeat(cli: &Cli) -> Repeat {
    let changes = !cli.options.dry_run && matches!(cli.command.needs(), Some(Access::Write | Access::Create));
    match &cli.command {
        // Sent again it would be another secret, and the first one is lost.
        Command::Key(command) if changes && command.makes_secret() => Repeat::Never,
        _ if !changes => Repeat::Freely,
        _ => Repeat::ByKey(uuid::Uuid::new_v4().to_string()),
    }
}

fn words_of_line(words: impl Iterator<Item = String>, before: &[String]) -> Vec<String> {
    let mut sent = before.to_vec();
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        if word == "--" {
            sent.push(word);
            sent.extend(words);
            break;
        }
        if OWN.contains(&word.as_str()) {
            words.next();
        } else if !OWN.iter().any(|own| word.strip_prefix(own).is_some_and(|rest| rest.starts_with('='))) {
            sent.push(word);
        }
    }
    sent
}

/// The key, from the file that is named, else from the environment.
fn key(options: &Options) -> Result<Secret, CliError> {
    let text = match &options.key_file {
        Some(path) => std::fs::read_to_string(path).map_err(|source| CliError::File { path: path.clone(), source })?,
        None => std::env::var(KEY).map_err(|_| CliError::KeyRequired)?,
    };
    Ok(Secret::new(text.trim())?)
}

/// The files that the line names, with what they have: the service reads none of its own.
fn files(command: &Command) -> Result<BTreeMap<String, String>, CliError> {
    let mut files = BTreeMap::new();
    match command {
        Command::Run(args) => {
            let unreadable = |source| CliError::File { path: args.file().to_owned(), source };
            let text = if args.file() == Path::new("-") {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text).map(|_| text)
            } else {
                std::fs::read_to_string(args.file())
            };
            files.insert(args.file().to_string_lossy().into_owned(), text.map_err(unreadable)?);
        }
        Command::Organisation(organisation::Command::Found(found)) => {
            // Where there is no file, it may be the name of a profile that the service has.
            if let Ok(text) = std::fs::read_to_string(found.profile()) {
                files.insert(found.profile().to_owned(), text);
            }
        }
        _ => {}
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(line: &str) -> String {
        words_of_line(line.split(' ').map(str::to_owned), &["--as".to_owned(), "tom".to_owned()]).join(" ")
    }

    #[test]
    fn how_to_reach_the_service_is_not_sent_to_it() {
        assert_eq!(
            sent("--server https://a --key-file=k member add --ca-file c x --as sam"),
            "--as tom member add x --as sam"
        );
        assert_eq!(sent("role create -- --server x"), "--as tom role create -- --server x");
    }
}
