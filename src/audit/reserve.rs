//! Room on the disk that a log keeps for itself. Where the disk is full, answers stop; but what is done to make room, above all an
//! erasure, which is an entry before it is one, must not wait for room. The reserve gives way to it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::AuditError;
use crate::ground::storage::Storage;

/// The name of the file that takes the room.
pub(super) const RESERVE: &str = "reserve";
/// Thousands of acts, and the files that come with them.
const RESERVE_BYTES: usize = 1 << 20;

#[derive(Debug)]
pub(super) struct Reserve {
    storage: Arc<dyn Storage>,
    path: PathBuf,
    missing: Option<AuditError>,
}

impl Reserve {
    /// Takes the room, if there is so much.
    pub(super) fn take(storage: Arc<dyn Storage>, folder: &Path) -> Self {
        let mut reserve = Self { storage, path: folder.join(RESERVE), missing: None };
        // Why it is not there is told to whoever asks for it.
        let _ = reserve.reserve();
        reserve
    }

    /// Why there is none.
    pub(super) fn missing(&self) -> Option<&AuditError> {
        self.missing.as_ref()
    }

    /// Gives the room away; false if there was none. The log takes no answers until it has it again.
    pub(super) fn release(&mut self, because: &AuditError) -> bool {
        if self.missing.is_some() {
            return false;
        }
        self.missing = Some(because.clone());
        self.storage.remove(&self.path).is_ok()
    }

    /// Takes the room where it was given away.
    pub(super) fn take_again(&mut self) -> Result<(), AuditError> {
        if self.missing.is_some() { self.reserve() } else { Ok(()) }
    }

    fn reserve(&mut self) -> Result<(), AuditError> {
        let length =
            self.storage.open_read(&self.path).and_then(|file| file.metadata()).map(|found| found.len());
        if length.is_ok_and(|length| length == RESERVE_BYTES as u64) {
            self.missing = None;
            return Ok(());
        }
        // One that was not finished, or of another size.
        let _ = self.storage.remove(&self.path);
        let mut content = vec![0; RESERVE_BYTES];
        let drawn = getrandom::fill(&mut content).map_err(|error| io::Error::other(error.to_string()));
        let reserved = drawn.and_then(|()| self.storage.reserve(&self.path, &content));
        self.missing = reserved.err().map(|error| {
            let _ = self.storage.remove(&self.path);
            AuditError::NotWritten { path: self.path.clone(), source: Arc::new(error) }
        });
        self.missing.clone().map_or(Ok(()), Err)
    }
}
