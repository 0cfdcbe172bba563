//! Connections: accepting them, their limits, TLS, and the end of the service.

mod alarm;
mod tls;

use std::convert::Infallible;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use alarm::Alarm;
use axum::Router;
use axum::response::Response;
use futures_util::future::Either;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::Service as HyperService;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
pub use tls::{Tls, TlsError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;

use super::Endpoints;
use super::authentication::Peer;
use super::direct::Check;
use super::service::Shared;

/// The longest that a client may take to shake hands.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long to wait when no connection can be accepted: file descriptors may come free.
const PAUSE: Duration = Duration::from_millis(100);

/// Where the service listens, and what it answers there.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    endpoints: Endpoints,
    tls: Option<Arc<Tls>>,
    service: Shared,
}

impl Listener {
    /// Listens at an address; connections are answered when it is [served](Listener::serve).
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn bind(
        address: SocketAddr,
        endpoints: Endpoints,
        tls: Option<Arc<Tls>>,
        service: Shared,
    ) -> std::io::Result<Self> {
        Ok(Self { socket: TcpListener::bind(address).await?, endpoints, tls, service })
    }

    /// The address, with its port where the system chose one.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Answers until `stop`; then lets the requests under way end, for as long as the settings say.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let graceful = GracefulShutdown::new();
        let places = Arc::new(Semaphore::new(self.service.settings.connections));
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                accepted = self.accept(&places) => accepted,
                () = &mut stop => break,
            };
            if let Some((stream, peer, place)) = accepted {
                let connection = Connection {
                    peer,
                    endpoints: self.endpoints.clone(),
                    tls: self.tls.clone(),
                    service: self.service.clone(),
                    watcher: graceful.watcher(),
                };
                tokio::spawn(connection.run(stream, place));
            }
        }
        self.service.stop();
        drop(self.socket);
        let grace = self.service.settings.grace.0;
        if tokio::time::timeout(grace, graceful.shutdown()).await.is_err() {
            tracing::warn!("requests were still under way when the time to end was over");
        }
    }

    /// The next connection, once there is a place for it.
    async fn accept(&self, places: &Arc<Semaphore>) -> Option<(TcpStream, IpAddr, OwnedSemaphorePermit)> {
        // INVARIANT: the semaphore is never closed.
        let place = places.clone().acquire_owned().await.ok()?;
        match self.socket.accept().await {
            Ok((stream, peer)) => {
                let _ = stream.set_nodelay(true);
                // A client that came by IPv4 has that address, also on a socket for both.
                Some((stream, peer.ip().to_canonical(), place))
            }
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(PAUSE).await;
                None
            }
        }
    }
}

struct Connection {
    peer: IpAddr,
    endpoints: Endpoints,
    tls: Option<Arc<Tls>>,
    service: Shared,
    watcher: Watcher,
}

impl Connection {
    async fn run(self, stream: TcpStream, place: OwnedSemaphorePermit) {
        let service = self.service.clone();
        service.meters.connections.inc();
        match &self.tls {
            None => self.speak(stream).await,
            Some(tls) => match tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
                Ok(Ok(stream)) => self.speak(stream).await,
                Ok(Err(error)) => tracing::debug!(%error, "a client did not shake hands"),
                Err(_) => tracing::debug!("a client took too long to shake hands"),
            },
        }
        service.meters.connections.dec();
        drop(place);
    }

    async fn speak(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let mut http = hyper::server::conn::http1::Builder::new();
        let alarm = Alarm::default();
        http.timer(alarm.clone()).header_read_timeout(self.service.settings.header_timeout.0);
        // Answers are short: copied behind their heads they are sent at less cost than in two pieces.
        http.writev(false);
        let Endpoints { router, checks } = self.endpoints;
        let introduced = Introduced {
            peer: self.peer,
            router: TowerToHyperService::new(router),
            checks: checks.then(|| self.service.clone()),
        };
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.service.settings.write_timeout.0));
        let connection = http.serve_connection(TokioIo::new(Box::pin(stream)), introduced);
        if let Err(error) = alarm.watch(self.watcher.watch(connection)).await {
            tracing::debug!(%error, "a connection broke off");
        }
    }
}

/// Tells handlers from which address a request comes, and has checks answered on their shortest way.
struct Introduced {
    peer: IpAddr,
    router: TowerToHyperService<Router>,
    checks: Option<Shared>,
}

type Routed = <TowerToHyperService<Router> as HyperService<Request<Incoming>>>::Future;

impl HyperService<Request<Incoming>> for Introduced {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>, Routed>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        match self.checks.as_ref().zip(Check::of(&request)) {
            Some((service, check)) => Either::Left(Box::pin(check.answer(service.clone(), Peer(self.peer), request))),
            None => {
                request.extensions_mut().insert(Peer(self.peer));
                Either::Right(self.router.call(request))
            }
        }
    }
}
