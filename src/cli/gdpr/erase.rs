//! `gdpr erase` and `gdpr reapply`.

use std::path::PathBuf;

use super::refuse_rehearsal;
use crate::cli::output::{Page, Table, Tone};
use crate::cli::{CliError, Done, Session, resolve};
use crate::gdpr::{self, Erasure, Receipt};

/// Whose data, and where the receipt goes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The member's id
    member: String,
    /// Append the receipt to this log of erasures: keep it apart from the store and its backups
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    #[command(flatten)]
    keys: super::keys::Rotate,
}

/// Which erasures.
#[derive(Debug, clap::Args)]
pub struct Reapply {
    /// The log of erasures that `gdpr erase --log` wrote
    log: PathBuf,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    refuse_rehearsal(session)?;
    let erasure = Erasure {
        organisation: session.organisation().await?,
        member: resolve::member(&args.member),
        actor: session.actor()?.clone(),
        context: session.context(),
    };
    let receipt = erasure.carry_out(session.engine()?).await?;
    if let Some(path) = &args.log {
        // The line is durable before the receipt is shown.
        receipt.append_to(path).map_err(|source| CliError::File { path: path.clone(), source })?;
    }
    args.keys.write(session).await?;
    session.output().show(&receipt, |page| tell(&receipt, page))?;
    Ok(Done::Shown)
}

fn tell(receipt: &Receipt, page: &mut Page) {
    let Receipt { organisation, member, position, time, by, .. } = receipt;
    page.line(format!("the personal data of {member} in {organisation} is erased"));
    page.fields(&[
        ("recorded", Some(format!("#{position}, {}, by {by}", time.format("%Y-%m-%d %H:%M:%S UTC")))),
        (
            "key destroyed",
            Some(if receipt.key_destroyed { "yes" } else { "there was none, or none any more" }.to_owned()),
        ),
        ("key-encryption key", receipt.key_encryption_key.as_ref().map(|name| format!("renewed: {name}"))),
    ]);
    for left in &receipt.left {
        page.toned(Tone::Warning, format!("left to do: {left}"));
    }
    if receipt.key_encryption_key.is_some() {
        page.line(
            "Backups from before hold names that nobody can read any more, of all members: make a new one now, and keep \
             their keys (`chancery gdpr keys export`).",
        );
    }
}

/// The operator's work: whoever restores a store makes good what it has forgotten.
pub(super) async fn reapply(args: &Reapply, session: &Session) -> Result<Done, CliError> {
    refuse_rehearsal(session)?;
    let failed = |source| CliError::File { path: args.log.clone(), source };
    let text = std::fs::read_to_string(&args.log).map_err(failed)?;
    let mut receipts: Vec<Receipt> = Vec::new();
    for (line, number) in text.lines().filter(|line| !line.trim().is_empty()).zip(1..) {
        let receipt = serde_json::from_str(line).map_err(|error| CliError::Input {
            rule: "bad_erasure_log",
            message: format!("line {number} of the log of erasures is no receipt: {error}"),
        })?;
        receipts.push(receipt);
    }
    let results = gdpr::reapply(session.engine()?, &receipts, &session.context()).await?;
    session.output().show(&results, |page| {
        let mut table = Table::new(["organisation", "member", "outcome"]);
        for result in &results {
            let outcome = match result.outcome {
                "erased" => "erased again",
                "was_erased" => "is erased",
                _ => "not in this store",
            };
            table.row([result.organisation.as_str(), result.member.as_str(), outcome]);
        }
        page.table(table, "the log of erasures is empty");
    })?;
    Ok(Done::Shown)
}
