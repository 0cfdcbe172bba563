//! What the service is measured against over HTTP (`tools/bench-http.sh`): the least that any server of this kind does.
//!
//! `/hello` answers the bytes of an evaluation without reading anything. `/access/v1/evaluation` and `…/evaluations` read
//! the same JSON as the service, and look the answer up: no key, no rules, no time-outs, no metrics.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use foldhash::fast::RandomState;
use serde::Deserialize;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ALLOWED: &str = r#"{"decision":true}"#;
const DENIED: &str = r#"{"decision":false}"#;

#[derive(Deserialize)]
struct Entity<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Action<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Question<'a> {
    #[serde(borrow)]
    subject: Option<Entity<'a>>,
    #[serde(borrow)]
    action: Option<Action<'a>>,
    #[serde(borrow)]
    resource: Option<Entity<'a>>,
}

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    subject: Option<Entity<'a>>,
    #[serde(borrow)]
    action: Option<Action<'a>>,
    #[serde(borrow)]
    resource: Option<Entity<'a>>,
    #[serde(borrow)]
    evaluations: Vec<Question<'a>>,
}

/// Numbers of what is known, and the answers by number.
struct Index {
    numbers: HashMap<String, u32, RandomState>,
    answers: HashMap<[u32; 3], bool, RandomState>,
}

impl Index {
    fn new() -> Self {
        let known = ["user", "mei", "assets.view", "scope", "tower"];
        let numbers: HashMap<_, _, _> = (0..).zip(known).map(|(number, name)| (name.to_owned(), number)).collect();
        Self { numbers, answers: HashMap::from_iter([([1, 2, 4], true)]) }
    }

    fn answer(&self, question: &Question<'_>, defaults: Option<&Question<'_>>) -> bool {
        let number = |text: &str| self.numbers.get(text).copied();
        let entity = |entity: &Entity<'_>| number(&entity.kind).and(number(&entity.id));
        let asked = || {
            let subject = question.subject.as_ref().or_else(|| defaults?.subject.as_ref())?;
            let action = question.action.as_ref().or_else(|| defaults?.action.as_ref())?;
            let resource = question.resource.as_ref().or_else(|| defaults?.resource.as_ref())?;
            Some([entity(subject)?, number(&action.name)?, entity(resource)?])
        };
        asked().and_then(|asked| self.answers.get(&asked).copied()).unwrap_or_default()
    }
}

fn json(body: impl Into<Bytes>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body.into()).into_response()
}

async fn one(State(index): State<Arc<Index>>, body: Bytes) -> Response {
    match serde_json::from_slice::<Question<'_>>(&body) {
        Ok(question) => json(if index.answer(&question, None) { ALLOWED } else { DENIED }),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

async fn several(State(index): State<Arc<Index>>, body: Bytes) -> Response {
    let Ok(batch) = serde_json::from_slice::<Batch<'_>>(&body) else { return StatusCode::BAD_REQUEST.into_response() };
    let Batch { subject, action, resource, evaluations } = batch;
    let defaults = Question { subject, action, resource };
    let answers = evaluations.iter().map(|question| index.answer(question, Some(&defaults)));
    let answers: Vec<&str> = answers.map(|allowed| if allowed { ALLOWED } else { DENIED }).collect();
    json(format!("{{\"evaluations\":[{}]}}", answers.join(",")))
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(7194);
    let router = Router::new()
        .route("/hello", post(async || json(ALLOWED)))
        .route("/access/v1/evaluation", post(one))
        .route("/access/v1/evaluations", post(several))
        .with_state(Arc::new(Index::new()));
    let listener = tokio::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    axum::serve(listener, router).await
}
