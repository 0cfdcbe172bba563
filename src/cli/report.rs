//! How people and programs are told of an error.

use std::io::Write as _;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use chancery_aggregates::profile::check::Mistake;
use serde_json::{Value, json};

use super::options::{Format, Options, When};
use super::output::plain;
use super::{CliError, Exit};

impl CliError {
    /// Tells standard error, and says how the program ends.
    pub fn report(&self, options: &Options) -> Exit {
        let exit = self.exit();
        if exit == Exit::Done {
            return exit;
        }
        match options.format {
            Format::Json => write_error(&format!("{:#}\n", self.json()), options.color),
            Format::Table | Format::Exported(_) => write_error(&self.text(), options.color),
        }
        exit
    }

    /// The error for programs.
    pub fn json(&self) -> Value {
        // As the service told it.
        if let Self::Served(answer) = self {
            return json!({ "error": answer.error });
        }
        let mut error = json!({ "rule": self.told_rule(), "message": self.to_string(), "exit": self.exit() as u8 });
        if let (Some(refusal), Some(error)) = (self.refusal(), error.as_object_mut())
            && let Ok(Value::Object(details)) = serde_json::to_value(refusal)
        {
            let details: serde_json::Map<_, _> = details.into_iter().filter(|(key, _)| key != "rule").collect();
            if !details.is_empty() {
                error.insert("details".to_owned(), Value::Object(details));
            }
        }
        if let (Some(hint), Some(error)) = (self.hint(), error.as_object_mut()) {
            error.insert("hint".to_owned(), Value::String(hint));
        }
        if let (Self::BadProfile { mistakes, .. }, Some(error)) = (self, error.as_object_mut()) {
            error.insert("mistakes".to_owned(), mistakes.iter().map(mistake_json).collect());
        }
        json!({ "error": error })
    }

    /// Whether a rule of the organisation refused the line.
    fn is_refusal(&self) -> bool {
        match self {
            Self::Served(answer) => answer.refused,
            _ => self.refusal().is_some(),
        }
    }

    fn text(&self) -> String {
        let red = AnsiColor::Red.on_default().bold();
        let dim = Style::new().dimmed();
        let message = self.to_string().lines().map(plain).collect::<Vec<_>>().join("\n");
        let mut text = format!("{red}error:{red:#} {message}\n");
        if let Some(hint) = self.hint() {
            text.push_str(&format!("{dim} hint: {hint}{dim:#}\n"));
        }
        if self.is_refusal() {
            text.push_str(&format!("{dim} rule: {}{dim:#}\n", self.told_rule()));
        }
        text
    }
}

fn write_error(text: &str, color: When) {
    let mut stderr = anstream::AutoStream::new(std::io::stderr(), color.choice(&std::io::stderr()));
    // There is nobody left to tell.
    let _ = stderr.write_all(text.as_bytes());
}

/// Tells about a line that does not fit the grammar; `--help` and `--version` come here too.
pub(super) fn report_usage(error: &clap::Error) -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    let json = words.iter().any(|word| word == "--format=json")
        || words
            .windows(2)
            .any(|pair| pair.first().is_some_and(|w| w == "--format") && pair.last().is_some_and(|w| w == "json"));
    if json && error.use_stderr() {
        let message = error.render().to_string();
        // Without the usage that follows it.
        let message = message.split("\n\n").next().unwrap_or_default().trim().trim_start_matches("error: ");
        let value = json!({ "error": { "rule": "usage", "message": message, "exit": 2 } });
        write_error(&format!("{value:#}\n"), When::Never);
    } else {
        // There is nobody left to tell.
        let _ = error.print();
    }
    u8::try_from(error.exit_code()).unwrap_or(2).into()
}

/// A mistake in a profile, for programs.
fn mistake_json(mistake: &Mistake) -> Value {
    json!({
        "line": mistake.line,
        "column": mistake.column,
        "place": mistake.place,
        "reason": mistake.reason.to_string(),
    })
}
