//! The lines of a review as a table for spreadsheets.

use super::Evidence;
use crate::sheet::{Cell, Column, Head, SheetError, SheetWriter};
use crate::views::review::row;

const COLUMNS: [Column<'static>; 17] = [
    Column { name: "line", width: 6 },
    Column { name: "member", width: 20 },
    Column { name: "member_name", width: 24 },
    Column { name: "kind", width: 12 },
    Column { name: "access", width: 44 },
    Column { name: "given_position", width: 10 },
    Column { name: "given_time", width: 20 },
    Column { name: "given_by", width: 18 },
    Column { name: "given_reason", width: 30 },
    Column { name: "last_used", width: 20 },
    Column { name: "reviewer", width: 18 },
    Column { name: "decision", width: 10 },
    Column { name: "decided_time", width: 20 },
    Column { name: "decided_reason", width: 30 },
    Column { name: "standing", width: 12 },
    Column { name: "carried_out_position", width: 10 },
    Column { name: "carried_out_as", width: 26 },
];

/// Writes the lines, by a writer that begins with the head.
pub(super) fn write(
    evidence: &Evidence,
    begin: impl FnOnce(&Head<'_>) -> Result<Box<dyn SheetWriter>, SheetError>,
) -> Result<(), SheetError> {
    let review = &evidence.record.review;
    let title = review.review.as_ref().map(|review| review.name.to_string()).unwrap_or_default();
    let checkpoint = evidence.checkpoint.as_ref().map(|checkpoint| checkpoint.size);
    let facts = [
        ("organisation", Cell::from(evidence.facts.state.organisation().as_str())),
        ("review", Cell::from(title)),
        ("reviewed position", Cell::from(review.frozen.position)),
        ("reviewed time", Cell::from(review.frozen.time)),
        ("root of the log there", Cell::from(evidence.frozen_root.as_str())),
        ("root of the decided lines", Cell::from(evidence.record.root.as_str())),
        ("checkpoint", Cell::from(checkpoint)),
    ];
    let head = Head { title: "Access review", facts: &facts, columns: &COLUMNS };
    let mut writer = begin(&head)?;
    for line in &evidence.record.lines {
        let row = row(&evidence.facts.state, line, evidence.given.get(&line.line.since), &evidence.uses);
        writer.row(&row)?;
    }
    writer.finish()
}
