//! Where files are at a site before they are part of its index: `sync/<feed>/` in the data directory.

use std::path::{Path, PathBuf};

use super::SyncError;
use crate::domain::{Digest, FeedName};
use crate::feed::{File, file_digest};
use crate::ground::storage::Storage;
use crate::index;

/// Files of one feed that have come, wholly or in part, by their SHA-256.
pub(super) struct Files<'s> {
    storage: &'s dyn Storage,
    data_dir: &'s Path,
    folder: PathBuf,
}

impl<'s> Files<'s> {
    pub(super) fn open(
        storage: &'s dyn Storage,
        data_dir: &'s Path,
        feed: &FeedName,
    ) -> Result<Self, SyncError> {
        let folder = data_dir.join("sync").join(feed.as_str());
        let files = Self { storage, data_dir, folder };
        for folder in [files.scratch(), files.parts()] {
            storage.create_dir_all(&folder).map_err(io(&folder))?;
        }
        Ok(files)
    }

    /// A folder for nothing but the metadata of a refresh.
    pub(super) fn scratch(&self) -> PathBuf {
        self.folder.join("scratch")
    }

    fn parts(&self) -> PathBuf {
        self.folder.join("parts")
    }

    /// Where a file grows.
    pub(super) fn part(&self, file: &File) -> PathBuf {
        self.parts().join(format!("{}.part", file.sha256))
    }

    /// A file that is whole, here or in the index.
    pub(super) fn find(&self, digest: &Digest) -> Option<PathBuf> {
        let places = [self.whole(digest), index::segment_path(self.data_dir, *digest)];
        places.into_iter().find(|path| self.storage.open_read(path).is_ok())
    }

    /// Whether a file is here.
    pub(super) fn has(&self, file: &File) -> bool {
        self.find(&file.sha256).is_some()
    }

    /// Whether a file is here, and is still what it was when it came.
    pub(super) fn has_sound(&self, file: &File) -> bool {
        let found = self.find(&file.sha256).and_then(|path| file_digest(self.storage, &path).ok());
        found == Some((file.sha256, file.length))
    }

    /// Gives a file that has come, and whose digest was checked, the name of one that is whole.
    pub(super) fn keep(&self, file: &File) -> Result<PathBuf, SyncError> {
        let (part, whole) = (self.part(file), self.whole(&file.sha256));
        self.storage.rename(&part, &whole).map_err(io(&part))?;
        self.storage.sync_dir(&self.parts()).map_err(io(&self.parts()))?;
        Ok(whole)
    }

    fn whole(&self, digest: &Digest) -> PathBuf {
        self.parts().join(format!("{digest}.segment"))
    }

    /// Removes what a publication does not need; what fails is removed the next time.
    pub(super) fn tidy(&self, needed: &[&File]) {
        let stays = |path: &PathBuf| {
            needed.iter().any(|file| *path == self.part(file) || *path == self.whole(&file.sha256))
        };
        let paths = self.storage.list(&self.parts()).unwrap_or_default();
        for path in paths.iter().filter(|path| !stays(path)) {
            if let Err(error) = self.storage.remove(path) {
                tracing::warn!(%error, "what is left of a download stays until the next");
            }
        }
    }
}

pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> SyncError {
    let path = path.to_owned();
    move |source| SyncError::Io { path, source }
}
