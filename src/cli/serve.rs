//! `serve`: the HTTP service, until it is told to stop.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use chancery_aggregates::vocabulary::{MemberId, OrganisationId};
use clap::CommandFactory as _;
use clap::parser::ValueSource;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use super::served::ServedLines;
use super::session::{open_store, vault_keys};
use super::{Cli, CliError, Done, Output, Session};
use crate::api::keys::{EngineKeys, OperatorKeys};
use crate::api::server::{Listener, Tls, TlsError};
use crate::api::service::{Service, Shared};
use crate::api::{self, logs};
use crate::config::{self, ConfigError, DisplayPath, File, Given, Settings};
use crate::console::{link_to, make_link};
use crate::engine::Engine;
use crate::log::key::KeySource;
use crate::log::sign::{self, Schedule, SignError};
use crate::projector::{self, FollowOptions, Stage, Wake, Watch};
use crate::store::sqlite::Access;
use crate::traces::Traces;

/// Variables that are no settings of the service.
const OTHER_VARIABLES: &[&str] = &[
    "CHANCERY_STORE",
    "CHANCERY_ORGANISATION",
    "CHANCERY_AS",
    "CHANCERY_CONFIG",
    "CHANCERY_SERVER",
    "CHANCERY_KEY",
    "CHANCERY_KEY_FILE",
    "CHANCERY_CA_FILE",
    "CHANCERY_VAULT_KEY",
];

/// Where the settings are.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A TOML file with settings; flags and the environment count before it
    #[arg(long, value_name = "FILE", env = "CHANCERY_CONFIG")]
    config: Option<PathBuf>,
    /// Show the settings that count, as such a file, and end
    #[arg(long)]
    print_config: bool,
    /// Show the description of the interface (OpenAPI 3.1), and end
    #[arg(long)]
    print_openapi: bool,
    /// Show a link that signs this member in to the console, once
    #[arg(long, value_name = "ORGANISATION/MEMBER", value_parser = member_of)]
    sign_in: Vec<(OrganisationId, MemberId)>,
    /// Keep the tables that services read by SQL as well, as `projections run` does
    #[arg(long)]
    projections: bool,
    #[command(flatten)]
    given: Given,
}

fn member_of(text: &str) -> Result<(OrganisationId, MemberId), &'static str> {
    let (organisation, member) = text.split_once('/').ok_or("write it as ORGANISATION/MEMBER")?;
    let named = (OrganisationId::parse(organisation).ok(), MemberId::parse(member).ok());
    if let (Some(organisation), Some(member)) = named { Ok((organisation, member)) } else { Err("that is no id") }
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    config::check_environment(names, OTHER_VARIABLES).map_err(config_error)?;
    let file = args.config.as_deref().map(File::read).transpose().map_err(config_error)?.unwrap_or_default();
    let store = match file.store {
        Some(store) if !store_was_given() => store,
        _ => session.options().store.clone(),
    };
    let settings = Settings::resolve(args.given.clone(), file.given).map_err(config_error)?;
    if args.print_config {
        session.output().raw(settings.print(&store).as_bytes())?;
        return Ok(Done::Shown);
    }
    if args.print_openapi {
        session.output().raw(api::description(&settings).as_bytes())?;
        return Ok(Done::Shown);
    }
    let traces = Traces::begin(settings.otlp_endpoint.as_ref()).map_err(|error| input("bad_traces", &error))?;
    logs::begin(&settings.log, settings.log_format, traces.as_ref()).map_err(|error| input("bad_log", &error))?;
    let operators = operator_keys(&settings, session)?;
    let keys = vault_keys(&store, session.options().vault_key.as_ref())?;
    let engine = Engine::new(open_store(&store, Access::Create)?).with_vault(keys);
    let projector = args.projections.then(|| Projecting::begin(&engine));
    let served = serve(engine.clone(), operators, settings, &args.sign_in, session.output()).await;
    if let Some(projector) = projector {
        projector.end().await;
    }
    engine.close().await;
    if let Some(traces) = traces {
        traces.end().await;
    }
    tracing::info!("stopped");
    served.map(|()| Done::Shown)
}

/// A projector in this process. That it ends is no reason for the service to.
struct Projecting {
    wake: Wake,
    task: JoinHandle<()>,
}

impl Projecting {
    fn begin(engine: &Engine) -> Self {
        let (store, wake) = (engine.store().clone(), Wake::default());
        let options = FollowOptions { wake: wake.clone(), ..FollowOptions::default() };
        let task = tokio::spawn(async move {
            let watch: Arc<dyn Watch> = Arc::new(Logged);
            match projector::follow(&store, &options, &watch).await {
                Ok(_) => tracing::info!("the projector ended"),
                Err(error) => tracing::error!(%error, "the projector ended: the tables for SQL stay as they are"),
            }
        });
        Self { wake, task }
    }

    /// Waits for the transaction under way.
    async fn end(self) {
        self.wake.stop();
        let _ = self.task.await;
    }
}

/// Tells the log of the service how projecting comes along.
struct Logged;

impl Watch for Logged {
    fn stage(&self, stage: Stage) {
        match stage {
            Stage::Retrying { error } => tracing::warn!(%error, "the projector tries again"),
            stage => tracing::info!(?stage, "projector"),
        }
    }

    fn at(&self, _: u64) {}
}

/// The operator's keys; a new one is shown, and never again.
fn operator_keys(settings: &Settings, session: &Session) -> Result<OperatorKeys, CliError> {
    let Some(path) = &settings.operator_keys else { return Ok(OperatorKeys::default()) };
    let (keys, new) = OperatorKeys::read_or_make(&path.0).map_err(|error| input("bad_operator_keys", &error))?;
    if let Some(token) = new {
        let text = format!("the operator's key, shown this once: {}\n", token.reveal());
        session.output().raw(text.as_bytes())?;
    }
    Ok(keys)
}

/// Whether the store was named on the command line or in the environment.
fn store_was_given() -> bool {
    let matches = Cli::command().ignore_errors(true).try_get_matches_from(std::env::args_os());
    matches.is_ok_and(|matches| !matches!(matches.value_source("store"), None | Some(ValueSource::DefaultValue)))
}

/// Serves an engine until the process is told to stop; first shows the links that were asked for.
pub(super) async fn serve(
    engine: Engine,
    operators: OperatorKeys,
    settings: Settings,
    sign_in: &[(OrganisationId, MemberId)],
    output: &Output,
) -> Result<(), CliError> {
    let tls = match (&settings.tls_certificate, &settings.tls_key) {
        (Some(certificate), Some(key)) => Some(Arc::new(Tls::read(&certificate.0, &key.0).map_err(tls_error)?)),
        _ => None,
    };
    let (listen, metrics_listen) = (settings.listen, settings.metrics_listen);
    let operator_keys = settings.operator_keys.clone();
    let signing = keep_signing(&engine, &settings)?;
    let keys = Arc::new(EngineKeys::new(engine.clone(), operators));
    let service = Service::new(engine, keys.clone(), settings).with_lines(Arc::new(ServedLines));
    let service: Shared = Arc::new(service.with_sign_on().map_err(|error| input("bad_openid_connect", &error))?);
    let main = Listener::bind(listen, api::endpoints(service.clone()), tls.clone(), service.clone()).await?;
    let monitoring = match metrics_listen {
        Some(address) => Some(Listener::bind(address, api::monitoring(service.clone()), None, service.clone()).await?),
        None => None,
    };
    load(&service).await?;
    tracing::info!(address = %main.address()?, tls = tls.is_some(), "listening");
    for (organisation, member) in sign_in {
        let token = make_link(&service.engine, organisation, member).await?;
        let link = link_to(&reached_at(&service.settings, main.address()?), &token);
        output.raw(format!("the console, as {member} of {organisation}, once: {link}\n").as_bytes())?;
    }
    let noting = keys.clone();
    let noting = tokio::spawn(async move { noting.note_uses().await });
    let renewing = tokio::spawn(renew_on_hangup(Renewed { tls, keys, operator_keys }));
    let monitored = monitoring.map(|listener| tokio::spawn(listener.serve(std::future::pending())));
    main.serve(told_to_stop(&service)).await;
    for task in [renewing, noting].into_iter().chain(monitored).chain(signing) {
        task.abort();
    }
    Ok(())
}

/// Signs checkpoints of the logs from time to time, where there is a key for it.
fn keep_signing(engine: &Engine, settings: &Settings) -> Result<Option<JoinHandle<()>>, CliError> {
    let Some(key) = &settings.log_key else { return Ok(None) };
    let source = KeySource::find(Some(key.0.clone()), None)?;
    let (signer, made) = source.load()?;
    if let Some(path) = made {
        tracing::warn!(path = %path.display(), "made the key that signs checkpoints: keep a copy apart from the database's backups");
    }
    let schedule = Schedule { events: settings.checkpoint_events, time: settings.checkpoint_time.0 };
    let report = |organisation: &str, error: &SignError| tracing::error!(organisation, %error, "a log was not signed");
    Ok(Some(tokio::spawn(sign::keep_signing(engine.clone(), signer, schedule, report))))
}

/// How people reach the service: by its own port, where the system chose one.
fn reached_at(settings: &Settings, address: SocketAddr) -> String {
    let url = settings.url();
    if settings.public_url.is_some() { url } else { url.replace(&settings.listen.to_string(), &address.to_string()) }
}

/// Brings the access states into memory, so that the first check is as quick as the others.
async fn load(service: &Service) -> Result<(), CliError> {
    for head in service.engine.store().heads().await? {
        let organisation = OrganisationId::known(head.organisation.as_str());
        if let Err(error) = service.engine.state(&organisation).await {
            tracing::error!(%organisation, %error, "an organisation cannot be loaded");
        }
    }
    Ok(())
}

async fn told_to_stop(service: &Service) {
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    let (Ok(mut terminate), Ok(mut interrupt)) = signals else {
        tracing::warn!("signals cannot be received: the service ends only when it is killed");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("told to stop: requests under way are finished");
    service.stop();
}

/// What is read again while the service runs.
struct Renewed {
    tls: Option<Arc<Tls>>,
    keys: Arc<EngineKeys>,
    operator_keys: Option<DisplayPath>,
}

impl Renewed {
    fn read(&self) {
        match self.tls.as_ref().map(|tls| tls.renew()) {
            None => {}
            Some(Ok(())) => tracing::info!("the certificate was read again"),
            Some(Err(error)) => tracing::error!(%error, "the certificate stays as it was"),
        }
        match self.operator_keys.as_ref().map(|path| OperatorKeys::read(&path.0)) {
            None => {}
            Some(Ok(operators)) => {
                self.keys.renew_operators(operators);
                tracing::info!("the operator's keys were read again");
            }
            Some(Err(error)) => tracing::error!(%error, "the operator's keys stay as they were"),
        }
    }
}

async fn renew_on_hangup(renewed: Renewed) {
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
    while hangup.recv().await.is_some() {
        renewed.read();
    }
}

fn config_error(error: ConfigError) -> CliError {
    input("bad_config", &error)
}

fn tls_error(error: TlsError) -> CliError {
    input("bad_certificate", &error)
}

fn input(rule: &'static str, error: &dyn std::error::Error) -> CliError {
    CliError::Input { rule, message: error.to_string() }
}
