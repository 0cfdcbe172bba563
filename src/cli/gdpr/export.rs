//! `gdpr export`.

use std::io::Write as _;
use std::path::PathBuf;

use chancery_aggregates::Command as AnyCommand;
use chancery_aggregates::command::MemberCommand;
use serde_json::json;

use super::refuse_rehearsal;
use crate::cli::files::write_new;
use crate::cli::{CliError, Done, Session, resolve};
use crate::engine::{Moment, Request};
use crate::gdpr::{Dossier, page};

/// About whom, and where to.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The member's id
    member: String,
    /// Write the JSON to this new file; without --json and --html it goes to the standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a page to print to this new file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

impl Args {
    /// Whether it goes to files, and not to the standard output.
    pub(super) fn names_files(&self) -> bool {
        self.json.is_some() || self.html.is_some()
    }
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    refuse_rehearsal(session)?;
    let member = resolve::member(&args.member);
    let (engine, organisation) = (session.engine()?, session.organisation().await?);
    // The look is in the log before anything is handed out; the rules decide there whether it may be.
    let request = Request {
        organisation: organisation.clone(),
        commands: vec![AnyCommand::Member(member.clone(), MemberCommand::ExportPersonalData)],
        actor: session.actor()?.clone(),
        context: session.context(),
        idempotency_key: session.idempotency_key(),
    };
    let outcome = engine.execute(request).await?;
    // Where an answer was lost, what is handed out is what it was the first time.
    let replayed = engine.replay(&organisation, Moment::Position(outcome.position)).await?;
    let dossier = Dossier::read(engine, replayed, &member).await?;
    // INVARIANT: the command found the member.
    let dossier = dossier.ok_or(CliError::NoOrganisation)?;
    let text = serde_json::to_string_pretty(&dossier).map_err(|error| CliError::Io(error.into()))? + "\n";
    if !args.names_files() {
        session.output().raw(text.as_bytes())?;
        return Ok(Done::Shown);
    }
    if let Some(path) = &args.json {
        write_new(path, |mut file| Ok(file.write_all(text.as_bytes())?))?;
    }
    if let Some(path) = &args.html {
        write_new(path, |mut file| Ok(file.write_all(page(&dossier).as_bytes())?))?;
    }
    let files: Vec<String> = args.json.iter().chain(&args.html).map(|path| path.display().to_string()).collect();
    let value = json!({ "member": dossier.member.id, "position": dossier.position, "files": files });
    session.output().show(&value, |page| {
        page.line(format!("all that is held about {} up to position {}:", dossier.member.id, dossier.position));
        for file in &files {
            page.line(format!("  {file}"));
        }
    })?;
    Ok(Done::Shown)
}
