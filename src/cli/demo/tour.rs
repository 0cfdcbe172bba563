//! The tour: questions, the commands that answer them, and their answers.

use std::path::Path;
use std::sync::Arc;

use chancery_aggregates::vocabulary::OrganisationId;

use crate::cli::output::Tone;
use crate::cli::session::Session;
use crate::cli::{CliError, run_line, script};
use crate::engine::Engine;
use crate::store::sqlite::SqliteStore;
use crate::vault::{LocalKeys, Source};

const TOUR: &str = include_str!("tour.txt");

/// Asks the questions, and says how to go on; `serving` where the console is opened next.
pub(super) async fn give(path: &Path, session: &Session, serving: bool) -> Result<(), CliError> {
    let keys = Arc::new(LocalKeys::new(Source::beside(path)));
    let engine = Engine::new(Arc::new(SqliteStore::open(path)?)).with_vault(keys);
    let store = format!("sqlite:{}", path.display());
    let mut lines = TOUR.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    while let (Some(question), Some(command)) = (lines.next(), lines.next()) {
        show(&engine, &store, question, command, session).await?;
    }
    engine.close().await;
    let mut page = session.output().page();
    page.line("");
    page.line("The file stays: every command above works by hand, and so do all the others.");
    page.line(format!("  export CHANCERY_STORE={store}"));
    page.line("  target/release/chancery --help");
    if !serving {
        page.line("To open the console on it, with links that sign in as the administrators:");
        page.line(format!("  target/release/chancery --store {store} demo --no-tour --serve"));
    }
    session.output().print(&page)
}

async fn show(engine: &Engine, store: &str, question: &str, command: &str, session: &Session) -> Result<(), CliError> {
    let output = session.output();
    let words = script::split(command).unwrap_or_default();
    let words: Vec<&str> = ["--store", store, "--color", if output.has_colour() { "always" } else { "never" }]
        .into_iter()
        .chain(words.iter().map(String::as_str))
        .collect();
    let ran = Box::pin(run_line(engine, &OrganisationId::default(), &words)).await;
    let mut page = output.page();
    page.line("");
    page.toned(Tone::Strong, question);
    page.toned(Tone::Quiet, format!("$ chancery --store {store} {command}"));
    output.print(&page)?;
    output.raw(ran.output.as_bytes())?;
    if let Err(error) = ran.result {
        let mut page = output.page();
        page.toned(Tone::Bad, format!("error: {error}"));
        output.print(&page)?;
    }
    Ok(())
}
