//! `run`: a list of commands, one a line, each a change of its own. With `--dry-run` the list is rehearsed.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Parser as _;
use serde_json::{Value, json};

use super::output::Tone;
use super::script::{self, Step, StepError};
use super::{Cli, CliError, Command, Done, Exit, Session};
use crate::store::sqlite::Access;

/// Which list.
#[derive(Debug, clap::Args)]
#[command(after_help = LINES)]
pub struct Args {
    /// The list; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

const LINES: &str = "\
A line is a command as it would be typed, without `chancery`; `priya: role lock lead` names who acts, where
`--as` does not count. `#` begins a comment. A list with a line that is no command is not begun. A line that is
refused changes nothing, and those after it are run all the same.";

impl Args {
    /// Where the list is.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }
}

/// A line of the list.
struct Line {
    number: usize,
    text: String,
    words: Vec<String>,
}

/// How a line ended.
struct Ended {
    number: usize,
    text: String,
    answer: String,
    error: Option<CliError>,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let lines = read(&args.file, session)?;
    session.organisation().await?;
    let mut ended = Vec::new();
    for line in lines {
        let words: Vec<&str> = line.words.iter().map(String::as_str).collect();
        // Boxed, since a line may be any subcommand.
        let ran = Box::pin(session.line(&words, line.number)).await?;
        match ran.result {
            // The store itself failed: nothing after it makes sense.
            Err(error) if error.exit() == Exit::Failed => return Err(error),
            result => {
                ended.push(Ended { number: line.number, text: line.text, answer: ran.output, error: result.err() })
            }
        }
    }
    let failed = ended.iter().filter_map(|line| line.error.as_ref()).count();
    let value: Vec<Value> = ended.iter().map(Ended::json).collect();
    session.output().show(&json!({ "lines": value, "failed": failed }), |page| {
        for line in &ended {
            match &line.error {
                None => line.answer.lines().for_each(|answer| page.line(answer)),
                Some(error) => {
                    page.spans(&[
                        (Tone::Bad, &format!("line {}: {error}", line.number)),
                        (Tone::Quiet, &format!("  rule: {}", error.rule())),
                    ]);
                    page.toned(Tone::Quiet, format!("        {}", line.text));
                }
            }
        }
        if failed > 0 {
            page.toned(Tone::Bad, format!("{failed} of {} lines failed", ended.len()));
        }
    })?;
    let first = ended.iter().find_map(|line| line.error.as_ref());
    Ok(Done::Ran(first.map_or(Exit::Done, CliError::exit)))
}

impl Ended {
    fn json(&self) -> Value {
        let mut value = json!({ "line": self.number, "command": self.text });
        let (name, ended) = match &self.error {
            Some(error) => ("error", error.json().get("error").cloned().unwrap_or_default()),
            None => ("answer", serde_json::from_str(&self.answer).unwrap_or_default()),
        };
        if let Some(fields) = value.as_object_mut() {
            fields.insert(name.to_owned(), ended);
        }
        value
    }
}

/// The lines of a file, all of which must be commands that change something.
fn read(file: &Path, session: &Session) -> Result<Vec<Line>, CliError> {
    let unreadable = |source| CliError::File { path: file.to_owned(), source };
    let text = if file == Path::new("-") && !session.is_served() {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(unreadable)?;
        text
    } else {
        let text = String::from_utf8(session.file(&file.to_string_lossy()).map_err(unreadable)?);
        text.map_err(|error| unreadable(std::io::Error::new(std::io::ErrorKind::InvalidData, error)))?
    };
    let mut lines = Vec::new();
    let mut mistakes = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        match words(line, session) {
            Ok(Some(words)) => lines.push(Line { number, text: line.trim().to_owned(), words }),
            Ok(None) => {}
            Err(reason) => mistakes.push(format!("\n  line {number}: {reason}")),
        }
    }
    if mistakes.is_empty() {
        return Ok(lines);
    }
    let message = format!("`{}` is not a list of commands:{}", file.display(), mistakes.concat());
    Err(CliError::Input { rule: "bad_list", message })
}

/// The words of a line with who acts and why, or what is wrong with it.
fn words(line: &str, session: &Session) -> Result<Option<Vec<String>>, String> {
    let options = session.options();
    let (actor, given) = match script::read(line) {
        Ok(None) => return Ok(None),
        Ok(Some(Step::Command { actor, words, ends_with: None })) => (Some(actor), words),
        Ok(Some(_)) => return Err("it is no command".to_owned()),
        Err(StepError::Actor) => {
            let actor = options.actor.as_ref().map(ToString::to_string);
            (actor, script::split(line.trim()).map_err(|error| error.to_string())?)
        }
        Err(error) => return Err(error.to_string()),
    };
    let mut words = Vec::new();
    let mut option = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|_| !given.iter().any(|word| word == name)) {
            words.extend([name.to_owned(), value]);
        }
    };
    option("--as", actor);
    option("--reason", options.reason.clone());
    option("--on-behalf-of", options.on_behalf_of.clone());
    option("--format", session.output().is_json().then(|| "json".to_owned()));
    words.extend(given);
    let cli = Cli::try_parse_from(std::iter::once(&"chancery".to_owned()).chain(&words));
    match cli {
        Ok(Cli { command: Command::Run(_) | Command::Import(_), .. }) => {
            Err("a list and an import run alone".to_owned())
        }
        Ok(cli) if cli.command.needs() == Some(Access::Write) => Ok(Some(words)),
        Ok(_) => Err("it changes nothing in an organisation".to_owned()),
        Err(error) => {
            let told = error.render().to_string();
            Err(told.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned())
        }
    }
}
