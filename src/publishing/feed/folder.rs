//! The folder in which a publisher keeps a feed.
//!
//! | path | content |
//! |---|---|
//! | `feed.toml` | what was decided for the feed |
//! | `repository/` | what readers fetch |
//! | `pending/` | changes that wait to be published, in the order of their numbers |
//! | `next.root.json` | the root that is being signed, until the list is signed with its keys too |
//! | `index/` | the lock that lets one publisher work at a time, and files in the making |

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::FeedError;
use crate::domain::{FeedName, SegmentRef, SegmentRole};
use crate::feed::{File, Metadata, Repository};
use crate::ground::platform::Mapping;
use crate::ground::storage::Storage;
use crate::index::{self, List, Publisher, Segment, Staged, Stamp};

/// The folder in which a publisher keeps a feed.
#[derive(Debug)]
pub struct FeedFolder {
    pub(super) storage: Arc<dyn Storage>,
    folder: PathBuf,
    pub(super) repository: Repository,
}

const ROOT_BYTES_MAX: u64 = 1 << 20;

/// A change that waits to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its place in the order in which changes are made.
    pub number: u64,
    /// What it does.
    pub kind: PendingKind,
    /// The segment that holds it.
    pub path: PathBuf,
}

/// What a change that waits does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PendingKind {
    /// Its notices are listed too.
    Add,
    /// Its notices are the whole list.
    Whole,
    /// Its notices are listed no more.
    Withdraw,
}

impl PendingKind {
    const ALL: [Self; 3] = [Self::Add, Self::Whole, Self::Withdraw];

    /// The word in names of files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Whole => "whole",
            Self::Withdraw => "withdraw",
        }
    }
}

impl FeedFolder {
    /// The folder of a feed.
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>, folder: &Path) -> Self {
        let repository = Repository::new(storage.clone(), folder.join("repository"));
        Self { storage, folder: folder.to_owned(), repository }
    }

    /// What readers fetch.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Keeps everybody else from working on the feed.
    pub(super) fn lock(&self) -> Result<Publisher, FeedError> {
        Ok(Publisher::lock(self.storage.clone(), &self.folder)?)
    }

    /// The changes that wait, in order.
    ///
    /// # Errors
    /// [`FeedError::Io`].
    pub fn pending(&self) -> Result<Vec<Pending>, FeedError> {
        let folder = self.pending_folder();
        let paths = self.storage.list(&folder).map_err(FeedError::io("list", folder))?;
        let mut pending: Vec<_> = paths.into_iter().filter_map(Pending::of).collect();
        pending.sort_by_key(|pending| pending.number);
        Ok(pending)
    }

    /// Puts a segment behind the changes that wait.
    pub(super) fn wait(
        &self,
        publisher: &Publisher,
        staged: Staged,
        segment: &SegmentRef,
        kind: PendingKind,
    ) -> Result<(), FeedError> {
        let folder = self.pending_folder();
        self.storage.create_dir_all(&folder).map_err(FeedError::io("create", &folder))?;
        let number = self.pending()?.last().map_or(1, |last| last.number + 1);
        let name = format!("{number:06}.{}.segment", kind.word());
        Ok(publisher.keep_as(staged, segment, &folder.join(name))?)
    }

    /// Removes changes that are published. Each is gone for good before the next goes: what a crash leaves are the last ones,
    /// and whoever makes the last changes once more comes to the same list. One that came back from among them would not.
    pub(super) fn remove_pending(&self, pending: &[Pending]) -> Result<(), FeedError> {
        let folder = self.pending_folder();
        pending.iter().try_for_each(|pending| {
            self.storage.remove(&pending.path).map_err(FeedError::io("remove", &pending.path))?;
            self.storage.sync_dir(&folder).map_err(FeedError::io("sync", &folder))
        })
    }

    /// Puts a segment among the targets and says what is signed of it.
    pub(super) fn target(
        &self,
        publisher: &Publisher,
        staged: Staged,
        segment: &SegmentRef,
        (stamp, state_digest, name): (Stamp, u128, String),
    ) -> Result<File, FeedError> {
        let file = File {
            name,
            sequence: stamp.sequence,
            as_of: stamp.as_of,
            sha256: segment.digest,
            length: segment.length,
            notices: segment.notices,
            state_digest,
        };
        publisher.keep_as(staged, segment, &self.repository.path_of(&file))?;
        Ok(file)
    }

    /// Opens the list that is published.
    pub(super) fn list(&self, published: &Metadata) -> Result<List<Mapping>, FeedError> {
        let publication = published.publication();
        let open = |file: &File, role: SegmentRole| {
            let path = self.repository.path_of(file);
            index::open_segment(&*self.storage, &path, &file.segment(role))
        };
        let base = open(&publication.base, SegmentRole::Base)?;
        let delta = publication.delta.as_ref().map(|file| open(file, SegmentRole::Delta)).transpose()?;
        let path = self.repository.path_of(&publication.base);
        List::new(base, delta).map_err(|source| index::IndexError::Segment { path, source }.into())
    }

    /// Opens a change that waits.
    pub(super) fn open(&self, pending: &Pending) -> Result<Segment<Mapping>, FeedError> {
        Ok(index::open_any_segment(&*self.storage, &pending.path)?)
    }

    /// The newest publication. While a key is handed on it may not be signed with the new one yet; at any other time what the
    /// newest root does not vouch for is nothing to build upon.
    pub(super) fn standing(&self) -> Result<Option<Metadata>, FeedError> {
        let is_new =
            self.next_root()?.is_some_and(|next| self.repository.root().is_ok_and(|root| root == next));
        Ok(if is_new { self.repository.standing()? } else { self.repository.current()? })
    }

    /// The root that is being signed.
    pub(super) fn next_root(&self) -> Result<Option<Vec<u8>>, FeedError> {
        let path = self.next_root_path();
        match self.storage.read(&path, ROOT_BYTES_MAX) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(FeedError::io("read", path)(error)),
        }
    }

    /// Forgets the root that was being signed if it is in place, and the list is signed as it asks.
    pub(super) fn end_handover(&self) -> Result<(), FeedError> {
        let Some(next) = self.next_root()? else { return Ok(()) };
        if self.repository.root()? == next {
            self.repository.current()?;
            let path = self.next_root_path();
            self.storage.remove(&path).map_err(FeedError::io("remove", &path))?;
        }
        Ok(())
    }

    pub(super) fn next_root_path(&self) -> PathBuf {
        self.folder.join("next.root.json")
    }

    fn pending_folder(&self) -> PathBuf {
        self.folder.join("pending")
    }
}

impl Pending {
    fn of(path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let (number, kind) = name.strip_suffix(".segment")?.split_once('.')?;
        let kind = PendingKind::ALL.into_iter().find(|known| known.word() == kind)?;
        Some(Self { number: number.parse().ok()?, kind, path })
    }
}

/// The name of a file among the targets: what it is, and of which publication.
pub(super) fn name(what: &str, feed: &FeedName, sequences: &[u64]) -> String {
    let sequences: Vec<_> = sequences.iter().map(u64::to_string).collect();
    format!("{feed}-{what}-{}.segment", sequences.join("-"))
}
