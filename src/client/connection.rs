//! The connection to a service: opened when it is needed, kept, and opened anew when it broke.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::{ClientError, Connecting, tls};
use crate::api::headers::IDEMPOTENCY_KEY;

type Sender = SendRequest<Full<Bytes>>;

/// A request that can be sent any number of times.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    method: Method,
    path: String,
    pub(super) headers: HeaderMap,
    pub(super) idempotency_key: Option<String>,
    /// JSON; empty where there is none.
    pub(super) body: Bytes,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Whether the request was sent more than once.
    pub(super) again: bool,
}

/// Why there is no answer, and whether the service may have the request all the same.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: ClientError,
    pub(super) sent: bool,
}

/// Where a service is, and the connection to it.
#[derive(Debug)]
pub(super) struct Connections {
    /// As a person names it.
    name: String,
    host: String,
    port: u16,
    /// What precedes every path.
    prefix: String,
    /// As the header has it.
    authority: HeaderValue,
    key: HeaderValue,
    tls: Option<Tls>,
    connect: Duration,
    answer: Duration,
    kept: Mutex<Option<Sender>>,
}

struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Prepared {
    pub(super) fn new(method: Method, path: &str) -> Self {
        let (headers, body) = (HeaderMap::new(), Bytes::new());
        Self { method, path: path.to_owned(), headers, idempotency_key: None, body }
    }
}

impl Connections {
    pub(super) fn new(url: &str, key: HeaderValue, connecting: &Connecting) -> Result<Self, ClientError> {
        let bad = || ClientError::BadUrl { given: url.to_owned() };
        let parsed: Uri = url.parse().map_err(|_| bad())?;
        let secure = match parsed.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(bad()),
        };
        let authority = parsed.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(bad)?;
        if parsed.query().is_some() || authority.host().is_empty() {
            return Err(bad());
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let tls = match secure {
            false => None,
            true => Some(Tls {
                connector: tls::connector(connecting.authority.as_deref())?,
                name: ServerName::try_from(host.clone()).map_err(|_| bad())?,
            }),
        };
        Ok(Self {
            name: url.trim_end_matches('/').to_owned(),
            port: authority.port_u16().unwrap_or(if secure { 443 } else { 80 }),
            prefix: parsed.path().trim_end_matches('/').to_owned(),
            authority: HeaderValue::from_str(authority.as_str()).map_err(|_| bad())?,
            host,
            key,
            tls,
            connect: connecting.connect,
            answer: connecting.answer,
            kept: Mutex::default(),
        })
    }

    /// The service as a person names it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Something answered that is no such service.
    pub(super) fn strange(&self, status: StatusCode) -> ClientError {
        ClientError::Strange { server: self.name.clone(), status: status.as_u16() }
    }

    pub(super) fn broken(&self, reason: impl std::fmt::Display) -> ClientError {
        ClientError::Broken { server: self.name.clone(), reason: reason.to_string() }
    }

    /// Sends a request once, and reads the answer.
    pub(super) async fn send(&self, prepared: &Prepared) -> Result<Answer, Failure> {
        let mut kept = self.kept.lock().await;
        let ready = match kept.take() {
            Some(mut sender) => sender.ready().await.is_ok().then_some(sender),
            None => None,
        };
        let mut sender = match ready {
            Some(sender) => sender,
            None => self.open().await.map_err(|error| Failure { error, sent: false })?,
        };
        let answered = timeout(self.answer, async {
            let response = self.ask(&mut sender, prepared).await?;
            let (head, body) = response.into_parts();
            let body = body.collect().await.map_err(|error| Failure { error: self.broken(error), sent: true })?;
            Ok(Answer { status: head.status, headers: head.headers, body: body.to_bytes(), again: false })
        });
        let answer = match answered.await {
            Ok(answered) => answered?,
            Err(_) => {
                let reason = format!("no answer within {} s", self.answer.as_secs());
                return Err(Failure { error: self.broken(reason), sent: true });
            }
        };
        *kept = Some(sender);
        Ok(answer)
    }

    /// Sends a request on a connection of its own, for an answer that goes on.
    pub(super) async fn stream(&self, prepared: &Prepared) -> Result<Response<Incoming>, ClientError> {
        let mut sender = self.open().await?;
        let asked = timeout(self.answer, self.ask(&mut sender, prepared)).await;
        asked.map_err(|_| self.broken("no answer"))?.map_err(|failure| failure.error)
    }

    async fn ask(&self, sender: &mut Sender, prepared: &Prepared) -> Result<Response<Incoming>, Failure> {
        let request = self.request(prepared).map_err(|error| Failure { error, sent: false })?;
        sender.send_request(request).await.map_err(|error| {
            // A connection that ended before the request was put on it.
            let sent = !error.is_canceled();
            Failure { error: self.broken("the connection broke"), sent }
        })
    }

    fn request(&self, prepared: &Prepared) -> Result<Request<Full<Bytes>>, ClientError> {
        let bad = || ClientError::BadUrl { given: format!("{}{}", self.name, prepared.path) };
        let uri: Uri = format!("{}{}", self.prefix, prepared.path).parse().map_err(|_| bad())?;
        let mut request = Request::new(Full::new(prepared.body.clone()));
        *request.method_mut() = prepared.method.clone();
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(HOST, self.authority.clone());
        headers.insert(AUTHORIZATION, self.key.clone());
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("chancery/", env!("CARGO_PKG_VERSION"))));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if !prepared.body.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(key) = &prepared.idempotency_key {
            let encoded = percent_encoding::utf8_percent_encode(key, percent_encoding::NON_ALPHANUMERIC).to_string();
            headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_str(&encoded).map_err(|_| bad())?);
        }
        for (name, value) in &prepared.headers {
            headers.insert(name, value.clone());
        }
        Ok(request)
    }

    async fn open(&self) -> Result<Sender, ClientError> {
        let late = |_| self.unreachable(format!("no connection within {} s", self.connect.as_secs()));
        timeout(self.connect, self.connected()).await.map_err(late)?
    }

    async fn connected(&self) -> Result<Sender, ClientError> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await;
        let stream = stream.map_err(|error| self.unreachable(error))?;
        // A request is small, and is waited for.
        stream.set_nodelay(true).map_err(|error| self.unreachable(error))?;
        match &self.tls {
            None => self.begin(stream).await,
            Some(Tls { connector, name }) => {
                let stream = connector.connect(name.clone(), stream).await.map_err(|error| self.not_trusted(&error))?;
                self.begin(stream).await
            }
        }
    }

    async fn begin(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Result<Sender, ClientError> {
        let (sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| self.unreachable(error))?;
        // Its end is seen by whoever sends next.
        tokio::spawn(connection);
        Ok(sender)
    }

    fn unreachable(&self, reason: impl std::fmt::Display) -> ClientError {
        ClientError::Unreachable { server: self.name.clone(), reason: reason.to_string() }
    }

    /// A failed handshake: by the certificate, or otherwise.
    fn not_trusted(&self, error: &std::io::Error) -> ClientError {
        let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
        match cause {
            Some(rustls::Error::InvalidCertificate(reason)) => {
                ClientError::NotTrusted { server: self.name.clone(), reason: reason.to_string() }
            }
            _ => self.unreachable(error),
        }
    }
}
