//! `review complete` and `review cancel`.

use chancery_aggregates::Command as AnyCommand;
use chancery_aggregates::command::ReviewCommand;
use serde_json::json;

use super::id;
use super::list::Named;
use crate::cli::audit::{AuditError, LogKey};
use crate::cli::session::Aside;
use crate::cli::{CliError, Done, Session};
use crate::log::Signer;
use crate::log::key::KeyError;
use crate::log::sign::sign;
use crate::review::causation;

/// Which review, and what signs the log.
#[derive(Debug, clap::Args)]
pub struct Complete {
    /// The review's id
    review: String,
    #[command(flatten)]
    key: LogKey,
}

pub(super) async fn complete(args: &Complete, session: &Session) -> Result<Done, CliError> {
    // Before anything is written: a key that cannot be used is found out in time.
    let signer = signer(args, session)?;
    let command = AnyCommand::Review(id(&args.review), ReviewCommand::CompleteReview);
    let mut aside = Aside::caused_by(causation(&args.review));
    if signer.is_none() && !session.is_signed_by_service() {
        aside
            .notes
            .push("the checkpoint that covers it is signed later: by the service, or by `audit checkpoint`".into());
    }
    let done = session.execute_with(vec![command], aside).await?;
    session.have_signed();
    if let Some(signer) = signer {
        let checkpoint = sign(session.engine()?, &session.organisation().await?, &signer).await?;
        let told = json!({ "checkpoint": { "events": checkpoint.size, "key": checkpoint.verifier } });
        if session.output().is_json() {
            session.output().aside(&told.to_string());
        } else {
            session.output().aside(&format!("Signed the log up to #{}.", checkpoint.size));
        }
    }
    Ok(done)
}

/// What signs; none where a service signs by itself, or where no key is named.
fn signer(args: &Complete, session: &Session) -> Result<Option<Signer>, CliError> {
    if session.is_served() || session.options().dry_run {
        return Ok(None);
    }
    match args.key.signer(session) {
        Ok(signer) => Ok(Some(signer)),
        Err(CliError::Audit(error)) if matches!(*error, AuditError::Key(KeyError::Unnamed)) => Ok(None),
        Err(other) => Err(other),
    }
}

pub(super) async fn cancel(args: &Named, session: &Session) -> Result<Done, CliError> {
    let command = AnyCommand::Review(id(&args.review), ReviewCommand::CancelReview);
    session.execute_with(vec![command], Aside::caused_by(causation(&args.review))).await
}
