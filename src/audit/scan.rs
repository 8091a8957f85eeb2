//! Reads a log's journal front to back, in constant memory, and tells sound from torn from damaged. Changes
//! nothing.

use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::alert_floor::AlertFloor;
use super::body::{BodyFault, Entry, time_of};
use super::format::{
    Before, CHECKSUM_BYTES, FRAME_HEAD_BYTES, File, FrameHead, HEADER_BYTES, Header, HeaderRefusal,
    LEAF_BYTES, LEAVES, SALT_BYTES, checksum_agrees, leaf, leaf_offset,
};
use super::journal::JournalFile;
use super::log_id::LogId;
use super::tree::Hash;
use super::{AuditError, Damage, Fault, HeaderFault, tail};
use crate::ground::storage::Storage;

const READ_BUFFER_BYTES: usize = 256 * 1024;

/// A sound entry as it goes by.
pub(super) struct Seen<'s> {
    pub(super) sequence: u64,
    /// The file that it stands in.
    pub(super) file: JournalFile,
    /// Where its frame begins there.
    pub(super) offset: u64,
    pub(super) salt: &'s [u8; SALT_BYTES],
    pub(super) body: &'s [u8],
    pub(super) leaf: Hash,
}

/// What is done with each sound entry.
pub(super) type Visit<'a> = &'a mut dyn FnMut(&Seen<'_>) -> Result<(), BodyFault>;

/// What is done with salt and body of each frame.
pub(super) type VisitFrame<'a> = &'a mut dyn FnMut(&[u8; SALT_BYTES], &[u8]) -> Result<(), AuditError>;

/// A journal as it was found.
#[derive(Debug)]
pub(super) enum Found {
    /// The log's creation was never finished: nothing was ever acknowledged. The header, if `leaves` is there
    /// already.
    Unborn(Option<Header>),
    /// It is sound, but for a torn tail. What the log's first file begins with, and what is there.
    Sound(Header, Sound),
}

/// A sound journal.
#[derive(Debug)]
pub(super) struct Sound {
    /// Its newest file.
    pub(super) newest: JournalFile,
    /// How many entries the log has, with those before the journal.
    pub(super) entries: u64,
    /// Length of the newest file without the torn tail.
    pub(super) bodies_bytes: u64,
    /// What a power cut left half-written after that.
    pub(super) torn_bytes: u64,
    /// Length of `leaves` as it is.
    pub(super) leaves_bytes: u64,
    /// How many leaves, from the log's first, are there and right.
    pub(super) leaves_kept: u64,
    /// Where in the newest file the first entry without a leaf stands.
    pub(super) rebuild_from: u64,
    /// The highest time of any entry. Clocks are set back, so that it need not be the last one's.
    pub(super) highest_time: Option<Timestamp>,
    pub(super) alert_floor: AlertFloor,
}

/// Reads the journal of the log in `folder`, from an entry on with which one of its files begins, else from the oldest.
pub(super) fn scan(
    storage: &dyn Storage,
    folder: &Path,
    id: &LogId,
    from: Option<u64>,
    visit: Visit,
) -> Result<Found, AuditError> {
    let missing = |path: PathBuf| {
        Err(AuditError::Damaged(Damage { path, offset: 0, entry: None, fault: Fault::Missing }))
    };
    let leaves = folder.join(LEAVES);
    let names = storage.list(folder).map_err(AuditError::storage("list", folder))?;
    if !names.contains(&leaves) {
        let is_unborn = JournalFile::list(storage, folder)?.is_empty();
        return if is_unborn { Ok(Found::Unborn(None)) } else { missing(leaves) };
    }
    // A leaf is written after its body, so that with the leaves' length taken first the entries of a log that
    // somebody else is writing never seem to be missing.
    let mut leaves = Input::open(storage, leaves, File::Leaves)?;
    let header = leaves.header(id)?;
    let mut files = JournalFile::list(storage, folder)?;
    files.retain(|file| from.is_none_or(|from| file.first >= from));
    let Some(first) = files.first().map(|file| file.first) else {
        return if leaves.bytes == leaves.offset && from.unwrap_or(0) == 0 {
            Ok(Found::Unborn(Some(header)))
        } else {
            missing(JournalFile { first: from.unwrap_or(0) }.bodies(folder))
        };
    };
    if from.is_some_and(|from| from != first) {
        return missing(JournalFile { first: from.unwrap_or(0) }.bodies(folder));
    }
    leaves.skip_to(leaf_offset(first))?;
    let pass = Pass { storage, folder, id, header: header.clone(), leaves, frame: Vec::new() };
    Ok(Found::Sound(header, pass.run(&files, visit)?))
}

/// Reads one file of a journal that nobody writes to any more, with a file after it, and gives the entry after its last.
pub(super) fn scan_settled(
    storage: &dyn Storage,
    folder: &Path,
    id: &LogId,
    file: JournalFile,
    visit: Visit,
) -> Result<u64, AuditError> {
    let mut leaves = Input::open(storage, folder.join(LEAVES), File::Leaves)?;
    let header = leaves.header(id)?;
    leaves.skip_to(leaf_offset(file.first))?;
    let newest = JournalFile { first: u64::MAX };
    let mut found = Sound { entries: file.first, ..Sound::of(newest, &leaves) };
    Pass { storage, folder, id, header, leaves, frame: Vec::new() }.file(file, &mut found, visit)?;
    Ok(found.entries)
}

/// Reads frames of a file that was found sound a moment ago: from where the entry's stands, that and those after it, so many. Nothing
/// else is checked again.
pub(super) fn each_frame(
    storage: &dyn Storage,
    path: &Path,
    (from, entry, frames): (u64, u64, u64),
    visit: VisitFrame,
) -> Result<(), AuditError> {
    let mut bodies = Input::open(storage, path.to_owned(), File::Bodies)?;
    bodies.skip_to(from)?;
    let (mut head, mut rest) = ([0; FRAME_HEAD_BYTES], Vec::new());
    for sequence in entry..entry + frames {
        bodies.read(&mut head)?;
        let read = FrameHead::decode(&head).filter(|head| head.sequence == sequence);
        let read = read.ok_or_else(|| io::ErrorKind::InvalidData.into());
        let read = read.map_err(AuditError::storage("read again", path))?;
        rest.resize(read.body_bytes + CHECKSUM_BYTES, 0);
        bodies.read(&mut rest)?;
        visit(&read.salt, &rest[..read.body_bytes])?;
    }
    Ok(())
}

/// One of the files while it is read.
struct Input {
    reader: BufReader<std::fs::File>,
    path: PathBuf,
    file: File,
    /// How much was read.
    offset: u64,
    /// The file's length when it was opened.
    bytes: u64,
}

impl Input {
    fn open(storage: &dyn Storage, path: PathBuf, file: File) -> Result<Self, AuditError> {
        let opened = storage.open_read(&path).map_err(AuditError::storage("open", &path))?;
        let bytes = opened.metadata().map_err(AuditError::storage("measure", &path))?.len();
        let reader = BufReader::with_capacity(READ_BUFFER_BYTES, opened);
        Ok(Self { reader, path, file, offset: 0, bytes })
    }

    fn skip_to(&mut self, offset: u64) -> Result<(), AuditError> {
        let sought = self.reader.seek(SeekFrom::Start(offset));
        self.offset = sought.map_err(AuditError::storage("read", &self.path))?;
        Ok(())
    }

    fn header(&mut self, id: &LogId) -> Result<Header, AuditError> {
        let mut bytes = [0; HEADER_BYTES];
        if self.left() < HEADER_BYTES as u64 {
            return self.damage(0, None, Fault::Header(HeaderFault::Short));
        }
        self.read(&mut bytes)?;
        match Header::decode(self.file, &bytes) {
            Ok(header) if header.log_id == *id => Ok(header),
            Ok(_) => self.damage(0, None, Fault::Header(HeaderFault::OtherLog)),
            Err(HeaderRefusal::Newer(version)) => Err(AuditError::Newer { path: self.path.clone(), version }),
            Err(HeaderRefusal::Fault(fault)) => self.damage(0, None, Fault::Header(fault)),
        }
    }

    fn measure_again(&mut self) -> Result<(), AuditError> {
        let measured = self.reader.get_ref().metadata();
        self.bytes = measured.map_err(AuditError::storage("measure", &self.path))?.len();
        Ok(())
    }

    /// How many whole leaves there are.
    fn leaves(&self) -> u64 {
        self.bytes.saturating_sub(HEADER_BYTES as u64) / LEAF_BYTES as u64
    }

    fn left(&self) -> u64 {
        self.bytes.saturating_sub(self.offset)
    }

    fn read(&mut self, bytes: &mut [u8]) -> Result<(), AuditError> {
        self.reader.read_exact(bytes).map_err(AuditError::storage("read", &self.path))?;
        self.offset += bytes.len() as u64;
        Ok(())
    }

    fn damage<T>(&self, offset: u64, entry: Option<u64>, fault: Fault) -> Result<T, AuditError> {
        Err(AuditError::Damaged(Damage { path: self.path.clone(), offset, entry, fault }))
    }

    /// A body that a newer program wrote is no damage: the log is whole, and another program reads it.
    fn body_fault<T>(&self, offset: u64, entry: u64, fault: BodyFault) -> Result<T, AuditError> {
        match fault {
            BodyFault::Newer(version) => Err(AuditError::Newer { path: self.path.clone(), version }),
            fault => self.damage(offset, Some(entry), Fault::Body(fault)),
        }
    }
}

impl Sound {
    /// Before any entry was read.
    fn of(newest: JournalFile, leaves: &Input) -> Self {
        Self { newest, leaves_bytes: leaves.bytes, leaves_kept: leaves.leaves(), ..Self::empty() }
    }

    /// That of a log that holds nothing yet.
    pub(super) fn empty() -> Self {
        let header = HEADER_BYTES as u64;
        Self {
            newest: JournalFile::default(),
            entries: 0,
            bodies_bytes: header,
            torn_bytes: 0,
            leaves_bytes: header,
            leaves_kept: 0,
            rebuild_from: header,
            highest_time: None,
            alert_floor: AlertFloor::default(),
        }
    }
}

struct Pass<'a> {
    storage: &'a dyn Storage,
    folder: &'a Path,
    id: &'a LogId,
    /// That of the leaves.
    header: Header,
    leaves: Input,
    frame: Vec<u8>,
}

impl Pass<'_> {
    fn run(mut self, files: &[JournalFile], visit: Visit) -> Result<Sound, AuditError> {
        let [.., newest] = files else { unreachable!("a journal has a file") };
        let first = files[0].first;
        // With fewer leaves than entries before the journal, those that are missing cannot be made again from it.
        let leaves = self.leaves.leaves();
        if leaves < first {
            return self.leaves.damage(leaf_offset(leaves), Some(leaves), Fault::Leaf);
        }
        let mut found = Sound { entries: first, ..Sound::of(*newest, &self.leaves) };
        for file in files {
            self.file(*file, &mut found, visit)?;
        }
        if leaves > found.entries {
            let fault = Fault::EntriesMissing { leaves, entries: found.entries };
            let (path, offset) = (newest.bodies(self.folder), found.bodies_bytes);
            let entry = Some(found.entries);
            return Err(AuditError::Damaged(Damage { path, offset, entry, fault }));
        }
        Ok(found)
    }

    /// Reads one file, which begins where the one before it has ended.
    fn file(&mut self, file: JournalFile, found: &mut Sound, visit: Visit) -> Result<(), AuditError> {
        let mut bodies = Input::open(self.storage, file.bodies(self.folder), File::Bodies)?;
        let header = bodies.header(self.id)?;
        let is_next = header.before.map_or(0, |before| before.entries) == file.first;
        if !is_next || (Header { before: None, ..header.clone() }) != self.header {
            return bodies.damage(0, None, Fault::Header(HeaderFault::OtherFile));
        }
        if found.entries != file.first {
            return bodies.damage(0, Some(found.entries), Fault::Sequence { found: file.first });
        }
        found.highest_time =
            found.highest_time.max(header.before.map(|Before { highest_time, .. }| highest_time));
        found.alert_floor.begin(&header);
        let mut leaves = self.leaves.leaves();
        (found.bodies_bytes, found.rebuild_from) = (bodies.offset, bodies.offset);
        let mut last_body = Vec::new();
        let mut last_offset = 0;
        while bodies.offset < bodies.bytes {
            let (at, entry) = (found.bodies_bytes, found.entries);
            let Some(head) = self.frame(&mut bodies)? else {
                self.refuse_unless_torn(&bodies, at, entry, leaves, file == found.newest)?;
                found.torn_bytes = bodies.bytes - at;
                break;
            };
            if head.sequence != entry {
                return bodies.damage(at, Some(entry), Fault::Sequence { found: head.sequence });
            }
            let body = &self.frame[FRAME_HEAD_BYTES..FRAME_HEAD_BYTES + head.body_bytes];
            let leaf = leaf(&head.salt, body);
            if entry >= leaves && file != found.newest {
                // Somebody may have gone on writing since they were counted.
                self.leaves.measure_again()?;
                leaves = self.leaves.leaves();
            }
            let is_vouched_for = entry < leaves && leaf_agrees(&mut self.leaves, entry, &leaf)?;
            // Before the newest file was begun, every leaf of those before it was synced.
            if !is_vouched_for && file != found.newest {
                return self.leaves.damage(leaf_offset(entry), Some(entry), Fault::Leaf);
            }
            if !is_vouched_for {
                found.leaves_kept = found.leaves_kept.min(entry);
            }
            if found.leaves_kept == entry {
                found.rebuild_from = at;
            }
            let time = visit(&Seen { sequence: entry, file, offset: at, salt: &head.salt, body, leaf })
                .and_then(|()| time_of(body, entry))
                .or_else(|fault| bodies.body_fault(at, entry, fault))?;
            found.highest_time = found.highest_time.max(Some(time));
            found.alert_floor.take(body);
            last_body.clear();
            last_body.extend_from_slice(body);
            last_offset = at;
            found.entries += 1;
            found.bodies_bytes = bodies.offset;
        }
        match found.entries.checked_sub(1).filter(|_| !last_body.is_empty()) {
            None => Ok(()),
            Some(last) => Entry::decode(&last_body, last)
                .map(drop)
                .or_else(|fault| bodies.body_fault(last_offset, last, fault)),
        }
    }

    /// Reads the next frame; `None` if it is not a sound one.
    fn frame(&mut self, bodies: &mut Input) -> Result<Option<FrameHead>, AuditError> {
        let left = bodies.left();
        let mut head = [0; FRAME_HEAD_BYTES];
        if left < (FRAME_HEAD_BYTES + 1 + CHECKSUM_BYTES) as u64 {
            return Ok(None);
        }
        bodies.read(&mut head)?;
        let Some(read) = FrameHead::decode(&head).filter(|head| head.frame_bytes() as u64 <= left) else {
            return Ok(None);
        };
        self.frame.clear();
        self.frame.extend_from_slice(&head);
        self.frame.resize(read.frame_bytes(), 0);
        bodies.read(&mut self.frame[FRAME_HEAD_BYTES..])?;
        Ok(checksum_agrees(&self.frame).then_some(read))
    }

    /// A bad frame is the trace of a power cut only if it was never known to be durable: no leaf stands for
    /// it, and nothing after it was written once it was synced.
    fn refuse_unless_torn(
        &self,
        bodies: &Input,
        at: u64,
        entry: u64,
        leaves: u64,
        is_newest: bool,
    ) -> Result<(), AuditError> {
        let settled_after = || -> io::Result<bool> {
            let file = self.storage.open_read(&bodies.path)?;
            tail::settled_frame_after(file, at, bodies.bytes, entry)
        };
        let was_durable = leaves > entry || !is_newest;
        if was_durable || settled_after().map_err(AuditError::storage("read", &bodies.path))? {
            return bodies.damage(at, Some(entry), Fault::Frame);
        }
        Ok(())
    }
}

/// Compares the next leaf: true if it is right, false if it was never written.
///
/// Leaves are synced about every second, so that a power cut may leave a hole of zeros among them. A hole is
/// no damage: it vouches for nothing, and its leaf is made again from the body.
fn leaf_agrees(leaves: &mut Input, entry: u64, right: &[u8; LEAF_BYTES]) -> Result<bool, AuditError> {
    let mut there = [0; LEAF_BYTES];
    leaves.read(&mut there)?;
    if there == *right {
        Ok(true)
    } else if there == [0; LEAF_BYTES] {
        Ok(false)
    } else {
        leaves.damage(leaf_offset(entry), Some(entry), Fault::Leaf)
    }
}
