//! The description of the interface: `/openapi.json` for programs, `/docs` for people.

mod page;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, Server};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::parameters::Parameters;
use super::service::Shared;
use crate::config::Settings;

/// The name of the security scheme.
const KEY: &str = "key";

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default().routes(routes!(document)).routes(routes!(docs)).routes(routes!(style))
}

/// The description, ready to be sent.
#[derive(Debug, Clone)]
pub(super) struct Document {
    json: Bytes,
    page: Bytes,
    pub(super) parameters: Parameters,
}

impl Document {
    pub(super) fn new(settings: &Settings) -> Self {
        let document = describe(settings);
        // INVARIANT: a description made of strings always has a JSON form.
        let mut value = serde_json::to_value(&document).unwrap_or_default();
        name_schemas(&mut value);
        let parameters = Parameters::of(&value);
        Self { json: value.to_string().into(), page: page::render(&value).into(), parameters }
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.json).into_owned()
    }
}

/// What is the same as a schema with a name is referred to by it: generic schemas and failures are spelt out otherwise,
/// and their names stand for nothing.
fn name_schemas(document: &mut Value) {
    let Some(named) = document.pointer("/components/schemas").and_then(Value::as_object).cloned() else { return };
    let name = |value: &mut Value| {
        let known = named.iter().find(|(_, schema)| value.get("$ref").is_none() && *schema == value);
        if let Some((name, _)) = known {
            *value = json!({ "$ref": format!("#/components/schemas/{name}") });
        }
    };
    walk(document, &name);
}

/// Does something to every schema that stands in another one, or is one of a request or an answer.
fn walk(value: &mut Value, name: &impl Fn(&mut Value)) {
    match value {
        Value::Object(members) => {
            for (member, value) in members {
                match member.as_str() {
                    "schema" | "items" => name(value),
                    "oneOf" => value.as_array_mut().into_iter().flatten().for_each(name),
                    _ => {}
                }
                walk(value, name);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| walk(value, name)),
        _ => {}
    }
}

/// The operations, and what is common to them.
fn describe(settings: &Settings) -> OpenApi {
    let mut document = super::operations().into_openapi();
    let license = LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build();
    document.info = InfoBuilder::new()
        .title("Chancery")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Who may do what, where, and since when. Every answer about an organisation says in `X-Chancery-Position` \
             which position of its log it is as of; a read may ask for a position with `X-Chancery-At-Least`. \
             Failures are problem details (RFC 9457) with a stable `type` for each rule.",
        ))
        .license(Some(license))
        .build();
    document.servers = Some(vec![Server::new(settings.url())]);
    document.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>(KEY, [])]);
    let mut scheme = Http::new(HttpAuthScheme::Bearer);
    scheme.description = Some("An API key. It has the authority of the member that it belongs to.".to_owned());
    let mut components = document.components.take().unwrap_or_else(|| ComponentsBuilder::new().build());
    components.add_security_scheme(KEY, SecurityScheme::Http(scheme));
    document.components = Some(components);
    document
}

/// The description of this interface, for programs
#[utoipa::path(get, path = "/openapi.json", operation_id = "openapi", tag = "Description", security(()),
    responses((status = 200, body = serde_json::Value, description = "OpenAPI 3.1", example = json!({"openapi": "3.1.0"}))))]
async fn document(State(service): State<Shared>) -> Response {
    cached("application/json", service.document.json.clone())
}

/// The description of this interface, for people
#[utoipa::path(get, path = "/docs", operation_id = "docs", tag = "Description", security(()),
    responses((status = 200, body = String, content_type = "text/html", description = "A page without any outside resource",
        example = "<!DOCTYPE html>")))]
async fn docs(State(service): State<Shared>) -> Response {
    let mut response = cached("text/html; charset=utf-8", service.document.page.clone());
    let policy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// The style of the page
#[utoipa::path(get, path = "/docs/style.css", operation_id = "docs_style", tag = "Description", security(()),
    responses((status = 200, body = String, content_type = "text/css", description = "A style sheet", example = "body {}")))]
async fn style() -> Response {
    cached("text/css; charset=utf-8", Bytes::from_static(include_bytes!("style.css")))
}

fn cached(kind: &'static str, body: Bytes) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("max-age=300")),
    ];
    (headers, body).into_response()
}
