//! The requirements of the four products, as cases in `tests/cases/*.toml`.

mod expectation;
mod served;
mod visual;
mod world;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use chancery::store::Access;
use chancery::store::memory::MemoryStore;
use chancery::store::postgres::{OpenOptions, PostgresStore};
use chancery::store::sqlite::SqliteStore;
use serde::Deserialize;
use tokio::task::block_in_place;
use world::{Stage, World};

use crate::store_contract::postgres::cluster::Database;

/// Ids that have no case yet, and why.
const LATER: [(&str, &str); 0] = [];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    profile: String,
    case: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    sentence: String,
    situation: Vec<String>,
    expected: Vec<String>,
}

fn case_files() -> Vec<(String, CaseFile)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let read = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let file = toml::from_str(&std::fs::read_to_string(path).unwrap());
        (name.clone(), file.unwrap_or_else(|error| panic!("{name}: {error}")))
    };
    files.iter().map(read).collect()
}

/// The ids of the five documents: how many requirements each prefix has.
fn required_ids() -> BTreeSet<String> {
    [("PO", 10), ("PA", 13), ("PL", 8), ("WS", 9), ("BO", 7)]
        .into_iter()
        .flat_map(|(prefix, count)| (1..=count).map(move |number| format!("{prefix}-{number:02}")))
        .collect()
}

#[test]
fn every_requirement_has_a_case() {
    let proven: BTreeSet<String> =
        case_files().into_iter().flat_map(|(_, file)| file.case).map(|case| case.id).collect();
    let later: BTreeSet<String> = LATER.iter().map(|(id, _)| (*id).to_owned()).collect();
    let without: Vec<_> = required_ids().difference(&proven).filter(|id| !later.contains(*id)).cloned().collect();
    assert!(without.is_empty(), "requirements without a case: {without:?}");
    let both: Vec<_> = proven.intersection(&later).collect();
    assert!(both.is_empty(), "these have a case now, take them off the list: {both:?}");
    let unknown: Vec<_> = proven.difference(&required_ids()).cloned().collect();
    assert!(unknown.is_empty(), "cases for requirements that do not exist: {unknown:?}");
}

#[test]
fn every_case_quotes_a_sentence_and_expects_something() {
    for (name, file) in case_files() {
        for case in file.case {
            assert!(case.sentence.len() > 10, "{name}, {}: no sentence", case.id);
            assert!(!case.expected.is_empty(), "{name}, {}: nothing is expected", case.id);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_holds() {
    hold_on(Stage::on(Arc::new(MemoryStore::new()))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_holds_over_http_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open_or_create(directory.path().join("cases.db")).unwrap();
    hold_on(Stage::over_http(Arc::new(store)).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_holds_over_http_on_postgresql() {
    let database = block_in_place(Database::new);
    let options = OpenOptions::new(Access::Create);
    let store = block_in_place(|| PostgresStore::open_with(&database.url(), &options)).unwrap();
    hold_on(Stage::over_http(Arc::new(store)).await).await;
}

async fn hold_on(stage: Stage) {
    let mut failures = Vec::new();
    let mut held = 0;
    for (name, file) in case_files() {
        for case in &file.case {
            let id = format!("{}-{}", case.id.to_lowercase(), held + failures.len());
            match run(&stage, &id, &file.profile, case).await {
                Ok(()) => held += 1,
                Err(failure) => failures.push(format!("{name}, {}: {failure}", case.id)),
            }
        }
    }
    stage.close().await;
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), failures.len() + held, failures.join("\n"));
    assert!(held > 40, "only {held} cases were run");
}

async fn run(stage: &Stage, id: &str, profile: &str, case: &Case) -> Result<(), String> {
    let mut world = World::founded(stage, id, profile).await?;
    for line in &case.situation {
        world.arrange(line).await.map_err(|failure| format!("`{line}`: {failure}"))?;
    }
    for line in &case.expected {
        expectation::check(&mut world, line).await.map_err(|failure| format!("`{line}`: {failure}"))?;
    }
    Ok(())
}
