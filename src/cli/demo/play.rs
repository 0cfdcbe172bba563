//! Plays histories: each line as it would be typed, at the time that the history says.

use std::path::Path;
use std::sync::Arc;

use chancery_aggregates::vocabulary::{OrganisationId, Time};

use crate::cli::script::{self, Step};
use crate::cli::{CliError, run_line};
use crate::engine::{Engine, EngineError, ManualClock};
use crate::log::key::KeySource;
use crate::log::sign::sign;
use crate::store::sqlite::SqliteStore;
use crate::vault::{LocalKeys, Source};

/// When the organisations were founded.
const FOUNDED: &str = "2026-01-02 09:00";

pub(super) async fn histories(path: &Path, becomes: &Path, histories: &[(&str, &str)]) -> Result<(), CliError> {
    let store = Arc::new(SqliteStore::open_or_create(path)?);
    let clock = Arc::new(ManualClock::new(Time::default()));
    let keys = Arc::new(LocalKeys::new(Source::beside(becomes)));
    let engine = Engine::with_clock(store, clock.clone()).with_vault(keys);
    let (signer, _) = KeySource::find(None, Some(becomes))?.load()?;
    for (organisation, history) in histories {
        play(&engine, &clock, organisation, history).await?;
        sign(&engine, &OrganisationId::known(*organisation), &signer).await?;
    }
    engine.close().await;
    Ok(())
}

async fn play(engine: &Engine, clock: &ManualClock, organisation: &str, history: &str) -> Result<(), CliError> {
    let id = OrganisationId::known(organisation);
    clock.set(script::instant(FOUNDED).unwrap_or_default());
    for (line, number) in history.lines().zip(1..) {
        let stuck = |reason: String| stuck(organisation, number, reason);
        let words = match script::read(line).map_err(|error| stuck(error.to_string()))? {
            None => continue,
            Some(Step::Time(time)) => {
                clock.set(time);
                continue;
            }
            Some(Step::Found { words }) => (founding(organisation, words), None),
            Some(Step::Command { actor, words, ends_with }) => {
                (["--as".to_owned(), actor].into_iter().chain(words).collect(), ends_with)
            }
        };
        run(engine, &id, &words.0, words.1.as_deref()).await.map_err(stuck)?;
    }
    Ok(())
}

fn founding(organisation: &str, words: Vec<String>) -> Vec<String> {
    let flags = ["--profile", "--name", "--owner", "--owner-name"].map(str::to_owned);
    let start = ["organisation", "found", organisation].map(str::to_owned);
    start.into_iter().chain(flags.into_iter().zip(words).flat_map(|(flag, word)| [flag, word])).collect()
}

/// A history that does not go as it is written is a mistake in it, or in the rules.
async fn run(
    engine: &Engine,
    organisation: &OrganisationId,
    words: &[String],
    ends_with: Option<&str>,
) -> Result<(), String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    // Boxed, since a line may be any subcommand, this one too.
    let ran = Box::pin(run_line(engine, organisation, &words)).await;
    match (ran.result, ends_with) {
        (Ok(_), None | Some("ok")) => Ok(()),
        (Ok(_), Some(rule)) => Err(format!("`{}` is expected to be refused: {rule}", words.join(" "))),
        (Err(error), Some(rule)) if error.rule() == rule => Ok(()),
        (Err(error), _) => Err(format!("`{}`: {} ({error})", words.join(" "), error.rule())),
    }
}

fn stuck(organisation: &str, line: usize, reason: String) -> CliError {
    EngineError::Internal(format!("history of `{organisation}`, line {line}: {reason}")).into()
}
