//! `audit checkpoint|checkpoints|proof|keys`.

use chrono::DateTime;
use serde_json::json;

use super::super::output::{Table, stamp};
use super::super::{CliError, Done, Session};
use super::LogKey;
use crate::log::checkpoint::write_proof;
use crate::log::proof::Plan;
use crate::log::sign::sign;
use crate::log::{Checkpoint, Verifier};
use crate::store::StoredCheckpoint;

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
    let root = |note: &str| Checkpoint::read(note).map(|checkpoint| checkpoint.root.to_string()).unwrap_or_default();
    let time = |checkpoint: &StoredCheckpoint| DateTime::from_timestamp_micros(checkpoint.time).unwrap_or_default();
    let value: Vec<_> = made
        .iter()
        .map(|one| json!({ "size": one.size, "root": root(&one.note), "time": time(one), "key": one.verifier, "note": one.note }))
        .collect();
    session.output().show(&value, |page| {
        let mut table = Table::new(["events", "made", "key", "root"]).right([0]);
        for one in &made {
            let key = Verifier::parse(&one.verifier).map(|key| key.hash_text()).unwrap_or_default();
            table.row([one.size.to_string(), stamp(time(one)), key, root(&one.note)]);
        }
        page.table(table, "no checkpoints to show");
    })?;
    Ok(Done::Shown)
}

pub(super) async fn proof(args: &Proof, session: &Session) -> Result<Done, CliError> {
    let made = made(session).await?;
    let unknown = || CliError::Input {
        rule: "not_signed",
        message: format!("no checkpoint covers #{} yet: make one with `chancery audit checkpoint`", args.position),
    };
    let newest = made.last().filter(|newest| newest.size >= args.position).ok_or_else(unknown)?;
    let leaf = args.position.checked_sub(1).ok_or_else(unknown)?;
    let plan = Plan::inclusion(leaf, newest.size).ok_or_else(unknown)?;
    let hashes = session.engine()?.store().nodes(&newest.organisation, &plan.nodes()).await?;
    let damaged = || crate::log::pack::PackError::Damaged { organisation: newest.organisation.clone() };
    let text = write_proof(leaf, &plan.assemble(&hashes).ok_or_else(damaged)?, &newest.note);
    print(session, &json!({ "position": args.position, "size": newest.size, "proof": text }), &text)
}

pub(super) async fn keys(session: &Session) -> Result<Done, CliError> {
    let made = made(session).await?;
    let mut keys: Vec<(&str, u64, u64)> = Vec::new();
    for one in &made {
        match keys.iter_mut().find(|(key, ..)| *key == one.verifier) {
            Some((_, _, last)) => *last = one.size,
            None => keys.push((&one.verifier, one.size, one.size)),
        }
    }
    let value: Vec<_> = keys
        .iter()
        .map(|(key, first, last)| json!({ "key": key, "first_checkpoint": first, "last_checkpoint": last }))
        .collect();
    session.output().show(&value, |page| {
        let mut table = Table::new(["key", "first checkpoint", "last"]).right([1, 2]);
        for (key, first, last) in &keys {
            table.row([(*key).to_owned(), format!("#{first}"), format!("#{last}")]);
        }
        page.table(table, "no keys to show");
    })?;
    Ok(Done::Shown)
}
