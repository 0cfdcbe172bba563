//! `review evidence`.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::{CliError, Done, Session};
use crate::review::{Evidence, Sheet, write};
use crate::sheet::SheetError;
use crate::views::review::find;

/// Of which review, and where to.
#[derive(Debug, clap::Args)]
#[command(after_help = NOTE)]
pub struct Args {
    /// The review's id
    review: String,
    /// A directory, which may not be there yet; without it, the JSON goes to the standard output
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

const NOTE: &str = "\
In the directory are evidence.json, evidence.html (to be printed), evidence.csv and evidence.xlsx, and, once the log is
signed, checkpoint.txt and completion.tlog-proof, which other people's tools verify. The program holds the lines and the
root against the log, and ends with exit code 1 where they do not agree.";

impl Args {
    pub(super) fn writes_files(&self) -> bool {
        self.out.is_some()
    }
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let view = session.head().await?;
    view.facts.may_review()?;
    let entry = find(&view.facts, &args.review)?;
    let evidence = Evidence::of(session.engine()?, &view.facts, entry).await?;
    let done = if evidence.holds() { Done::Shown } else { Done::Amiss };
    let value = evidence.json();
    let Some(out) = &args.out else {
        let text = serde_json::to_string_pretty(&value).map_err(|error| CliError::Io(error.into()))? + "\n";
        session.output().raw(text.as_bytes())?;
        return Ok(done);
    };
    let text = serde_json::to_string_pretty(&value).map_err(|error| CliError::Io(error.into()))? + "\n";
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| CliError::File { path, source }
    };
    std::fs::create_dir(out).map_err(failed(out))?;
    let mut files =
        vec![file(out, "evidence.json", text.as_bytes())?, file(out, "evidence.html", evidence.html().as_bytes())?];
    for (name, sheet) in [("evidence.csv", Sheet::Csv), ("evidence.xlsx", Sheet::Xlsx)] {
        let path = out.join(name);
        let created = create(&path).map_err(failed(&path))?;
        write(&evidence, sheet, Box::new(BufWriter::new(created))).map_err(|error| match error {
            SheetError::Output(source) => failed(&path)(source),
            other => failed(&path)(std::io::Error::other(other.to_string())),
        })?;
        files.push(path);
    }
    for (name, text) in [("checkpoint.txt", evidence.note()), ("completion.tlog-proof", evidence.proof())] {
        if let Some(text) = text {
            files.push(file(out, name, text.as_bytes())?);
        }
    }
    let names: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    session.output().show(&json!({ "files": names, "holds": evidence.holds() }), |page| {
        page.line(format!("the evidence of {}:", args.review));
        names.iter().for_each(|name| page.line(format!("  {name}")));
        if !evidence.holds() {
            page.line("it does not agree with the log");
        }
    })?;
    Ok(done)
}

fn file(out: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, CliError> {
    let path = out.join(name);
    let written = create(&path).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    match written {
        Ok(()) => Ok(path),
        Err(source) => Err(CliError::File { path, source }),
    }
}

/// For its owner alone, and over nothing that is there.
fn create(path: &Path) -> std::io::Result<std::fs::File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}
