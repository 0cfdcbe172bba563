//! Every query of `docs/sql.md` answers what the document says, on the demonstration's history.
//!
//! A block ```` ```sql sqlite postgres at=2026-03-03 ```` runs on the databases that it names, with the
//! instant in place of `:at`, and one with the word `setup` answers nothing; the block ```` ```text ```` after it is what it prints.
//! `CHANCERY_BLESS=1` writes the answers of the databases into the document instead.

use std::process::Command;
use std::sync::Arc;

use chancery::aggregates::event::Recorded;
use chancery::engine::Engine;
use chancery::projections::tables::TABLES;
use chancery::store::Store;
use chancery::store::sqlite::SqliteStore;
use parking_lot::Mutex;

use super::database::{Answer, Database};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/sql.md");

/// A piece of the document.
enum Block {
    Prose(String),
    Query { info: String, sql: String, printed: Option<String> },
}

fn read(document: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = document.lines().peekable();
    let mut prose = String::new();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```sql ") else {
            prose.push_str(line);
            prose.push('\n');
            continue;
        };
        blocks.push(Block::Prose(std::mem::take(&mut prose)));
        let body = |lines: &mut std::iter::Peekable<std::str::Lines<'_>>| {
            lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect::<String>()
        };
        let sql = body(&mut lines);
        let printed = lines.next_if_eq(&"```text").map(|_| body(&mut lines));
        blocks.push(Block::Query { info: info.to_owned(), sql, printed });
    }
    blocks.push(Block::Prose(prose));
    blocks
}

/// The demonstration's events, organisation by organisation.
fn demonstration() -> Vec<Vec<Recorded>> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("demo.db");
    let store = format!("sqlite:{}", path.display());
    let ran =
        Command::new(env!("CARGO_BIN_EXE_chancery")).args(["--store", &store, "demo", "--no-tour"]).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Arc::new(SqliteStore::open(&path).unwrap());
        let heads = store.heads().await.unwrap();
        let engine = Engine::new(store);
        let mut organisations = Vec::new();
        for head in heads {
            let organisation = chancery::aggregates::vocabulary::OrganisationId::known(head.organisation.as_str());
            let events = Arc::new(Mutex::new(Vec::new()));
            let sink = events.clone();
            let visit = move |recorded| {
                sink.lock().push(recorded);
                std::ops::ControlFlow::Continue(())
            };
            engine.events(&organisation, 0, u64::MAX, visit).await.unwrap();
            organisations.push(std::mem::take(&mut *events.lock()));
        }
        engine.close().await;
        organisations
    })
}

const TRUTHS: [&str; 10] =
    ["only_own", "own", "inherited", "allowed", "everywhere", "locked", "built_in", "admitted", "suitable", "shared"];

/// A cell as both databases can print it: an instant by the minute, yes or no, nothing for no value.
fn cell(column: &str, value: Option<&str>) -> String {
    let Some(value) = value else { return String::new() };
    if TRUTHS.contains(&column) {
        return if matches!(value, "1" | "t") { "true" } else { "false" }.to_owned();
    }
    let instant = ["time", "from", "until", "expires"].iter().any(|end| column.ends_with(end));
    match value.parse::<i64>() {
        Ok(micros) if instant => {
            chrono::DateTime::from_timestamp_micros(micros).unwrap().format("%Y-%m-%d %H:%M").to_string()
        }
        _ if instant => value.chars().take(16).collect(),
        _ => value.to_owned(),
    }
}

fn print(answer: &Answer) -> String {
    let mut lines = vec![answer.columns.clone()];
    lines.extend(
        answer
            .rows
            .iter()
            .map(|row| answer.columns.iter().zip(row).map(|(column, value)| cell(column, value.as_deref())).collect()),
    );
    let width = |at: usize| lines.iter().map(|line: &Vec<String>| line[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..answer.columns.len()).map(width).collect();
    let mut printed = String::new();
    for line in &lines {
        let cells: Vec<String> = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        printed.push_str(cells.join("  ").trim_end());
        printed.push('\n');
    }
    printed
}

/// `at=2026-03-03` is the first instant of that day, for `:at`.
fn instant(word: &str) -> Option<(String, i64)> {
    let (name, day) = word.split_once('=')?;
    let instant: chrono::DateTime<chrono::Utc> = format!("{day}T00:00:00Z").parse().unwrap();
    Some((format!(":{name}"), instant.timestamp_micros()))
}

/// What the query's databases print; they must agree.
fn run(databases: &[Database; 2], info: &str, sql: &str) -> String {
    let words: Vec<&str> = info.split_whitespace().collect();
    let instants: Vec<(String, i64)> = words.iter().filter_map(|word| instant(word)).collect();
    let mut printed: Vec<String> = Vec::new();
    for database in databases.iter().filter(|database| words.contains(&database.name())) {
        let mut sql = sql.to_owned();
        for (name, micros) in &instants {
            sql = sql.replace(name, &database.instant(*micros));
        }
        if words.contains(&"setup") {
            database.execute(&sql);
            printed.push(String::new());
        } else {
            printed.push(print(&database.query(&sql)));
        }
    }
    assert!(printed.windows(2).all(|pair| pair[0] == pair[1]), "the databases differ: {sql}\n{}", printed.join("\n"));
    printed.pop().unwrap_or_else(|| panic!("no database is named: {info}"))
}

#[test]
fn every_query_of_the_document_answers_what_it_says() {
    let databases = Database::both();
    for events in demonstration() {
        for database in &databases {
            database.project(&events);
        }
    }
    // Left over on a server of somebody's own, where this test failed before.
    databases[1].execute("DROP ROLE IF EXISTS sites_service");
    // A service's own tables are not in the store's schema.
    databases[1].execute("SET search_path = public, chancery");
    let document = std::fs::read_to_string(PATH).unwrap();
    let mut answered = String::new();
    for block in read(&document) {
        match block {
            Block::Prose(prose) => answered.push_str(&prose),
            Block::Query { info, sql, printed } => {
                let found = run(&databases, &info, &sql);
                answered.push_str(&format!("```sql {info}\n{sql}```\n"));
                if printed.is_some() {
                    answered.push_str(&format!("```text\n{found}```\n"));
                }
            }
        }
    }
    databases[1].execute("RESET ROLE; DROP OWNED BY sites_service; DROP ROLE sites_service");
    if std::env::var_os("CHANCERY_BLESS").is_some() {
        std::fs::write(PATH, answered).unwrap();
    } else {
        assert_eq!(document, answered, "docs/sql.md is out of date; CHANCERY_BLESS=1 writes it anew");
    }
}

#[test]
fn every_table_and_column_is_in_the_document() {
    let document = std::fs::read_to_string(PATH).unwrap();
    for table in TABLES {
        let heading = format!("\n| `{}` |", table.name);
        let row = document.split(&heading).nth(1).unwrap_or_else(|| panic!("`{}` is missing", table.name));
        let row = row.lines().next().unwrap_or_default();
        for column in &table.columns[1..] {
            assert!(row.contains(&format!("`{}`", column.name)), "`{}` of `{}` is missing", column.name, table.name);
        }
    }
}
