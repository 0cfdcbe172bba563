//! The demonstration: four organisations, some months of their history, and a tour.
//!
//! The histories are command lines in files, run as they would be typed. They are played into a
//! file beside the store, which takes the store's place only when all of them are done; so a
//! demonstration that was interrupted starts anew, and a finished one is kept.

mod play;
mod tour;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chancery_aggregates::vocabulary::{MemberId, OrganisationId};

use super::session::{Done, Session, store_path};
use super::{CliError, Output};
use crate::api::keys::OperatorKeys;
use crate::config::{KeyPlace, Settings};
use crate::engine::Engine;
use crate::store::sqlite::SqliteStore;
use crate::vault::{LocalKeys, Source};

/// Organisation and history.
const HISTORIES: [(&str, &str); 4] = [
    ("fairmont", include_str!("fairmont.txt")),
    ("harbour", include_str!("harbour.txt")),
    ("studio", include_str!("studio.txt")),
    ("civic", include_str!("civic.txt")),
];

/// Who is signed in to the console of which organisation.
const ADMINISTRATORS: [(&str, &str); 4] =
    [("fairmont", "henry"), ("harbour", "sam"), ("studio", "nora"), ("civic", "ingrid")];

/// What the demonstration takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Found the organisations without the tour.
    #[arg(long)]
    no_tour: bool,
    /// Then serve them, and show links that sign in to the console, once each
    #[arg(long)]
    serve: bool,
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", env = "CHANCERY_LISTEN")]
    listen: Option<SocketAddr>,
}

/// Makes the store unless it is there, and gives the tour.
///
/// # Errors
/// When the store cannot be written, or is there and is something else.
pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let path = store_path(&session.options().store)?;
    if path.exists() {
        note(session.output(), &format!("The demonstration is at {} already.", path.display()))?;
    } else {
        let organisations = HISTORIES.map(|(organisation, _)| organisation).join(", ");
        note(session.output(), &format!("Playing the histories of {organisations} into {} …", path.display()))?;
        make(&path).await?;
    }
    if !args.no_tour {
        tour::give(&path, session, args.serve).await?;
    }
    if args.serve {
        serve(&path, args.listen, session).await?;
    }
    Ok(Done::Shown)
}

/// What is said before the links.
const OPEN: [&str; 3] = [
    "",
    "The console is open, for the administrator of each organisation. A link signs in once, within 15 minutes;",
    "started again, this shows new ones. Ctrl-C ends it.",
];

/// Serves the organisations until it is told to stop.
async fn serve(path: &Path, listen: Option<SocketAddr>, session: &Session) -> Result<(), CliError> {
    let usual = Settings::default();
    let log_key = Some(KeyPlace(with_suffix(path, ".log-key").display().to_string()));
    let settings = Settings { listen: listen.unwrap_or_else(|| free(usual.listen)), log_key, ..usual };
    let keys = Arc::new(LocalKeys::new(Source::beside(path)));
    let engine = Engine::new(Arc::new(SqliteStore::open(path)?)).with_vault(keys);
    for line in OPEN {
        note(session.output(), line)?;
    }
    let administrators = ADMINISTRATORS.map(|(of, member)| (OrganisationId::known(of), MemberId::known(member)));
    let operators = OperatorKeys::default();
    let served = super::serve::serve(engine.clone(), operators, settings, &administrators, session.output()).await;
    engine.close().await;
    served
}

/// Where to listen: at another port where somebody has the usual one, so that the demonstration opens.
fn free(usual: SocketAddr) -> SocketAddr {
    match TcpListener::bind(usual) {
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => SocketAddr::new(usual.ip(), 0),
        _ => usual,
    }
}

async fn make(path: &Path) -> Result<(), CliError> {
    let beside = beside(path);
    for leftover in [beside.clone(), with_suffix(&beside, "-wal"), with_suffix(&beside, "-shm")] {
        match std::fs::remove_file(&leftover) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(CliError::File { path: leftover, source });
            }
            _ => {}
        }
    }
    play::histories(&beside, path, &HISTORIES).await?;
    std::fs::rename(&beside, path).map_err(|source| CliError::File { path: path.to_owned(), source })
}

fn beside(path: &Path) -> PathBuf {
    with_suffix(path, ".unfinished")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn note(output: &Output, text: &str) -> Result<(), CliError> {
    if output.is_json() {
        return Ok(());
    }
    let mut page = output.page();
    page.line(text);
    output.print(&page)
}
