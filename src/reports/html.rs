//! A report as a page to be printed. Every value is escaped.

use chancery_projections::reports::Cell;
use maud::{Markup, html};

use super::Report;
use crate::printed;

/// The whole page.
pub(super) fn page(report: &Report) -> String {
    let title = format!("{} · {}", report.kind.title(), report.name);
    let content = html! {
        h1 { (report.kind.title()) }
        p { (report.kind.answers()) "." }
        table { tbody { @for (name, value) in report.facts() { tr { th scope="row" { (name) } td { (value) } } } } }
        h2 { "Rows" }
        (rows(report, usize::MAX))
    };
    printed::page(&title, true, &content)
}

/// The first rows of a report as a table.
pub(crate) fn rows(report: &Report, most: usize) -> Markup {
    // Columns in which nothing stands take room from the others.
    let filled: Vec<bool> = (0..report.table.columns.len())
        .map(|column| report.table.rows.iter().any(|row| row.cells.get(column).is_some_and(|c| *c != Cell::Empty)))
        .collect();
    let shown = |column: usize| filled.get(column).copied().unwrap_or_default();
    html! {
        @if report.table.rows.is_empty() {
            p.empty { "Nothing to report." }
        } @else {
            table {
                thead { tr { @for (column, name) in report.table.columns.iter().enumerate() {
                    @if shown(column) { th scope="col" { (name.replace('_', " ")) } }
                } } }
                tbody { @for row in report.table.rows.iter().take(most) { tr {
                    @for (column, cell) in row.cells.iter().enumerate() { @if shown(column) { td { (text(cell)) } } }
                } } }
            }
        }
    }
}

/// What people read in a cell.
pub(crate) fn text(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Number(number) => number.to_string(),
        Cell::Time(time) => time.format("%Y-%m-%d %H:%M:%S").to_string(),
    }
}
