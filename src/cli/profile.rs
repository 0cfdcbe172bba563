//! `profile list|show|check`.

use chancery_aggregates::profile::BUILT_IN;
use chancery_aggregates::profile::check::check;
use chancery_aggregates::profile::document::ProfileDocument;

use super::CliError;

/// The profile that a text names: one that comes with the program, or a file.
///
/// # Errors
/// When there is neither, or the profile has mistakes.
pub fn read(text: &str) -> Result<ProfileDocument, CliError> {
    let (file, toml) = source(text)?;
    check(&toml).map_err(|mistakes| CliError::BadProfile { file, mistakes })
}

/// The name and the TOML text of a profile.
fn source(text: &str) -> Result<(String, String), CliError> {
    if let Some((name, toml)) = BUILT_IN.iter().find(|(name, _)| *name == text) {
        return Ok(((*name).to_owned(), (*toml).to_owned()));
    }
    match std::fs::read_to_string(text) {
        Ok(toml) => Ok((text.to_owned(), toml)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let nearest = chancery_aggregates::refusal::nearest(text, BUILT_IN.iter().map(|(name, _)| *name));
            Err(CliError::UnknownProfile { given: text.to_owned(), nearest: nearest.map(String::from) })
        }
        Err(source) => Err(CliError::File { path: text.into(), source }),
    }
}
