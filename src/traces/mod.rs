//! Traces for OpenTelemetry, sent by OTLP over HTTP: off unless a collector is named.
//!
//! A request, the evaluation or the commands that it leads to, and the append that makes them durable are a
//! span each. A span says what kind of thing was done and how it ended; no name, id, path or key is in it.

mod collector;

use std::time::Duration;

use axum::http::{HeaderMap, Method};
use collector::{Collector, CollectorError};
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::HeaderExtractor;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt as _};

use crate::config::CollectorUrl;

/// What spans for the collector are told by from log lines, which never show them.
pub(crate) const TARGET: &str = "chancery_traces";

/// How long the last spans may take to be sent when the service ends.
const LAST: Duration = Duration::from_secs(5);

/// Why traces cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// Another protocol than the one that is spoken.
    #[error("`{variable}` asks for `{given}`: traces are sent by `http/protobuf` only")]
    Protocol {
        /// Which variable.
        variable: &'static str,
        /// What it says.
        given: String,
    },
    /// The collector cannot be reached as it is named.
    #[error(transparent)]
    Collector(#[from] CollectorError),
    /// The exporter cannot be set up as the environment says.
    #[error("traces cannot be exported: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
}

/// Sends spans to a collector, in the background.
#[derive(Debug)]
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Begins to send spans, where a setting or OpenTelemetry's variables (`OTEL_EXPORTER_OTLP_ENDPOINT`, or
    /// `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`) name a collector and none turns traces off.
    ///
    /// # Errors
    /// When the settings or the variables make no sense.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn begin(named: Option<&CollectorUrl>) -> Result<Option<Self>, TracesError> {
        if !are_wanted(named) {
            return Ok(None);
        }
        check_protocol()?;
        let mut exporter =
            SpanExporter::builder().with_http().with_http_client(Collector::new()?).with_protocol(Protocol::HttpBinary);
        if let Some(url) = named {
            exporter = exporter.with_endpoint(url.traces());
        }
        let provider = SdkTracerProvider::builder().with_resource(resource()).with_batch_exporter(exporter.build()?);
        Ok(Some(Self(provider.build())))
    }

    /// What takes spans over from `tracing`. Only those of [`TARGET`] are meant for it.
    pub(crate) fn layer<S>(&self) -> OpenTelemetryLayer<S, opentelemetry_sdk::trace::SdkTracer>
    where
        S: tracing::Subscriber + for<'lookup> tracing_subscriber::registry::LookupSpan<'lookup>,
    {
        let layer = tracing_opentelemetry::layer().with_tracer(self.0.tracer("chancery"));
        layer
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false)
    }

    /// Sends what is left, for as long as that may take.
    pub async fn end(self) {
        let ended = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(LAST)).await;
        if let Ok(Err(error)) = ended {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The variable of the signal, and before it that of all signals: the first counts.
fn first_of<const N: usize>(names: [&'static str; N]) -> Option<(&'static str, String)> {
    names.into_iter().find_map(|name| Some((name, variable(name)?)))
}

fn are_wanted(named: Option<&CollectorUrl>) -> bool {
    let off = variable("OTEL_SDK_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true"))
        || variable("OTEL_TRACES_EXPORTER").is_some_and(|text| text == "none");
    let endpoint = first_of(["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"]);
    !off && (named.is_some() || endpoint.is_some())
}

fn check_protocol() -> Result<(), TracesError> {
    match first_of(["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"]) {
        Some((variable, given)) if given != "http/protobuf" => Err(TracesError::Protocol { variable, given }),
        _ => Ok(()),
    }
}

/// What the spans are of: the name can be set by `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`.
fn resource() -> Resource {
    let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_attribute(version);
    let named = variable("OTEL_SERVICE_NAME").is_some()
        || variable("OTEL_RESOURCE_ATTRIBUTES").is_some_and(|text| text.contains("service.name="));
    if named { resource.build() } else { resource.with_service_name("chancery").build() }
}

/// The span of a request, below the caller's where it sent a `traceparent`. The path is told by its template.
pub(crate) fn request(method: &Method, route: Option<&str>, headers: &HeaderMap) -> Span {
    let span = tracing::info_span!(target: TARGET, "request", otel.name = name(method, route), otel.kind = "server",
        http.request.method = known(method), http.route = route, http.response.status_code = Empty,
        error.type = Empty, otel.status_code = Empty);
    if !span.is_disabled() {
        let caller = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
        // Fails only where no layer takes spans over.
        let _ = span.set_parent(caller);
    }
    span
}

/// Says how a request ended.
pub(crate) fn answered(span: &Span, status: u16, rule: Option<&str>) {
    if span.is_disabled() {
        return;
    }
    span.record("http.response.status_code", status);
    if let Some(rule) = rule {
        span.record("error.type", rule);
    }
    if status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}

/// A method, unless somebody made it up: then it could say anything.
fn known(method: &Method) -> &str {
    let standard =
        [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    if standard.contains(method) { method.as_str() } else { "_OTHER" }
}

fn name(method: &Method, route: Option<&str>) -> String {
    route.map_or_else(|| known(method).to_owned(), |route| format!("{} {route}", known(method)))
}

/// The span of questions that are answered.
pub(crate) fn evaluation(questions: usize) -> Span {
    tracing::info_span!(target: TARGET, "evaluate", chancery.questions = questions, chancery.allowed = Empty)
}

/// The span of commands that are carried out as one change: `first` is the name of the first one.
pub(crate) fn commands(first: Option<&str>, number: usize) -> Span {
    tracing::info_span!(target: TARGET, "execute", chancery.command = first, chancery.commands = number,
        chancery.events = Empty, error.type = Empty)
}

/// The span of an append, until it is durable.
pub(crate) fn append(events: usize) -> Span {
    tracing::info_span!(target: TARGET, "append", chancery.events = events)
}
