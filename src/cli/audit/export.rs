//! `audit export`.

use std::path::{Path, PathBuf};

use chancery_aggregates::Command;
use chancery_aggregates::command::OrganisationCommand;
use chancery_aggregates::event::AuditExported;
use chancery_aggregates::vocabulary::OrganisationId;
use chrono::{SecondsFormat, TimeDelta};
use serde_json::json;

use super::super::options::Point;
use super::super::time::Edge;
use super::super::{CliError, Done, Session};
use super::{LogKey, bar};
use crate::engine::{Engine, EngineError, Moment, Request};
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
    /// A directory, or a file that ends in .tar.zst; neither may be there yet
    #[arg(long, value_name = "DIR|FILE.tar.zst")]
    out: PathBuf,
    #[command(flatten)]
    key: LogKey,
}

const HELP: &str = "\
The export needs the profile's permission to export the audit log, and is an event itself: recorded before
anything is written. The README in the pack says how to verify it with other people's tools.";

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let organisation = session.organisation().await?;
    let engine = session.engine()?;
    let actor = session.actor()?.clone();
    let (from, until) = range(args, engine, &organisation).await?;
    if args.out.exists() {
        let source = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
        return Err(CliError::File { path: args.out.clone(), source });
    }
    let export = AuditExported { from, until, format: "pack".into(), filters: Default::default() };
    let request = Request {
        organisation: organisation.clone(),
        commands: vec![Command::Organisation(OrganisationCommand::ExportAudit(export))],
        actor,
        context: session.context(),
        idempotency_key: session.options().idempotency_key.clone(),
    };
    let outcome = engine.execute(request).await?;
    if session.options().dry_run {
        return Ok(Done::Wrote(outcome));
    }
    let checkpoint = sign(engine, &organisation, &args.key.signer(session)?).await?;
    let made = engine.now().to_rfc3339_opts(SecondsFormat::Secs, true);
    let wanted = Wanted { organisation: organisation.to_string(), from, until, checkpoint, made };
    let manifest = write(engine, &wanted, &args.out).await?;
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
    })?;
    Ok(Done::Wrote(outcome))
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
    let from = match args.from.as_ref().map(|point| point.moment(Edge::Start, now)) {
        None => 1,
        Some(Moment::Position(position)) => position.max(1),
        Some(Moment::Now) => last_until(engine, organisation, Moment::Now).await? + 1,
        Some(Moment::Time(time)) => {
            let before = time.checked_sub_signed(TimeDelta::microseconds(1)).unwrap_or(time);
            last_until(engine, organisation, Moment::Time(before)).await? + 1
        }
    };
    let to = args.to.as_ref().map_or(Moment::Now, |point| point.moment(Edge::Included, now));
    let until = last_until(engine, organisation, to).await?;
    if from > until {
        let message = "no event is in this range".to_owned();
        return Err(CliError::Input { rule: "empty_range", message });
    }
    Ok((from, until))
}

/// Position of the last event up to a moment; 0 before the first.
async fn last_until(engine: &Engine, organisation: &OrganisationId, moment: Moment) -> Result<u64, CliError> {
    match engine.replay(organisation, moment).await {
        Ok(replayed) => Ok(replayed.state.position()),
        Err(EngineError::BeforeFounding { .. }) => Ok(0),
        Err(error) => Err(error.into()),
    }
}
