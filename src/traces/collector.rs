//! The way to the collector: one connection for each batch, over the TLS that the client of the service uses.

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use tokio::runtime::Handle;
use tokio_rustls::TlsConnector;

use super::first_of;
use crate::client::ClientError;
use crate::client::once::send;
use crate::client::tls::connector;

/// How long sending a batch may take, where `OTEL_EXPORTER_OTLP_TIMEOUT` does not say.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer that is read.
const LONGEST: usize = 64 << 10;

/// Why the collector cannot be reached as it is named.
#[derive(Debug, thiserror::Error)]
pub enum CollectorError {
    /// A variable says no length of time.
    #[error("`{variable}` is `{given}`: write milliseconds, such as 10000")]
    Timeout {
        /// Which variable.
        variable: &'static str,
        /// What it says.
        given: String,
    },
    /// The authority of the collector's certificate cannot be read.
    #[error(transparent)]
    Authority(#[from] ClientError),
}

/// Sends batches to a collector.
pub(super) struct Collector {
    /// Batches come from a thread of the exporter's own.
    runtime: Handle,
    tls: TlsConnector,
    patience: Duration,
}

impl std::fmt::Debug for Collector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collector").field("patience", &self.patience).finish_non_exhaustive()
    }
}

impl Collector {
    pub(super) fn new() -> Result<Self, CollectorError> {
        let authority = first_of(["OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE"]);
        let authority = authority.map(|(_, path)| PathBuf::from(path));
        let tls = connector(authority.as_deref().map(Path::new))?;
        Ok(Self { runtime: Handle::current(), tls, patience: patience()? })
    }
}

fn patience() -> Result<Duration, CollectorError> {
    match first_of(["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"]) {
        None => Ok(PATIENCE),
        Some((variable, given)) => match given.parse() {
            Ok(millis) => Ok(Duration::from_millis(millis)),
            Err(_) => Err(CollectorError::Timeout { variable, given }),
        },
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (tls, patience) = (self.tls.clone(), self.patience);
        self.runtime.spawn(async move { tokio::time::timeout(patience, send(tls, request, LONGEST)).await? }).await?
    }
}
