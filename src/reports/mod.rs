//! Reports for auditors, each a pure function of the log up to a position, with the root of the log there.
//!
//! [`Report::make`] reads what a report is made of and [`chancery_projections::reports`] makes its rows. A report says
//! of what log, which question and up to which position it is, how many events that are and what their root is, and
//! nothing of when it was made: asked again of the same log, it has the same bytes.

mod file;
mod html;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use chancery_aggregates::command::OrganisationCommand;
use chancery_aggregates::event::AuditExported;
use chancery_aggregates::vocabulary::{OrganisationId, Time};
use chancery_aggregates::{AccessState, Command};
use chancery_projections::activity::Entry;
pub use chancery_projections::reports::{Cell, Filter, Kind};
use chancery_projections::reports::{OfPeriod, Table, at_instant};
use serde_json::{Map, Value, json};

pub use self::file::Format;
pub(crate) use self::html::{rows as table, text};
use crate::engine::{Engine, EngineError, Moment};
use crate::log::sign::root_at;
use crate::sheet::SheetError;
use crate::views::findings::last_acted;
use crate::views::log::read;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Question {
    /// Which report.
    pub kind: Kind,
    /// The beginning of the period; without it, that of the log. Nothing else has one.
    pub from: Option<Moment>,
    /// The instant, or the end of the period.
    pub until: Moment,
    /// Which rows.
    pub filter: Filter,
}

/// One end of a period.
#[derive(Debug, Clone, Copy)]
pub struct End {
    /// Position of the last event before it; 0 at the beginning of the log.
    pub position: u64,
    /// The instant; absent at the beginning of the log.
    pub at: Option<Time>,
}

/// A report.
#[derive(Debug, Clone)]
pub struct Report {
    /// Which one.
    pub kind: Kind,
    /// Whose log.
    pub organisation: OrganisationId,
    /// The organisation's name then.
    pub name: String,
    /// The beginning of the period, where it is about one.
    pub from: Option<End>,
    /// Position of the last event that is looked at, which is how many events there are up to it.
    pub position: u64,
    /// The instant for which windows and documents are judged.
    pub at: Time,
    /// Root of the log's Merkle tree at the position (RFC 6962), in base64.
    pub root: String,
    /// Which rows.
    pub filter: Filter,
    /// The rows.
    pub table: Table,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The log cannot be read.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The report is about an instant.
    #[error("the report `{}` is about an instant: it has no beginning", .0.name())]
    NoPeriod(Kind),
    /// The ends stand the wrong way round.
    #[error("the end of the period comes before its beginning")]
    Reversed,
    /// The report cannot be written.
    #[error(transparent)]
    Sheet(#[from] SheetError),
}

impl Report {
    /// Makes a report. Who may read all of the log is the caller's question.
    ///
    /// # Errors
    /// [`ReportError`].
    pub async fn make(
        engine: &Engine,
        organisation: &OrganisationId,
        question: &Question,
    ) -> Result<Self, ReportError> {
        let Question { kind, filter, .. } = question;
        if question.from.is_some() && !kind.is_of_period() {
            return Err(ReportError::NoPeriod(*kind));
        }
        let last = engine.replay(organisation, question.until).await?;
        let (position, at) = (last.state.position(), last.at);
        let (from, table) = if kind.is_of_period() {
            let (end, state) = beginning(engine, organisation, question.from).await?;
            if end.position > position || end.at.is_some_and(|from| from > at) {
                return Err(ReportError::Reversed);
            }
            let report = OfPeriod::new(*kind, state, filter.clone());
            let report = read(engine, organisation, end.position, position, report, |report, recorded| {
                report.take(&recorded);
                ControlFlow::Continue(())
            });
            (Some(end), report.await?.finish(at))
        } else {
            let acted = match kind {
                Kind::Dormant => Some(last_acted(engine, organisation, position).await?),
                _ => None,
            };
            (None, at_instant(*kind, &last.state, at, filter, acted.as_ref()))
        };
        // A change is its own event; the rows of the other reports rest on one.
        let table = if *kind == Kind::Changes { table } else { cite(engine, organisation, position, table).await? };
        let root = root_at(&**engine.store(), organisation.as_str(), position).await.map_err(EngineError::from)?;
        Ok(Self {
            kind: *kind,
            organisation: organisation.clone(),
            name: last.state.name().to_owned(),
            from,
            position,
            at,
            root: root.to_string(),
            filter: filter.clone(),
            table,
        })
    }

    /// What is recorded before the report leaves as a file: an export of what it looks at.
    pub fn export(&self, format: Format) -> Command {
        let from = self.from.map_or(1, |end| (end.position + 1).min(self.position));
        exported(self.kind, &self.filter, format, from, self.position)
    }

    /// What it says of itself, by name.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let written = |at: Time| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
        let mut facts = vec![
            ("report", self.kind.title().to_owned()),
            ("answers", self.kind.answers().to_owned()),
            ("organisation", format!("{} ({})", self.name, self.organisation)),
        ];
        match self.from {
            Some(End { position, at: Some(at) }) => {
                facts.push(("from", format!("{} (after #{position})", written(at))))
            }
            Some(_) => facts.push(("from", "the beginning of the log".to_owned())),
            None => {}
        }
        facts.push((if self.from.is_some() { "to" } else { "as of" }, written(self.at)));
        facts.extend(self.filter.member.as_ref().map(|id| ("only member", id.clone())));
        facts.extend(self.filter.role.as_ref().map(|id| ("only role", id.clone())));
        facts.push(("position", format!("#{}", self.position)));
        facts.push(("events", self.position.to_string()));
        facts.push(("root", self.root.clone()));
        facts.push(("rows", self.table.rows.len().to_string()));
        facts.push(("times", "UTC".to_owned()));
        facts
    }

    /// For programs: rows as objects by column, without empty cells.
    pub fn json(&self) -> Value {
        let row = |cells: &[Cell]| -> Value {
            let filled = self.table.columns.iter().zip(cells).filter(|(_, cell)| **cell != Cell::Empty);
            filled.map(|(column, cell)| ((*column).to_owned(), json!(cell))).collect::<Map<_, _>>().into()
        };
        json!({
            "report": self.kind,
            "organisation": self.organisation,
            "name": self.name,
            "from": self.from.map(|end| json!({ "position": end.position, "at": end.at })),
            "at": self.at,
            "position": self.position,
            "events": self.position,
            "root": self.root,
            "member": self.filter.member,
            "role": self.filter.role,
            "columns": self.table.columns,
            "rows": self.table.rows.iter().map(|found| row(&found.cells)).collect::<Vec<_>>(),
        })
    }
}

/// The attempt of somebody who may not export: for them no report is made, and the refusal is on record.
pub(crate) fn attempt(kind: Kind, filter: &Filter, format: Format) -> Command {
    exported(kind, filter, format, 1, 1)
}

fn exported(kind: Kind, filter: &Filter, format: Format, from: u64, until: u64) -> Command {
    let chosen =
        [("report", Some(kind.name())), ("member", filter.member.as_deref()), ("role", filter.role.as_deref())];
    let filters = chosen.into_iter().filter_map(|(name, value)| Some((name.into(), value?.into()))).collect();
    let export = AuditExported { from, until, format: format.as_str().into(), filters };
    Command::Organisation(OrganisationCommand::ExportAudit(export))
}

async fn beginning(
    engine: &Engine,
    organisation: &OrganisationId,
    from: Option<Moment>,
) -> Result<(End, AccessState), EngineError> {
    let replayed = match from {
        None => None,
        Some(from) => match engine.replay(organisation, from).await {
            // A quarter in which an organisation was founded begins before it.
            Err(EngineError::BeforeFounding { .. }) => None,
            other => Some(other?),
        },
    };
    let Some(replayed) = replayed else {
        let state = engine.revealed(organisation, AccessState::default());
        return Ok((End { position: 0, at: None }, state));
    };
    let end = End { position: replayed.state.position(), at: Some(replayed.at) };
    Ok((end, replayed.state.as_ref().clone()))
}

/// Says in further columns what the events say that the rows rest on.
async fn cite(engine: &Engine, organisation: &OrganisationId, until: u64, table: Table) -> Result<Table, EngineError> {
    let wanted = table.cited();
    let last = wanted.last().copied().unwrap_or_default().min(until);
    let start = (engine.narrator(organisation), BTreeMap::<u64, Entry>::new());
    let (_, entries) = read(engine, organisation, 0, last, start, move |(narrator, entries), recorded| {
        narrator.pass(&recorded);
        if wanted.contains(&recorded.stamp.position) {
            entries.insert(recorded.stamp.position, narrator.entry(&recorded));
        }
        ControlFlow::Continue(())
    })
    .await?;
    Ok(table.with_events(&entries))
}
