//! What leaves as a file: offered to who may export, and on record before it leaves.

use chancery_aggregates::Command;
use maud::{Markup, html};

use super::form::Deed;
use super::oops::Oops;
use super::visit::Visit;
use crate::engine::{Context, Request};
use crate::reports::Format;

/// The form that asks for what a page shows as a file, at a path of the organisation; for who may export.
pub(super) fn files(visit: &Visit, path: &str) -> Markup {
    const FORMATS: [(Format, &str); 4] =
        [(Format::Html, "Page to print"), (Format::Csv, "CSV"), (Format::Xlsx, "Workbook"), (Format::Json, "JSON")];
    if visit.head.may_export().is_err() {
        return html! {};
    }
    html! {
        form.row method="post" action=(visit.present(path)) {
            (visit.token())
            @for (name, value) in visit.query.iter() { input type="hidden" name=(name) value=(value); }
            @for (format, label) in FORMATS { button name="format" value=(format.as_str()) { (label) } " " }
            small.quiet { "A file is an export, and recorded in the log." }
        }
    }
}

impl Deed {
    /// Records an export. Who may not is refused, and that is on record.
    pub(super) async fn export(&self, export: Command) -> Result<(), Oops> {
        let visit = &self.visit;
        let reason = self.fields.get("reason").map(str::to_owned);
        let request = Request {
            organisation: visit.organisation.clone(),
            commands: vec![export],
            actor: visit.head.actor.clone(),
            context: Context { reason, ..Context::of(&visit.origin) },
            idempotency_key: None,
        };
        Ok(visit.service.engine.execute(request).await.map(drop)?)
    }
}
