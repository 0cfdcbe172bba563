//! `copy`: organisations from one store to another.

use std::io::IsTerminal as _;
use std::sync::Arc;

use chancery_aggregates::vocabulary::{IdError, OrganisationId};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::output::{Page, Table};
use super::session::{open_store, vault_keys};
use super::{CliError, Done, Session};
use crate::copy::{self, Copied, CopyError, Phase, Progress};
use crate::engine::EngineError;
use crate::store::Store;
use crate::store::sqlite::Access;
use crate::vault::Vault;

/// From where to where, and what.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    /// The store to read; it may be in use
    #[arg(long, value_name = "STORE")]
    from: String,
    /// The store to write; made when it is missing
    #[arg(long, value_name = "STORE")]
    to: String,
    /// Copy these organisations; without any, the one of `--organisation`, or all
    #[arg(value_name = "ORG", value_parser = organisation)]
    organisations: Vec<OrganisationId>,
    /// Copy all organisations, whatever CHANCERY_ORGANISATION says
    #[arg(long, conflicts_with = "organisations")]
    all: bool,
}

const HELP: &str = "\
Positions, times, payloads and metadata stay as they are, byte for byte; global positions too when a whole
store is copied into an empty one. Nobody else may write these organisations in the target meanwhile. What
is there already is compared and not written again: a copy that was interrupted is simply run once more.";

fn organisation(text: &str) -> Result<OrganisationId, IdError> {
    OrganisationId::parse(text)
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let named = session.options().organisation.iter().filter(|_| !args.all && args.organisations.is_empty());
    let wanted: Vec<String> = args.organisations.iter().chain(named).map(ToString::to_string).collect();
    let source = open_store(&args.from, Access::Read)?;
    let target = open_store(&args.to, Access::Create)?;
    let bar = Bar::new();
    let copied = copy::copy(&*source, &*target, &wanted, &bar).await;
    drop(bar);
    let carried = match &copied {
        Ok(copied) => carry_keys(args, session, (&source, &target), copied).await,
        Err(_) => Ok(()),
    };
    source.close().await;
    target.close().await;
    let copied = copied?;
    carried?;
    session.output().show(&json(&copied), |page| tell(&copied, page))?;
    Ok(Done::Shown)
}

/// Events alone are not enough: what is sealed in them is read with the members' keys.
async fn carry_keys(
    args: &Args,
    session: &Session,
    (source, target): (&Arc<dyn Store>, &Arc<dyn Store>),
    copied: &Copied,
) -> Result<(), CliError> {
    let vault = |store: &Arc<dyn Store>, name: &str| -> Result<Option<Vault>, CliError> {
        let keys = vault_keys(name, session.options().vault_key.as_ref())?;
        Ok(store.key_store().map(|store| Vault::new(store, keys)))
    };
    if let (Some(source), Some(target)) = (vault(source, &args.from)?, vault(target, &args.to)?) {
        for one in &copied.organisations {
            target.take_over(&source, &one.organisation).await.map_err(EngineError::from)?;
        }
    }
    Ok(())
}

fn json(copied: &Copied) -> serde_json::Value {
    let organisations = copied.organisations.iter().map(|one| {
        json!({
            "id": one.organisation,
            "position": one.position,
            "copied": one.written,
            "sha256": one.digest,
            "root": one.root,
        })
    });
    json!({
        "copied": copied.events,
        "verified": copied.verified,
        "same_global_positions": copied.same_global_positions,
        "behind": copied.behind,
        "organisations": organisations.collect::<Vec<_>>(),
    })
}

fn tell(copied: &Copied, page: &mut Page) {
    let global = if copied.same_global_positions { "kept" } else { "new" };
    page.fields(&[
        ("events copied", Some(copied.events.to_string())),
        ("events compared, all equal", Some(copied.verified.to_string())),
        ("global positions", Some(global.to_owned())),
    ]);
    page.gap();
    let mut table = Table::new(["organisation", "position", "copied", "sha-256"]).right([1, 2]);
    for one in &copied.organisations {
        let (position, written) = (one.position.to_string(), one.written.to_string());
        table.row([one.organisation.clone(), position, written, one.digest.clone()]);
    }
    page.table(table, "no organisations to copy");
    if copied.behind > 0 {
        page.gap();
        page.line(format!(
            "The source went on meanwhile: {} events came after the copy. Run it again to bring them.",
            copied.behind
        ));
    }
}

impl From<CopyError> for CliError {
    fn from(error: CopyError) -> Self {
        Self::Copy(Box::new(error))
    }
}

impl CopyError {
    /// Stable name of what went wrong, for programs.
    pub(super) fn rule(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown",
            Self::Differs { .. } | Self::DiffersGlobally { .. } => "copy_differs",
            Self::Ahead { .. } => "copy_ahead",
            Self::NotAsSigned { .. } => "log_damaged",
            Self::Contended { .. } | Self::Moved { .. } => "copy_contended",
            Self::Source(_) => "copy_source",
            Self::Target(_) => "copy_target",
        }
    }

    pub(super) fn exit(&self) -> super::Exit {
        match self {
            Self::Unknown { .. } => super::Exit::NotFound,
            Self::Source(_) | Self::Target(_) | Self::NotAsSigned { .. } => super::Exit::Failed,
            _ => super::Exit::Conflict,
        }
    }
}

/// A bar on standard error, when that is a terminal.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let terminal = std::io::stderr().is_terminal();
        let target = if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self(ProgressBar::with_draw_target(None, target))
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bar {
    fn begin(&self, phase: Phase, total: u64) {
        if let Ok(style) =
            ProgressStyle::with_template("{msg:9} [{bar:40}] {human_pos}/{human_len} events, {per_sec}, {eta} left")
        {
            self.0.set_style(style.progress_chars("=> "));
        }
        self.0.set_message(match phase {
            Phase::Comparing => "comparing",
            Phase::Copying => "copying",
            Phase::Verifying => "verifying",
        });
        self.0.reset();
        self.0.set_length(total);
    }

    fn advance(&self, more: u64) {
        self.0.inc(more);
    }
}
