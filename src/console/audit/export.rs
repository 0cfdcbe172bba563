//! What is chosen, taken away: in the formats of other programs, or as evidence.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chancery_aggregates::Command;
use chancery_aggregates::command::OrganisationCommand;
use chancery_aggregates::event::AuditExported;
use chancery_projections::audit::Filter;
use chrono::SecondsFormat;
use maud::{Markup, html};

use super::asked::{asked, positions};
use super::list::hidden;
use crate::api::download::download;
use crate::api::problem::Problem;
use crate::audit::{About, Asked, Download, Entries, Format};
use crate::console::form::Deed;
use crate::console::oops::Oops;
use crate::console::visit::Visit;
use crate::log::Signer;
use crate::log::pack::Wanted;
use crate::log::sign::{SignError, sign};

/// What proves what it has, and is no format of another program.
const PACK: &str = "pack";

/// The menu that exports what the page has chosen; for who may export, and not in the past, where nothing is recorded.
pub(super) fn offer(visit: &Visit) -> Markup {
    if !visit.is_present() || visit.head.may_export().is_err() {
        return html! {};
    }
    let signs = visit.service.settings.log_key.is_some();
    let chosen = super::asked::chosen(&visit.query);
    html! {
        details.menu.export {
            summary.button { "Export" }
            form.panel method="post" action=(visit.present("/audit/export")) {
                (visit.token()) (hidden(visit))
                p.quiet { @if chosen.query().is_empty() { "All entries." } @else { "The entries that are chosen, all pages of them." } " The export is recorded in the log before it begins." }
                label for="format" { "As" }
                select id="format" name="format" {
                    @for (format, about) in Format::ALL { option value=(format.as_str()) { (about) } }
                    @if signs { option value=(PACK) { "Evidence pack: every entry of the range, with proofs (.tar.zst)" } }
                }
                @if !signs { small { "An evidence pack needs a key that signs: start the service with " code { "--log-key" } "." } }
                label for="export-reason" { "Reason " span.quiet { "(it is kept in the log)" } }
                input id="export-reason" name="reason" maxlength="500";
                div.row { button.main { "Export" } }
            }
        }
    }
}

/// As what it is written.
enum Written {
    As(Format),
    Pack(Signer),
}

pub(super) async fn export(deed: Deed) -> Result<Response, Oops> {
    let Deed { visit, fields } = &deed;
    let written = written(visit, fields.text("format"))?;
    let (asked, pack) = (asked(fields), matches!(written, Written::Pack(_)));
    // A pack has every event of its range, or it would prove nothing.
    let asked = if pack { Asked::default() } else { asked };
    // Whoever may not export is not told what there is: the export is refused, and on record.
    let may = visit.head.may_export().is_ok();
    let filter = if may { asked.filter(&visit.head).map_err(Problem::from)? } else { Filter::default() };
    let (from, until) = if may { positions(visit, fields).await? } else { (1, 1) };
    if from > until {
        return Err(Problem::bad_request("empty_range", "no entry is in this range").into());
    }
    let name = match &written {
        Written::As(format) => format.as_str(),
        Written::Pack(_) => PACK,
    };
    let export = AuditExported { from, until, format: name.into(), filters: asked.recorded() };
    deed.export(Command::Organisation(OrganisationCommand::ExportAudit(export))).await?;
    let engine = &visit.service.engine;
    let organisation = visit.organisation.clone();
    let made = engine.now().to_rfc3339_opts(SecondsFormat::Secs, true);
    match written {
        Written::As(format) => {
            let about = About { organisation: organisation.clone(), from, until, filters: asked.told(), made };
            let entries = Entries::new(engine, &organisation, from - 1, until, filter).await?;
            let file = format!("{organisation}-{from}-{until}.{}", format.extension());
            Ok(sent(&file, format.media_type(), Download::begin(format, about, entries)))
        }
        Written::Pack(signer) => {
            let checkpoint = sign(engine, &organisation, &signer).await.map_err(unsigned)?;
            let wanted = Wanted { organisation: organisation.to_string(), from, until, checkpoint, made };
            let file = format!("{organisation}-{from}-{until}.tar.zst");
            Ok(sent(&file, "application/zstd", Download::pack(engine.store().clone(), wanted, file.clone())))
        }
    }
}

fn written(visit: &Visit, format: &str) -> Result<Written, Oops> {
    if format != PACK {
        let detail = "an export is written as `csv`, `xlsx`, `ocsf`, `cloudevents`, `syslog` or `pack`";
        let bad = || Oops::from(Problem::bad_request("bad_query", detail).field("format"));
        return Format::named(format).map(Written::As).ok_or_else(bad);
    }
    let Some(place) = &visit.service.settings.log_key else {
        let detail = "an evidence pack needs a key that signs, and the service has none: start it with `--log-key`";
        return Err(Problem::new(StatusCode::CONFLICT, "log_key", detail).into());
    };
    place.signer().map(Written::Pack).map_err(|error| {
        tracing::error!(%error, "the key that signs checkpoints cannot be read");
        Problem::unavailable("log_key", "the key that signs cannot be read: see the service's log").into()
    })
}

fn unsigned(error: SignError) -> Oops {
    match error {
        SignError::Engine(error) => error.into(),
        SignError::Store(error) => Problem::from(error).into(),
        forked @ SignError::Forked { .. } => {
            Problem::new(StatusCode::CONFLICT, "log_forked", forked.to_string()).into()
        }
    }
}

fn sent(file: &str, kind: &'static str, written: Download) -> Response {
    (download(file, kind), Body::from_stream(written.stream())).into_response()
}
