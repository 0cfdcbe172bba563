//! `profile list|show|check`.

mod show;

use chancery_aggregates::profile::BUILT_IN;
use chancery_aggregates::profile::check::check;
use chancery_aggregates::profile::document::ProfileDocument;
use chancery_aggregates::profile::table::Table as Counts;
use serde_json::json;

use super::output::{Table, Tone};
use super::{CliError, Done, Session};
use crate::store::sqlite::Access;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the profiles that come with the program
    List,
    /// Show a profile's roles, counted, and its kinds of scope and account; or its catalogue
    Show(show::Args),
    /// List every mistake in a profile of your own, with line and reason
    Check {
        /// The file
        file: String,
    },
}

impl Command {
    pub(super) fn needs(&self) -> Option<Access> {
        match self {
            Self::Show(args) if args.of_organisation() => Some(Access::Read),
            _ => None,
        }
    }

    pub(super) async fn run(&self, session: &Session) -> Result<Done, CliError> {
        match self {
            Self::List => list(session),
            Self::Show(args) => show::run(args, session).await,
            Self::Check { file } => check_file(file, session),
        }
    }
}

fn list(session: &Session) -> Result<Done, CliError> {
    let mut table = Table::new(["profile", "title", "roles", "permissions", "description"]).right([2, 3]);
    let mut rows = Vec::new();
    for (name, _) in BUILT_IN {
        let profile = read(name)?;
        let permissions: usize = Counts::of(&profile).catalogue.iter().sum();
        table.toned_row([
            (Tone::Strong, name.to_owned()),
            (Tone::Plain, profile.title.clone()),
            (Tone::Plain, profile.roles.len().to_string()),
            (Tone::Plain, permissions.to_string()),
            (Tone::Plain, profile.description.clone()),
        ]);
        rows.push(json!({
            "name": name,
            "title": profile.title,
            "description": profile.description,
            "roles": profile.roles.len(),
            "permissions": permissions,
        }));
    }
    session.output().show(&rows, |page| page.table(table, ""))?;
    Ok(Done::Shown)
}

fn check_file(file: &str, session: &Session) -> Result<Done, CliError> {
    let profile = read(file)?;
    let permissions: usize = Counts::of(&profile).catalogue.iter().sum();
    let value =
        json!({ "name": profile.name, "roles": profile.roles.len(), "permissions": permissions, "mistakes": [] });
    session.output().show(&value, |page| {
        page.line(format!(
            "profile `{}` has no mistakes: {} roles, {permissions} permissions",
            profile.name,
            profile.roles.len()
        ));
    })?;
    Ok(Done::Shown)
}

/// The profile that a text names: one that comes with the program, or a file.
///
/// # Errors
/// When there is neither, or the profile has mistakes.
pub(super) fn read(text: &str) -> Result<ProfileDocument, CliError> {
    read_with(text, |file| std::fs::read(file))
}

/// The same for a line, which has its files with it when a service runs it.
///
/// # Errors
/// As [`read`].
pub(super) fn read_for(session: &Session, text: &str) -> Result<ProfileDocument, CliError> {
    read_with(text, |file| session.file(file))
}

fn read_with(text: &str, file: impl Fn(&str) -> std::io::Result<Vec<u8>>) -> Result<ProfileDocument, CliError> {
    let (file, toml) = source(text, file)?;
    check(&toml).map_err(|mistakes| CliError::BadProfile { file, mistakes })
}

/// The name and the TOML text of a profile.
fn source(text: &str, file: impl Fn(&str) -> std::io::Result<Vec<u8>>) -> Result<(String, String), CliError> {
    if let Some((name, toml)) = BUILT_IN.iter().find(|(name, _)| *name == text) {
        return Ok(((*name).to_owned(), (*toml).to_owned()));
    }
    match file(text) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(toml) => Ok((text.to_owned(), toml)),
            Err(_) => Err(CliError::Input { rule: "bad_profile", message: format!("`{text}` is not a text in UTF-8") }),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let nearest = chancery_aggregates::refusal::nearest(text, BUILT_IN.iter().map(|(name, _)| *name));
            Err(CliError::UnknownProfile { given: text.to_owned(), nearest: nearest.map(String::from) })
        }
        Err(source) => Err(CliError::File { path: text.into(), source }),
    }
}
