//! `audit checkpoint|checkpoints|proof|keys`.

use chrono::DateTime;
use serde_json::json;

use super::super::output::{Table, stamp};
use super::super::{CliError, Done, Session};
use super::LogKey;
use crate::log::ProveError;
use crate::log::pack::PackError;
use crate::log::sign::sign;
use crate::store::StoredCheckpoint;
use crate::views::evidence::{self, SigningKey};

/// Of which event.
#[derive(Debug, clap::Args)]
pub struct Proof {
    /// The event's position
    position: u64,
}

pub(super) async fn checkpoint(key: &LogKey, session: &Session) -> Result<Done, CliError> {
    session.head().await?.facts.may_export()?;
    let organisation = session.organisation().await?;
    let checkpoint = sign(session.engine()?, &organisation, &key.signer(session)?).await?;
    print(session, &json!({ "size": checkpoint.size, "note": checkpoint.note }), &checkpoint.note)
}

fn print(session: &Session, value: &serde_json::Value, text: &str) -> Result<Done, CliError> {
    if session.output().is_json() {
        session.output().show(value, |_| {})?;
    } else {
        session.output().raw(text.as_bytes())?;
    }
    Ok(Done::Shown)
}

async fn made(session: &Session) -> Result<Vec<StoredCheckpoint>, CliError> {
    session.head().await?.facts.may_replay()?;
    let organisation = session.organisation().await?;
    Ok(session.engine()?.store().checkpoints(organisation.as_str()).await?)
}

pub(super) async fn checkpoints(session: &Session) -> Result<Done, CliError> {
    let made = made(session).await?;
    let value: Vec<_> = made.iter().map(evidence::checkpoint_json).collect();
    let time = |checkpoint: &StoredCheckpoint| DateTime::from_timestamp_micros(checkpoint.time).unwrap_or_default();
    session.output().show(&value, |page| {
        let mut table = Table::new(["events", "made", "key", "root"]).right([0]);
        for one in &made {
            table.row([one.size.to_string(), stamp(time(one)), evidence::key_hash(one), evidence::root(one)]);
        }
        page.table(table, "no checkpoints to show");
    })?;
    Ok(Done::Shown)
}

pub(super) async fn proof(args: &Proof, session: &Session) -> Result<Done, CliError> {
    let made = made(session).await?;
    let proof = evidence::proof(session.engine()?, &made, args.position).await.map_err(|none| match none {
        ProveError::NotCovered => CliError::Input {
            rule: "not_signed",
            message: format!("no checkpoint covers #{} yet: make one with `chancery audit checkpoint`", args.position),
        },
        ProveError::Damaged => damaged(&made).into(),
        ProveError::Store(error) => error.into(),
    })?;
    print(session, &proof.json(), &proof.text)
}

fn damaged(made: &[StoredCheckpoint]) -> PackError {
    PackError::Damaged { organisation: made.last().map(|one| one.organisation.clone()).unwrap_or_default() }
}

pub(super) async fn keys(session: &Session) -> Result<Done, CliError> {
    let made = made(session).await?;
    let keys = evidence::signing_keys(&made);
    let value: Vec<_> = keys.iter().map(SigningKey::json).collect();
    session.output().show(&value, |page| {
        let mut table = Table::new(["key", "first checkpoint", "last"]).right([1, 2]);
        for one in &keys {
            table.row([one.key.to_owned(), format!("#{}", one.first), format!("#{}", one.last)]);
        }
        page.table(table, "no keys to show");
    })?;
    Ok(Done::Shown)
}
