//! A file that a log grows by, and what becomes of the log when it cannot.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::AuditError;
use super::log::Shared;
use crate::ground::clock::monotonic;
use crate::ground::storage::StorageFile;

/// A file with its known length.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) file: Box<dyn StorageFile>,
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
}

impl Output {
    /// Cuts the file to where its last good write ended, durably: what is cut must not come back beside what
    /// follows.
    pub(super) fn cut_back(&mut self, end: u64, shared: &Shared) -> Result<(), AuditError> {
        self.file.truncate(end).map_err(|error| stop(shared, "cutting back", &self.path, error))?;
        self.bytes = end;
        self.sync(shared)
    }

    pub(super) fn sync(&mut self, shared: &Shared) -> Result<(), AuditError> {
        let begun = monotonic();
        let synced = self.file.sync();
        shared.syncs.fetch_add(1, Ordering::Relaxed);
        let took = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        shared.sync_ns.fetch_add(took, Ordering::Relaxed);
        synced.map_err(|error| stop(shared, "syncing", &self.path, error))
    }

    pub(super) fn not_written(&self, error: io::Error) -> AuditError {
        AuditError::NotWritten { path: self.path.clone(), source: Arc::new(error) }
    }
}

/// Ends all writing: the first such failure is what everybody is told from then on.
pub(super) fn stop(shared: &Shared, doing: &'static str, path: &Path, error: io::Error) -> AuditError {
    let stopped = || AuditError::Stopped { doing, path: path.to_owned(), source: Arc::new(error) };
    shared.stopped.get_or_init(stopped).clone()
}
