//! What is written in memory, for a download.

use std::io::Write;
use std::sync::Arc;

use parking_lot::Mutex;

use super::SheetError;

/// The bytes that are written, by a writer that owns its output.
///
/// # Errors
/// They cannot be written.
pub(crate) fn in_memory(write: impl FnOnce(Memory) -> Result<(), SheetError>) -> Result<Vec<u8>, SheetError> {
    let memory = Memory::default();
    write(memory.clone())?;
    let bytes = std::mem::take(&mut *memory.0.lock());
    Ok(bytes)
}

/// Bytes that a writer owns and its maker reads afterwards.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
