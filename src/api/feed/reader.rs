//! Reading on from a position: by pages, each judged anew.
//!
//! A reader holds one page and nothing else. Between two pages it holds nothing of the store; so one
//! that is slow reads later, and neither a writer nor the memory knows of it.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use chancery_aggregates::Facts;
use chancery_aggregates::vocabulary::OrganisationId;
use parking_lot::Mutex;
use prometheus_client::metrics::gauge::Gauge;
use tokio::time::Instant;

use crate::api::authentication::Staying;
use crate::api::problem::{Answer, Problem};
use crate::api::service::Shared;
use crate::views::cloud_event::{CloudEvent, TYPE_PREFIX};

/// Events that are read, wanted or not, before the store is let go.
const STRIDE: u64 = 2_000;
/// Bytes after which a page is full.
const FULL: usize = 256 << 10;
/// How long a reader may wait before it is judged again.
const JUDGED: Duration = Duration::from_secs(1);

/// Somebody who reads an organisation's events.
pub(super) struct Reader {
    service: Shared,
    organisation: OrganisationId,
    caller: Staying,
    /// Names of events in lower case; none for all.
    wanted: Arc<[String]>,
    after: u64,
    _counted: Counted,
}

/// Events, and how far they reach.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) events: Vec<CloudEvent>,
    /// Everything that is wanted up to this position was read.
    pub(super) until: u64,
    /// The last position that there was.
    pub(super) head: u64,
    bytes: usize,
    failed: bool,
}

struct Counted(Gauge);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Reader {
    /// A reader who begins after a position, once that is there.
    ///
    /// # Errors
    /// When the caller may not read, or the position is not reached in time.
    pub(super) async fn begin(
        service: Shared,
        organisation: &str,
        caller: Staying,
        kinds: Option<&str>,
        after: u64,
    ) -> Answer<Self> {
        caller.caller.actor_in(organisation)?;
        let organisation = OrganisationId::known(organisation);
        let names = kinds.into_iter().flat_map(|kinds| kinds.split(',')).map(str::trim).filter(|name| !name.is_empty());
        let wanted = names.map(|name| name.strip_prefix(TYPE_PREFIX).unwrap_or(name).to_ascii_lowercase()).collect();
        service.meters.feed_readers.inc();
        let counted = Counted(service.meters.feed_readers.clone());
        let reader = Self { service, organisation, caller, wanted, after, _counted: counted };
        // May it read at all? Only then is it told of positions.
        reader.judge().await?;
        reader.service.state(&reader.organisation, Some(after)).await?;
        Ok(reader)
    }

    /// Whether the caller may still read: the head of the log as it is then.
    async fn judge(&self) -> Answer<u64> {
        let state = self.service.state(&self.organisation, None).await?;
        // After the state, so that nothing is sent that is later than the end of the key.
        let caller = self.caller.again(&self.service).await?;
        let actor = caller.actor_in(self.organisation.as_str())?;
        let facts = Facts { now: self.service.now(&state), state: state.as_ref().clone(), actor };
        facts.acting()?;
        facts.may_replay()?;
        Ok(state.position())
    }

    /// The next events, at most so many; none when none came for so long, or the service is about to end.
    ///
    /// # Errors
    /// When the caller may not read any more, or the store does not answer.
    pub(super) async fn next(&mut self, limit: usize, wait: Duration) -> Answer<Page> {
        let begun = Instant::now();
        loop {
            // Known before the state is read: what comes in between ends the wait at once.
            let seen = self.service.seen();
            let head = self.judge().await?;
            while self.after < head {
                let page = self.read(limit, head).await?;
                self.after = page.until;
                if !page.events.is_empty() {
                    return Ok(page);
                }
            }
            let left = wait.saturating_sub(begun.elapsed());
            if left.is_zero() || self.service.is_stopping() {
                return Ok(Page { until: self.after, head, ..Page::default() });
            }
            self.service.beyond(seen, left.min(JUDGED)).await;
        }
    }

    /// One stride of the log, or as much of it as fills a page. Nothing later than what was judged.
    async fn read(&self, limit: usize, head: u64) -> Answer<Page> {
        let until = head.min(self.after.saturating_add(STRIDE));
        let page = Arc::new(Mutex::new(Page { until, head, ..Page::default() }));
        let (sink, organisation, wanted) = (page.clone(), self.organisation.clone(), self.wanted.clone());
        let visit = move |recorded: chancery_aggregates::event::Recorded| {
            let name = recorded.event.name();
            if !wanted.is_empty() && !wanted.iter().any(|wanted| name.eq_ignore_ascii_case(wanted)) {
                return ControlFlow::Continue(());
            }
            let mut page = sink.lock();
            let Some(event) = CloudEvent::of(&organisation, recorded) else {
                page.failed = true;
                return ControlFlow::Break(());
            };
            page.bytes += event.size();
            let position = event.position();
            page.events.push(event);
            if page.events.len() < limit && page.bytes < FULL {
                return ControlFlow::Continue(());
            }
            page.until = position;
            ControlFlow::Break(())
        };
        self.service.engine.events(&self.organisation, self.after, until, visit).await?;
        let page = std::mem::take(&mut *page.lock());
        if page.failed { Err(Problem::internal()) } else { Ok(page) }
    }

    /// The last position that was read.
    pub(super) fn after(&self) -> u64 {
        self.after
    }

    pub(super) fn service(&self) -> &Shared {
        &self.service
    }
}
