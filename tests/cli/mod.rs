//! The program as people run it: the real binary, its output and its exit codes.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod bad_input;
mod changes;
mod mistakes;
mod reading;
mod sight;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A directory of its own, with a store in it once an organisation is founded.
pub(crate) struct Desk {
    directory: TempDir,
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    /// With an organisation founded from a profile by Olivia.
    pub(crate) fn founded(profile: &str) -> Self {
        let desk = Self::new();
        desk.run(&["organisation", "found", "acme", "--profile", profile, "--name", "Acme", "--owner", "olivia"]).ok();
        desk
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Runs the program there, with nothing of this process's own settings.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        self.run_with(words, &[])
    }

    fn run_with(&self, words: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
        for name in ["CHANCERY_STORE", "CHANCERY_ORGANISATION", "CHANCERY_AS", "NO_COLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        command.args(words).envs(variables.iter().copied()).current_dir(self.path());
        command.output().unwrap().into()
    }

    /// Runs a line as somebody; words are parted by spaces, `_` within a word stands for itself.
    pub(crate) fn by(&self, actor: &str, line: &str) -> Ran {
        let words: Vec<&str> = ["--as", actor].into_iter().chain(line.split_whitespace()).collect();
        self.run(&words)
    }

    /// Runs a line as the operator.
    pub(crate) fn ask(&self, line: &str) -> Ran {
        self.run(&line.split_whitespace().collect::<Vec<_>>())
    }

    /// Runs a line and reads the JSON that it answers.
    pub(crate) fn json(&self, line: &str) -> Value {
        let ran = self.ask(&format!("--format json {line}"));
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
    }
}

/// Without the note that the first name written to a store makes its key.
fn without_note(stderr: &str) -> String {
    let is_note = |line: &&str| line.starts_with("made `") && line.contains(".vault-key`");
    stderr.lines().filter(|line| !is_note(line)).map(|line| format!("{line}\n")).collect()
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: without_note(&String::from_utf8(output.stderr).unwrap()),
        }
    }
}

impl Ran {
    /// It succeeded; what it said.
    #[track_caller]
    pub(crate) fn ok(&self) -> &str {
        assert_eq!(self.code, 0, "{self:?}");
        assert!(self.stderr.is_empty(), "{self:?}");
        &self.stdout
    }

    /// It ended with a code; what it complained of.
    #[track_caller]
    pub(crate) fn ends(&self, code: i32) -> &str {
        assert_eq!(self.code, code, "{self:?}");
        &self.stderr
    }

    /// Its lines, with white space runs made one space.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    #[track_caller]
    pub(crate) fn has_line(&self, wanted: &str) -> &Self {
        assert!(self.lines().iter().any(|line| line == wanted), "no line `{wanted}` in {}", self.stdout);
        self
    }
}
