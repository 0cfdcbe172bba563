//! `status`: what is in the store.

use chrono::DateTime;
use serde_json::json;

use super::output::{Table, stamp};
use super::projections::{in_a_line, status_json};
use super::{CliError, Done, Session};
use crate::store::Head;

/// Nothing to say.
#[derive(Debug, clap::Args)]
pub struct Args {}

pub(super) async fn run(_: &Args, session: &Session) -> Result<Done, CliError> {
    let heads = session.heads().await?;
    let time = |head: &Head| DateTime::from_timestamp_micros(head.time).unwrap_or_default();
    let events: u64 = heads.iter().map(|head| head.position).sum();
    let organisations: Vec<_> = heads
        .iter()
        .map(|head| json!({ "id": head.organisation, "position": head.position, "time": time(head) }))
        .collect();
    let store = session.engine()?.store();
    // What cannot be looked at is told by `projections status`.
    let projections = match session.is_served() {
        // They are about all organisations.
        true => None,
        false => crate::projector::status(store).await.ok(),
    };
    let value = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "store": session.options().store,
        "events": events,
        "projections": projections.as_ref().map(status_json),
        "organisations": organisations,
    });
    session.output().show(&value, |page| {
        page.fields(&[
            ("version", Some(env!("CARGO_PKG_VERSION").to_owned())),
            ("store", Some(session.options().store.clone())),
            ("events", Some(events.to_string())),
            ("tables for SQL", projections.as_ref().map(in_a_line)),
        ]);
        page.gap();
        let mut table = Table::new(["organisation", "position", "last change"]).right([1]);
        for head in &heads {
            table.row([head.organisation.clone(), head.position.to_string(), stamp(time(head))]);
        }
        page.table(table, "no organisations to show");
    })?;
    Ok(Done::Shown)
}
