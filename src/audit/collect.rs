//! A copy of somebody else's log that follows it. Entries are kept as they come; nothing of them counts until a checkpoint vouches for
//! it, and what does not come to the same tree is thrown away.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::body::{BodyFault, Entry};
use super::checkpoint::{CHECKPOINT_BYTES_MAX, Checkpoint};
use super::checkpoints::{self, CHECKPOINTS, framed};
use super::format::{
    BODY_BYTES_MAX, File, HEADER_BYTES, Header, LEAF_BYTES, LEAVES, SALT_BYTES, append_frame, leaf_offset,
};
use super::journal::JournalFile;
use super::log_id::LogId;
use super::note::NoteKey;
use super::places::PLACE_BYTES;
use super::scan::{Found, scan};
use super::signing::VERIFYING;
use super::tree::Frontier;
use super::{AuditError, Damage, Fault};
use crate::ground::storage::{Lock, LockError, Storage, StorageFile, publish_file, publish_readable_file};

const KEY_BYTES_MAX: u64 = 4096;
/// What is held in memory before it is written.
const BUFFER_BYTES: usize = 1 << 20;

/// A log that is collected.
#[derive(Debug)]
pub struct Collector {
    id: LogId,
    key: NoteKey,
    folder: PathBuf,
    frontier: Frontier,
    /// The tree that is kept, and vouched for.
    kept: Frontier,
    bodies: Growing,
    leaves: Growing,
    places: Growing,
    checkpoints: Growing,
    _lock: Lock,
}

/// A file, and what is not in it yet.
#[derive(Debug)]
struct Growing {
    file: Box<dyn StorageFile>,
    path: PathBuf,
    /// Its length as of the newest checkpoint.
    kept: u64,
    /// Its length with what waits.
    bytes: u64,
    waiting: Vec<u8>,
}

impl Collector {
    /// Opens the copy of a log under `to`, or begins it. What was written and not vouched for when a process ended is cut off.
    ///
    /// # Errors
    /// [`AuditError::OtherKey`] if the copy is of a log with another key; those of a log that is not sound, and of the file system.
    pub fn open(storage: &dyn Storage, to: &Path, log: &str, key: &NoteKey) -> Result<Self, AuditError> {
        let id = LogId::parse(log).filter(|id| key.name() == Checkpoint::origin(id.as_str()));
        let audit = to.join("audit");
        let id = id.ok_or_else(|| AuditError::NoLog { path: audit.join(log) })?;
        let folder = audit.join(format!("{}.collected", id.as_str()));
        storage.create_dir_all(&folder).map_err(AuditError::storage("create", &folder))?;
        for above in [to, &audit] {
            storage.sync_dir(above).map_err(AuditError::storage("sync", above))?;
        }
        let path = folder.join("LOCK");
        let lock = storage.lock(&path).map_err(|error| match error {
            LockError::Held => AuditError::InUse { path: folder.clone() },
            LockError::Io(error) => AuditError::storage("lock", &path)(error),
        })?;
        begin(storage, &folder, &id, key)?;
        let newest = checkpoints::newest(storage, &folder, key)?;
        let (size, checkpoint) =
            (newest.checkpoint.as_ref().map_or(0, |newest| newest.size), newest.checkpoint);
        let (mut frontier, mut places) = (Frontier::default(), Vec::new());
        // What no checkpoint vouches for may have come to the disk before its bodies.
        let leaves = Growing::cut(storage, folder.join(LEAVES), leaf_offset(size))?;
        let mut end = HEADER_BYTES as u64;
        let found = scan(storage, &folder, &id, Some(0), &mut |seen| {
            if seen.sequence < size {
                frontier.push(seen.leaf, |_, _| {});
                places.extend_from_slice(&seen.offset.to_le_bytes());
            } else if seen.sequence == size {
                end = seen.offset;
            }
            Ok(())
        })?;
        if let Found::Sound(_, sound) = found
            && sound.entries <= size
        {
            end = sound.bodies_bytes;
        }
        if let Some(checkpoint) = checkpoint.filter(|kept| kept.root != frontier.root()) {
            return Err(AuditError::Forked { path: folder.join(CHECKPOINTS), size: checkpoint.size });
        }
        let journal = JournalFile::default();
        let bodies = Growing::cut(storage, journal.bodies(&folder), end)?;
        let mut of_places = Growing::cut(storage, journal.places(&folder), 0)?;
        of_places.push(&places);
        of_places.keep()?;
        let checkpoints = Growing::cut(storage, folder.join(CHECKPOINTS), newest.bytes)?;
        storage.sync_dir(&folder).map_err(AuditError::storage("sync", &folder))?;
        let kept = frontier.clone();
        let key = key.clone();
        let places = of_places;
        Ok(Self { id, key, folder, frontier, kept, bodies, leaves, places, checkpoints, _lock: lock })
    }

    /// How many entries it has, which is the next one that it wants.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.frontier.size()
    }

    /// What the log has signed lately, read with its key; `None` if the log says what is not new.
    ///
    /// # Errors
    /// [`AuditError::NotItsNote`] for a note that the log has not signed, [`AuditError::CutOff`] for one of fewer entries than are here, and
    /// [`AuditError::Forked`] for one of others.
    pub fn newer(&self, note: &str) -> Result<Option<Checkpoint>, AuditError> {
        let path = || self.folder.join(CHECKPOINTS);
        // As it is going to stand in the file of checkpoints, and nothing besides.
        let is_one = note.len() <= CHECKPOINT_BYTES_MAX && note.ends_with('\n') && !note.contains("\n.\n");
        let checkpoint = Some(note).filter(|_| is_one).and_then(|note| Checkpoint::open(note, &self.key));
        let unsigned = || AuditError::NotItsNote { log: self.id.text().clone() };
        let checkpoint = checkpoint.ok_or_else(unsigned)?;
        let size = self.kept.size();
        if checkpoint.size < size {
            return Err(AuditError::CutOff { path: path(), size, entries: checkpoint.size });
        }
        if checkpoint.size == size && checkpoint.root != self.kept.root() {
            return Err(AuditError::Forked { path: path(), size });
        }
        Ok(Some(checkpoint).filter(|checkpoint| checkpoint.size > size))
    }

    /// The next entry, as it was written.
    ///
    /// # Errors
    /// [`AuditError::Damaged`] if it is none, and those of the file system.
    pub fn push(&mut self, salt: &[u8; SALT_BYTES], body: &[u8]) -> Result<(), AuditError> {
        let sequence = self.frontier.size();
        let length = body.len();
        match Entry::decode(body, sequence) {
            Ok(_) => {}
            Err(BodyFault::Newer(version)) => {
                return Err(AuditError::Newer { path: self.bodies.path.clone(), version });
            }
            Err(fault) => return Err(self.damaged(sequence, Fault::Body(fault))),
        }
        if length > BODY_BYTES_MAX {
            return Err(AuditError::EntryTooLong { bytes: length, bytes_max: BODY_BYTES_MAX });
        }
        let is_first = self.bodies.bytes == self.bodies.kept;
        let (place, mut frame) = (self.bodies.bytes, Vec::with_capacity(length + 64));
        let leaf = append_frame(&mut frame, is_first, sequence, *salt, body);
        self.bodies.push(&frame);
        self.leaves.push(&leaf);
        self.places.push(&place.to_le_bytes());
        self.frontier.push(leaf, |_, _| {});
        if self.bodies.waiting.len() < BUFFER_BYTES {
            return Ok(());
        }
        // No leaf before its body.
        [&mut self.bodies, &mut self.leaves, &mut self.places].into_iter().try_for_each(Growing::write)
    }

    /// Keeps what came, if it is what the log has signed; else it is cut off again.
    ///
    /// # Errors
    /// [`AuditError::Forked`] if it is not, and those of the file system.
    pub fn keep(&mut self, note: &str) -> Result<(), AuditError> {
        let checkpoint = self.newer(note)?;
        let path = self.folder.join(CHECKPOINTS);
        let is_right = checkpoint.as_ref().is_some_and(|checkpoint| {
            (checkpoint.size, checkpoint.root) == (self.frontier.size(), self.frontier.root())
        });
        if !is_right {
            self.give_up()?;
            return Err(AuditError::Forked {
                path,
                size: checkpoint.map_or(0, |checkpoint| checkpoint.size),
            });
        }
        // Bodies before their leaves, and both before what vouches for them.
        self.bodies.keep()?;
        self.leaves.keep()?;
        self.places.keep()?;
        self.checkpoints.push(framed(note).as_bytes());
        self.checkpoints.keep()?;
        self.kept = self.frontier.clone();
        Ok(())
    }

    /// Cuts off what came since the newest checkpoint.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn give_up(&mut self) -> Result<(), AuditError> {
        [&mut self.leaves, &mut self.places, &mut self.bodies].into_iter().try_for_each(Growing::give_up)?;
        self.frontier = self.kept.clone();
        Ok(())
    }

    /// The folder of the copy.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The log's id.
    #[must_use]
    pub fn log_id(&self) -> &str {
        self.id.as_str()
    }

    fn damaged(&self, entry: u64, fault: Fault) -> AuditError {
        let (path, offset) = (self.bodies.path.clone(), self.bodies.bytes);
        AuditError::Damaged(Damage { path, offset, entry: Some(entry), fault })
    }
}

/// The files that a log begins with, and the key by which it is believed.
fn begin(storage: &dyn Storage, folder: &Path, id: &LogId, key: &NoteKey) -> Result<(), AuditError> {
    let path = folder.join(VERIFYING);
    let text = format!("{key}\n");
    let is_absent = |path: &Path| match storage.open_read(path) {
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(AuditError::storage("open", path)(error)),
    };
    let leaves = folder.join(LEAVES);
    let is_new = is_absent(&leaves)? || {
        let length = storage.open_read(&leaves).and_then(|file| file.metadata()).map(|found| found.len());
        length.map_err(AuditError::storage("measure", &leaves))? <= HEADER_BYTES as u64
    };
    let header = Header { log_id: id.clone(), created: Timestamp::UNIX_EPOCH, before: None };
    let files = [
        (path.clone(), text.clone().into_bytes()),
        (leaves, header.encode(File::Leaves).to_vec()),
        (JournalFile::default().bodies(folder), header.encode(File::Bodies).to_vec()),
        (JournalFile::default().places(folder), Vec::new()),
        (folder.join(CHECKPOINTS), Vec::new()),
    ];
    for (path, bytes) in files {
        if !is_absent(&path)? {
            continue;
        }
        // What was there once is not made again empty.
        if !is_new {
            return Err(AuditError::Damaged(Damage { path, offset: 0, entry: None, fault: Fault::Missing }));
        }
        if path.ends_with(VERIFYING) {
            publish_readable_file(storage, &path, &bytes).map_err(AuditError::storage("write", &path))?;
        } else {
            publish_file(storage, &path, &bytes).map_err(AuditError::storage("create", &path))?;
        }
    }
    let found = storage.read(&path, KEY_BYTES_MAX).map_err(AuditError::storage("read", &path))?;
    if found != text.as_bytes() {
        let found = String::from_utf8_lossy(&found).trim_end().into();
        return Err(AuditError::OtherKey { path: folder.to_owned(), found });
    }
    Ok(())
}

impl Growing {
    fn cut(storage: &dyn Storage, path: PathBuf, bytes: u64) -> Result<Self, AuditError> {
        let mut file = storage.open_append(&path).map_err(AuditError::storage("write on in", &path))?;
        file.truncate(bytes).and_then(|()| file.sync()).map_err(AuditError::storage("cut", &path))?;
        Ok(Self { file, path, kept: bytes, bytes, waiting: Vec::new() })
    }

    fn push(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
        self.bytes += bytes.len() as u64;
    }

    fn write(&mut self) -> Result<(), AuditError> {
        self.file.append(&self.waiting).map_err(AuditError::storage("write", &self.path))?;
        self.waiting.clear();
        Ok(())
    }

    fn keep(&mut self) -> Result<(), AuditError> {
        self.write()?;
        self.file.sync().map_err(AuditError::storage("sync", &self.path))?;
        self.kept = self.bytes;
        Ok(())
    }

    fn give_up(&mut self) -> Result<(), AuditError> {
        self.waiting.clear();
        let cut = self.file.truncate(self.kept).and_then(|()| self.file.sync());
        cut.map_err(AuditError::storage("cut", &self.path))?;
        self.bytes = self.kept;
        Ok(())
    }
}

const _: () = assert!(PLACE_BYTES == 8 && LEAF_BYTES == 32, "what is pushed has the length that is counted");
