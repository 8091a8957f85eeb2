//! Appends in many pieces, and what becomes of them when something comes in between.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use redb::Durability;

use super::{Change, Store};
use crate::domain::alert::{
    Action, AlertId, CallerClass, Category, Grade, GradeScheme, Handling, Life, Line, Statement, Subject,
};
use crate::domain::{DocumentId, DocumentNumber, IssuingState};
use crate::ground::storage::{BlockFile, Disk, Lock, LockError, Storage, StorageFile};

/// Many pieces, and more than the cache holds.
const MANY: u64 = 500;

fn changes(count: u64) -> Vec<Change> {
    let at = Timestamp::UNIX_EPOCH;
    let line = |text| Line::parse(text, 20).expect("a line");
    let statement = Arc::new(Statement {
        subject: Subject::Document(DocumentId {
            issuing_state: IssuingState::recognise("UTO").expect("a state").state,
            number: DocumentNumber::parse("A1").expect("a number"),
        }),
        category: Category::Stolen,
        action: Action::Refer,
        instruction: None,
        originator: line("Police"),
        contact: line("+999"),
        reference: None,
        grade: Grade::parse(GradeScheme::Admiralty, "A1").expect("a grade"),
        handling: Handling {
            classes: [CallerClass::Officer].into(),
            purposes: [].into(),
            release_to: [].into(),
        },
        from: at,
        to: at + SignedDuration::from_hours(24),
    });
    let change = |alert: u64| Change {
        alert: AlertId(std::array::from_fn(|byte| (alert >> (byte % 8 * 8)) as u8)),
        number: 1,
        at,
        by: "one".into(),
        issuer: "one".into(),
        life: Life::Active,
        unapproved_until: None,
        statement: statement.clone(),
    };
    (0..count).map(change).collect()
}

fn count(store: &Store) -> u64 {
    let mut count = 0;
    store.each_after(0, &mut |_| count += 1).expect("what is there is whole");
    count
}

/// A folder with a store of one revision.
fn begun() -> tempfile::TempDir {
    let data = tempfile::tempdir().expect("a folder");
    let storage: Arc<dyn Storage> = Arc::new(Disk);
    let mut store = Store::open_or_create(&storage, data.path()).expect("it is made");
    store.append(changes(1)).expect("the disk has room");
    data
}

fn open(storage: impl Storage + 'static, data: &Path) -> Store {
    let storage: Arc<dyn Storage> = Arc::new(storage);
    Store::open(&storage, data).expect("it can be opened").expect("it is there")
}

fn pages(data: &Path) -> PathBuf {
    data.join("alerts").join("alerts.redb")
}

#[test]
fn after_any_crash_a_large_append_is_there_as_a_whole_or_not_at_all() {
    let data = begun();
    let before = Disk.read(&pages(data.path()), u64::MAX - 1).expect("it can be read");
    let ground = Ground::default();
    let mut store = open(ground.clone(), data.path());
    let begun_at = ground.done().len();
    store.append(changes(MANY)).expect("the disk has room");
    let acknowledged = ground.done().len();
    drop(store);
    let done = std::mem::take(&mut *ground.done());
    let syncs = done[begun_at..acknowledged].iter().filter(|done| matches!(done, Done::Synced)).count();
    assert!(syncs < 10 && acknowledged > begun_at + 100, "{syncs} syncs of {acknowledged} operations");
    let (mut random, mut seen) = (1_u64, [0, 0]);
    let mut heads = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        random >> 63 == 1
    };
    for end in (begun_at..=done.len()).filter(|end| end % 13 == 0 || end.abs_diff(acknowledged) < 4) {
        let losses: [&mut dyn FnMut() -> bool; 3] = [&mut || false, &mut || true, &mut heads];
        for (variant, is_lost) in losses.into_iter().enumerate() {
            let image = begun();
            let path = pages(image.path());
            Disk.remove(&path).expect("it was there");
            let key = Path::new("alerts").join("key");
            Disk.remove(&image.path().join(&key)).expect("it was there");
            let bytes = Disk.read(&data.path().join(&key), 1 << 10).expect("it can be read");
            Disk.create(&image.path().join(&key))
                .and_then(|mut file| file.append(&bytes))
                .expect("there is room");
            let after = crash(&before, &done[..end], is_lost);
            Disk.create(&path).and_then(|mut file| file.append(&after)).expect("there is room");
            let mut store = open(Disk, image.path());
            let found = count(&store);
            assert!(found == 1 || found == 1 + MANY, "{found} after {end}, {variant}");
            assert!(found > 1 || end < acknowledged, "it was acknowledged: {end}, {variant}");
            seen[usize::from(found > 1)] += 1;
            store.append(changes(1)).expect("the disk has room");
            assert_eq!(count(&store), found + 1);
        }
    }
    assert!(seen[0] > 10 && seen[1] > 3, "{seen:?}");
}

#[test]
fn of_a_large_append_that_came_to_grief_nothing_is_ever_there() {
    for at in [1, 30, 60, 90] {
        let data = begun();
        let ground = Ground::default();
        let mut store = open(ground.clone(), data.path());
        ground.panic_in.store(at, Ordering::SeqCst);
        store.append(changes(MANY)).expect_err("a write panics");
        drop(store);
        let mut store = open(Disk, data.path());
        assert_eq!(count(&store), 1, "after a panic at write {at}");
        store.append(changes(MANY)).expect("the disk has room");
        assert_eq!(count(&store), 1 + MANY);
    }
}

#[test]
fn pieces_that_are_given_up_are_never_there() {
    let data = begun();
    let store = open(Disk, data.path());
    let (mut head, mut revisions) = (store.head.clone(), Vec::new());
    for _ in 0..10 {
        let piece = changes(50).into_iter();
        store.write_piece(piece, Durability::None, &mut head, &mut revisions).expect("the disk has room");
    }
    store.give_up();
    drop(store);
    let mut store = open(Disk, data.path());
    assert_eq!(count(&store), 1);
    store.append(changes(MANY)).expect("the disk has room");
    assert_eq!(count(&store), 1 + MANY);
}

/// What a crash leaves: everything that was synced, and of the rest what is not lost.
fn crash(before: &[u8], done: &[Done], is_lost: &mut dyn FnMut() -> bool) -> Vec<u8> {
    let synced = done.iter().rposition(|done| matches!(done, Done::Synced)).unwrap_or(0);
    let mut bytes = before.to_vec();
    for (at, done) in done.iter().enumerate() {
        match done {
            Done::Length(length) => bytes.resize(*length as usize, 0),
            Done::Wrote(offset, piece) if at <= synced || !is_lost() => {
                let (from, to) = (*offset as usize, *offset as usize + piece.len());
                bytes.resize(bytes.len().max(to), 0);
                bytes[from..to].copy_from_slice(piece);
            }
            Done::Wrote(..) | Done::Synced => {}
        }
    }
    bytes
}

#[derive(Debug)]
enum Done {
    Wrote(u64, Box<[u8]>),
    Length(u64),
    Synced,
}

/// The disk, and what is done to pages on it.
#[derive(Clone, Debug, Default)]
struct Ground {
    done: Arc<Mutex<Vec<Done>>>,
    /// The write that panics, once; 1 is the next.
    panic_in: Arc<AtomicUsize>,
}

impl Ground {
    fn done(&self) -> std::sync::MutexGuard<'_, Vec<Done>> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Recorded(Box<dyn BlockFile>, Ground);

impl BlockFile for Recorded {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read_at(offset, out)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let count = |left: usize| left.checked_sub(1);
        let left = self.1.panic_in.fetch_update(Ordering::SeqCst, Ordering::SeqCst, count);
        assert!(left != Ok(1), "this write is made to panic");
        self.1.done().push(Done::Wrote(offset, bytes.into()));
        self.0.write_at(offset, bytes)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.1.done().push(Done::Length(len));
        self.0.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.1.done().push(Done::Synced);
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }
}

impl Storage for Ground {
    fn open_anywhere(&self, path: &Path) -> io::Result<Box<dyn BlockFile>> {
        Ok(Box::new(Recorded(Disk.open_anywhere(path)?, self.clone())))
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        Disk.create_dir_all(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn StorageFile>> {
        Disk.create(path)
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn StorageFile>> {
        Disk.open_append(path)
    }

    fn open_read(&self, path: &Path) -> io::Result<File> {
        Disk.open_read(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Disk.remove(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        Disk.sync_dir(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        Disk.list(path)
    }

    fn lock(&self, path: &Path) -> Result<Lock, LockError> {
        Disk.lock(path)
    }
}
