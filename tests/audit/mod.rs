//! The log as evidence: signed, exported, verified, tampered with.

mod command_line;
mod entries;
mod foreign;
pub(crate) mod formats;
mod pack;
mod signing;
mod tamper;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A store in a directory of its own, with an organisation whose log has some events.
pub(super) struct Office {
    directory: tempfile::TempDir,
}

impl Office {
    pub(super) fn new() -> Self {
        let office = Self { directory: tempfile::tempdir().unwrap() };
        office.done("organisation found acme --profile blank --name Acme --owner sam");
        for name in ["tom", "ann", "eve"] {
            office.done(&format!("member add {name} --as sam"));
        }
        office
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(super) fn run(&self, line: &str, key: Option<&Path>) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
        for name in ["CHANCERY_STORE", "CHANCERY_ORGANISATION", "CHANCERY_AS", "CHANCERY_LOG_KEY"] {
            command.env_remove(name);
        }
        if let Some(key) = key {
            command.env("CHANCERY_LOG_KEY", key);
        }
        command.current_dir(self.directory.path()).args(line.split_whitespace()).output().unwrap()
    }

    /// What it printed on standard output; it must succeed.
    pub(super) fn done(&self, line: &str) -> String {
        let output = self.run(line, None);
        assert!(output.status.success(), "{line}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What it printed; it must end like this.
    pub(super) fn ends(&self, line: &str, code: i32) -> String {
        let output = self.run(line, None);
        assert_eq!(output.status.code(), Some(code), "{line}: {}", said(&output));
        said(&output)
    }

    pub(super) fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.done(&format!("{line} --format json"))).unwrap()
    }
}

pub(super) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
