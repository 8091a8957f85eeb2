//! A list that has come and is not in force yet.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Site, SyncError};
use crate::feed::mirror::{Directory, Mirror};
use crate::feed::{MetadataFiles, Publication, Refreshed, Repository, RepositoryError};
use crate::ground::storage::Storage;

/// The metadata of a publication whose files have come and whose time has not. With it the list is put in force when its time
/// comes, though the line is down by then, or something newer has come that waits for the next time.
///
/// It is kept as a repository without segments, and read as that of any mirror: nothing in it is believed for having been here.
pub(super) struct Waiting {
    storage: Arc<dyn Storage>,
    folder: PathBuf,
    repository: Repository,
}

impl Waiting {
    /// What waits in a folder, which need not be there.
    pub(super) fn new(site: &Site<'_>, folder: PathBuf) -> Self {
        let repository = Repository::new(site.storage.clone(), folder.clone());
        Self { storage: site.storage.clone(), folder, repository }
    }

    /// Who has the metadata; `None` if nothing waits.
    pub(super) fn mirror(&self) -> Option<Arc<dyn Mirror>> {
        self.files().map(|_| Arc::new(Directory::new(self.storage.clone(), &self.folder)) as Arc<dyn Mirror>)
    }

    /// What waits, of which the files stay.
    pub(super) fn publication(&self) -> Option<Publication> {
        self.files().and_then(|files| Publication::kept(&files))
    }

    /// What cannot be read waits no more: it comes again.
    fn files(&self) -> Option<MetadataFiles> {
        self.repository.files().ok().flatten()
    }

    /// Keeps what has come, in the place of what waited before.
    pub(super) fn keep(&self, refreshed: &Refreshed) -> Result<(), SyncError> {
        let is_there =
            |files: MetadataFiles| files.iter().all(|(name, bytes)| refreshed.files.get(name) == Some(bytes));
        if self.files().is_some_and(is_there) {
            return Ok(());
        }
        let kept = self.repository.create_folders();
        let kept = kept.and_then(|()| self.repository.serve_again(&refreshed.root, &refreshed.files));
        kept.map_err(|error| match error {
            RepositoryError::Io { path, source, .. } => SyncError::Io { path, source },
            other => SyncError::Io { path: self.folder.clone(), source: std::io::Error::other(other) },
        })
    }

    /// Nothing waits any more.
    pub(super) fn forget(&self) -> Result<(), SyncError> {
        let path = self.folder.join("metadata/timestamp.json");
        match self.storage.remove(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(SyncError::Io { path, source })
            }
            _ => Ok(()),
        }
    }
}
