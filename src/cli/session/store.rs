//! Opening the store that a line names, and what wraps its keys.

use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::error::CliError;
use crate::store::memory::MemoryStore;
use crate::store::postgres::{self, PostgresStore};
use crate::store::sqlite::{Access, OpenOptions, SqliteStore};
use crate::vault::{LocalKeys, Source};

/// Opens the store that a text names.
///
/// # Errors
/// When the text names none, or it cannot be opened.
pub(in crate::cli) fn open_store(text: &str, access: Access) -> Result<Arc<dyn crate::store::Store>, CliError> {
    if is_postgres(text) {
        return Ok(Arc::new(PostgresStore::open_with(text, &postgres::OpenOptions::new(access))?));
    }
    let path = store_path(text)?;
    Ok(Arc::new(SqliteStore::open_with(path, &OpenOptions::new(access))?))
}

/// What wraps the keys of a store's members: what was named, or the file beside a file.
///
/// # Errors
/// When the text names no store.
pub(in crate::cli) fn vault_keys(store: &str, named: Option<&Source>) -> Result<Arc<LocalKeys>, CliError> {
    let source = match named {
        Some(source) => source.clone(),
        None if is_postgres(store) => Source::Unset,
        None => Source::beside(&store_path(store)?),
    };
    Ok(Arc::new(LocalKeys::new(source)))
}

/// Opens a store for reading only, whatever the line needs: what a rehearsal cannot do is write. A file
/// that would be made is not.
pub(super) fn open_to_rehearse(text: &str, needs: Access) -> Result<Arc<dyn crate::store::Store>, CliError> {
    if needs == Access::Create && !is_postgres(text) && !store_path(text)?.exists() {
        return Ok(Arc::new(MemoryStore::new()));
    }
    open_store(text, Access::Read)
}

fn is_postgres(text: &str) -> bool {
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}

/// The file that a text names as a store.
///
/// # Errors
/// When it names none.
pub(in crate::cli) fn store_path(text: &str) -> Result<PathBuf, CliError> {
    match text.split_once(':') {
        // Only the demonstration asks for a file in particular.
        Some(("postgres" | "postgresql", _)) => Err(CliError::DemoNeedsFile),
        Some(("memory", _)) => Err(CliError::MemoryStore),
        Some(("sqlite", file)) if !file.is_empty() => Ok(PathBuf::from(file.strip_prefix("//").unwrap_or(file))),
        _ => Err(CliError::UnknownStore { given: text.to_owned() }),
    }
}
