//! `audit verify`.

use std::path::{Path, PathBuf};

use chancery_projections::words;
use serde_json::{Value, json};

use super::super::output::Tone;
use super::super::{CliError, Done, Session};
use super::bar;
use crate::log::Verifier;
use crate::log::pack;
use crate::log::verify::{Verified, VerifyError, verify};
use crate::store::sqlite::Access;

/// What to verify, and against what.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A pack, as a directory or as FILE.tar.zst; without it, the organisations of the store
    #[arg(value_name = "PACK")]
    pack: Option<PathBuf>,
    /// A checkpoint that was kept elsewhere: what it covers must not have changed since
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// The public key that a pack must be signed with: the key, or a file that holds it
    #[arg(long, value_name = "KEY|FILE", requires = "pack")]
    key: Vec<String>,
}

impl Args {
    pub(super) fn needs(&self) -> Option<Access> {
        self.pack.is_none().then_some(Access::Read)
    }
}

type Outcome = (String, Result<Verified, VerifyError>);

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let mut trusted = Vec::new();
    for path in &args.checkpoint {
        let read = std::fs::read_to_string(path);
        trusted.push(read.map_err(|source| CliError::File { path: path.clone(), source })?);
    }
    let outcomes = match &args.pack {
        Some(pack) => vec![verify_pack(pack, &trusted, &keys(&args.key)?)?],
        None => verify_store(&trusted, session).await?,
    };
    tell(outcomes, session)
}

fn keys(texts: &[String]) -> Result<Vec<Verifier>, CliError> {
    let read = |text: &String| {
        let kept = std::fs::read_to_string(text);
        let key = kept.as_deref().unwrap_or(text).trim();
        Verifier::parse(key).map_err(|error| CliError::Input { rule: "bad_key", message: error.to_string() })
    };
    texts.iter().map(read).collect()
}

fn verify_pack(pack: &Path, trusted: &[String], keys: &[Verifier]) -> Result<Outcome, CliError> {
    let file = |source| CliError::File { path: pack.to_owned(), source };
    let unpacked = pack.is_file().then(|| Unpacked::new(pack)).transpose().map_err(file)?;
    let directory = unpacked.as_ref().map_or(pack, |unpacked| unpacked.0.as_path());
    let bar = bar("verifying", 0);
    let verified = pack::verify(directory, trusted, keys, || bar.inc(1));
    bar.finish_and_clear();
    Ok((pack.display().to_string(), verified))
}

/// An archive's files, for as long as they are looked at.
struct Unpacked(PathBuf);

impl Unpacked {
    fn new(archive: &Path) -> std::io::Result<Self> {
        let name = format!("chancery-pack-{}", uuid::Uuid::new_v4());
        let unpacked = Self(std::env::temp_dir().join(name));
        std::fs::create_dir(&unpacked.0)?;
        pack::unpack(archive, &unpacked.0)?;
        Ok(unpacked)
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        // What is left of it does no harm.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn verify_store(trusted: &[String], session: &Session) -> Result<Vec<Outcome>, CliError> {
    let store = session.engine()?.store();
    let heads = match &session.options().organisation {
        Some(_) => {
            session.head().await?.facts.may_replay()?;
            let organisation = session.organisation().await?;
            store.head(organisation.as_str()).await?.into_iter().collect()
        }
        None => session.heads().await?,
    };
    if let Some(actor) = session.options().actor.as_ref().filter(|_| session.options().organisation.is_none())
        && heads.len() > 1
        && matches!(actor, chancery_aggregates::vocabulary::Actor::Member(_))
    {
        let known = heads.into_iter().map(|head| head.organisation).collect();
        return Err(CliError::WhichOrganisation { known });
    }
    let bar = bar("verifying", heads.iter().map(|head| head.position).sum());
    let mut outcomes = Vec::new();
    for head in heads {
        let origin = crate::log::checkpoint::origin(&head.organisation);
        let own = |note: &&String| note.lines().next() == Some(origin.as_str());
        let trusted: Vec<String> = trusted.iter().filter(own).cloned().collect();
        let advance = bar.clone();
        let verified = verify(&**store, &head.organisation, &trusted, move || advance.inc(1)).await;
        outcomes.push((head.organisation, verified));
    }
    bar.finish_and_clear();
    let used: usize = outcomes.len();
    if used == 1 && trusted.iter().any(|note| outcomes.iter().all(|(name, _)| !is_about(note, name))) {
        let message = "the checkpoint is of another organisation's log".to_owned();
        return Err(CliError::Input { rule: "other_log", message });
    }
    Ok(outcomes)
}

fn is_about(note: &str, organisation: &str) -> bool {
    note.lines().next() == Some(crate::log::checkpoint::origin(organisation).as_str())
}

fn tell(outcomes: Vec<Outcome>, session: &Session) -> Result<Done, CliError> {
    let mut told = Vec::new();
    for (name, outcome) in outcomes {
        match outcome {
            Ok(verified) => told.push((name, Ok(verified))),
            Err(VerifyError::Problem(problem)) => told.push((name, Err(problem))),
            Err(error) => return Err(error.into()),
        }
    }
    let value: Vec<Value> = told
        .iter()
        .map(|(name, outcome)| match outcome {
            Ok(Verified { organisation, events, root, checkpoints, .. }) => json!({
                "organisation": organisation, "verified": true, "events": events, "root": root.to_string(),
                "checkpoints": checkpoints,
            }),
            Err(problem) => json!({ "organisation": name, "verified": false, "problem": problem.to_string() }),
        })
        .collect();
    session.output().show(&value, |page| {
        for (name, outcome) in &told {
            match outcome {
                Ok(verified) => page.line(format!(
                    "{name}: {} events and {} are as they were written; root {}",
                    verified.events,
                    words::count(verified.checkpoints, "checkpoint"),
                    verified.root
                )),
                Err(problem) => page.toned(Tone::Bad, format!("{name}: {problem}")),
            }
        }
        if told.is_empty() {
            page.line("the store has no organisation yet");
        }
    })?;
    Ok(if told.iter().all(|(_, outcome)| outcome.is_ok()) { Done::Shown } else { Done::Amiss })
}
