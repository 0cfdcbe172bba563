//! `projections status|run|rebuild|verify`.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use super::output::{Output, Page, Table, Tone, stamp};
use super::{CliError, Done, Session};
use crate::projector::{self, Activity, Ended, FollowOptions, LeaveOut, Stage, Status, Wake, Watch};
use crate::store::Store;
use crate::store::projection::{Comparison, Difference, Failure};
use crate::store::sqlite::Access;

/// What is done with the tables.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Show how far the tables are, who keeps them, and what went wrong (exit code 1 if something did)
    Status,
    /// Keep the tables in step with the log until Ctrl-C; stand by while another process does
    Run {
        /// End when everything that is in the log now is in the tables
        #[arg(long)]
        once: bool,
        #[command(flatten)]
        leave_out: LeaveOutArgs,
    },
    /// Make the tables anew from the log while the old ones go on serving
    Rebuild {
        #[command(flatten)]
        leave_out: LeaveOutArgs,
    },
    /// Make the tables anew on the side and compare them row by row (exit code 1 if a row differs)
    Verify,
}

/// The way past an event that cannot be projected.
#[derive(Debug, clap::Args)]
pub struct LeaveOutArgs {
    /// End all rows of this organisation at its first event that cannot be projected; needs --reason,
    /// and is on record for good
    #[arg(long, value_name = "ORG")]
    leave_out: Vec<String>,
}

impl LeaveOutArgs {
    fn read(&self, session: &Session) -> Result<LeaveOut, CliError> {
        let reason = session.options().reason.clone().unwrap_or_default();
        if !self.leave_out.is_empty() && reason.is_empty() {
            let message = "say why the organisation is left out: `--reason TEXT`".to_owned();
            return Err(CliError::Input { rule: "reason_required", message });
        }
        Ok(LeaveOut { organisations: self.leave_out.clone(), reason })
    }
}

impl Command {
    pub(super) fn needs(&self) -> Access {
        if matches!(self, Self::Status) { Access::Read } else { Access::Write }
    }

    pub(super) async fn run(&self, session: &Session) -> Result<Done, CliError> {
        let store = session.engine()?.store();
        match self {
            Self::Status => show_status(store, session.output()).await,
            Self::Run { once, leave_out } => run(store, session, *once, leave_out.read(session)?).await,
            Self::Rebuild { leave_out } => rebuild(store, session, leave_out.read(session)?).await,
            Self::Verify => verify(store, session).await,
        }
    }
}

async fn run(store: &Arc<dyn Store>, session: &Session, once: bool, leave_out: LeaveOut) -> Result<Done, CliError> {
    let wake = stopped_by_interrupt();
    let options = FollowOptions { once, leave_out, wake, ..FollowOptions::default() };
    let watch: Arc<dyn Watch> = Arc::new(Teller::new(session.output(), true));
    let ended = projector::follow(store, &options, &watch).await;
    drop(watch);
    let (state, position) = match ended? {
        Ended::CaughtUp(position) => ("caught up", Some(position)),
        Ended::Stopped => ("stopped", None),
    };
    if session.output().is_json() {
        session.output().json_line(&json!({ "state": state, "checkpoint": position }))?;
        session.output().flush()?;
    } else {
        let mut page = session.output().page();
        page.line(match position {
            Some(position) => format!("the tables hold everything up to event {position} of the store"),
            None => "stopped".to_owned(),
        });
        session.output().print(&page)?;
    }
    Ok(Done::Shown)
}

async fn rebuild(store: &Arc<dyn Store>, session: &Session, leave_out: LeaveOut) -> Result<Done, CliError> {
    let wake = stopped_by_interrupt();
    let watch: Arc<dyn Watch> = Arc::new(Teller::new(session.output(), false));
    let rebuilt = projector::rebuild(store, leave_out, &watch, || wake.is_stopping()).await;
    drop(watch);
    let generation = rebuilt?;
    let value = json!({ "generation": generation.number, "checkpoint": generation.checkpoint });
    session.output().show(&value, |page| {
        page.line(format!(
            "the tables are made anew (generation {}), with everything up to event {} of the store",
            generation.number, generation.checkpoint
        ));
    })?;
    Ok(Done::Shown)
}

async fn verify(store: &Arc<dyn Store>, session: &Session) -> Result<Done, CliError> {
    let wake = stopped_by_interrupt();
    let watch: Arc<dyn Watch> = Arc::new(Teller::new(session.output(), false));
    let compared = projector::verify(store, &watch, || wake.is_stopping()).await;
    drop(watch);
    match compared? {
        Comparison::Same { rows } => {
            session.output().show(&json!({ "same": true, "rows": rows }), |page| {
                page.line(format!("all {rows} rows are as the log makes them"));
            })?;
            Ok(Done::Shown)
        }
        Comparison::Different(difference) => {
            let value = json!({ "same": false, "difference": difference_json(&difference) });
            session.output().show(&value, |page| tell_difference(&difference, page))?;
            Ok(Done::Amiss)
        }
        Comparison::Apart => Err(projector::ProjectorError::TooFast.into()),
    }
}

type Columns = [(&'static str, String)];

fn columns_json(columns: &Columns) -> Value {
    columns.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str()))).collect()
}

fn difference_json(difference: &Difference) -> Value {
    json!({
        "table": difference.table,
        "key": columns_json(&difference.key),
        "live": difference.live.as_deref().map(columns_json),
        "rebuilt": difference.rebuilt.as_deref().map(columns_json),
    })
}

fn tell_difference(difference: &Difference, page: &mut Page) {
    let words = |columns: &Columns| {
        let words: Vec<String> = columns.iter().map(|(name, value)| format!("{name} {value}")).collect();
        words.join(", ")
    };
    let row = |row: &Option<Vec<(&'static str, String)>>| match row {
        Some(columns) if columns.is_empty() => "the row is there".to_owned(),
        Some(columns) => words(columns),
        None => "no such row".to_owned(),
    };
    page.toned(Tone::Bad, format!("`{}` is not as the log makes it", difference.table));
    page.fields(&[
        ("row", Some(words(&difference.key))),
        ("in the table", Some(row(&difference.live))),
        ("by the log", Some(row(&difference.rebuilt))),
    ]);
    page.gap();
    page.line("Make the tables anew with `chancery projections rebuild`.");
}

async fn show_status(store: &Arc<dyn Store>, output: &Output) -> Result<Done, CliError> {
    let status = projector::status(store).await?;
    output.show(&status_json(&status), |page| tell_status(&status, page))?;
    Ok(if status.activity == Activity::Failed { Done::Amiss } else { Done::Shown })
}

pub(super) fn activity(status: &Status) -> &'static str {
    match status.activity {
        Activity::Running => "running",
        Activity::Failed => "failed",
        Activity::Stopped => "stopped",
        Activity::Absent => "absent",
    }
}

/// How far the tables are, in a line.
pub(super) fn in_a_line(status: &Status) -> String {
    let state = activity(status);
    match status.activity {
        Activity::Absent => "no tables; `chancery projections run` makes and keeps them".to_owned(),
        Activity::Failed => format!("{state}; see `chancery projections status`"),
        _ if status.lag.events == 0 => format!("{state}, up to date"),
        _ => format!("{state}, {} events behind ({})", status.lag.events, seconds(status)),
    }
}

fn seconds(status: &Status) -> String {
    format!("{:.1} s", Duration::from_micros(status.lag.micros.unsigned_abs()).as_secs_f64())
}

fn failure_json(failure: &Failure) -> Value {
    json!({
        "global_position": failure.global_position,
        "organisation": failure.organisation,
        "position": failure.position,
        "event_type": failure.event_type,
        "reason": failure.reason,
    })
}

pub(super) fn status_json(status: &Status) -> Value {
    let time = |micros| chrono::DateTime::from_timestamp_micros(micros).unwrap_or_default();
    let live = status.control.live();
    json!({
        "state": activity(status),
        "rebuilding": status.building,
        "generation": live.map(|live| live.number),
        "current_format": status.current,
        "head": status.control.head,
        "checkpoint": live.map(|live| live.checkpoint),
        "lag": { "events": status.lag.events, "seconds": Duration::from_micros(status.lag.micros.unsigned_abs()).as_secs_f64() },
        "failure": status.control.failure.as_ref().map(|recorded| json!({
            "event": failure_json(&recorded.failure),
            "program": recorded.program,
            "time": time(recorded.time),
        })),
        "left_out": status.control.omissions.iter().map(|omission| json!({
            "generation": omission.generation,
            "counts": live.is_some_and(|live| live.number == omission.generation),
            "event": failure_json(&omission.failure),
            "reason": omission.reason,
            "time": time(omission.time),
        })).collect::<Vec<_>>(),
    })
}

fn tell_status(status: &Status, page: &mut Page) {
    let live = status.control.live();
    let behind = live.is_some() && status.lag.events > 0;
    page.fields(&[
        ("projector", Some(activity(status).to_owned())),
        ("rebuild", status.building.then(|| "under way".to_owned())),
        ("tables", live.map(|live| format!("generation {}", live.number))),
        ("log", Some(format!("at event {}", status.control.head))),
        ("checkpoint", live.map(|live| format!("event {}", live.checkpoint))),
        ("behind", behind.then(|| format!("{} events, {}", status.lag.events, seconds(status)))),
    ]);
    if !status.current {
        page.gap();
        page.toned(Tone::Bad, "The tables were made by another version of the program.");
        page.line("Make them anew with `chancery projections rebuild`.");
    }
    let stamped = |micros| stamp(chrono::DateTime::from_timestamp_micros(micros).unwrap_or_default());
    if let Some(recorded) = &status.control.failure {
        page.gap();
        page.toned(Tone::Bad, recorded.failure.to_string());
        page.fields(&[
            ("event of the store", Some(recorded.failure.global_position.to_string())),
            ("stopped", Some(stamped(recorded.time))),
            ("program", Some(recorded.program.clone())),
        ]);
    }
    if !status.control.omissions.is_empty() {
        page.gap();
        let mut table =
            Table::new(["left out", "from position", "generation", "when", "reason", "because"]).right([1, 2]);
        for omission in &status.control.omissions {
            table.row([
                omission.failure.organisation.clone(),
                omission.failure.position.to_string(),
                omission.generation.to_string(),
                stamped(omission.time),
                omission.reason.clone(),
                omission.failure.reason.clone(),
            ]);
        }
        page.table(table, "");
    }
}

/// Stops at the first Ctrl-C, when what is under way is written; the second one ends the process.
fn stopped_by_interrupt() -> Wake {
    let wake = Wake::default();
    let stopping = wake.clone();
    tokio::spawn(async move {
        let interrupted = tokio::signal::ctrl_c().await;
        stopping.stop();
        if interrupted.is_ok() && tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(130);
        }
    });
    wake
}

/// Tells people and programs how work comes along.
struct Teller {
    output: Output,
    /// Whether to say who is at work; a rebuild only has a bar.
    stages: bool,
    bar: ProgressBar,
}

impl Teller {
    fn new(output: &Output, stages: bool) -> Self {
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
