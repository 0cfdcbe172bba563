//! A server in this process, on a port of its own, and what it answers.

use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use chancery::api::authentication::Keys;
use chancery::api::server::Listener;
use chancery::api::service::Service;
use chancery::config::Settings;
use chancery::engine::Engine;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) runtime: Runtime,
    stop: Option<oneshot::Sender<()>>,
    ended: Option<JoinHandle<()>>,
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(super) headers: ureq::http::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The body of a success.
    #[track_caller]
    pub(super) fn ok(&self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        self.json()
    }

    /// The body of a failure: problem details that say the same as the status.
    #[track_caller]
    pub(super) fn problem(&self, status: u16, rule: &str) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem = self.json();
        assert_eq!(problem["type"], format!("urn:chancery:problem:{rule}"), "{problem}");
        assert_eq!(problem["status"], status);
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{problem}");
        problem
    }
}

/// A request to be.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Request {
    pub(crate) fn new(method: &str, url: &str) -> Self {
        Self { method: method.to_owned(), url: url.to_owned(), headers: Vec::new(), body: None }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn key(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub(crate) fn send(self) -> Answer {
        let config = ureq::Agent::config_builder().http_status_as_error(false).allow_non_standard_methods(true).build();
        let mut request = ureq::http::Request::builder().method(self.method.as_str()).uri(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let agent = ureq::Agent::new_with_config(config);
        let answered = match self.body {
            Some(body) => agent.run(request.body(body).unwrap()),
            None => agent.run(request.body(()).unwrap()),
        };
        let mut answered = answered.unwrap_or_else(|error| panic!("{} {}: {error}", self.method, self.url));
        let mut body = Vec::new();
        answered.body_mut().as_reader().read_to_end(&mut body).unwrap();
        // A workbook is no text: nobody looks into it here.
        let body = String::from_utf8_lossy(&body).into_owned();
        Answer { status: answered.status().as_u16(), headers: answered.headers().clone(), body }
    }
}

impl Server {
    /// Serves an engine until it is dropped.
    pub(super) fn start(runtime: Runtime, engine: Engine, keys: Arc<dyn Keys>, settings: Settings) -> Self {
        let settings = Settings { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), ..settings };
        let listen = settings.listen;
        let entered = runtime.enter();
        let service = Arc::new(Service::new(engine, keys, settings));
        drop(entered);
        let router = chancery::api::endpoints(service.clone());
        let listener = runtime.block_on(Listener::bind(listen, router, None, service)).unwrap();
        let address = listener.address().unwrap();
        let (stop, stopped) = oneshot::channel();
        let ended = runtime.spawn(listener.serve(async {
            let _ = stopped.await;
        }));
        Self { address, runtime, stop: Some(stop), ended: Some(ended) }
    }

    pub(super) fn request(&self, method: &str, path: &str) -> Request {
        Request::new(method, &format!("http://{}{path}", self.address))
    }

    /// Tells it to stop; what it does then is to be waited for with [`Server::wait`].
    pub(super) fn stop(&mut self) {
        drop(self.stop.take());
    }

    pub(super) fn wait(&mut self) {
        self.runtime.block_on(self.ended.take().unwrap()).unwrap();
    }
}
