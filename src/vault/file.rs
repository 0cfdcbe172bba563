//! The file with the key-encryption keys: readable by its owner alone, and replaced as a whole.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use zeroize::Zeroizing;

use super::VaultError;

/// The text of the file, if there is one.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<String>>, VaultError> {
    match std::fs::metadata(path) {
        Ok(found) if found.permissions().mode() & 0o077 != 0 => Err(VaultError::Exposed { path: path.to_owned() }),
        Ok(_) => std::fs::read_to_string(path).map(|text| Some(Zeroizing::new(text))).map_err(failed(path)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path)(error)),
    }
}

/// Makes the file, durably; false when another process was first.
pub(super) fn make(path: &Path, text: &str) -> Result<bool, VaultError> {
    let beside = temporary(path);
    write_new(&beside, text)?;
    // A link, unlike a rename, leaves a file that is there already alone.
    let linked = std::fs::hard_link(&beside, path);
    let removed = std::fs::remove_file(&beside);
    match linked {
        Ok(()) => removed.map_err(failed(path)).and_then(|()| sync_directory(path)).map(|()| true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(failed(path)(error)),
    }
}

/// Puts another file in its place, durably, and overwrites the old one's bytes as far as the file system lets us.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), VaultError> {
    let beside = temporary(path);
    write_new(&beside, text)?;
    let old = OpenOptions::new().write(true).open(path).map_err(failed(path))?;
    let length = old.metadata().map_err(failed(path))?.len();
    std::fs::rename(&beside, path).map_err(failed(path))?;
    sync_directory(path)?;
    let blank = vec![0; usize::try_from(length).unwrap_or_default()];
    let mut old = old;
    old.write_all(&blank).and_then(|()| old.sync_all()).map_err(failed(path))
}

fn temporary(path: &Path) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", uuid::Uuid::new_v4().simple()));
    name.into()
}

fn write_new(path: &Path, text: &str) -> Result<(), VaultError> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(failed(path))
}

fn sync_directory(path: &Path) -> Result<(), VaultError> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed(path))
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> VaultError {
    let path = path.to_owned();
    move |source| VaultError::File { path: path.clone(), source }
}
