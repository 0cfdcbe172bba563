//! Files that the program writes for whoever runs it.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::CliError;
use crate::sheet::SheetError;

/// Sees to it that there is nothing at a path yet.
///
/// # Errors
/// When there is.
pub(super) fn check_new(path: &Path) -> Result<(), CliError> {
    match path.exists() {
        true => Err(failed(path, ErrorKind::AlreadyExists.into())),
        false => Ok(()),
    }
}

/// Writes a file for its owner alone, and over nothing that is there.
///
/// # Errors
/// When there is something, or the file cannot be written.
pub(super) fn write_new(path: &Path, write: impl FnOnce(File) -> Result<(), SheetError>) -> Result<(), CliError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let file = file.map_err(|source| failed(path, source))?;
    let synced = file.try_clone().map_err(|source| failed(path, source))?;
    write(file).map_err(|error| match error {
        SheetError::Output(source) => failed(path, source),
        other => failed(path, Error::other(other.to_string())),
    })?;
    synced.sync_all().map_err(|source| failed(path, source))
}

/// What is told of a file that was not written.
pub(super) fn failed(path: &Path, source: Error) -> CliError {
    CliError::File { path: path.to_owned(), source }
}
