//! `report`: tables for auditors, with the position and the root of the log.

use std::io::BufWriter;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValue;
use serde_json::json;

use super::files::{check_new, write_new};
use super::options::{At, Point};
use super::output::{Page, Table, Tone};
use super::time::Edge;
use super::{CliError, Done, Session, resolve};
use crate::engine::Moment;
use crate::reports::{Cell, Filter, Format, Kind, Question, Report, ReportError, attempt, text};
use crate::store::sqlite::Access;

/// Which report, about when, and where to.
#[derive(Debug, clap::Args)]
#[command(after_help = NOTE)]
pub struct Args {
    /// Which report; without one, they are listed
    #[arg(value_name = "REPORT", value_enum)]
    kind: Option<Wanted>,
    /// From this time on, or after this position, for those about a period [default: the first event]
    #[arg(long, value_name = "TIME|POSITION")]
    from: Option<Point>,
    /// Up to this time or position, included, for those about a period [default: now]
    #[arg(long, value_name = "TIME|POSITION")]
    to: Option<Point>,
    #[command(flatten)]
    at: At,
    /// Only what is about this member
    #[arg(long, value_name = "MEMBER")]
    member: Option<String>,
    /// Only what is about this role
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// Write it to this new file, as its name ends: .csv, .xlsx, .html (to be printed) or .json
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

const NOTE: &str = "\
A report says up to which position it looks at the log, how many events that are, and what their root is: `audit verify`
and a checkpoint tell whether that is the log. Asked again of the same log, a report has the same bytes. A file is an
export: it needs the profile's permission to export the audit log, and is recorded before it is written.";

/// A kind as the command line has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wanted(Kind);

impl clap::ValueEnum for Wanted {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Wanted; Kind::ALL.len()] = [
            Wanted(Kind::Access),
            Wanted(Kind::Changes),
            Wanted(Kind::Movements),
            Wanted(Kind::Privileged),
            Wanted(Kind::Separation),
            Wanted(Kind::ServiceAccounts),
            Wanted(Kind::Dormant),
            Wanted(Kind::RoleDefinitions),
        ];
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()).help(self.0.answers()))
    }
}

impl Args {
    /// A file is an export, which is recorded.
    pub(super) fn needs(&self) -> Access {
        if self.out.is_some() { Access::Write } else { Access::Read }
    }
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let Some(Wanted(kind)) = args.kind else { return list(session) };
    let head = session.head().await?.facts;
    let file = args.out.as_deref().map(|path| Ok::<_, CliError>((path, format_of(path, session)?))).transpose()?;
    // Reports are about everybody: for who may look at everything, and files for who may take it away.
    if file.is_none() {
        head.may_replay()?;
    }
    let (engine, organisation) = (session.engine()?, session.organisation().await?);
    let now = engine.now();
    let until = match (&args.at.at, &args.to) {
        (Some(_), Some(_)) => return Err(input("two_ends", "`--at` and `--to` say the same: leave one of them out")),
        (Some(point), None) | (None, Some(point)) => point.moment(Edge::Included, now),
        (None, None) => Moment::Now,
    };
    if let Some((_, format)) = file.filter(|_| head.may_export().is_err()) {
        let filter = Filter { member: args.member.clone(), role: args.role.clone() };
        return Ok(Done::Wrote(session.export(attempt(kind, &filter, format)).await?));
    }
    let reader = head.reader()?;
    let role = args.role.as_ref().map(|text| match resolve::role(&reader, text) {
        Ok((_, role)) => role.id.to_string(),
        // It may have been there at the time that is asked about.
        Err(_) => text.clone(),
    });
    let question = Question {
        kind,
        from: args.from.as_ref().map(|point| point.moment(Edge::Start, now)),
        until,
        filter: Filter { member: args.member.clone(), role },
    };
    let report = Report::make(engine, &organisation, &question).await?;
    let Some((path, format)) = file else {
        session.output().show(&report.json(), |page| show(&report, page))?;
        return Ok(Done::Shown);
    };
    let outcome = session.export(report.export(format)).await?;
    if !session.options().dry_run {
        write_new(path, |file| report.write(format, BufWriter::new(file)))?;
        tell(&report, path, session)?;
    }
    Ok(Done::Wrote(outcome))
}

fn tell(report: &Report, path: &Path, session: &Session) -> Result<(), CliError> {
    let told = json!({ "out": path, "report": report.kind, "position": report.position, "root": report.root,
        "rows": report.table.rows.len() });
    session.output().show(&told, |page| {
        page.line(format!(
            "{} as of #{}, {}, is in {}",
            report.kind.title(),
            report.position,
            chancery_projections::words::count(report.table.rows.len(), "row"),
            path.display()
        ));
        page.fields(&[("root", Some(report.root.clone()))]);
    })
}

fn list(session: &Session) -> Result<Done, CliError> {
    let about = |kind: Kind| if kind.is_of_period() { "a period" } else { "an instant" };
    let value: Vec<_> = Kind::ALL
        .iter()
        .map(|kind| json!({ "report": kind, "title": kind.title(), "answers": kind.answers(), "about": about(*kind) }))
        .collect();
    session.output().show(&value, |page| {
        let mut table = Table::new(["report", "about", "answers"]);
        for kind in Kind::ALL {
            table.row([kind.name(), about(kind), kind.answers()]);
        }
        page.table(table, "");
    })?;
    Ok(Done::Shown)
}

fn show(report: &Report, page: &mut Page) {
    page.toned(Tone::Strong, report.kind.title());
    let facts: Vec<(&str, Option<String>)> = report
        .facts()
        .into_iter()
        .filter(|(name, _)| *name != "report")
        .map(|(name, fact)| (name, Some(fact)))
        .collect();
    page.fields(&facts);
    page.gap();
    // A terminal has no room for what is empty everywhere, nor for what the sentence says again.
    let told = |name: &str| !matches!(name, "event_time" | "event_by" | "event_reason" | "keys" | "seconds");
    let filled = |column: usize| {
        report.table.rows.iter().any(|row| row.cells.get(column).is_some_and(|cell| *cell != Cell::Empty))
    };
    let shown: Vec<usize> = report
        .table
        .columns
        .iter()
        .enumerate()
        .filter(|(column, name)| told(name) && filled(*column))
        .map(|(column, _)| column)
        .collect();
    let heading = |column: &usize| report.table.columns.get(*column).map(|name| name.replace('_', " "));
    let mut table = Table::new(shown.iter().filter_map(heading));
    for row in &report.table.rows {
        table.row(shown.iter().filter_map(|column| row.cells.get(*column)).map(text));
    }
    page.table(table, "nothing to report");
}

fn format_of(path: &Path, session: &Session) -> Result<Format, CliError> {
    if session.is_served() {
        let message = "a service writes no files for a caller: leave `--out` out, or download the report from \
                       `/v1/organisations/…/reports`";
        return Err(input("no_files", message));
    }
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    let format = Format::named(&ending).ok_or_else(|| {
        let message = format!("`{}` ends as no report does: .csv, .xlsx, .html or .json", path.display());
        CliError::Input { rule: "unknown_format", message }
    })?;
    check_new(path)?;
    Ok(format)
}

fn input(rule: &'static str, message: &str) -> CliError {
    CliError::Input { rule, message: message.to_owned() }
}

impl From<ReportError> for CliError {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Engine(error) => error.into(),
            ReportError::NoPeriod(_) => Self::Input { rule: "no_period", message: error.to_string() },
            ReportError::Reversed => Self::Input { rule: "ends_reversed", message: error.to_string() },
            ReportError::Sheet(error) => Self::Io(std::io::Error::other(error)),
        }
    }
}
