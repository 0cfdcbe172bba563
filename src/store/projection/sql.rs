//! What both databases' statements are made of.

use chancery_projections::tables::{Shape, TABLES, Table};

use super::Difference;

/// Goes up when the same tables are to have other rows.
const RULES: u32 = 1;

/// The columns of a table as it is in the database.
pub(in crate::store) fn columns(table: &Table) -> Vec<&'static str> {
    let interval: &[&str] = match table.shape {
        Shape::Interval => &["from_position", "from_time", "until_position", "until_time"],
        Shape::Log => &[],
    };
    table.columns.iter().map(|column| column.name).chain(interval.iter().copied()).collect()
}

/// The columns that identify a row for ever.
pub(in crate::store) fn identity(table: &Table) -> Vec<&'static str> {
    let from: &[&str] = match table.shape {
        Shape::Interval => &["from_position"],
        Shape::Log => &[],
    };
    table.columns.iter().take(table.key).map(|column| column.name).chain(from.iter().copied()).collect()
}

/// The name of a table in a generation, as SQL takes it.
pub(in crate::store) fn name(generation: u64, table: &Table) -> String {
    format!("\"g{generation}_{}\"", table.name)
}

/// A file of SQL for one generation, without comments.
pub(in crate::store) fn script(sql: &str, generation: u64) -> String {
    let bare: Vec<&str> = sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    bare.join("\n").replace("{g}", &format!("g{generation}_"))
}

/// The statements of a file that has no semicolon within one.
pub(in crate::store) fn statements(sql: &str, generation: u64) -> Vec<String> {
    let script = script(sql, generation);
    script.split(';').map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect()
}

/// A short name for what tables and views look like and how they are filled. FNV-1a.
pub(in crate::store) fn format_of(tables: &str, views: &str) -> String {
    let described = format!("{RULES} {TABLES:?} {} {}", script(tables, 0), script(views, 0));
    let hash = described
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{RULES}-{hash:016x}")
}

/// The difference between two rows with the same identity, of which one may be missing.
pub(in crate::store) fn difference(
    table: &'static Table,
    live: Option<Vec<String>>,
    rebuilt: Option<Vec<String>>,
) -> Difference {
    let names = columns(table);
    let identity = identity(table);
    let one = live.as_ref().or(rebuilt.as_ref());
    let key = names.iter().zip(one.into_iter().flatten()).filter(|(name, _)| identity.contains(name));
    let key = key.map(|(name, value)| (*name, value.clone())).collect();
    let others = |mine: &Option<Vec<String>>, other: &Option<Vec<String>>| {
        mine.as_ref().map(|mine| {
            let differs = |index: usize| other.as_ref().is_none_or(|other| other.get(index) != mine.get(index));
            let named = names.iter().zip(mine).enumerate();
            let named = named.filter(|(index, (name, _))| !identity.contains(name) && differs(*index));
            named.map(|(_, (name, value))| (*name, value.clone())).collect()
        })
    };
    Difference { table: table.name, key, live: others(&live, &rebuilt), rebuilt: others(&rebuilt, &live) }
}

/// Finds rows of `one` that the other generation has not, or has otherwise: the columns of both, as
/// texts where `text` makes them so. `missing` looks for those alone that are not there at all.
pub(in crate::store) fn comparison_sql(
    table: &Table,
    one: u64,
    other: u64,
    distinct: &str,
    text: impl Fn(String) -> String,
    missing: bool,
) -> String {
    let (columns, identity) = (columns(table), identity(table));
    let list =
        |side: &str| columns.iter().map(|name| text(format!("{side}.\"{name}\""))).collect::<Vec<_>>().join(", ");
    let on: Vec<String> = identity.iter().map(|name| format!("a.\"{name}\" = b.\"{name}\"")).collect();
    let order: Vec<String> = identity.iter().map(|name| format!("a.\"{name}\"")).collect();
    let others = columns.iter().filter(|name| !identity.contains(name));
    let mut differs = vec!["b.\"organisation\" IS NULL".to_owned()];
    if !missing {
        differs.extend(others.map(|name| format!("a.\"{name}\" {distinct} b.\"{name}\"")));
    }
    format!(
        "SELECT b.\"organisation\" IS NULL, {}, {} FROM {} AS a LEFT JOIN {} AS b ON {} WHERE {} ORDER BY {} LIMIT 1",
        list("a"),
        list("b"),
        name(one, table),
        name(other, table),
        on.join(" AND "),
        differs.join(" OR "),
        order.join(", ")
    )
}
