//! The first row in which tables and log differ.

use serde_json::{Value, json};

use crate::cli::output::{Page, Tone};
use crate::store::projection::Difference;

type Columns = [(&'static str, String)];

fn columns_json(columns: &Columns) -> Value {
    columns.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str()))).collect()
}

pub(super) fn difference_json(difference: &Difference) -> Value {
    json!({
        "table": difference.table,
        "key": columns_json(&difference.key),
        "live": difference.live.as_deref().map(columns_json),
        "rebuilt": difference.rebuilt.as_deref().map(columns_json),
    })
}

pub(super) fn tell_difference(difference: &Difference, page: &mut Page) {
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
