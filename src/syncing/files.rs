//! Where files are at a site before they are part of its index: `sync/<feed>/` in the data directory.

use std::path::{Path, PathBuf};

use super::SyncError;
use crate::domain::{Digest, FeedName};
use crate::feed::{File, MetadataFiles, file_digest};
use crate::ground::storage::{Lock, LockError, Storage, publish_file};
use crate::index;

/// Files of one feed that have come, wholly or in part, by their SHA-256; and the roots that were followed and are not
/// part of a generation yet.
///
/// Nobody else writes to them: of two who did, one would go on writing to what the other has put in force.
pub(super) struct Files<'s> {
    storage: &'s dyn Storage,
    data_dir: &'s Path,
    folder: PathBuf,
    roots: PathBuf,
    _lock: Lock,
}

const ROOT_BYTES_MAX: u64 = 512 << 10;
/// Where the second of two works.
const BESIDE: &str = "beside";

impl<'s> Files<'s> {
    pub(super) fn open(
        storage: &'s dyn Storage,
        data_dir: &'s Path,
        feed: &FeedName,
    ) -> Result<Self, SyncError> {
        let of_feed = data_dir.join("sync").join(feed.as_str());
        // A stick is not kept waiting by a line that brings the same list for days.
        for folder in [of_feed.clone(), of_feed.join(BESIDE)] {
            storage.create_dir_all(&folder).map_err(io(&folder))?;
            let path = folder.join("LOCK");
            match storage.lock(&path) {
                Ok(lock) => {
                    let roots = of_feed.join("roots");
                    return Self { storage, data_dir, folder, roots, _lock: lock }.created();
                }
                Err(LockError::Held) => {}
                Err(LockError::Io(source)) => return Err(SyncError::Io { path, source }),
            }
        }
        Err(SyncError::Busy(feed.clone()))
    }

    fn created(self) -> Result<Self, SyncError> {
        for folder in [self.scratch(), self.parts(), self.roots.clone()] {
            self.storage.create_dir_all(&folder).map_err(io(&folder))?;
        }
        self.tidy_beside();
        Ok(self)
    }

    /// Removes what somebody beside, who is gone, has left.
    fn tidy_beside(&self) {
        let beside = self.folder.join(BESIDE);
        // It is not there for whoever is there himself, or where nobody ever was.
        if self.storage.open_read(&beside.join("LOCK")).is_err() {
            return;
        }
        let Ok(_lock) = self.storage.lock(&beside.join("LOCK")) else { return };
        for path in ["scratch", "parts", "waiting/metadata"]
            .map(|name| self.storage.list(&beside.join(name)))
            .into_iter()
            .flatten()
            .flatten()
        {
            if let Err(error) = self.storage.remove(&path) {
                tracing::warn!(%error, "what is left of a download stays until the next");
            }
        }
    }

    /// The roots that were followed, by file name.
    pub(super) fn roots(&self) -> Result<MetadataFiles, SyncError> {
        let mut roots = MetadataFiles::new();
        for path in self.storage.list(&self.roots).map_err(io(&self.roots))? {
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            if name.ends_with(".root.json") {
                let root = self.storage.read(&path, ROOT_BYTES_MAX).map_err(io(&path))?;
                roots.insert(name.to_owned(), root);
            }
        }
        Ok(roots)
    }

    /// Keeps roots that were followed, so that nobody who holds the keys before is believed again, whatever becomes of the
    /// publication with which they came.
    pub(super) fn keep_roots(
        &self,
        before: &MetadataFiles,
        followed: &MetadataFiles,
    ) -> Result<(), SyncError> {
        for (name, root) in followed.iter().filter(|(name, _)| !before.contains_key(*name)) {
            let path = self.roots.join(name);
            publish_file(self.storage, &path, root).map_err(io(&path))?;
        }
        Ok(())
    }

    /// A folder for nothing but the metadata of a refresh.
    pub(super) fn scratch(&self) -> PathBuf {
        self.folder.join("scratch")
    }

    /// A folder for the metadata of a publication that waits.
    pub(super) fn waiting(&self) -> PathBuf {
        self.folder.join("waiting")
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
