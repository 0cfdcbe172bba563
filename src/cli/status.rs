//! `status`: what is in the store.

use chrono::{DateTime, SecondsFormat};
use serde_json::json;

use super::output::Table;
use super::{CliError, Done, Session};

/// Nothing to say.
#[derive(Debug, clap::Args)]
pub struct Args {}

pub(super) async fn run(_: &Args, session: &Session) -> Result<Done, CliError> {
    let heads = session.engine()?.store().heads().await?;
    let time = |micros| DateTime::from_timestamp_micros(micros).unwrap_or_default();
    let events: u64 = heads.iter().map(|head| head.position).sum();
    let organisations: Vec<_> = heads
        .iter()
        .map(|head| json!({ "id": head.organisation, "position": head.position, "time": time(head.time) }))
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
        let mut table = Table::new(["organisation", "position", "last change"]).right([1]);
        for head in &heads {
            let changed = time(head.time).to_rfc3339_opts(SecondsFormat::Secs, true);
            table.row([head.organisation.clone(), head.position.to_string(), changed]);
        }
        page.table(table, "the store has no organisation yet");
    })?;
    Ok(Done::Shown)
}
