//! Making a generation from nothing: to go live, or to compare with the one that is.

use std::sync::Arc;

use super::run::{Reached, Run};
use super::{LeaveOut, ProjectorError, Stage, Watch, projections};
use crate::store::Store;
use crate::store::projection::{Comparison, Control, Duty, Generation, ProjectionStore, ProjectionWriter};

/// Times that a generation catches up with the live one before it is given up.
const ATTEMPTS: usize = 100;

/// Makes the tables anew from the log while the old ones go on serving, and then lets the public
/// views show them. Returns the number of the new generation.
///
/// # Errors
/// [`ProjectorError::Poison`] at an event that cannot be projected; the old tables are as they were.
pub async fn rebuild(
    store: &Arc<dyn Store>,
    leave_out: LeaveOut,
    watch: &Arc<dyn Watch>,
    stop: impl Fn() -> bool,
) -> Result<Generation, ProjectorError> {
    let projections = projections(store)?;
    let (writer, control) = begin(projections.as_ref()).await?;
    let old = control.live().map(|generation| generation.number);
    let mut build = Build { store, watch, leave_out, omit_as: None };
    let (mut run, generation) = build.fill(writer, &control, &stop).await?;
    for _ in 0..ATTEMPTS {
        run.advance(u64::MAX, &stop).await?;
        if !run.writer()?.publish(generation.number).await? {
            continue;
        }
        if let Some(old) = old {
            // Somebody may still be reading it; the next rebuild tries again.
            let _ = run.writer()?.drop_generation(old).await;
        }
        return Ok(Generation { checkpoint: run.checkpoint(), live: true, ..generation });
    }
    discard(&mut run, &generation).await;
    Err(ProjectorError::TooFast)
}

/// Makes the tables anew up to where the live ones are, and compares row by row.
///
/// # Errors
/// As [`rebuild`], and [`ProjectorError::NoTables`] when there is nothing to compare.
pub async fn verify(
    store: &Arc<dyn Store>,
    watch: &Arc<dyn Watch>,
    stop: impl Fn() -> bool,
) -> Result<Comparison, ProjectorError> {
    let projections = projections(store)?;
    let live = projections.control().await?.live().cloned().ok_or(ProjectorError::NoTables)?;
    if live.format != projections.format() {
        return Err(ProjectorError::OtherFormat);
    }
    let (writer, control) = begin(projections.as_ref()).await?;
    let mut build = Build { store, watch, leave_out: LeaveOut::default(), omit_as: Some(live.number) };
    let (mut run, generation) = build.fill(writer, &control, &stop).await?;
    let outcome = catch(projections.as_ref(), &mut run, &generation, watch, &stop).await;
    discard(&mut run, &generation).await;
    outcome
}

/// Brings the generation to the live one's checkpoint, which may move on meanwhile, and compares.
async fn catch(
    projections: &dyn ProjectionStore,
    run: &mut Run,
    generation: &Generation,
    watch: &Arc<dyn Watch>,
    stop: &impl Fn() -> bool,
) -> Result<Comparison, ProjectorError> {
    watch.stage(Stage::Comparing);
    for _ in 0..ATTEMPTS {
        let control = projections.control().await?;
        let live = control.live().ok_or(ProjectorError::NoTables)?;
        run.advance(live.checkpoint, stop).await?;
        match run.writer()?.compare(generation.number).await? {
            Comparison::Apart => {}
            compared => return Ok(compared),
        }
        if stop() {
            return Err(ProjectorError::Stopped);
        }
    }
    Err(ProjectorError::TooFast)
}

/// Takes the duty, and drops what a rebuild that died has left.
async fn begin(projections: &dyn ProjectionStore) -> Result<(Box<dyn ProjectionWriter>, Control), ProjectorError> {
    let mut writer = projections.take(Duty::Build).await?.ok_or(ProjectorError::AlreadyBuilding)?;
    let control = projections.control().await?;
    for left in control.generations.iter().filter(|generation| !generation.live) {
        writer.drop_generation(left.number).await?;
    }
    Ok((writer, control))
}

async fn discard(run: &mut Run, generation: &Generation) {
    if let Ok(writer) = run.writer() {
        // What stays is dropped by the next one.
        let _ = writer.drop_generation(generation.number).await;
    }
}

struct Build<'a> {
    store: &'a Arc<dyn Store>,
    watch: &'a Arc<dyn Watch>,
    leave_out: LeaveOut,
    /// A generation whose omissions count.
    omit_as: Option<u64>,
}

impl Build<'_> {
    /// A new generation with all events up to where the log, or the live generation, is now.
    async fn fill(
        &mut self,
        mut writer: Box<dyn ProjectionWriter>,
        control: &Control,
        stop: &impl Fn() -> bool,
    ) -> Result<(Run, Generation), ProjectorError> {
        // What is compared must not be ahead.
        let until = match self.omit_as {
            Some(_) => control.live().map_or(control.head, |live| live.checkpoint),
            None => control.head,
        };
        self.watch.stage(Stage::Filling { until });
        let generation = writer.create().await?;
        let mut run = Run::new(self.store, writer, &generation, self.watch, std::mem::take(&mut self.leave_out));
        if let Some(other) = self.omit_as {
            run = run.omit_as(control, other);
        }
        match self.fill_until(&mut run, until, stop).await {
            Ok(()) => Ok((run, generation)),
            Err(error) => {
                discard(&mut run, &generation).await;
                Err(error)
            }
        }
    }

    async fn fill_until(&self, run: &mut Run, until: u64, stop: &impl Fn() -> bool) -> Result<(), ProjectorError> {
        let reached = run.advance(until, stop).await?;
        self.watch.stage(Stage::Indexing);
        run.finish().await?;
        if reached == Reached::Full {
            self.watch.stage(Stage::Filling { until });
            run.advance(until, stop).await?;
        }
        Ok(())
    }
}
