//! Traces, as a collector gets them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::json;

use super::program::{Running, founded, request, serve_with};

/// A collector: it hands on what it is sent, as bytes.
pub(crate) struct Collector {
    pub(crate) address: String,
    taken: Receiver<(String, Vec<u8>)>,
}

impl Collector {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (send, taken) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                take(stream, &send);
            }
        });
        Self { address, taken }
    }

    /// All that was sent so far, with the heads of the requests.
    pub(crate) fn taken(&self) -> Vec<(String, Vec<u8>)> {
        self.taken.try_iter().collect()
    }
}

/// Reads one request, and answers it.
fn take(mut stream: TcpStream, send: &Sender<(String, Vec<u8>)>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap()];
    reader.read_exact(&mut body).unwrap();
    send.send((head, body)).unwrap();
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

/// Tells the service to stop, and waits until it has.
fn stop(mut running: Running) {
    let told = std::process::Command::new("kill").args(["-TERM", &running.child.id().to_string()]).status();
    assert!(told.unwrap().success());
    assert!(running.child.wait().unwrap().success());
}

fn spans(taken: &[(String, Vec<u8>)]) -> Vec<Span> {
    let decoded = taken.iter().map(|(_, body)| ExportTraceServiceRequest::decode(body.as_slice()).unwrap());
    let resources = decoded.flat_map(|request| request.resource_spans);
    resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
}

fn attribute(span: &Span, key: &str) -> Option<String> {
    use opentelemetry_proto::tonic::common::v1::any_value::Value;
    let found = span.attributes.iter().find(|attribute| attribute.key == key)?;
    Some(match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    })
}

#[track_caller]
fn one<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let found: Vec<&Span> = spans.iter().filter(|span| span.name == name).collect();
    assert_eq!(found.len(), 1, "{name}: {spans:?}");
    found[0]
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn spans_are_sent_below_the_callers_at_the_latest_when_the_service_ends_and_say_nothing_about_anybody() {
    let directory = tempfile::tempdir().unwrap();
    let (store, token) = founded(&directory);
    let collector = Collector::start();
    // No batch is due before the end.
    let variables = [("OTEL_BSP_SCHEDULE_DELAY", "3600000"), ("OTEL_EXPORTER_OTLP_HEADERS", "x-collector-key=s3cret")];
    let running = serve_with(&store, &["--otlp-endpoint", &collector.address], &variables);
    let traced = |method: &str, path: &str| {
        let parent = format!("00-{TRACE}-{CALLER}-01");
        let request = request(&running, method, path).key(&token).header("traceparent", &parent);
        request.header("x-request-id", "Quibbleworth").header("x-chancery-reason", "Quibbleworth%20asked")
    };
    let member = json!({"id": "quibbleworth", "account_type": "member", "name": "Zeb Quibbleworth",
        "email": "zeb@quibbleworth.example"});
    assert_eq!(traced("POST", "/v1/organisations/acme/members").json(&member).send().status, 201);
    let question = json!({
        "subject": {"type": "user", "id": "quibbleworth"}, "action": {"name": "assets.view"},
        "resource": {"type": "organisation", "id": "acme"}
    });
    assert_eq!(traced("POST", "/access/v1/evaluation").json(&question).send().ok()["decision"], false);
    traced("GET", "/v1/organisations/acme/members/quibbleworth-the-other").send().problem(404, "unknown");
    assert!(collector.taken().is_empty(), "nothing is sent in the way of a request");
    stop(running);

    let taken = collector.taken();
    assert!(taken.iter().all(|(head, _)| head.starts_with("POST /v1/traces HTTP/1.1\r\n")), "{taken:?}");
    assert!(taken.iter().all(|(head, _)| head.contains("x-collector-key: s3cret\r\n")), "{taken:?}");
    let spans = spans(&taken);
    let add = one(&spans, "POST /v1/organisations/{organisation}/members");
    assert_eq!((hexadecimal(&add.trace_id), hexadecimal(&add.parent_span_id)), (TRACE.to_owned(), CALLER.to_owned()));
    let said = |key: &str| attribute(add, key);
    assert_eq!(said("http.response.status_code").as_deref(), Some("201"));
    let execute = one(&spans, "execute");
    assert_eq!(execute.parent_span_id, add.span_id);
    assert_eq!(attribute(execute, "chancery.command").as_deref(), Some("AddMember"));
    let append = one(&spans, "append");
    assert_eq!(append.parent_span_id, execute.span_id);
    let evaluation = one(&spans, "POST /access/v1/evaluation");
    let evaluate = one(&spans, "evaluate");
    assert_eq!((&evaluate.parent_span_id, hexadecimal(&evaluate.trace_id)), (&evaluation.span_id, TRACE.to_owned()));
    let allowed = (attribute(evaluate, "chancery.questions"), attribute(evaluate, "chancery.allowed"));
    assert_eq!(allowed, (Some("1".to_owned()), Some("0".to_owned())));
    let missed = one(&spans, "GET /v1/organisations/{organisation}/members/{member}");
    assert_eq!(attribute(missed, "error.type").as_deref(), Some("unknown"));
    for (_, body) in &taken {
        let text = String::from_utf8_lossy(body).to_lowercase();
        for secret in ["quibbleworth", "zeb", "acme", "olivia", token.to_lowercase().as_str(), "s3cret"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
}

#[test]
fn the_standard_variables_name_a_collector_and_turn_it_off() {
    let directory = tempfile::tempdir().unwrap();
    let (store, _) = founded(&directory);
    let collector = Collector::start();
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address.as_str());
    let sent = |variables: &[(&str, &str)]| {
        let running = serve_with(&store, &[], variables);
        assert_eq!(request(&running, "GET", "/healthz").send().status, 200);
        stop(running);
        spans(&collector.taken()).len()
    };
    assert_eq!(sent(&[endpoint]), 1);
    assert_eq!(sent(&[endpoint, ("OTEL_SDK_DISABLED", "true")]), 0);
    assert_eq!(sent(&[endpoint, ("OTEL_TRACES_EXPORTER", "none")]), 0);
    assert_eq!(sent(&[endpoint, ("OTEL_TRACES_SAMPLER", "always_off")]), 0);
    assert_eq!(sent(&[]), 0);
}

#[test]
fn a_collector_that_does_not_answer_holds_nobody_up() {
    let directory = tempfile::tempdir().unwrap();
    let (store, token) = founded(&directory);
    // It takes connections, and says nothing.
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", deaf.local_addr().unwrap());
    let variables =
        [("OTEL_BSP_SCHEDULE_DELAY", "10"), ("OTEL_BSP_MAX_QUEUE_SIZE", "16"), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "8")];
    let running = serve_with(&store, &["--otlp-endpoint", &endpoint], &variables);
    for _ in 0..300 {
        assert_eq!(request(&running, "GET", "/v1/organisations/acme").key(&token).send().status, 200);
    }
    stop(running);
}
