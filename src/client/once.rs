//! One request on a connection of its own, to whoever it names.

use std::error::Error;

use axum::http::header::HOST;
use axum::http::{HeaderValue, Request, Response, Uri};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Sends a request, and reads an answer of at most `longest` bytes. Nobody is followed elsewhere.
pub(crate) async fn send(
    tls: TlsConnector,
    request: Request<Bytes>,
    longest: usize,
) -> Result<Response<Bytes>, Box<dyn Error + Send + Sync>> {
    let uri = request.uri().clone();
    let secure = match uri.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err("the address is neither http nor https".into()),
    };
    let host = uri.host().ok_or("the address has no host")?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let stream = TcpStream::connect((host.as_str(), uri.port_u16().unwrap_or(if secure { 443 } else { 80 }))).await?;
    let request = origin_form(request, &uri)?;
    if secure {
        exchange(tls.connect(ServerName::try_from(host)?, stream).await?, request, longest).await
    } else {
        exchange(stream, request, longest).await
    }
}

/// A request as a server takes it: the path alone, and the host in its header.
fn origin_form(request: Request<Bytes>, uri: &Uri) -> Result<Request<Full<Bytes>>, Box<dyn Error + Send + Sync>> {
    let mut request = request.map(Full::new);
    *request.uri_mut() = uri.path_and_query().map_or("/", |path| path.as_str()).parse()?;
    let authority = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
    request.headers_mut().insert(HOST, HeaderValue::from_str(authority)?);
    Ok(request)
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
    longest: usize,
) -> Result<Response<Bytes>, Box<dyn Error + Send + Sync>> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await?.into_parts();
    let body = Limited::new(body, longest).collect().await?.to_bytes();
    connection.abort();
    Ok(Response::from_parts(head, body))
}
