//! `projections status|run|rebuild|verify`.

mod difference;
mod progress;
mod status;

use std::sync::Arc;

use serde_json::json;
pub(super) use status::{in_a_line, status_json};

use self::difference::{difference_json, tell_difference};
use self::progress::Teller;
use super::{CliError, Done, Session};
use crate::projector::{self, Ended, FollowOptions, LeaveOut, Wake, Watch};
use crate::store::Store;
use crate::store::projection::Comparison;
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
            Self::Status => status::show(store, session.output()).await,
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
