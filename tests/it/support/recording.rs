//! A storage that records and fails on demand: the ground of every crash test.
//!
//! [`Recording`] passes everything on to the real disk, below a root folder that the test owns, and notes each
//! operation once it has succeeded. Only syncs are not passed on: the record is what knows of them, and tests
//! are fast. Use it like this:
//!
//! 1. `let disk = Recording::new(root)`; what is in `root` already counts as durable. Clones share the record.
//! 2. Run the code under test with `Arc::new(disk.clone())` as its storage. After each thing that it
//!    acknowledges, note `disk.operations()`: a crash after that many operations or more must not lose it.
//! 3. [`disk.crash_images(seed, |image| …)`](Recording::crash_images) calls back with every image of the files
//!    that a crash may leave: `image.operations` says after how many operations the crash came, `image.root()`
//!    is a folder with the surviving files, on which the code is started again. What an image is, is written in
//!    `crash.rs`.
//!
//! Faults, each of which counts from when it is asked for: [`fail_sync`](Recording::fail_sync),
//! [`fail_append`](Recording::fail_append), [`fail_truncates`](Recording::fail_truncates),
//! [`disk_full_after`](Recording::disk_full_after), [`slow_syncs`](Recording::slow_syncs).
//! Locks are real and are not recorded; a path outside the root is a mistake of the test and panics.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use portcullis::ground::storage::{BlockFile, Disk, Lock, LockError, Storage, StorageFile};

use super::crash::{Image, Operation, for_each_image};

/// Names a file whatever it is called: its place in the order of creation.
pub(crate) type FileId = usize;

/// A storage that records what it passes on.
#[derive(Clone, Debug)]
pub(crate) struct Recording {
    root: PathBuf,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    before: BTreeMap<PathBuf, Option<Vec<u8>>>,
    operations: Vec<Operation>,
    names: BTreeMap<PathBuf, FileId>,
    files: usize,
    synced_bytes: BTreeMap<FileId, u64>,
    syncs: usize,
    fail_sync_in: Option<usize>,
    fail_append_in: Option<usize>,
    fail_truncates: bool,
    room_bytes: Option<usize>,
    watch: Option<Watch>,
    reserved: BTreeMap<PathBuf, usize>,
    sync_takes: Duration,
}

/// What is done after each append and each cut of a file that grows.
struct Watch(Box<dyn FnMut() + Send>);

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watch")
    }
}

impl Recording {
    /// Records what is done below `root`, which exists.
    pub(crate) fn new(root: &Path) -> Self {
        let mut state = State::default();
        state.snapshot(root, root);
        Self { root: root.to_owned(), state: Arc::new(Mutex::new(state)) }
    }

    /// How many operations were recorded so far.
    pub(crate) fn operations(&self) -> usize {
        self.state().operations.len()
    }

    /// How many times a file (not a folder) was synced.
    pub(crate) fn syncs(&self) -> usize {
        self.state().syncs
    }

    /// How many bytes of a file were in it when its last successful sync began.
    pub(crate) fn synced_bytes(&self, path: &Path) -> u64 {
        let state = self.state();
        let id = state.names.get(self.relative(path)).expect("the file was created or opened");
        state.synced_bytes.get(id).copied().unwrap_or(0)
    }

    /// The `nth` sync of a file from now on fails, once; 1 is the next.
    pub(crate) fn fail_sync(&self, nth: usize) {
        self.state().fail_sync_in = Some(nth);
    }

    /// The `nth` append from now on fails, once, without having written anything; 1 is the next.
    pub(crate) fn fail_append(&self, nth: usize) {
        self.state().fail_append_in = Some(nth);
    }

    /// Whether files can be cut.
    pub(crate) fn fail_truncates(&self, fail: bool) {
        self.state().fail_truncates = fail;
    }

    /// Appends run out of room after so many bytes, having written what still fitted; `None` is a disk with
    /// room.
    pub(crate) fn disk_full_after(&self, bytes: Option<usize>) {
        self.state().room_bytes = bytes;
    }

    /// Does something after each append and each cut from now on, also after half of one: others may read at any moment.
    pub(crate) fn watch(&self, watch: impl FnMut() + Send + 'static) {
        self.state().watch = Some(Watch(Box::new(watch)));
    }

    /// Each sync of a file takes at least so long.
    pub(crate) fn slow_syncs(&self, takes: Duration) {
        self.state().sync_takes = takes;
    }

    /// Calls back with every different image that a crash at any moment may have left, see `crash.rs`, and
    /// gives how many there were. The same record and seed give the same images.
    pub(crate) fn crash_images(&self, seed: u64, each: impl FnMut(&Image)) -> usize {
        self.crash_images_at(seed, |_| true, each)
    }

    /// The same of crashes after some numbers of operations only, for files that are large.
    pub(crate) fn crash_images_at(
        &self,
        seed: u64,
        at: impl Fn(usize) -> bool,
        each: impl FnMut(&Image),
    ) -> usize {
        let state = self.state();
        let (before, operations) = (state.before.clone(), state.operations.clone());
        drop(state);
        for_each_image(&before, &operations, seed, at, each)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it records")
    }

    fn relative<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.root).expect("tests stay below their root")
    }

    fn file(&self, path: &Path, inner: Box<dyn StorageFile>) -> Box<dyn StorageFile> {
        let id = *self.state().names.get(self.relative(path)).expect("an open file has a name");
        Box::new(RecordedFile { id, inner, state: self.state.clone() })
    }
}

impl State {
    fn snapshot(&mut self, root: &Path, folder: &Path) {
        for path in Disk.list(folder).expect("the root can be listed") {
            let name = path.strip_prefix(root).expect("listed below the root").to_owned();
            if path.is_dir() {
                self.before.insert(name, None);
                self.snapshot(root, &path);
            } else {
                let bytes = Disk.read(&path, 1 << 30).expect("the root can be read");
                self.names.insert(name.clone(), self.files);
                self.synced_bytes.insert(self.files, bytes.len() as u64);
                self.operations.push(Operation::Existing { file: self.files, path: name.clone() });
                self.before.insert(name, Some(bytes));
                self.files += 1;
            }
        }
    }
}

impl Storage for Recording {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        let missing: Vec<_> = path.ancestors().take_while(|folder| !folder.exists()).collect();
        Disk.create_dir_all(path)?;
        let mut state = self.state();
        for folder in missing.into_iter().rev() {
            state.operations.push(Operation::CreateDir { path: self.relative(folder).to_owned() });
        }
        Ok(())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn StorageFile>> {
        let inner = Disk.create(path)?;
        let name = self.relative(path).to_owned();
        let mut state = self.state();
        let file = state.files;
        state.files += 1;
        state.names.insert(name.clone(), file);
        state.operations.push(Operation::Create { file, path: name });
        drop(state);
        Ok(self.file(path, inner))
    }

    /// Takes the room and nothing else, and is not on record: what is there after a crash means nothing.
    fn reserve(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let (bytes, mut state) = (content.len(), self.state());
        if state.room_bytes.is_some_and(|room| room < bytes) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.room_bytes = state.room_bytes.map(|room| room - bytes);
        drop(Disk.create(path)?);
        state.reserved.insert(self.relative(path).to_owned(), bytes);
        Ok(())
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn StorageFile>> {
        Disk.open_append(path).map(|inner| self.file(path, inner))
    }

    fn open_anywhere(&self, path: &Path) -> io::Result<Box<dyn BlockFile>> {
        let is_new = !path.exists();
        let inner = Disk.open_anywhere(path)?;
        let name = self.relative(path).to_owned();
        let mut state = self.state();
        if is_new {
            let file = state.files;
            state.files += 1;
            state.names.insert(name.clone(), file);
            state.operations.push(Operation::Create { file, path: name.clone() });
        }
        let id = state.names[&name];
        drop(state);
        Ok(Box::new(RecordedBlocks { id, inner, state: self.state.clone() }))
    }

    fn open_read(&self, path: &Path) -> io::Result<std::fs::File> {
        Disk.open_read(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Disk.rename(from, to)?;
        let (from, to) = (self.relative(from).to_owned(), self.relative(to).to_owned());
        let mut state = self.state();
        let file = state.names.remove(&from).expect("files are renamed, not folders");
        state.names.insert(to.clone(), file);
        state.operations.push(Operation::Rename { file, from, to });
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Disk.remove(path)?;
        let path = self.relative(path).to_owned();
        let mut state = self.state();
        if let Some(bytes) = state.reserved.remove(&path) {
            state.room_bytes = state.room_bytes.map(|room| room + bytes);
            return Ok(());
        }
        let file = state.names.remove(&path).expect("what was removed had a name");
        state.operations.push(Operation::Remove { file, path });
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        if !path.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        // What lies above the root is none of the test's business.
        if let Ok(path) = path.strip_prefix(&self.root) {
            self.state().operations.push(Operation::SyncDir { path: path.to_owned() });
        }
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        Disk.list(path)
    }

    fn lock(&self, path: &Path) -> Result<Lock, LockError> {
        Disk.lock(path)
    }
}

#[derive(Debug)]
struct RecordedFile {
    id: FileId,
    inner: Box<dyn StorageFile>,
    state: Arc<Mutex<State>>,
}

impl RecordedFile {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it records")
    }
}

impl StorageFile for RecordedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let offset = self.inner.len()?;
        let state = &mut *self.state.lock().expect("no test panics while it records");
        if fails_now(&mut state.fail_append_in) {
            return Err(io::Error::other("the append was made to fail"));
        }
        let fits = state.room_bytes.map_or(bytes.len(), |room| room.min(bytes.len()));
        state.room_bytes = state.room_bytes.map(|room| room - fits);
        if fits > 0 {
            self.inner.append(&bytes[..fits])?;
            state.operations.push(Operation::Append { file: self.id, offset, bytes: bytes[..fits].into() });
            state.watch.iter_mut().for_each(|watch| (watch.0)());
        }
        if fits < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        let takes = {
            let mut state = self.state();
            if fails_now(&mut state.fail_sync_in) {
                return Err(io::Error::other("the sync was made to fail"));
            }
            state.sync_takes
        };
        let bytes = self.inner.len()?;
        std::thread::sleep(takes);
        let id = self.id;
        let mut state = self.state();
        state.syncs += 1;
        state.synced_bytes.insert(id, bytes);
        state.operations.push(Operation::Sync { file: id });
        Ok(())
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        if self.state().fail_truncates {
            return Err(io::Error::other("the cut was made to fail"));
        }
        self.inner.truncate(len)?;
        let file = self.id;
        let mut state = self.state();
        state.operations.push(Operation::Truncate { file, len });
        state.watch.iter_mut().for_each(|watch| (watch.0)());
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }
}

#[derive(Debug)]
struct RecordedBlocks {
    id: FileId,
    inner: Box<dyn BlockFile>,
    state: Arc<Mutex<State>>,
}

impl RecordedBlocks {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it records")
    }
}

impl BlockFile for RecordedBlocks {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inner.read_at(offset, out)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        if fails_now(&mut state.fail_append_in) {
            return Err(io::Error::other("the write was made to fail"));
        }
        if state.room_bytes.is_some_and(|room| room < bytes.len()) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.room_bytes = state.room_bytes.map(|room| room - bytes.len());
        self.inner.write_at(offset, bytes)?;
        state.operations.push(Operation::Append { file: self.id, offset, bytes: bytes.into() });
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.inner.set_len(len)?;
        self.state().operations.push(Operation::Truncate { file: self.id, len });
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.state();
        if fails_now(&mut state.fail_sync_in) {
            return Err(io::Error::other("the sync was made to fail"));
        }
        let bytes = self.inner.len()?;
        state.syncs += 1;
        state.synced_bytes.insert(self.id, bytes);
        state.operations.push(Operation::Sync { file: self.id });
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }
}

fn fails_now(countdown: &mut Option<usize>) -> bool {
    let left = countdown.take().map(|left| left - 1);
    let now = left == Some(0);
    *countdown = left.filter(|_| !now);
    now
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use portcullis::ground::storage::publish_file;

    use super::*;

    /// What is found under a name after every crash of a run that replaces `old` by `new`.
    fn found_after(replace: impl FnOnce(&Recording, &Path)) -> BTreeSet<Option<String>> {
        let root = tempfile::tempdir().unwrap();
        publish_file(&Disk, &root.path().join("file"), b"old").unwrap();
        let disk = Recording::new(root.path());
        replace(&disk, &root.path().join("file"));
        let mut found = BTreeSet::new();
        disk.crash_images(1, |image| {
            let bytes = Disk.read(&image.root().join("file"), 1 << 20).ok();
            found.insert(bytes.map(|bytes| String::from_utf8(bytes).unwrap()));
        });
        found
    }

    #[test]
    fn a_published_file_is_the_old_or_the_new_one() {
        let found = found_after(|disk, path| publish_file(disk, path, b"new").unwrap());
        assert_eq!(found, BTreeSet::from([Some("old".to_owned()), Some("new".to_owned())]));
    }

    #[test]
    fn a_file_renamed_before_it_is_synced_may_be_empty_or_torn() {
        let found = found_after(|disk, path| {
            let temporary = path.with_extension("tmp");
            disk.create(&temporary).unwrap().append(b"new").unwrap();
            disk.rename(&temporary, path).unwrap();
            disk.sync_dir(path.parent().unwrap()).unwrap();
        });
        assert!(["", "old", "new", "\0\0\0"].iter().all(|text| found.contains(&Some((*text).to_owned()))));
        assert!(found.contains(&Some("n".to_owned())) || found.contains(&Some("ne".to_owned())));
    }

    #[test]
    fn a_name_is_lost_until_its_folder_is_synced() {
        let root = tempfile::tempdir().unwrap();
        let disk = Recording::new(root.path());
        let path = root.path().join("folder/file");
        disk.create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = disk.create(&path).unwrap();
        file.append(b"content").unwrap();
        file.sync().unwrap();
        disk.sync_dir(path.parent().unwrap()).unwrap();
        let before = disk.operations();
        disk.sync_dir(root.path()).unwrap();
        let mut missing = BTreeSet::new();
        disk.crash_images(1, |image| {
            if !image.root().join("folder/file").exists() {
                missing.insert(image.operations);
            }
        });
        assert!(missing.contains(&before) && !missing.contains(&(before + 1)));
    }

    #[test]
    fn faults_come_when_they_were_asked_for() {
        let root = tempfile::tempdir().unwrap();
        let disk = Recording::new(root.path());
        let path = root.path().join("file");
        let mut file = disk.create(&path).unwrap();
        disk.fail_append(2);
        assert_eq!([(); 3].map(|()| file.append(b"x").is_ok()), [true, false, true]);
        disk.fail_sync(1);
        assert_eq!([(); 2].map(|()| file.sync().is_ok()), [false, true]);
        assert_eq!((disk.syncs(), disk.synced_bytes(&path)), (1, 2));
        disk.disk_full_after(Some(3));
        assert_eq!(file.append(b"12345").unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(Disk.read(&path, 100).unwrap(), b"xx123");
        disk.fail_truncates(true);
        assert!(file.truncate(2).is_err());
    }
}
