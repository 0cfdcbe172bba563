//! The description as a page: written from the same document, escaped throughout, without scripts.

use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, html};
use serde_json::Value;

/// The order in which methods are shown.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

struct Operation<'a> {
    method: &'a str,
    path: &'a str,
    value: &'a Value,
}

impl Operation<'_> {
    fn id(&self) -> &str {
        text(self.value, "operationId")
    }

    /// Operations need a key unless they say that they need nothing.
    fn is_public(&self) -> bool {
        self.value.get("security").is_some()
    }
}

/// The page.
pub(super) fn render(document: &Value) -> String {
    let mut tags: BTreeMap<&str, Vec<Operation<'_>>> = BTreeMap::new();
    for (path, item) in members(document.get("paths")) {
        for method in METHODS {
            let Some(value) = item.get(method) else { continue };
            let tag = value.pointer("/tags/0").and_then(Value::as_str).unwrap_or_default();
            tags.entry(tag).or_default().push(Operation { method, path, value });
        }
    }
    let info = document.get("info").unwrap_or(&Value::Null);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (text(info, "title")) " " (text(info, "version")) }
                link rel="stylesheet" href="/docs/style.css";
            }
            body {
                (contents(&tags))
                main {
                    h1 { (text(info, "title")) " " span.public { (text(info, "version")) } }
                    (paragraphs(text(info, "description")))
                    p { "For programs: " a href="/openapi.json" { "/openapi.json" } " (OpenAPI 3.1)." }
                    p { "The examples take the address from " code { "CHANCERY" } " and the key from " code { "CHANCERY_KEY" } ":" }
                    pre { code { "export CHANCERY=" (server(document)) " CHANCERY_KEY=chancery_…" } }
                    @for (tag, operations) in &tags {
                        h2 id={ "tag-" (anchor(tag)) } { (tag) }
                        @for operation in operations { (show(document, operation)) }
                    }
                    h2 id="schemas" { "Schemas" }
                    @for (name, schema) in members(document.pointer("/components/schemas")) { (show_schema(name, schema)) }
                }
            }
        }
    };
    page.into_string()
}

/// All operations by what they are about.
fn contents(tags: &BTreeMap<&str, Vec<Operation<'_>>>) -> Markup {
    html! {
        nav aria-label="Operations" {
            @for (tag, operations) in tags {
                details open {
                    summary { a href={ "#tag-" (anchor(tag)) } { (tag) } }
                    ul { @for operation in operations {
                        li { a href={ "#" (operation.id()) } { (summary(operation)) } }
                    } }
                }
            }
            p { a href="#schemas" { "Schemas" } }
        }
    }
}

fn anchor(tag: &str) -> String {
    tag.to_lowercase().replace(' ', "-")
}

fn server(document: &Value) -> &str {
    document.pointer("/servers/0/url").and_then(Value::as_str).unwrap_or_default()
}

fn show(document: &Value, operation: &Operation<'_>) -> Markup {
    let value = operation.value;
    html! {
        section id=(operation.id()) {
            h3 { (summary(operation)) }
            p.call {
                span class={ "method " (operation.method) } { (operation.method) } " " code { (operation.path) }
                @if operation.is_public() { " " span.public { "without a key" } }
            }
            (paragraphs(text(value, "description")))
            @if let Some(parameters) = value.get("parameters").and_then(Value::as_array) {
                table { thead { tr { th { "parameter" } th { "in" } th { "type" } th { "what" } } }
                    tbody { @for parameter in parameters { (show_parameter(parameter)) } } }
            }
            @for (_, content) in members(value.pointer("/requestBody/content")) {
                p { "Body: " (schema_name(content.get("schema"))) }
            }
            pre { code { (curl(document, operation)) } }
            table { thead { tr { th { "status" } th { "what" } th { "body" } } }
                tbody { @for (status, response) in members(value.get("responses")) { tr {
                    td { (status) }
                    td { (spans(text(response, "description"))) }
                    td { (bodies(response)) }
                } } } }
            @if let Some(answer) = answered(document, operation) {
                details { summary { "An answer" } pre { code { (answer) } } }
            }
        }
    }
}

fn show_parameter(parameter: &Value) -> Markup {
    let required = parameter.get("required").and_then(Value::as_bool).unwrap_or_default();
    html! { tr {
        td { code { (text(parameter, "name")) } @if required { " " span.public { "required" } } }
        td { (text(parameter, "in")) }
        td { (schema_name(parameter.get("schema"))) }
        td { (spans(text(parameter, "description"))) }
    } }
}

/// What a response may have in its body; several media types by their names.
fn bodies(response: &Value) -> Markup {
    let contents: Vec<_> = members(response.get("content")).collect();
    html! { @for (number, (kind, content)) in contents.iter().enumerate() {
        @if number > 0 { br; }
        (schema_name(content.get("schema")))
        @if contents.len() > 1 { " " span.public { (kind) } }
    } }
}

/// The operation as it is called, with the examples of what it takes.
fn curl(document: &Value, operation: &Operation<'_>) -> String {
    let mut path = operation.path.to_owned();
    let mut query = Vec::new();
    for parameter in operation.value.get("parameters").and_then(Value::as_array).into_iter().flatten() {
        let (name, example) = (text(parameter, "name"), plain(parameter.get("example")));
        let required = parameter.get("required").and_then(Value::as_bool).unwrap_or_default();
        match text(parameter, "in") {
            "path" => path = path.replace(&format!("{{{name}}}"), &example),
            "query" if required => query.push(format!("{name}={example}")),
            _ => {}
        }
    }
    if !query.is_empty() {
        path = format!("{path}?{}", query.join("&"));
    }
    let mut line = match operation.method {
        "get" => "curl".to_owned(),
        method => format!("curl -X {}", method.to_uppercase()),
    };
    if !operation.is_public() {
        line.push_str(" -H \"Authorization: Bearer $CHANCERY_KEY\"");
    }
    line.push_str(&format!(" \"$CHANCERY{path}\""));
    let body = operation.value.pointer("/requestBody/content/application~1json");
    if let Some(example) = body.and_then(|content| example(document, content)) {
        // What stands in a text of the shell ends it: no example has an apostrophe, or it is written as one.
        let text = example.to_string().replace('\'', "\\u0027");
        line.push_str(&format!(" \\\n  -H 'Content-Type: application/json' -d '{text}'"));
    }
    line
}

/// The example of the first answer that is a success and JSON.
fn answered(document: &Value, operation: &Operation<'_>) -> Option<String> {
    let responses = members(operation.value.get("responses")).filter(|(status, _)| status.starts_with('2'));
    let mut contents = responses.filter_map(|(_, response)| response.pointer("/content/application~1json"));
    contents.find_map(|content| example(document, content)).map(|example| format!("{example:#}"))
}

/// The example of a content: its own, else that of its schema, else that of the first alternative which has one.
fn example<'a>(document: &'a Value, content: &'a Value) -> Option<&'a Value> {
    let of_schema = |schema: &'a Value| {
        let named = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
        let schema = named.and_then(|path| document.pointer(path)).unwrap_or(schema);
        let alternatives = schema.get("oneOf").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        (schema, schema.get("example").or_else(|| schema.pointer("/examples/0")), alternatives)
    };
    let schema = content.get("schema");
    let own = content.get("example").or_else(|| of_schema(schema?).1);
    // A change is described by its preview first: what is there afterwards says more.
    own.or_else(|| of_schema(schema?).2.iter().rev().find_map(|one| of_schema(one).1))
}

/// An example as it stands in an address.
fn plain(example: Option<&Value>) -> String {
    match example {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "…".to_owned(),
    }
}

fn show_schema(name: &str, schema: &Value) -> Markup {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let example = schema.get("example").or_else(|| schema.pointer("/examples/0"));
    html! {
        section id={ "schema-" (name) } {
            h3 { (name) }
            (paragraphs(text(schema, "description")))
            @if schema.get("properties").is_some() {
                table { thead { tr { th { "member" } th { "type" } th { "what" } } }
                    tbody { @for (member, of) in members(schema.get("properties")) { tr {
                        td { code { (member) } @if !required.contains(&member) { " " span.public { "optional" } } }
                        td { (schema_name(Some(of))) }
                        td { (spans(text(of, "description"))) }
                    } } } }
            }
            @if let Some(values) = schema.get("enum").and_then(Value::as_array) {
                p { @for value in values { code { (value.as_str().unwrap_or_default()) } " " } }
            }
            @if let Some(example) = example { pre { code { (format!("{example:#}")) } } }
        }
    }
}

/// A schema as it is named: a link where it has a name of its own.
fn schema_name(schema: Option<&Value>) -> Markup {
    let Some(schema) = schema else { return html! {} };
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()) {
        return html! { a href={ "#schema-" (name) } { (name) } };
    }
    for several in ["oneOf", "allOf", "anyOf"] {
        if let Some(parts) = schema.get(several).and_then(Value::as_array) {
            return html! { @for (number, part) in parts.iter().enumerate() {
                @if number > 0 { " or " } (schema_name(Some(part)))
            } };
        }
    }
    match schema.get("type") {
        Some(Value::String(kind)) if kind == "array" => html! { "list of " (schema_name(schema.get("items"))) },
        Some(Value::String(kind)) => html! { (kind) },
        Some(Value::Array(kinds)) => html! { @for (number, kind) in kinds.iter().enumerate() {
            @if number > 0 { " or " } (kind.as_str().unwrap_or_default())
        } },
        _ => html! { "any" },
    }
}

fn summary(operation: &Operation<'_>) -> Markup {
    spans(text(operation.value, "summary"))
}

fn paragraphs(text: &str) -> Markup {
    html! { @for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.is_empty()) { p { (spans(paragraph)) } } }
}

/// Text in which backticks mark code.
fn spans(text: &str) -> Markup {
    html! { @for (number, span) in text.split('`').enumerate() {
        @if number % 2 == 1 { code { (span) } } @else { (span) }
    } }
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}
