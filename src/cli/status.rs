//! `status`: what is in the store.

use serde_json::json;

use super::output::{Table, stamp};
use super::{CliError, Done, Session};

/// Nothing to say.
#[derive(Debug, clap::Args)]
pub struct Args {}

pub(super) async fn run(_: &Args, session: &Session) -> Result<Done, CliError> {
    let states = session.organisations().await?;
    let events: u64 = states.iter().map(|state| state.position()).sum();
    let organisations: Vec<_> = states
        .iter()
        .map(|state| {
            json!({
                "id": state.organisation(),
                "name": state.name(),
                "position": state.position(),
                "time": state.time(),
            })
        })
        .collect();
    let value = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "store": session.options().store,
        "events": events,
        "organisations": organisations,
    });
    session.output().show(&value, |page| {
        page.fields(&[
            ("version", Some(env!("CARGO_PKG_VERSION").to_owned())),
            ("store", Some(session.options().store.clone())),
            ("events", Some(events.to_string())),
        ]);
        page.gap();
        let mut table = Table::new(["organisation", "name", "position", "last change"]).right([2]);
        for state in &states {
            table.row([
                state.organisation().to_string(),
                state.name().to_owned(),
                state.position().to_string(),
                state.time().map(stamp).unwrap_or_default(),
            ]);
        }
        page.table(table, "no organisations to show");
    })?;
    Ok(Done::Shown)
}
