//! The way to the collector: one connection for each batch, over the TLS that the client of the service uses.

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use axum::http::header::HOST;
use axum::http::{HeaderValue, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio_rustls::TlsConnector;

use super::first_of;
use crate::client::ClientError;
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
        self.runtime.spawn(async move { tokio::time::timeout(patience, send(tls, request)).await? }).await?
    }
}

async fn send(tls: TlsConnector, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let uri = request.uri().clone();
    let secure = match uri.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err("the collector's address is neither http nor https".into()),
    };
    let host = uri.host().ok_or("the collector's address has no host")?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let stream = TcpStream::connect((host.as_str(), uri.port_u16().unwrap_or(if secure { 443 } else { 80 }))).await?;
    let request = origin_form(request, &uri)?;
    if secure {
        exchange(tls.connect(ServerName::try_from(host)?, stream).await?, request).await
    } else {
        exchange(stream, request).await
    }
}

/// A request as a server takes it: the path alone, and the host in its header.
fn origin_form(request: Request<Bytes>, uri: &Uri) -> Result<Request<Full<Bytes>>, HttpError> {
    let mut request = request.map(Full::new);
    *request.uri_mut() = uri.path_and_query().map_or("/", |path| path.as_str()).parse()?;
    let authority = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
    request.headers_mut().insert(HOST, HeaderValue::from_str(authority)?);
    Ok(request)
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Response<Bytes>, HttpError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await?.into_parts();
    let body = Limited::new(body, LONGEST).collect().await?.to_bytes();
    connection.abort();
    Ok(Response::from_parts(head, body))
}
