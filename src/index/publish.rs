//! The only writer of the index folder.
//!
//! The order that commits: every segment synced and renamed, then the generation file, then `CURRENT`. A crash before
//! the last rename is durable leaves the old generation in force, a crash after it the new one.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::{Digest, FeedName, GenerationId, SegmentRef, SegmentRole};
use crate::ground::storage::{Lock, LockError, Storage, StorageFile, publish_file};

use super::layout::{Folder, GENERATION_BYTES_MAX, current, generation_number, pointer_text};
use super::snapshot::map;
use super::{FeedRecord, Generation, IndexError, Segment};
use crate::ground::platform::Mapping;

/// Holds the lock of an index folder and puts generations in force.
#[derive(Debug)]
pub struct Publisher {
    storage: Arc<dyn Storage>,
    data_dir: PathBuf,
    folder: Folder,
    staged: AtomicU64,
    publishing: Mutex<()>,
    _lock: Lock,
}

/// A segment that is being written under a name of its own until it is [kept](Publisher::keep).
#[derive(Debug)]
pub struct Staged {
    storage: Arc<dyn Storage>,
    path: PathBuf,
    file: Box<dyn StorageFile>,
    kept: bool,
}

/// Generations that stay for readers that still open them: the one in force and those before it.
const GENERATIONS_KEPT: u64 = 3;
/// Different lists that stay for going back, the one in force among them. Of generations in which publishers only vouched for
/// the same lists again, as they do every hour, the newest stands for all.
const LISTS_KEPT: usize = 3;
/// Bases of one feed that stay: the large files.
const BASES_KEPT: usize = 2;

impl Publisher {
    /// Creates the folders if need be, takes the lock, and removes what an interrupted publisher left: half-written, or
    /// written and not put in force.
    ///
    /// # Errors
    /// [`IndexError::Locked`] if another process publishes, and [`IndexError::Io`].
    pub fn lock(storage: Arc<dyn Storage>, data_dir: &Path) -> Result<Self, IndexError> {
        let folder = Folder::of(data_dir);
        for path in [folder.generations(), folder.segments()] {
            storage.create_dir_all(&path).map_err(IndexError::io("create", path))?;
        }
        let path = folder.lock();
        let lock = storage.lock(&path).map_err(|error| match error {
            LockError::Held => IndexError::Locked(path.clone()),
            LockError::Io(error) => IndexError::io("lock", &path)(error),
        })?;
        for path in [data_dir, folder.path()] {
            storage.sync_dir(path).map_err(IndexError::io("sync", path))?;
        }
        let (staged, publishing) = (AtomicU64::new(0), Mutex::new(()));
        let publisher =
            Self { storage, data_dir: data_dir.to_owned(), folder, staged, publishing, _lock: lock };
        for path in publisher.list(&publisher.folder.segments())?.iter().filter(|path| is_temporary(path)) {
            publisher.remove(path)?;
        }
        // Where it cannot be told what is in force, nothing is taken away.
        if let Ok(Some((_, id))) = publisher.current() {
            publisher.tidy(id);
        }
        Ok(publisher)
    }

    /// The generation in force; see [`current`].
    ///
    /// # Errors
    /// As there.
    pub fn current(&self) -> Result<Option<(Generation, GenerationId)>, IndexError> {
        current(self.storage.as_ref(), &self.data_dir)
    }

    /// A new empty file beside the segments. It is removed when dropped, unless it was kept.
    ///
    /// # Errors
    /// [`IndexError::Io`].
    pub fn stage(&self) -> Result<Staged, IndexError> {
        let number = self.staged.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.segments().join(format!("{number}.tmp"));
        match self.storage.remove(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(IndexError::io("remove", path)(error));
            }
            _ => {}
        }
        let file = self.storage.create(&path).map_err(IndexError::io("create", &path))?;
        Ok(Staged { storage: self.storage.clone(), path, file, kept: false })
    }

    /// Makes a staged file durable under the name of its content; one of that name is replaced.
    ///
    /// The caller vouches that the content has that SHA-256: it was hashed while it was written.
    ///
    /// # Errors
    /// [`IndexError::Length`] if it has another length, and [`IndexError::Io`].
    pub fn keep(&self, staged: Staged, segment: &SegmentRef) -> Result<(), IndexError> {
        let name = self.folder.segment(segment.digest);
        self.move_to(staged, segment, &name)
    }

    fn move_to(&self, staged: Staged, segment: &SegmentRef, name: &Path) -> Result<(), IndexError> {
        let mut staged = staged;
        let path = staged.path.clone();
        let found = staged.file.len().map_err(IndexError::io("measure", &path))?;
        if found != segment.length {
            return Err(IndexError::Length { path, found, expected: segment.length });
        }
        staged.file.sync().map_err(IndexError::io("sync", &path))?;
        self.storage.rename(&path, name).map_err(IndexError::io("rename", &path))?;
        staged.kept = true;
        self.sync_folders_of(&path, name)
    }

    /// Puts a file whose SHA-256 the caller has checked among the segments, from wherever it lies on the same disk.
    ///
    /// # Errors
    /// [`IndexError::Io`].
    pub fn take_in(&self, path: &Path, segment: &SegmentRef) -> Result<(), IndexError> {
        let name = self.folder.segment(segment.digest);
        if path == name {
            return Ok(());
        }
        self.storage.rename(path, &name).map_err(IndexError::io("rename", path))?;
        self.sync_folders_of(path, &name)
    }

    /// A file that went from one folder to another is durable where it went to once both know of it.
    fn sync_folders_of(&self, from: &Path, to: &Path) -> Result<(), IndexError> {
        let folder = |path: &Path| path.parent().unwrap_or(Path::new(".")).to_owned();
        let (from, to) = (folder(from), folder(to));
        let left = (from != to).then_some(from);
        std::iter::once(to)
            .chain(left)
            .try_for_each(|folder| self.storage.sync_dir(&folder).map_err(IndexError::io("sync", folder)))
    }

    /// Makes a staged file durable under another name than those of the index, in a folder that is there; one of that name is
    /// replaced.
    ///
    /// # Errors
    /// As [`keep`](Self::keep).
    pub fn keep_as(&self, staged: Staged, segment: &SegmentRef, path: &Path) -> Result<(), IndexError> {
        self.move_to(staged, segment, path)
    }

    /// Puts the next generation in force, then removes what nobody needs any more.
    ///
    /// # Errors
    /// [`IndexError::NotNext`] if it does not follow the one in force, [`IndexError::Forgets`] if it lowers a floor,
    /// [`IndexError::NotReadable`] if it would be refused when read again, [`IndexError::Length`] or [`IndexError::Io`] if
    /// one of its segments is not there, and [`IndexError::Io`]. After an error either generation may be in force.
    pub fn publish(&self, next: &Generation) -> Result<GenerationId, IndexError> {
        let _one_at_a_time = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let in_force = self.current()?;
        next.check_follows(in_force.as_ref().map(|(generation, id)| (generation, *id)))?;
        self.check_segments(next)?;
        let number = next.number;
        let bytes = next.encode();
        if bytes.len() as u64 > GENERATION_BYTES_MAX || Generation::decode(&bytes).as_ref() != Ok(next) {
            return Err(IndexError::NotReadable { number });
        }
        let path = self.folder.generation(number);
        if in_force.is_none() {
            // From here on a CURRENT that is missing means that somebody took it away.
            self.write_pointer(None)?;
        }
        let id = next.id();
        publish_file(self.storage.as_ref(), &path, &bytes).map_err(IndexError::io("write", path))?;
        self.write_pointer(Some(id))?;
        self.tidy(id);
        Ok(id)
    }

    fn tidy(&self, in_force: GenerationId) {
        if let Err(error) = self.remove_what_is_not_needed(in_force) {
            tracing::warn!(%error, "old index files stay until the next publication");
        }
    }

    fn write_pointer(&self, id: Option<GenerationId>) -> Result<(), IndexError> {
        let path = self.folder.current();
        publish_file(self.storage.as_ref(), &path, pointer_text(id).as_bytes())
            .map_err(IndexError::io("write", path))
    }

    fn check_segments(&self, next: &Generation) -> Result<(), IndexError> {
        for segment in next.feeds.iter().flat_map(|record| &record.bulletin.segments) {
            let path = self.folder.segment(segment.digest);
            let file = self.storage.open_read(&path).map_err(IndexError::io("open", &path))?;
            let found = file.metadata().map_err(IndexError::io("measure", &path))?.len();
            if found != segment.length {
                return Err(IndexError::Length { path, found, expected: segment.length });
            }
        }
        Ok(())
    }

    fn remove_what_is_not_needed(&self, current: GenerationId) -> Result<(), IndexError> {
        let for_readers = current.number.saturating_sub(GENERATIONS_KEPT - 1)..=current.number;
        let (mut needed, mut bases) = (BTreeSet::new(), BTreeMap::<FeedName, BTreeSet<Digest>>::new());
        let (mut keeps, mut newer, mut lists) = (true, None, 0);
        // From the newest on, since the first that would need too much ends what is kept.
        for path in self.list(&self.folder.generations())?.into_iter().rev() {
            match generation_number(&path) {
                Some(number) if keeps && number <= current.number => {
                    let generation = self.read_kept(&path)?;
                    let listed: Vec<_> = generation.feeds.into_iter().map(listed).collect();
                    let is_same = newer.as_ref() == Some(&listed);
                    lists += usize::from(!is_same);
                    for (feed, files) in &listed {
                        let bases = bases.entry(feed.clone()).or_default();
                        let all = files.iter().filter(|file| file.role == SegmentRole::Base);
                        bases.extend(all.map(|base| base.digest));
                        keeps &= bases.len() <= BASES_KEPT;
                    }
                    keeps &= lists <= LISTS_KEPT;
                    if keeps {
                        let files = listed.iter().flat_map(|(_, files)| files);
                        needed.extend(files.map(|file| self.folder.segment(file.digest)));
                    }
                    if !keeps || is_same && !for_readers.contains(&number) {
                        self.remove(&path)?;
                    }
                    newer = Some(listed);
                }
                Some(_) => self.remove(&path)?,
                None if is_temporary(&path) => self.remove(&path)?,
                None => {}
            }
        }
        for path in self.list(&self.folder.segments())? {
            let is_segment = path.extension().is_some_and(|extension| extension == "segment");
            if is_segment && !needed.contains(&path) {
                self.remove(&path)?;
            }
        }
        Ok(())
    }

    fn read_kept(&self, path: &Path) -> Result<Generation, IndexError> {
        let bytes = self.storage.read(path, GENERATION_BYTES_MAX).map_err(IndexError::io("read", path))?;
        let what = "it can't be read, so it is not known which segments it needs";
        Generation::decode(&bytes).map_err(|_| IndexError::Unreliable { path: path.to_owned(), what })
    }

    fn list(&self, path: &Path) -> Result<Vec<PathBuf>, IndexError> {
        self.storage.list(path).map_err(IndexError::io("list", path))
    }

    fn remove(&self, path: &Path) -> Result<(), IndexError> {
        self.storage.remove(path).map_err(IndexError::io("remove", path))
    }
}

impl Staged {
    /// The file to write to.
    pub fn file(&mut self) -> &mut dyn StorageFile {
        self.file.as_mut()
    }

    /// Opens the segment that was written to it.
    ///
    /// # Errors
    /// [`IndexError`] if it is not what was to be written.
    pub fn segment(&self, written: &SegmentRef) -> Result<Segment<Mapping>, IndexError> {
        map(self.storage.as_ref(), &self.path, written)
    }

    /// Opens it to read what was written.
    ///
    /// # Errors
    /// [`IndexError::Io`].
    pub fn open_read(&self) -> Result<std::fs::File, IndexError> {
        self.storage.open_read(&self.path).map_err(IndexError::io("open", &self.path))
    }

    /// Where it stands for now.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.kept {
            // On a full disk it would take the room that is missing; what stays is removed with the next lock.
            let _ = self.storage.remove(&self.path);
        }
    }
}

/// A feed and the files of its list.
fn listed(record: FeedRecord) -> (FeedName, Vec<SegmentRef>) {
    (record.bulletin.feed, record.bulletin.segments)
}

fn is_temporary(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "tmp")
}
