//! The dossier as a page to be printed. Every value is escaped.

use chancery_aggregates::vocabulary::Time;
use chancery_projections::activity::Entry;
use maud::{DOCTYPE, Markup, html};
use serde_json::Value;

use super::dossier::Dossier;

const STYLE: &str = "body{font:11pt/1.4 sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#111}\
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem;border-bottom:1px solid #999}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0}\
th{border-bottom:1px solid #999}td:first-child{white-space:nowrap}.quiet{color:#555}\
@media print{body{margin:0;max-width:none}h2{break-after:avoid}tr{break-inside:avoid}}";

/// A whole page, with nothing from outside.
pub fn page(dossier: &Dossier) -> String {
    let title = format!("Personal data of {}", dossier.member.name.as_deref().unwrap_or(&dossier.member.id));
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (STYLE) }
            }
            body {
                h1 { (title) }
                p.quiet {
                    "All that " (dossier.organisation.name.as_deref().unwrap_or_default()) " (" (dossier.organisation.id)
                    ") holds in its record of access about " (dossier.member.id) ", as of " (at(dossier.made))
                    ", position " (dossier.position) " of its log."
                }
                @if dossier.erased.is_some() { p { "The personal data was erased and can no longer be read." } }
                @if dossier.legal_hold.is_some() { p { "The personal data is under a legal hold." } }
                (present(&dossier.now))
                (section("Names, addresses and numbers", &["Since", "What", "Value"], dossier.details.iter().map(|it| {
                    [at(it.from), it.field.to_owned(), it.value.clone().unwrap_or_else(|| "(none)".to_owned())]
                })))
                (section("Access, and when", &["From", "Until", "What"], dossier.access.iter().map(|it| {
                    [at(it.from), it.until.map_or_else(String::new, at), it.what.clone()]
                })))
                (section("Keys", &["Issued", "What for", "Last used", "Ended"], dossier.keys.iter().map(|key| {
                    let text = |name: &str| key.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
                    let ended = [text("revoked"), text("expires")].into_iter().find(|at| !at.is_empty());
                    [text("issued"), text("label"), text("last_used"), ended.unwrap_or_default()]
                })))
                (section("Who had this handed out", &["When", "Who", "Why"], dossier.looks.iter().map(|it| {
                    [at(it.time), it.by_name.clone(), it.reason.clone().unwrap_or_default()]
                })))
                (section("Where their requests came from", &["From"], dossier.requests_from.iter().map(|it| [it.clone()])))
                (section("What happened to them", &["When", "Position", "What"], dossier.about.iter().map(line)))
                (section("What they did", &["When", "Position", "What"], dossier.done.iter().map(line)))
            }
        }
    }
    .into_string()
}

fn line(entry: &Entry) -> [String; 3] {
    [at(entry.time), entry.position.to_string(), entry.sentence.clone()]
}

fn at(time: Time) -> String {
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The plain values of the member as they are now.
fn present(now: &Value) -> Markup {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let rows = now.as_object().into_iter().flatten().filter_map(|(name, value)| Some([name.clone(), text(value)?]));
    section("Now", &["What", "Value"], rows)
}

fn section<const N: usize>(title: &str, columns: &[&str; N], rows: impl Iterator<Item = [String; N]>) -> Markup {
    let rows: Vec<_> = rows.collect();
    html! {
        h2 { (title) }
        @if rows.is_empty() {
            p.quiet { "Nothing." }
        } @else {
            table {
                thead { tr { @for column in columns { th { (column) } } } }
                tbody { @for row in &rows { tr { @for cell in row { td { (cell) } } } } }
            }
        }
    }
}
