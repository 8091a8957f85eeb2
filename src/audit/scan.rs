//! Reads a whole log front to back, in constant memory, and tells sound from torn from damaged. Changes
//! nothing.

use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::body::{BodyFault, Entry, time_of};
use super::format::{
    CHECKSUM_BYTES, FRAME_HEAD_BYTES, File, FrameHead, HEADER_BYTES, Header, HeaderRefusal, LEAF_BYTES,
    SALT_BYTES, checksum_agrees, leaf, leaf_offset,
};
use super::log_id::LogId;
use super::tree::Hash;
use super::{AuditError, Damage, Fault, HeaderFault, tail};
use crate::ground::storage::Storage;

const READ_BUFFER_BYTES: usize = 256 * 1024;

/// A sound entry as it goes by.
pub(super) struct Seen<'s> {
    pub(super) sequence: u64,
    /// Where its frame begins in `bodies`.
    pub(super) offset: u64,
    pub(super) salt: &'s [u8; SALT_BYTES],
    pub(super) body: &'s [u8],
    pub(super) leaf: Hash,
}

/// What is done with each sound entry.
pub(super) type Visit<'a> = &'a mut dyn FnMut(&Seen<'_>) -> Result<(), BodyFault>;

/// A log as it was found.
#[derive(Debug)]
pub(super) enum Found {
    /// Its creation was never finished: nothing was ever acknowledged. The header, if `leaves` is there
    /// already.
    Unborn(Option<Header>),
    /// It is sound, but for a torn tail.
    Sound(Sound),
}

/// A sound log.
#[derive(Debug)]
pub(super) struct Sound {
    pub(super) entries: u64,
    /// Length of `bodies` without the torn tail.
    pub(super) bodies_bytes: u64,
    /// What a power cut left half-written after that.
    pub(super) torn_bytes: u64,
    /// Length of `leaves` as it is.
    pub(super) leaves_bytes: u64,
    /// How many leaves, from the first, are there and right.
    pub(super) leaves_kept: u64,
    /// Where in `bodies` the first entry without a leaf stands.
    pub(super) rebuild_from: u64,
    /// The highest time of any entry. Clocks are set back, so that it need not be the last one's.
    pub(super) highest_time: Option<Timestamp>,
}

/// Reads the log in `folder`.
pub(super) fn scan(
    storage: &dyn Storage,
    folder: &Path,
    id: &LogId,
    visit: Visit,
) -> Result<Found, AuditError> {
    let names = storage.list(folder).map_err(AuditError::storage("list", folder))?;
    let path = |file: File| folder.join(file.name());
    let is_there = |file: File| names.contains(&path(file));
    let missing = |file: File| {
        Err(AuditError::Damaged(Damage { path: path(file), offset: 0, entry: None, fault: Fault::Missing }))
    };
    match (is_there(File::Bodies), is_there(File::Leaves)) {
        (false, false) => return Ok(Found::Unborn(None)),
        (true, false) => return missing(File::Leaves),
        _ => {}
    }
    // A leaf is written after its body, so that with the leaves' length taken first the entries of a log that
    // somebody else is writing never seem to be missing.
    let mut leaves = Input::open(storage, folder, File::Leaves)?;
    let header = leaves.header(id)?;
    if !is_there(File::Bodies) {
        return if leaves.bytes == leaves.offset {
            Ok(Found::Unborn(Some(header)))
        } else {
            missing(File::Bodies)
        };
    }
    let mut bodies = Input::open(storage, folder, File::Bodies)?;
    if bodies.header(id)? != header {
        return bodies.damage(0, None, Fault::Header(HeaderFault::OtherFile));
    }
    Pass { storage, bodies, leaves, frame: Vec::new() }.run(visit).map(Found::Sound)
}

/// One of the two files while it is read.
struct Input<R> {
    reader: R,
    path: PathBuf,
    file: File,
    /// How much was read.
    offset: u64,
    /// The file's length when it was opened.
    bytes: u64,
}

impl Input<()> {
    fn open(
        storage: &dyn Storage,
        folder: &Path,
        file: File,
    ) -> Result<Input<impl Read + use<>>, AuditError> {
        let path = folder.join(file.name());
        let opened = storage.open_read(&path).map_err(AuditError::storage("open", &path))?;
        let bytes = opened.metadata().map_err(AuditError::storage("measure", &path))?.len();
        let reader = BufReader::with_capacity(READ_BUFFER_BYTES, opened);
        Ok(Input { reader, path, file, offset: 0, bytes })
    }
}

impl<R: Read> Input<R> {
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

struct Pass<'a, B, L> {
    storage: &'a dyn Storage,
    bodies: Input<B>,
    leaves: Input<L>,
    frame: Vec<u8>,
}

impl<B: Read, L: Read> Pass<'_, B, L> {
    fn run(mut self, visit: Visit) -> Result<Sound, AuditError> {
        let leaves = self.leaves.left() / LEAF_BYTES as u64;
        let mut found = Sound {
            entries: 0,
            bodies_bytes: self.bodies.offset,
            torn_bytes: 0,
            leaves_bytes: self.leaves.bytes,
            leaves_kept: leaves,
            rebuild_from: self.bodies.offset,
            highest_time: None,
        };
        let mut last_body = Vec::new();
        let mut last_offset = 0;
        while self.bodies.offset < self.bodies.bytes {
            let (at, entry) = (found.bodies_bytes, found.entries);
            let Some(head) = self.frame()? else {
                self.refuse_unless_torn(at, entry, leaves)?;
                found.torn_bytes = self.bodies.bytes - at;
                break;
            };
            if head.sequence != entry {
                return self.bodies.damage(at, Some(entry), Fault::Sequence { found: head.sequence });
            }
            let body = &self.frame[FRAME_HEAD_BYTES..FRAME_HEAD_BYTES + head.body_bytes];
            let leaf = leaf(&head.salt, body);
            if entry < leaves && !leaf_agrees(&mut self.leaves, entry, &leaf)? {
                found.leaves_kept = found.leaves_kept.min(entry);
            }
            if found.leaves_kept == entry {
                found.rebuild_from = at;
            }
            let time = visit(&Seen { sequence: entry, offset: at, salt: &head.salt, body, leaf })
                .and_then(|()| time_of(body, entry))
                .or_else(|fault| self.bodies.body_fault(at, entry, fault))?;
            found.highest_time = found.highest_time.max(Some(time));
            last_body.clear();
            last_body.extend_from_slice(body);
            last_offset = at;
            found.entries += 1;
            found.bodies_bytes = self.bodies.offset;
        }
        if leaves > found.entries {
            let fault = Fault::EntriesMissing { leaves, entries: found.entries };
            return self.bodies.damage(found.bodies_bytes, Some(found.entries), fault);
        }
        if let Some(last) = found.entries.checked_sub(1) {
            Entry::decode(&last_body, last)
                .or_else(|fault| self.bodies.body_fault(last_offset, last, fault))?;
        }
        Ok(found)
    }

    /// Reads the next frame; `None` if it is not a sound one.
    fn frame(&mut self) -> Result<Option<FrameHead>, AuditError> {
        let left = self.bodies.left();
        let mut head = [0; FRAME_HEAD_BYTES];
        if left < (FRAME_HEAD_BYTES + 1 + CHECKSUM_BYTES) as u64 {
            return Ok(None);
        }
        self.bodies.read(&mut head)?;
        let Some(read) = FrameHead::decode(&head).filter(|head| head.frame_bytes() as u64 <= left) else {
            return Ok(None);
        };
        self.frame.clear();
        self.frame.extend_from_slice(&head);
        self.frame.resize(read.frame_bytes(), 0);
        self.bodies.read(&mut self.frame[FRAME_HEAD_BYTES..])?;
        Ok(checksum_agrees(&self.frame).then_some(read))
    }

    /// A bad frame is the trace of a power cut only if it was never known to be durable: no leaf stands for
    /// it, and nothing after it was written once it was synced.
    fn refuse_unless_torn(&self, at: u64, entry: u64, leaves: u64) -> Result<(), AuditError> {
        let settled_after = || -> io::Result<bool> {
            let file = self.storage.open_read(&self.bodies.path)?;
            tail::settled_frame_after(file, at, self.bodies.bytes, entry)
        };
        if leaves > entry || settled_after().map_err(AuditError::storage("read", &self.bodies.path))? {
            return self.bodies.damage(at, Some(entry), Fault::Frame);
        }
        Ok(())
    }
}

/// Compares the next leaf: true if it is right, false if it was never written.
///
/// Leaves are synced about every second, so that a power cut may leave a hole of zeros among them. A hole is
/// no damage: it vouches for nothing, and its leaf is made again from the body.
fn leaf_agrees<L: Read>(
    leaves: &mut Input<L>,
    entry: u64,
    right: &[u8; LEAF_BYTES],
) -> Result<bool, AuditError> {
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
