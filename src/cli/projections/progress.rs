//! How work on the tables comes along.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use crate::cli::output::Output;
use crate::projector::{Stage, Watch};

/// Tells people and programs how work comes along.
pub(super) struct Teller {
    output: Output,
    /// Whether to say who is at work; a rebuild only has a bar.
    stages: bool,
    bar: ProgressBar,
}

impl Teller {
    pub(super) fn new(output: &Output, stages: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let target = if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { output: output.clone(), stages, bar: ProgressBar::with_draw_target(None, target) }
    }

    /// A reader that went away does not stop the projector.
    fn say(&self, state: &str, words: &str) {
        if !self.stages {
            return;
        }
        if self.output.is_json() {
            let _ = self.output.json_line(&json!({ "state": state, "message": words }));
            let _ = self.output.flush();
        } else {
            let mut page = self.output.page();
            page.line(words);
            self.bar.suspend(|| drop(self.output.print(&page)));
        }
    }

    fn style(&self, template: &str, message: &'static str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.progress_chars("=> "));
        }
        self.bar.set_message(message);
        self.bar.enable_steady_tick(Duration::from_millis(100));
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Watch for Teller {
    fn stage(&self, stage: Stage) {
        match stage {
            Stage::StandingBy => self.say("standing by", "standing by: another process keeps the tables"),
            Stage::Leading => {
                self.bar.finish_and_clear();
                self.say("running", "keeping the tables in step with the log");
            }
            Stage::Filling { until } => {
                self.bar.set_length(until);
                self.style("{msg:9} [{bar:40}] {human_pos}/{human_len} events, {eta} to go", "filling");
                self.say("filling", "making the tables");
            }
            Stage::Indexing => self.style("{msg:9} {spinner} {elapsed}", "indexing"),
            Stage::Comparing => self.style("{msg:9} {spinner} {elapsed}", "comparing"),
            Stage::Retrying { error } => self.say("retrying", &format!("trying again: {error}")),
        }
    }

    fn at(&self, position: u64) {
        self.bar.set_position(position);
    }
}
