//! Where a scan stands, and what a row becomes for whoever scans.

use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use super::text::Json;
use crate::store::{EventRow, FoldRow, Folder, HashedVisitor, Range, Visit, Visitor};

const FIRST_PAGE: i64 = 256;
const LONGEST_PAGE: i64 = 4096;

macro_rules! select {
    (scan $from:literal) => {
        concat!(
            "SELECT global_position, position, aggregate_type, aggregate_id, sequence, event_type, event_version, \
             payload, payload_text, metadata, metadata_text, time, organisation FROM events ",
            $from
        )
    };
    (hashed $from:literal) => {
        concat!(
            "SELECT global_position, position, aggregate_type, aggregate_id, sequence, event_type, event_version, \
             payload, payload_text, metadata, metadata_text, time, organisation, hashes FROM events ",
            $from
        )
    };
    (fold $from:literal) => {
        concat!(
            "SELECT position, time, aggregate_type, event_type, event_version, payload, payload_text FROM events ",
            $from
        )
    };
}

/// A page of an organisation's events, all of each.
pub(super) const PAGE: &str =
    select!(scan "WHERE organisation = $1 AND position > $2 AND position <= $3 ORDER BY position LIMIT $4");

/// What is done with the rows.
pub(super) enum Sink {
    /// All of each.
    Scan(Visitor),
    /// All of each, and the hashes that it keeps, of one organisation.
    Hashed(HashedVisitor),
    /// As much of each as a fold needs, of one organisation.
    Fold(Folder),
}

impl Sink {
    /// The statement for a page. Its parameters: names, exclusive lower and inclusive upper bound, length.
    pub(super) fn sql(&self, range: &Range) -> &'static str {
        match (self, range) {
            (Self::Fold(_), _) => {
                select!(fold "WHERE organisation = $1 AND position > $2 AND position <= $3 ORDER BY position LIMIT $4")
            }
            (Self::Hashed(_), _) => {
                select!(hashed "WHERE organisation = $1 AND position > $2 AND position <= $3 ORDER BY position LIMIT $4")
            }
            (Self::Scan(_), Range::Organisation { .. }) => PAGE,
            (Self::Scan(_), Range::Stream { .. }) => select!(scan
                "WHERE aggregate_type = $1 AND aggregate_id = $2 AND sequence > $3 AND sequence <= $4 \
                 ORDER BY sequence LIMIT $5"),
            (Self::Scan(_), Range::Store { .. }) => {
                select!(scan "WHERE global_position > $1 AND global_position <= $2 ORDER BY global_position LIMIT $3")
            }
        }
    }

    /// Hands a row over; with it goes back the key by which the range is ordered.
    pub(super) fn visit(&mut self, range: &Range, row: &Row) -> Result<(i64, Visit), Error> {
        match self {
            Self::Scan(visitor) => {
                let event = event_row(row)?;
                let key = match range {
                    Range::Organisation { .. } => event.position,
                    Range::Stream { .. } => event.sequence,
                    Range::Store { .. } => event.global_position,
                };
                Ok((key.cast_signed(), visitor(event)))
            }
            Self::Hashed(visitor) => {
                let event = event_row(row)?;
                Ok((event.position.cast_signed(), visitor(event, row.try_get(13)?)))
            }
            Self::Fold(folder) => {
                let event = fold_row(row)?;
                Ok((event.position.cast_signed(), folder(event)))
            }
        }
    }
}

/// Where a scan stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    after: i64,
    until: i64,
    bounded: bool,
    page: i64,
}

impl Cursor {
    pub(super) fn new(range: &Range) -> Self {
        let (after, until) = match range {
            Range::Organisation { after, until, .. } => (*after, *until),
            Range::Stream { .. } => (0, u64::MAX),
            Range::Store { after } => (*after, u64::MAX),
        };
        Self { after: signed(after), until: signed(until), bounded: false, page: FIRST_PAGE }
    }

    pub(super) fn visited(&mut self, key: i64) {
        self.after = key;
    }

    pub(super) fn page(&self) -> i64 {
        self.page
    }

    pub(super) fn grow(&mut self) {
        self.page = (self.page * 4).min(LONGEST_PAGE);
    }

    pub(super) fn is_bounded(&self) -> bool {
        self.bounded
    }

    pub(super) fn bound(&mut self, last: Option<i64>) {
        self.bounded = true;
        self.until = self.until.min(last.unwrap_or(i64::MAX));
    }

    /// The last key of a range as it is now.
    pub(super) fn bound_sql(range: &Range) -> &'static str {
        match range {
            Range::Organisation { .. } => "SELECT position FROM organisations WHERE organisation = $1",
            Range::Stream { .. } => "SELECT max(sequence) FROM events WHERE aggregate_type = $1 AND aggregate_id = $2",
            Range::Store { .. } => "SELECT global_position FROM log_head",
        }
    }

    pub(super) fn names(range: &Range) -> Vec<&(dyn ToSql + Sync)> {
        match range {
            Range::Organisation { organisation, .. } => vec![organisation],
            Range::Stream { aggregate_type, aggregate_id } => vec![aggregate_type, aggregate_id],
            Range::Store { .. } => Vec::new(),
        }
    }

    pub(super) fn parameters<'a>(&'a self, range: &'a Range) -> Vec<&'a (dyn ToSql + Sync)> {
        let mut parameters = Self::names(range);
        parameters.extend([&self.after as &(dyn ToSql + Sync), &self.until, &self.page]);
        parameters
    }
}

pub(super) fn event_row(row: &Row) -> Result<EventRow<'_>, Error> {
    Ok(EventRow {
        global_position: number(row, 0)?,
        position: number(row, 1)?,
        aggregate_type: row.try_get(2)?,
        aggregate_id: row.try_get(3)?,
        sequence: number(row, 4)?,
        event_type: row.try_get(5)?,
        event_version: row.try_get(6)?,
        payload: text(row, 7)?,
        metadata: text(row, 9)?,
        time: row.try_get(11)?,
        organisation: row.try_get(12)?,
    })
}

fn fold_row(row: &Row) -> Result<FoldRow<'_>, Error> {
    Ok(FoldRow {
        position: number(row, 0)?,
        time: row.try_get(1)?,
        aggregate_type: row.try_get(2)?,
        event_type: row.try_get(3)?,
        event_version: row.try_get(4)?,
        payload: text(row, 5)?,
    })
}

/// The text in a `json` column, or in the column beside it when it is not JSON.
fn text(row: &Row, column: usize) -> Result<&str, Error> {
    match row.try_get::<_, Option<&str>>(column + 1)? {
        Some(text) => Ok(text),
        None => Ok(row.try_get::<_, Json<'_>>(column)?.0),
    }
}

/// INVARIANT: the table's checks keep positions and sequences above 0.
fn number(row: &Row, column: usize) -> Result<u64, Error> {
    Ok(row.try_get::<_, i64>(column)?.cast_unsigned())
}

/// A bound as PostgreSQL's signed number; no position is above the largest.
fn signed(bound: u64) -> i64 {
    i64::try_from(bound).unwrap_or(i64::MAX)
}
