//! What is different about a line that a service runs for somebody.

use std::sync::Arc;

use chancery_aggregates::AccessState;
use chancery_aggregates::vocabulary::OrganisationId;

use super::Session;
use crate::cli::error::CliError;
use crate::cli::{Ran, run_line};
use crate::engine::{Moment, Outcome};
use crate::views::log;

impl Session {
    /// An outcome as it was told the first time, with the state before it, where the caller asks again only
    /// because an answer was lost.
    pub(in crate::cli) async fn as_first(
        &self,
        organisation: &OrganisationId,
        outcome: Outcome,
        before: Arc<AccessState>,
    ) -> Result<(Outcome, Arc<AccessState>), CliError> {
        let Some(confined) = self.confined.as_ref().filter(|_| outcome.repeated) else { return Ok((outcome, before)) };
        confined.told.lock().replayed = true;
        if self.options.idempotency_key.is_some() {
            return Ok((outcome, before));
        }
        let (engine, since) = (self.engine()?, outcome.since);
        let before = match since {
            0 => Arc::default(),
            since => engine.replay(organisation, Moment::Position(since)).await?.state,
        };
        let events = log::events(engine, organisation, since, outcome.position).await?;
        Ok((Outcome { events, repeated: false, ..outcome }, before))
    }

    /// What makes a repeated change answer as the first time: as the line says it, or as the program that sent it.
    pub(in crate::cli) fn idempotency_key(&self) -> Option<String> {
        let confined = self.confined.as_ref().and_then(|confined| confined.idempotency_key.clone());
        self.options.idempotency_key.clone().or(confined)
    }

    /// Whether the line may be one that was run before.
    pub(in crate::cli) fn is_repeatable(&self) -> bool {
        self.options.idempotency_key.is_some() || self.confined.as_ref().is_some_and(|confined| confined.again)
    }

    /// Whether it is the operator of a service who asks, who is shown no organisation.
    pub(in crate::cli) fn is_of_operator(&self) -> bool {
        self.confined.as_ref().is_some_and(|confined| confined.organisation().is_none())
    }

    /// Whether somebody else's service runs the line.
    pub(in crate::cli) fn is_served(&self) -> bool {
        self.confined.is_some()
    }

    /// Whether the service that runs the line has a key that signs.
    pub(in crate::cli) fn is_signed_by_service(&self) -> bool {
        self.confined.as_ref().is_some_and(|confined| confined.signs)
    }

    /// Has the log signed by the service that runs the line, once it is done.
    pub(in crate::cli) fn have_signed(&self) {
        if let Some(confined) = self.confined.as_ref().filter(|_| !self.options.dry_run) {
            confined.told.lock().sign = true;
        }
    }

    /// After which position the log is to be listed by the stretch, if it is.
    pub(in crate::cli) fn after(&self) -> Option<u64> {
        self.confined.as_ref()?.after
    }

    /// Tells where a stretch of the log goes on.
    pub(in crate::cli) fn goes_on_after(&self, position: u64) {
        if let Some(confined) = &self.confined {
            confined.told.lock().next = Some(position);
        }
    }

    /// What a file has that the line names.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(in crate::cli) fn file(&self, name: &str) -> std::io::Result<Vec<u8>> {
        match &self.confined {
            Some(confined) => confined.file(name),
            None => std::fs::read(name),
        }
    }

    /// Runs a line of a list, by its number there, on the same engine and within the same bounds.
    pub(in crate::cli) async fn line(&self, words: &[&str], number: usize) -> Result<Ran, CliError> {
        let (engine, organisation) = (self.engine()?, self.organisation().await?);
        Ok(match &self.confined {
            Some(confined) => confined.run_listed(engine, words, number).await,
            None => run_line(engine, &organisation, words).await,
        })
    }
}
