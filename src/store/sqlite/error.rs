//! From SQLite's error codes to [`StoreError`].

use std::io::{ErrorKind, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::store::StoreError;

/// The file a store lives in, as errors name it.
#[derive(Debug, Clone)]
pub(super) struct Location {
    /// Absolute, because SQLite gives some relative names (`:memory:`, the empty one) a meaning of their
    /// own, and without links, because it keeps its companion files beside the file itself.
    path: PathBuf,
    /// As the caller wrote it.
    name: String,
}

impl Location {
    pub(super) fn new(path: &Path) -> Result<Self, StoreError> {
        let name = path.display().to_string();
        match std::fs::canonicalize(path).or_else(|_| std::path::absolute(path)) {
            Ok(path) => Ok(Self { path, name }),
            Err(error) => Err(StoreError::Foreign { location: name, reason: format!("the path is unusable: {error}") }),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file beside the store's whose name ends in `suffix`, for example `-wal`.
    pub(super) fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(suffix);
        PathBuf::from(name)
    }

    pub(super) fn foreign(&self, reason: impl Into<String>) -> StoreError {
        StoreError::Foreign { location: self.name.clone(), reason: reason.into() }
    }

    pub(super) fn read_only(&self) -> StoreError {
        StoreError::ReadOnly { location: self.name.clone() }
    }

    pub(super) fn failed(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
        StoreError::Failed { location: self.name.clone(), source: source.into() }
    }

    /// What an error of SQLite means to the caller of the store.
    pub(super) fn translate(&self, error: &rusqlite::Error) -> StoreError {
        let location = self.name.clone();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy { location },
            Some(ErrorCode::DiskFull) => StoreError::Full { location },
            Some(ErrorCode::ReadOnly) => StoreError::ReadOnly { location },
            Some(ErrorCode::NotADatabase) => self.foreign("it is not a SQLite database"),
            Some(ErrorCode::DatabaseCorrupt) => {
                self.foreign(format!("it is damaged or cut short ({error}); restore it from a backup"))
            }
            Some(ErrorCode::SystemIoFailure) if self.is_out_of_space() => StoreError::Full { location },
            Some(ErrorCode::CannotOpen) => self.cannot_open(error),
            _ => self.failed(error.to_string()),
        }
    }

    fn cannot_open(&self, error: &rusqlite::Error) -> StoreError {
        if self.path.parent().is_some_and(|parent| !parent.is_dir()) {
            return self.foreign("its directory does not exist");
        }
        match self.probe_directory(0) {
            Err(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) if self.path.exists() => self.read_only(),
            Err(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => {
                self.foreign("it does not exist, and its directory may not be written")
            }
            _ => self.foreign(format!("it cannot be opened; check its permissions ({error})")),
        }
    }

    /// SQLite reports `ENOSPC` as a full disk, but a limit on the size of files (`EFBIG`) and a quota
    /// (`EDQUOT`) as a plain I/O error, and gives no safe way to the operating system's code: so the
    /// question is asked again by writing as far out as the store would.
    fn is_out_of_space(&self) -> bool {
        let length = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let longest = length(&self.path).max(length(&self.beside("-wal")));
        let limits = [ErrorKind::FileTooLarge, ErrorKind::StorageFull, ErrorKind::QuotaExceeded];
        self.probe_directory(longest).is_err_and(|kind| limits.contains(&kind))
    }

    /// Tries to write a page at this offset of a new (sparse) file beside the store.
    fn probe_directory(&self, offset: u64) -> Result<(), ErrorKind> {
        let path = self.beside(&format!("-probe-{}", std::process::id()));
        let attempt = || {
            let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path)?;
            file.seek(SeekFrom::Start(offset))?;
            file.write_all(&[0; 4096])
        };
        let outcome: std::io::Result<()> = attempt();
        // Nothing can be done about a probe that cannot be removed, and it does no harm.
        let _ = std::fs::remove_file(&path);
        outcome.map_err(|error| error.kind())
    }
}
