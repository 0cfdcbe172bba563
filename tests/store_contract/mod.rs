//! One contract, instantiated for every store: see `chancery::store` for the promises.
//!
//! A new store needs a [`Place`] and a line with `contract!`; one that outlives its process also a line
//! with `lasting_contract!`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail as tests do, but clippy exempts only the tests themselves"
)]

mod adopt;
mod append;
mod counts;
mod follow;
pub(crate) mod hashes;
mod idempotency;
mod key_uses;
mod lasting;
pub(crate) mod postgres;
mod read;
mod snapshots;
pub(crate) mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;
use chancery::store::memory::MemoryStore;
use chancery::store::{Append, Appended, EventRow, Idempotency, NewEvent, Range, Store, StoreError, Visit};
use parking_lot::Mutex;

/// Where one test's log lives. Opening it again gives the same log.
#[async_trait]
pub(crate) trait Place: Send + Sync {
    async fn open(&self) -> Arc<dyn Store>;
}

macro_rules! contract {
    ($store:ident, $place:expr) => {
        mod $store {
            $crate::store_contract::tests! { $place;
                append::positions_are_gapless_from_one
                append::many_tasks_append_to_one_organisation_without_a_gap
                append::many_tasks_append_to_many_organisations
                append::a_stale_head_is_a_conflict_and_nothing_is_written
                append::a_sequence_cannot_be_taken_twice
                append::a_sequence_cannot_be_taken_twice_within_a_request
                append::a_refused_request_does_not_harm_those_beside_it
                append::names_are_case_sensitive
                append::a_request_without_events_is_invalid
                append::empty_names_and_nul_characters_are_invalid
                append::time_cannot_go_backwards_within_an_organisation
                append::time_may_differ_between_organisations
                append::a_dropped_future_leaves_all_or_nothing
                append::a_closed_store_says_so
                idempotency::a_retry_answers_as_the_first_time
                idempotency::a_retry_is_answered_whatever_head_it_expects
                idempotency::concurrent_retries_do_the_work_once
                idempotency::a_key_cannot_be_reused_for_another_request
                idempotency::a_key_belongs_to_its_organisation
                idempotency::a_refused_request_does_not_use_its_key_up
                read::organisations_are_isolated
                read::a_stream_is_read_by_sequence
                read::a_scan_stops_at_its_upper_bound
                read::a_scan_stops_when_the_visitor_breaks
                read::a_fold_visits_what_a_scan_visits
                read::bounds_beyond_every_position_are_allowed
                read::paging_by_position_during_writes_misses_and_repeats_nothing
                read::paging_by_global_position_during_writes_misses_and_repeats_nothing
                read::a_visitor_may_use_the_store
                read::texts_are_kept_byte_for_byte
                read::large_events_are_kept_whole
                read::heads_are_listed_by_name
                counts::events_are_counted_by_type_within_bounds
                counts::times_are_looked_up_by_position
                snapshots::the_newest_snapshot_within_the_bound_is_found
                snapshots::a_snapshot_replaces_the_one_at_its_position
                snapshots::a_snapshot_of_another_log_is_not_found
                snapshots::a_fold_begins_with_the_newest_snapshot_there_is
                key_uses::the_latest_use_of_each_key_is_kept
                snapshots::snapshots_belong_to_their_organisation_and_layout
                follow::what_is_there_already_is_told_at_once
                follow::a_wait_in_vain_ends_and_tells_the_head
                follow::an_append_wakes_all_who_wait
                follow::whoever_waits_from_news_to_news_misses_nothing
                follow::a_wait_that_is_dropped_leaves_the_others_waiting
                follow::closing_ends_the_waiting
                hashes::the_same_events_have_the_same_root_however_they_were_written
                hashes::proofs_are_made_of_kept_nodes
                hashes::a_scan_with_hashes_keeps_to_its_bounds
                hashes::checkpoints_are_kept_once_and_listed_by_size
                adopt::events_are_taken_over_as_they_are_in_their_order
                adopt::an_event_that_does_not_follow_is_refused_and_nothing_is_written
                adopt::a_global_head_that_is_another_is_refused
                adopt::a_key_that_was_taken_over_answers_as_the_first_time
                adopt::keys_are_listed_by_their_bytes
                adopt::taking_over_and_appending_at_once_leave_no_gap
                adopt::a_closed_store_takes_nothing_over
            }
        }
    };
}

macro_rules! lasting_contract {
    ($store:ident, $place:expr) => {
        mod $store {
            $crate::store_contract::tests! { $place;
                lasting::everything_is_there_after_reopening
                lasting::a_store_dropped_without_closing_loses_nothing
                lasting::a_retry_is_answered_after_reopening
                lasting::two_handles_append_to_one_organisation_without_a_gap
                lasting::a_conflict_with_another_handle_is_seen
                follow::an_append_of_another_handle_wakes_who_waits
                hashes::hashes_go_on_where_another_handle_ended
                adopt::what_was_taken_over_is_there_after_reopening
            }
        }
    };
}

macro_rules! tests {
    ($place:expr; $($group:ident :: $name:ident)*) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            $crate::store_contract::$group::$name(&$place).await;
        }
    )* };
}

pub(crate) use tests;

contract!(memory, crate::store_contract::MemoryPlace::default());
contract!(sqlite_keeps_the_contract, crate::store_contract::sqlite::FilePlace::new());
contract!(postgres_keeps_the_contract, crate::store_contract::postgres::ServerPlace::new());
lasting_contract!(postgres_lasts, crate::store_contract::postgres::ServerPlace::new());
lasting_contract!(sqlite_lasts, crate::store_contract::sqlite::FilePlace::new());

#[derive(Default)]
pub(crate) struct MemoryPlace {
    store: Arc<MemoryStore>,
}

#[async_trait]
impl Place for MemoryPlace {
    async fn open(&self) -> Arc<dyn Store> {
        self.store.clone()
    }
}

/// A small event; `number` is its sequence, its time, and in its payload.
pub(crate) fn event(stream: &str, number: u64) -> NewEvent {
    NewEvent {
        aggregate_type: "role".to_owned(),
        aggregate_id: stream.to_owned(),
        sequence: number,
        event_type: "PermissionToggled".to_owned(),
        event_version: "1".to_owned(),
        payload: format!(r#"{{"number":{number}}}"#),
        metadata: r#"{"actor":"tester"}"#.to_owned(),
        time: number.cast_signed(),
    }
}

/// A request with one event per number, in one stream named like the organisation.
pub(crate) fn request(organisation: &str, expected_head: u64, numbers: std::ops::RangeInclusive<u64>) -> Append {
    let events = numbers.map(|number| event(&format!("{organisation}/manager"), number)).collect();
    Append { organisation: organisation.to_owned(), expected_head, idempotency: None, events }
}

/// The next event of an organisation whose only stream is that of [`request`].
pub(crate) fn next(organisation: &str, head: u64) -> Append {
    request(organisation, head, head + 1..=head + 1)
}

pub(crate) fn with_key(mut request: Append, key: &str, fingerprint: &str) -> Append {
    request.idempotency = Some(idempotency(key, fingerprint));
    request
}

pub(crate) fn idempotency(key: &str, fingerprint: &str) -> Idempotency {
    Idempotency { key: key.to_owned(), fingerprint: fingerprint.to_owned() }
}

/// Appends the next event after whatever the head is, trying again at a conflict.
pub(crate) async fn append_next(store: &dyn Store, organisation: &str) -> Appended {
    let mut head = 0;
    loop {
        match store.append(next(organisation, head)).await {
            Ok(appended) => return appended,
            Err(StoreError::Conflict { head: actual, .. }) => head = actual,
            Err(error) => panic!("{error}"),
        }
    }
}

/// A row with everything it had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) global_position: u64,
    pub(crate) organisation: String,
    pub(crate) position: u64,
    pub(crate) event: NewEvent,
}

impl From<EventRow<'_>> for Row {
    fn from(row: EventRow<'_>) -> Self {
        Self {
            global_position: row.global_position,
            organisation: row.organisation.to_owned(),
            position: row.position,
            event: NewEvent {
                aggregate_type: row.aggregate_type.to_owned(),
                aggregate_id: row.aggregate_id.to_owned(),
                sequence: row.sequence,
                event_type: row.event_type.to_owned(),
                event_version: row.event_version.to_owned(),
                payload: row.payload.to_owned(),
                metadata: row.metadata.to_owned(),
                time: row.time,
            },
        }
    }
}

pub(crate) fn all(organisation: &str) -> Range {
    Range::Organisation { organisation: organisation.to_owned(), after: 0, until: u64::MAX }
}

/// The first rows of a range, at most `limit`.
pub(crate) async fn page(store: &dyn Store, range: Range, limit: usize) -> Vec<Row> {
    let rows = Arc::new(Mutex::new(Vec::new()));
    let visited = Arc::clone(&rows);
    let visitor = Box::new(move |row: EventRow<'_>| {
        let mut rows = visited.lock();
        rows.push(Row::from(row));
        if rows.len() < limit { Visit::Continue(()) } else { Visit::Break(()) }
    });
    store.scan(range, visitor).await.unwrap();
    std::mem::take(&mut *rows.lock())
}

pub(crate) async fn rows(store: &dyn Store, range: Range) -> Vec<Row> {
    page(store, range, usize::MAX).await
}

/// Checks that an organisation's rows are whole: gapless, and each event where its number says.
pub(crate) async fn assert_gapless(store: &dyn Store, organisation: &str, count: u64) {
    let rows = rows(store, all(organisation)).await;
    let positions: Vec<u64> = rows.iter().map(|row| row.position).collect();
    assert_eq!(positions, (1..=count).collect::<Vec<_>>());
    assert!(rows.is_sorted_by(|one, next| one.global_position < next.global_position));
    assert!(rows.iter().all(|row| row.event == event(&format!("{organisation}/manager"), row.position)));
    let head = store.head(organisation).await.unwrap().map(|head| (head.position, head.time));
    assert_eq!(head, rows.last().map(|last| (last.position, last.event.time)));
    hashes::assert_hashed(store, organisation).await;
}
