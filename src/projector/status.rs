//! How the projections are doing.

use std::sync::Arc;

use chrono::Utc;

use super::page::page;
use super::{ProjectorError, projections};
use crate::store::Store;
use crate::store::projection::{Control, Duty};

/// What the projector of a store does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// Some process projects.
    Running,
    /// An event stopped it.
    Failed,
    /// No process projects, and nothing went wrong: it was ended, or had nothing more to do.
    Idle,
    /// There are no tables: nobody ever projected.
    Absent,
}

/// How far the tables are behind the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lag {
    /// Events that are not in the tables.
    pub events: u64,
    /// Microseconds since the oldest of them.
    pub micros: i64,
}

/// How the projections are doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// What the projector does.
    pub activity: Activity,
    /// Whether somebody rebuilds or verifies.
    pub building: bool,
    /// Whether the live tables are those that this program keeps.
    pub current: bool,
    /// How far behind the live tables are.
    pub lag: Lag,
    /// What the store knows.
    pub control: Control,
}

/// Looks at the projections of a store. Nothing is written.
///
/// # Errors
/// When the store keeps no tables, or cannot be read.
pub async fn status(store: &Arc<dyn Store>) -> Result<Status, ProjectorError> {
    let projections = projections(store)?;
    let control = projections.control().await?;
    let running = projections.is_taken(Duty::Follow).await?;
    let building = projections.is_taken(Duty::Build).await?;
    let live = control.live();
    let checkpoint = live.map_or(0, |live| live.checkpoint);
    let first = page(store.as_ref(), checkpoint, u64::MAX, 1).await?.entries.into_iter().next();
    let micros = first.map_or(0, |entry| (Utc::now().timestamp_micros() - entry.mark.time).max(0));
    let lag = Lag { events: control.head.saturating_sub(checkpoint), micros };
    let activity = match (running, &control.failure, live) {
        (true, ..) => Activity::Running,
        (_, Some(_), _) => Activity::Failed,
        (_, _, Some(_)) => Activity::Idle,
        (_, _, None) => Activity::Absent,
    };
    let current = live.is_none_or(|live| live.format == projections.format());
    Ok(Status { activity, building, current, lag, control })
}
