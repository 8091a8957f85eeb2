//! A feed's repository as its publisher keeps it: a folder that any web server can hand out.
//!
//! | path | content |
//! |---|---|
//! | `metadata/<n>.root.json` | every root, from 1 |
//! | `metadata/<n>.targets.json`, `metadata/<n>.snapshot.json` | of the last publications |
//! | `metadata/timestamp.json` | the newest publication: its rename is what readers see |
//! | `targets/<sha256>.<name>` | segments |
//!
//! Files are written once, each before the one that names it, so that a reader finds one publication or the next: what a
//! timestamp names is never written again, also where the same list is signed with other keys.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::SignedDuration;
use tough::schema::Signed;

use super::metadata::{self, MetadataFiles, SNAPSHOT, TARGETS, TIMESTAMP};
use super::{File, Metadata, MetadataError};
use crate::ground::storage::{Storage, publish_readable_file};

/// Why a repository cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// There is none.
    #[error("there is no repository in {}: `portcullis feed init` makes one", .0.display())]
    None(PathBuf),
    /// There is one already.
    #[error("there is a repository in {} already", .0.display())]
    Exists(PathBuf),
    /// What is there is not believed.
    #[error("the metadata in {} cannot be used", path.display())]
    Metadata {
        /// The folder.
        path: PathBuf,
        /// What is wrong.
        source: MetadataError,
    },
    /// Nothing that the root accepts would come out.
    #[error("nothing was published: no reader would accept it")]
    Sign(#[from] MetadataError),
    /// The numbers of versions are used up.
    #[error("nothing was published: the last number there is was used")]
    NoVersion,
    /// The file system failed.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
}

/// How long what is signed is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// Of a root.
    pub root: SignedDuration,
    /// Of a publication: targets and snapshot.
    pub publication: SignedDuration,
    /// Of a heartbeat.
    pub heartbeat: SignedDuration,
}

/// A feed's repository in a folder.
#[derive(Debug)]
pub struct Repository {
    storage: Arc<dyn Storage>,
    folder: PathBuf,
}

const METADATA: &str = "metadata";
const TARGETS_FOLDER: &str = "targets";
/// Metadata that a publisher writes himself is far smaller.
const FILE_BYTES_MAX: u64 = 16 << 20;
/// Publications of which metadata and files stay: for readers that are about to fetch them.
const PUBLICATIONS_KEPT: u64 = 3;

impl Repository {
    /// The repository in a folder, which need not be there yet.
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>, folder: PathBuf) -> Self {
        Self { storage, folder }
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a file of a publication stands.
    #[must_use]
    pub fn path_of(&self, file: &File) -> PathBuf {
        self.folder.join(file.path())
    }

    /// Opens a file of a publication.
    #[cfg(feature = "object-store")]
    pub(super) fn open(&self, file: &File) -> io::Result<std::fs::File> {
        self.storage.open_read(&self.path_of(file))
    }

    /// Begins a repository with its first root.
    ///
    /// # Errors
    /// [`RepositoryError::Exists`] if there is one, and [`RepositoryError`].
    pub fn init(&self, root: &[u8]) -> Result<(), RepositoryError> {
        self.create_folders()?;
        let path = self.metadata("1.root.json");
        if self.read_if_there(&path)?.is_some() {
            return Err(RepositoryError::Exists(self.folder.clone()));
        }
        metadata::read_root(root)?;
        self.write(&path, root)
    }

    /// Writes what a site has accepted of a feed, so that others can fetch it from there: the files of the list must be in their
    /// [places](Self::path_of).
    ///
    /// # Errors
    /// [`RepositoryError::Metadata`] if it is not what was accepted, and [`RepositoryError::Io`].
    pub fn serve_again(&self, root: &[u8], files: &MetadataFiles) -> Result<(), RepositoryError> {
        let wrong = |source| RepositoryError::Metadata { path: self.folder.clone(), source };
        let accepted = Metadata::read(root, files).map_err(wrong)?;
        let [_, _, snapshot, targets] = accepted.versions();
        for (name, bytes) in files {
            match name.as_str() {
                TIMESTAMP => {}
                SNAPSHOT => self.write(&self.metadata(&format!("{snapshot}.{SNAPSHOT}")), bytes)?,
                TARGETS => self.write(&self.metadata(&format!("{targets}.{TARGETS}")), bytes)?,
                root => self.write(&self.metadata(root), bytes)?,
            }
        }
        self.share(accepted.publication().files().map(|(file, _)| file))?;
        let timestamp = files.get(TIMESTAMP).ok_or(MetadataError::Missing(TIMESTAMP))?;
        self.write(&self.metadata(TIMESTAMP), timestamp)?;
        self.tidy(&accepted);
        Ok(())
    }

    /// Makes the folders of a repository, if they are not there, and lets everybody enter them.
    ///
    /// # Errors
    /// [`RepositoryError::Io`].
    pub fn create_folders(&self) -> Result<(), RepositoryError> {
        let folders = [METADATA, TARGETS_FOLDER].map(|name| self.folder.join(name));
        for folder in &folders {
            self.storage.create_dir_all(folder).map_err(io_error("create", folder))?;
        }
        for folder in [self.folder.as_path()].into_iter().chain(folders.iter().map(PathBuf::as_path)) {
            self.storage.share(folder).map_err(io_error("share", folder))?;
        }
        Ok(())
    }

    /// The newest root, byte for byte.
    ///
    /// # Errors
    /// [`RepositoryError::None`] if there is none, and [`RepositoryError::Io`].
    pub fn root(&self) -> Result<Vec<u8>, RepositoryError> {
        self.roots()?.pop().ok_or_else(|| RepositoryError::None(self.folder.clone()))
    }

    /// Every root, from the first.
    pub(super) fn roots(&self) -> Result<Vec<Vec<u8>>, RepositoryError> {
        let mut roots = Vec::new();
        for version in 1_u64.. {
            match self.read_if_there(&self.metadata(&format!("{version}.root.json")))? {
                Some(bytes) => roots.push(bytes),
                None => break,
            }
        }
        Ok(roots)
    }

    /// The newest publication, checked; `None` before the first.
    ///
    /// # Errors
    /// [`RepositoryError`].
    pub fn current(&self) -> Result<Option<Metadata>, RepositoryError> {
        let root = self.root()?;
        let Some(files) = self.files()? else { return Ok(None) };
        let wrong = |source| RepositoryError::Metadata { path: self.folder.join(METADATA), source };
        Metadata::read(&root, &files).map(Some).map_err(wrong)
    }

    /// The newest publication, though it may be signed as an older root asks and not as the newest does: so it is from the moment
    /// in which a lost key is replaced until the list is signed anew. Readers do not accept it then.
    ///
    /// # Errors
    /// [`RepositoryError`]; of several roots what the newest asks is told.
    pub fn standing(&self) -> Result<Option<Metadata>, RepositoryError> {
        let Some(files) = self.files()? else { return self.current() };
        let by_an_older = |root: &Vec<u8>| Metadata::read(root, &files).ok();
        match self.current() {
            Err(RepositoryError::Metadata { path, source: source @ MetadataError::Signatures { .. } }) => {
                let found = self.roots()?.iter().rev().find_map(by_an_older);
                found.map(Some).ok_or(RepositoryError::Metadata { path, source })
            }
            current => current,
        }
    }

    /// The files of the newest publication's metadata, which nobody has checked yet; `None` before the first.
    ///
    /// # Errors
    /// [`RepositoryError`].
    pub fn files(&self) -> Result<Option<MetadataFiles>, RepositoryError> {
        let Some(timestamp) = self.read_if_there(&self.metadata(TIMESTAMP))? else { return Ok(None) };
        let wrong = |file| {
            move |source| RepositoryError::Metadata {
                path: PathBuf::from(file),
                source: MetadataError::Json { file, source },
            }
        };
        let role: Signed<tough::schema::Timestamp> =
            serde_json::from_slice(&timestamp).map_err(wrong(TIMESTAMP))?;
        let version = role.signed.meta.get(SNAPSHOT).map_or(0, |meta| meta.version.get());
        let snapshot = self.read(&self.metadata(&format!("{version}.{SNAPSHOT}")))?;
        let role: Signed<tough::schema::Snapshot> =
            serde_json::from_slice(&snapshot).map_err(wrong(SNAPSHOT))?;
        let version = role.signed.meta.get(TARGETS).map_or(0, |meta| meta.version.get());
        let targets = self.read(&self.metadata(&format!("{version}.{TARGETS}")))?;
        let named = [(TIMESTAMP, timestamp), (SNAPSHOT, snapshot), (TARGETS, targets)];
        Ok(Some(named.map(|(name, bytes)| (name.to_owned(), bytes)).into()))
    }

    /// Removes what the newest publications do not need. What stays by a failure is removed the next time.
    pub(super) fn tidy(&self, current: &Metadata) {
        if let Err(error) = self.remove_what_is_not_needed(current) {
            tracing::warn!(%error, "old files of the repository stay until the next publication");
        }
    }

    fn remove_what_is_not_needed(&self, current: &Metadata) -> Result<(), RepositoryError> {
        let [_, _, snapshot, targets] = current.versions();
        let mut needed = std::collections::BTreeSet::new();
        let folder = self.folder.join(METADATA);
        let paths = self.storage.list(&folder).map_err(io_error("list", &folder))?;
        for path in &paths {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Some((version, role)) = name.split_once('.') else { continue };
            let newest = match role {
                SNAPSHOT => snapshot,
                TARGETS => targets,
                _ => continue,
            };
            let Ok(version) = version.parse::<u64>() else { continue };
            if version.saturating_add(PUBLICATIONS_KEPT) <= newest {
                self.storage.remove(path).map_err(io_error("remove", path))?;
            } else if role == TARGETS {
                let role: Result<Signed<tough::schema::Targets>, _> =
                    serde_json::from_slice(&self.read(path)?);
                let Ok(role) = role else { continue };
                needed.extend(role.signed.targets.iter().map(|(name, target)| {
                    let digest: [u8; 32] = (*target.hashes.sha256).try_into().unwrap_or_default();
                    format!("{}.{}", crate::domain::Digest(digest), name.raw())
                }));
            }
        }
        let folder = self.folder.join(TARGETS_FOLDER);
        for path in self.storage.list(&folder).map_err(io_error("list", &folder))? {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if !needed.contains(name) {
                self.storage.remove(&path).map_err(io_error("remove", &path))?;
            }
        }
        Ok(())
    }

    pub(super) fn metadata(&self, name: &str) -> PathBuf {
        self.folder.join(METADATA).join(name)
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>, RepositoryError> {
        self.storage.read(path, FILE_BYTES_MAX).map_err(io_error("read", path))
    }

    fn read_if_there(&self, path: &Path) -> Result<Option<Vec<u8>>, RepositoryError> {
        match self.storage.read(path, FILE_BYTES_MAX) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_error("read", path)(error)),
        }
    }

    /// Puts a file in its place, for every user of the machine to read: a web server is another than the publisher.
    pub(super) fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), RepositoryError> {
        publish_readable_file(&*self.storage, path, bytes).map_err(io_error("write", path))
    }

    /// Lets everybody read the files of a publication, which came from folders that are nobody else's.
    pub(super) fn share<'f>(&self, files: impl Iterator<Item = &'f File>) -> Result<(), RepositoryError> {
        for path in files.map(|file| self.path_of(file)) {
            match self.storage.share(&path) {
                // Whoever verifies the repository tells what is missing.
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(io_error("share", &path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> RepositoryError {
    let path = path.to_owned();
    move |source| RepositoryError::Io { action, path, source }
}
