//! The service on a store, with a collector of traces; everything that it says is kept.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

use serde_json::Value;

use super::place::Place;
use crate::api::server::{Answer, Request};
use crate::api::traces::Collector;

pub(crate) struct Service {
    child: Child,
    address: String,
    operator: String,
    begun: String,
    rest: JoinHandle<String>,
    collector: Collector,
}

/// What the service said besides its answers.
pub(crate) struct Said {
    pub(crate) log: String,
    pub(crate) traces: Vec<u8>,
}

impl Service {
    pub(crate) fn start(place: &Place) -> Self {
        let collector = Collector::start();
        let operators = place.directory.path().join("operator.keys");
        let mut command = place.command();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--operator-keys", operators.to_str().unwrap()])
            .args(["--log-format", "json", "--log", "trace", "--otlp-endpoint", &collector.address])
            .args(["--client-address-header", "X-Forwarded-For"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut told = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut told).unwrap();
        let operator = told.trim().rsplit(' ').next().unwrap().to_owned();
        let mut reader = BufReader::new(child.stderr.take().unwrap());
        let mut begun = String::new();
        let address = loop {
            let start = begun.len();
            assert_ne!(reader.read_line(&mut begun).unwrap(), 0, "the service ended: {begun}");
            let line: Value = serde_json::from_str(&begun[start..]).unwrap_or_default();
            if let Some(address) = line["address"].as_str() {
                break address.to_owned();
            }
        };
        // The rest is read as well, so that the program never waits for it.
        let rest = std::thread::spawn(move || {
            let mut rest = String::new();
            reader.read_to_string(&mut rest).unwrap();
            rest
        });
        Self { child, address, operator, begun, rest, collector }
    }

    pub(crate) fn request(&self, method: &str, path: &str, token: &str) -> Request {
        Request::new(method, &format!("http://{}{path}", self.address)).key(token)
    }

    /// Reads as a member does.
    #[track_caller]
    pub(crate) fn get(&self, path: &str, token: &str) -> String {
        let Answer { status, body, .. } = self.request("GET", path, token).send();
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub(crate) fn metrics(&self) -> String {
        self.get("/metrics", &self.operator)
    }

    /// Ends it in order, so that the last traces are sent.
    pub(crate) fn stop(mut self) -> Said {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success() && self.child.wait().unwrap().success());
        let log = self.begun + &self.rest.join().unwrap();
        let traces = self.collector.taken().into_iter().flat_map(|(head, body)| [head.into_bytes(), body].concat());
        Said { log, traces: traces.collect() }
    }
}
