//! `audit export`.

use std::path::{Path, PathBuf};

use chancery_aggregates::Command;
use chancery_aggregates::command::OrganisationCommand;
use chancery_aggregates::event::AuditExported;
use chancery_aggregates::vocabulary::OrganisationId;
use chancery_projections::audit::Filter;
use chrono::SecondsFormat;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use serde_json::json;

use super::super::files::check_new;
use super::super::options::{self, Point};
use super::super::time::Edge;
use super::super::{CliError, Done, Session};
use super::list::Chosen;
use super::{LogKey, bar, written};
use crate::audit::{self, About, Format};
use crate::engine::Engine;
use crate::log::pack::{self, Manifest, Wanted};
use crate::log::sign::sign;

/// Which events, and where to.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    /// From this time or position on [default: the first event]
    #[arg(long, value_name = "TIME|POSITION")]
    from: Option<Point>,
    /// Up to this time or position, included [default: the last event]
    #[arg(long, value_name = "TIME|POSITION")]
    to: Option<Point>,
    /// A file; for a pack a directory, or a file that ends in .tar.zst. It may not be there yet
    #[arg(long, value_name = "DIR|FILE")]
    out: PathBuf,
    /// As what it is written: a pack is evidence; the others are for other programs, and can be chosen from
    #[arg(long, value_name = "FORMAT", value_parser = format_parser(), default_value = PACK)]
    format: options::Format,
    #[command(flatten)]
    chosen: Chosen,
    #[command(flatten)]
    key: LogKey,
}

const HELP: &str = "\
The export needs the profile's permission to export the audit log, and is an event itself: recorded before
anything is written. The README in the pack says how to verify it with other people's tools.";

/// The format that proves what it has.
const PACK: &str = "pack";

fn format_parser() -> impl TypedValueParser<Value = options::Format> {
    let pack = PossibleValue::new(PACK).help("Events with all that it takes to verify them elsewhere");
    let others = Format::ALL.map(|(format, help)| PossibleValue::new(format.as_str()).help(help));
    // As on every other command: how the program tells what it did.
    let told = ["table", "json"].map(|name| PossibleValue::new(name).hide(true));
    PossibleValuesParser::new([pack].into_iter().chain(others).chain(told)).map(|name| match Format::named(&name) {
        Some(format) => options::Format::Exported(format),
        None if name == "json" => options::Format::Json,
        None => options::Format::Table,
    })
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let organisation = session.organisation().await?;
    let engine = session.engine()?;
    session.actor()?;
    let asked = args.chosen.asked();
    let filter = filter(args, session).await?;
    let (from, until) = range(args, engine, &organisation).await?;
    check_new(&args.out)?;
    let format = match args.format {
        options::Format::Exported(format) => Some(format),
        // How the program tells what it did; what is written is a pack.
        _ => None,
    };
    let name = format.map_or(PACK, Format::as_str);
    let export = AuditExported { from, until, format: name.into(), filters: asked.recorded() };
    let outcome = session.export(Command::Organisation(OrganisationCommand::ExportAudit(export))).await?;
    if session.options().dry_run {
        return Ok(Done::Wrote(outcome));
    }
    let made = engine.now().to_rfc3339_opts(SecondsFormat::Secs, true);
    if let Some(format) = format {
        let about = About { organisation, from, until, filters: asked.told(), made };
        let wanted = written::Wanted { format, about, filter, out: &args.out };
        return written::write(wanted, session, outcome).await;
    }
    let checkpoint = sign(engine, &organisation, &args.key.signer(session)?).await?;
    let wanted = Wanted { organisation: organisation.to_string(), from, until, checkpoint, made };
    let manifest = write(engine, &wanted, &args.out).await?;
    tell(args, session, &manifest)?;
    Ok(Done::Wrote(outcome))
}

fn tell(args: &Args, session: &Session, manifest: &Manifest) -> Result<(), CliError> {
    session.output().show(&json!({ "out": args.out, "manifest": manifest }), |page| {
        page.line(format!(
            "{} events of {}, #{} to #{}, are in {}",
            manifest.count,
            manifest.organisation,
            manifest.from,
            manifest.until,
            args.out.display()
        ));
        page.fields(&[
            ("root", Some(manifest.root.clone())),
            ("checkpoint", Some(format!("#{} {}", manifest.checkpoint_size, manifest.checkpoint_root))),
        ]);
    })
}

/// What entries are chosen by. Whoever may not export is not told what there is: the export is refused, and on record.
async fn filter(args: &Args, session: &Session) -> Result<Filter, CliError> {
    let asked = args.chosen.asked();
    if asked.is_empty() {
        return Ok(Filter::default());
    }
    if !matches!(args.format, options::Format::Exported(_)) {
        let message = "a pack has every event of its range, or it would prove nothing: choose by `--from` and `--to`, \
                       or write another `--format`";
        return Err(CliError::Input { rule: "whole_pack", message: message.to_owned() });
    }
    let facts = session.facts_for_change().await?;
    if facts.may_export().is_err() {
        return Ok(Filter::default());
    }
    Ok(asked.filter(&facts)?)
}

/// An archive is made of a directory beside it, which is then removed.
async fn write(engine: &Engine, wanted: &Wanted, out: &Path) -> Result<Manifest, CliError> {
    let file = |source| CliError::File { path: out.to_owned(), source };
    let archive = out.to_string_lossy().ends_with(".tar.zst");
    let mut directory = out.as_os_str().to_owned();
    if archive {
        directory.push(".partial");
    }
    let directory = PathBuf::from(directory);
    std::fs::create_dir(&directory).map_err(file)?;
    let bar = bar("exporting", wanted.until + 1 - wanted.from);
    let advance = bar.clone();
    let manifest = pack::write(&**engine.store(), wanted, &directory, move || advance.inc(1)).await?;
    bar.finish_and_clear();
    if archive {
        pack::compress(&directory, out).map_err(file)?;
        std::fs::remove_dir_all(&directory).map_err(file)?;
    }
    Ok(manifest)
}

/// First and last position of what is asked for.
async fn range(args: &Args, engine: &Engine, organisation: &OrganisationId) -> Result<(u64, u64), CliError> {
    let now = engine.now();
    let from = args.from.as_ref().map(|point| point.moment(Edge::Start, now));
    let to = args.to.as_ref().map(|point| point.moment(Edge::Included, now));
    let (from, until) = audit::range(engine, organisation, from, to).await?;
    if from > until {
        let message = "no event is in this range".to_owned();
        return Err(CliError::Input { rule: "empty_range", message });
    }
    Ok((from, until))
}
