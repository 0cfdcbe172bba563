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
                meta name="viewport" content="width=device-width";
                title { (text(info, "title")) " " (text(info, "version")) }
                link rel="stylesheet" href="/docs/style.css";
            }
            body {
                h1 { (text(info, "title")) " " (text(info, "version")) }
                (paragraphs(text(info, "description")))
                p { "For programs: " a href="/openapi.json" { "/openapi.json" } }
                nav { ul { @for operation in tags.values().flatten() {
                    li { a href={ "#" (operation.id()) } { (summary(operation)) } }
                } } }
                @for (tag, operations) in &tags {
                    h2 { (tag) }
                    @for operation in operations { (show(operation)) }
                }
                h2 { "Schemas" }
                @for (name, schema) in members(document.pointer("/components/schemas")) { (show_schema(name, schema)) }
            }
        }
    };
    page.into_string()
}

fn show(operation: &Operation<'_>) -> Markup {
    let value = operation.value;
    html! {
        section id=(operation.id()) {
            h3 {
                span.method { (operation.method) } " " code { (operation.path) }
                @if operation.is_public() { " " span.public { "without a key" } }
            }
            p { (summary(operation)) }
            (paragraphs(text(value, "description")))
            @if let Some(parameters) = value.get("parameters").and_then(Value::as_array) {
                table { thead { tr { th { "parameter" } th { "in" } th { "what" } } }
                    tbody { @for parameter in parameters { tr {
                        td { code { (text(parameter, "name")) } }
                        td { (text(parameter, "in")) }
                        td { (spans(text(parameter, "description"))) }
                    } } } }
            }
            @for (_, content) in members(value.pointer("/requestBody/content")) {
                p { "Body: " (schema_name(content.get("schema"))) }
            }
            table { thead { tr { th { "status" } th { "what" } th { "body" } } }
                tbody { @for (status, response) in members(value.get("responses")) { tr {
                    td { (status) }
                    td { (spans(text(response, "description"))) }
                    td { @for (_, content) in members(response.get("content")) { (schema_name(content.get("schema"))) } }
                } } } }
        }
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
            @if let Some(example) = example { pre { (format!("{example:#}")) } }
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
