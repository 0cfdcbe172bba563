//! How the provider is asked: over our own client, by TLS or on this machine, for a bounded time and answer.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use tokio_rustls::TlsConnector;

use crate::client::once::send;
use crate::config::oidc::is_private;

/// How long the provider may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer that is read.
const LONGEST: usize = 1 << 20;

/// Why the provider gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum TransportError {
    /// It names an address that others could listen to.
    #[error("the provider names an address that is not reached by TLS")]
    Exposed,
    /// It took too long.
    #[error("the provider gives no answer within {} seconds", PATIENCE.as_secs())]
    Late,
    /// The connection failed.
    #[error("the provider cannot be reached: {0}")]
    Failed(String),
}

/// Asks the provider.
pub(super) struct Transport(pub(super) TlsConnector);

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Transport")
    }
}

impl<'c> AsyncHttpClient<'c> for Transport {
    type Error = TransportError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, TransportError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            if !is_private(request.uri()) {
                return Err(TransportError::Exposed);
            }
            let sent = send(self.0.clone(), request.map(Into::into), LONGEST);
            let answer = tokio::time::timeout(PATIENCE, sent).await.map_err(|_| TransportError::Late)?;
            let answer = answer.map_err(|error| TransportError::Failed(error.to_string()))?;
            Ok(answer.map(|body| body.to_vec()))
        })
    }
}
