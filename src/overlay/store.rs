//! The store: `alerts/alerts.redb` under the data directory, its key `alerts/key`, and `alerts/LOCK`, which is held while it is open.
//!
//! Two tables. `revisions`: origin (node, counter) to record, see `record.rs`, each after the MAC of both. `head`: the node's name, the
//! counter of its newest revision, and the names of before, after their MAC, so that a record that was taken out shows as well as one that
//! was changed, under the version of the format, see `head.rs`.
//! `alerts/REVISION` names that counter too: whoever wants to know whether something is new reads it without opening the store.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use redb::{Database, Durability, ReadableDatabase, TableDefinition};

use super::OverlayError;
use super::change::Change;
use super::files::{Files, is_there};
use super::head::{HEAD, Head, place};
use super::key::StoreKey;
use super::pages::{GivenUp, Pages};
use super::record::{decode, encode, version_of};
use crate::domain::alert::{AlertId, Origin, Revision};
use crate::ground::storage::{Lock, LockError, Storage, copy_file, publish_file};

const REVISIONS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("revisions");
/// Tests have less, so that little is more than it holds.
const CACHE_BYTES: usize = if cfg!(test) { 64 << 10 } else { 16 << 20 };
/// So many are written at a time: pages that do not stay in the cache until their commit are written, read and written again.
const PIECE_REVISIONS: usize = if cfg!(test) { 16 } else { 1024 };
/// An import of a million alerts holds it for three quarters of a minute.
const LOCK_WAIT: Duration = Duration::from_secs(120);
const LOCK_PAUSE: Duration = Duration::from_millis(20);
const MARK_BYTES_MAX: u64 = 64;

/// The store of a site, open and locked.
#[derive(Debug)]
pub struct Store {
    storage: Arc<dyn Storage>,
    pub(super) path: PathBuf,
    mark: PathBuf,
    pub(super) database: Open,
    pub(super) key: StoreKey,
    pub(super) head: Head,
    _lock: Lock,
}

/// Pages that are open. To close them is to write to them, which may find them damaged as well.
#[derive(Debug)]
pub(super) struct Open(Option<Database>, GivenUp);

impl Open {
    pub(super) fn pages(&self) -> &Database {
        self.0.as_ref().expect("they are closed only at the end")
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let pages = self.0.take();
        // What is damaged is told when it is read.
        let _ = panic::catch_unwind(AssertUnwindSafe(|| drop(pages)));
    }
}

impl Store {
    /// The counter of the newest revision, without opening the store; 0 if no alert was ever issued here.
    ///
    /// # Errors
    /// [`OverlayError::Io`] if it cannot be read, [`OverlayError::Mark`] if it is garbled.
    pub fn newest(storage: &dyn Storage, data_dir: &Path) -> Result<u64, OverlayError> {
        let path = data_dir.join("alerts").join("REVISION");
        match storage.read(&path, MARK_BYTES_MAX) {
            Ok(bytes) => {
                let text = std::str::from_utf8(&bytes).ok();
                let counter = text.and_then(|text| text.strip_suffix('\n')?.parse().ok());
                counter.ok_or(OverlayError::Mark { path })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(OverlayError::io("read", &path)(error)),
        }
    }

    /// Whether another process has it open just now.
    #[must_use]
    pub fn is_held(storage: &dyn Storage, data_dir: &Path) -> bool {
        let path = data_dir.join("alerts").join("LOCK");
        is_there(storage, &path).unwrap_or(false) && matches!(storage.lock(&path), Err(LockError::Held))
    }

    /// Opens the store of a site; `None` if it never had one.
    ///
    /// # Errors
    /// [`OverlayError`], also if what should be there is not.
    pub fn open(storage: &Arc<dyn Storage>, data_dir: &Path) -> Result<Option<Self>, OverlayError> {
        Self::open_within(storage, data_dir, LOCK_WAIT)
    }

    pub(super) fn open_within(
        storage: &Arc<dyn Storage>,
        data_dir: &Path,
        wait: Duration,
    ) -> Result<Option<Self>, OverlayError> {
        let files = Files::of(&**storage, data_dir)?;
        if !files.has_pages && files.newest == 0 {
            // Also where somebody was about to make it: he has issued nothing.
            return Ok(None);
        }
        Self::open_files(storage, data_dir, wait).map(Some)
    }

    /// Opens the store of a site, or makes it.
    ///
    /// # Errors
    /// [`OverlayError`].
    pub fn open_or_create(storage: &Arc<dyn Storage>, data_dir: &Path) -> Result<Self, OverlayError> {
        let folder = data_dir.join("alerts");
        storage.create_dir_all(&folder).map_err(OverlayError::io("create", &folder))?;
        storage.sync_dir(data_dir).map_err(OverlayError::io("sync", data_dir))?;
        {
            let _lock = wait_for_lock(&**storage, &folder.join("LOCK"), LOCK_WAIT)?;
            let files = Files::of(&**storage, data_dir)?;
            // Only what never was is made: whatever has gone is missed.
            if !files.has_pages && files.newest == 0 {
                if !files.has_key {
                    StoreKey::create(&**storage, &folder.join("key"))?;
                }
                give_birth(&**storage, &folder.join("alerts.redb"))?;
            }
        }
        Self::open_files(storage, data_dir, LOCK_WAIT)
    }

    fn open_files(storage: &Arc<dyn Storage>, data_dir: &Path, wait: Duration) -> Result<Self, OverlayError> {
        let folder = data_dir.join("alerts");
        let lock = wait_for_lock(&**storage, &folder.join("LOCK"), wait)?;
        let (path, newest) = (folder.join("alerts.redb"), Self::newest(&**storage, data_dir)?);
        let key = StoreKey::read(&**storage, &folder.join("key"))?;
        if !is_there(&**storage, &path)? {
            return Err(OverlayError::Damaged { path, counter: newest, what: "is missing, with all others" });
        }
        let database = guarded(&path, || pages(&**storage, &path))?;
        let head = guarded(&path, || Head::read(database.pages(), &key, &path))?;
        let (mark, counter) = (folder.join("REVISION"), head.at().counter);
        // What reads pages goes back to an older state where the newest is spoilt, and calls that sound.
        if newest > counter {
            return Err(OverlayError::Damaged { path, counter: counter + 1, what: "is missing" });
        }
        let store = Self { storage: storage.clone(), path, mark, database, key, head, _lock: lock };
        if newest < counter {
            // Whoever made the newest one was killed before he could tell.
            store.tell();
        }
        Ok(store)
    }

    /// Copies the store of a site, as of a moment at which nobody has it open, into a folder that does not exist yet; nothing, if it has
    /// none.
    ///
    /// # Errors
    /// [`OverlayError`].
    pub fn copy(storage: &dyn Storage, data_dir: &Path, to: &Path) -> Result<(), OverlayError> {
        let files = Files::of(storage, data_dir)?;
        let (folder, to) = (data_dir.join("alerts"), to.join("alerts"));
        if !files.has_key && !files.has_pages && files.newest == 0 {
            return Ok(());
        }
        let _lock = wait_for_lock(storage, &folder.join("LOCK"), LOCK_WAIT)?;
        storage.create_dir_all(&to).map_err(OverlayError::io("create", &to))?;
        for name in ["key", "alerts.redb", "REVISION"] {
            let from = folder.join(name);
            match copy_file(storage, &from, &to.join(name), u64::MAX) {
                // No alert was ever issued in it.
                Err(error) if error.kind() == io::ErrorKind::NotFound && files.newest == 0 => {}
                copied => copied.map_err(OverlayError::io("copy", &from))?,
            }
        }
        Ok(())
    }

    /// A name for an alert that is like no other.
    ///
    /// # Errors
    /// [`OverlayError::Random`].
    pub fn new_alert() -> Result<AlertId, OverlayError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(OverlayError::Random)?;
        Ok(AlertId(id))
    }

    /// The name of the alert that somebody wishes for with a key of his own: the same whenever he does.
    #[must_use]
    pub fn alert_of_key(&self, by: &str, key: &str) -> AlertId {
        let mac = self.key.mac(b"idempotency 1", format!("{by}\0{key}").as_bytes());
        AlertId(std::array::from_fn(|at| mac[at]))
    }

    /// Which store it is, and the counter of its newest revision: also before there is one, if it counts on from where another was.
    #[must_use]
    pub fn head(&self) -> Origin {
        self.head.at()
    }

    /// Visits every revision after one, in the order in which they were made. Each is as it was written, and none is missing.
    ///
    /// # Errors
    /// [`OverlayError::Damaged`] names the first that is not.
    pub fn each_after(&self, counter: u64, visit: &mut dyn FnMut(Revision)) -> Result<(), OverlayError> {
        self.each_between(counter, u64::MAX, visit)
    }

    /// The same of no more than those up to another one.
    pub(super) fn each_between(
        &self,
        after: u64,
        until: u64,
        visit: &mut dyn FnMut(Revision),
    ) -> Result<(), OverlayError> {
        guarded(&self.path, || self.read(after, until.min(self.head().counter), visit))
    }

    fn read(&self, after: u64, until: u64, visit: &mut dyn FnMut(Revision)) -> Result<(), OverlayError> {
        let failed = |error: redb::Error| OverlayError::pages(&self.path)(error);
        let reading = self.database.pages().begin_read().map_err(|error| failed(error.into()))?;
        let has_none = || self.head.names().all(|name| name.last == name.after);
        let table = match reading.open_table(REVISIONS) {
            Err(redb::TableError::TableDoesNotExist(_)) if has_none() => return Ok(()),
            table => table.map_err(|error| failed(error.into()))?,
        };
        let is_all = until == self.head().counter;
        for name in self.head.names().filter(|name| name.last > after) {
            let mut next = name.after.max(after) + 1;
            let at = |counter| place(Origin { node: name.node, counter });
            let (from, to) = (at(next), at(u64::MAX));
            for record in table.range(&from[..]..=&to[..]).map_err(|error| failed(error.into()))? {
                if next > until && !is_all {
                    return Ok(());
                }
                let (place, sealed) = record.map_err(|error| failed(error.into()))?;
                let value = self.key.open(place.value(), sealed.value());
                let value = value.ok_or_else(|| self.damaged(next, "is not as it was written"))?;
                let revision = decode(value).ok_or_else(|| self.damaged(next, "is not understood"))?;
                let origin = Origin { node: name.node, counter: next };
                if revision.origin != origin || place.value() != at(next) {
                    return Err(self.damaged(next, "is missing"));
                }
                visit(revision);
                next += 1;
            }
            if next != name.last + 1 {
                return Err(self.damaged(next, "is missing"));
            }
        }
        Ok(())
    }

    /// Makes changes together, or none of them, durably.
    ///
    /// # Errors
    /// [`OverlayError::Pages`]; which of the two it is shows when the store is opened again.
    pub fn append(&mut self, changes: Vec<Change>) -> Result<Vec<Revision>, OverlayError> {
        let path = self.path.clone();
        let kept = guarded(&path, || self.write(changes));
        if kept.is_err() {
            self.give_up();
        }
        kept
    }

    /// Nothing is written any more: to close the pages would make durable what stands in them of an append that failed.
    pub(super) fn give_up(&self) {
        self.database.1.give_up();
    }

    fn write(&mut self, changes: Vec<Change>) -> Result<Vec<Revision>, OverlayError> {
        let (mut head, mut revisions) = (self.head.clone(), Vec::with_capacity(changes.len()));
        let mut changes = changes.into_iter();
        while changes.len() > PIECE_REVISIONS {
            let piece = changes.by_ref().take(PIECE_REVISIONS);
            self.write_piece(piece, Durability::None, &mut head, &mut revisions)?;
        }
        self.write_piece(changes, Durability::Immediate, &mut head, &mut revisions)?;
        self.head = head;
        self.tell();
        Ok(revisions)
    }

    /// Writes some changes after a head. Until a piece is durable, which the last one is, a crash takes out all of them; and only that one
    /// brings the head along.
    pub(super) fn write_piece(
        &self,
        changes: impl Iterator<Item = Change>,
        durability: Durability,
        head: &mut Head,
        revisions: &mut Vec<Revision>,
    ) -> Result<(), OverlayError> {
        let failed = OverlayError::pages::<redb::Error>(&self.path);
        let mut writing = self.database.pages().begin_write().map_err(|error| failed(error.into()))?;
        writing.set_durability(durability).map_err(|error| failed(error.into()))?;
        {
            let mut table = writing.open_table(REVISIONS).map_err(|error| failed(error.into()))?;
            for change in changes {
                let revision = change.placed(head.advance());
                head.version = head.version.max(version_of(&revision));
                let (at, value) = (place(revision.origin), encode(&revision));
                let sealed = self.key.seal(&at, &value);
                table.insert(&at[..], &sealed[..]).map_err(|error| failed(error.into()))?;
                revisions.push(revision);
            }
            if matches!(durability, Durability::Immediate) {
                let mut table = writing.open_table(HEAD).map_err(|error| failed(error.into()))?;
                head.write(&mut table, &self.key).map_err(|error| failed(error.into()))?;
            }
        }
        writing.commit().map_err(|error| failed(error.into()))
    }

    /// Lets those who wait for something new know. What is kept is kept all the same: they look by themselves every minute.
    pub(super) fn tell(&self) {
        let text = format!("{}\n", self.head().counter);
        if let Err(error) = publish_file(&*self.storage, &self.mark, text.as_bytes()) {
            tracing::warn!(path = %self.mark.display(), %error, "a new revision of an alert is kept and not told of yet");
        }
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.path.parent().unwrap_or(Path::new(".")).to_owned()
    }

    pub(super) fn damaged(&self, counter: u64, what: &'static str) -> OverlayError {
        OverlayError::Damaged { path: self.path.clone(), counter, what }
    }
}

/// Pages that contradict one another end the library that reads them. To whoever asks here it is damage like any other.
pub(super) fn guarded<T>(
    path: &Path,
    work: impl FnOnce() -> Result<T, OverlayError>,
) -> Result<T, OverlayError> {
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    let what = "(its pages contradict one another) cannot be read";
    done.unwrap_or_else(|_| Err(OverlayError::Damaged { path: path.to_owned(), counter: 0, what }))
}

fn pages(storage: &dyn Storage, path: &Path) -> Result<Open, OverlayError> {
    let file = storage.open_anywhere(path).map_err(OverlayError::io("open", path))?;
    let mut database = Database::builder();
    database.set_cache_size(CACHE_BYTES);
    let (pages, given_up) = Pages::new(file);
    let database = database.create_with_backend(pages).map_err(OverlayError::pages(path))?;
    Ok(Open(Some(database), given_up))
}

/// Makes the file, which has its name only once it is whole: half a file of pages would be taken for a damaged one.
fn give_birth(storage: &dyn Storage, path: &Path) -> Result<(), OverlayError> {
    let unborn = path.with_extension("tmp");
    match storage.remove(&unborn) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(OverlayError::io("remove", &unborn)(error));
        }
        _ => {}
    }
    drop(pages(storage, &unborn)?);
    let synced = storage.open_anywhere(&unborn).and_then(|file| file.sync());
    synced.map_err(OverlayError::io("sync", &unborn))?;
    storage.rename(&unborn, path).map_err(OverlayError::io("rename", &unborn))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    storage.sync_dir(folder).map_err(OverlayError::io("sync", folder))
}

fn wait_for_lock(storage: &dyn Storage, path: &Path, wait: Duration) -> Result<Lock, OverlayError> {
    for _ in 0..wait.as_millis() / LOCK_PAUSE.as_millis() {
        match storage.lock(path) {
            Ok(lock) => return Ok(lock),
            Err(LockError::Held) => std::thread::sleep(LOCK_PAUSE),
            Err(LockError::Io(error)) => return Err(OverlayError::io("lock", path)(error)),
        }
    }
    Err(OverlayError::Locked { path: path.to_owned() })
}
