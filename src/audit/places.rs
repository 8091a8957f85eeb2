//! Where each entry of a journal's file stands in it: `places` beside `bodies`, 8 bytes an entry, little-endian, so that one is found
//! without reading the others.
//!
//! Computed from the bodies, and made again where a crash has lost it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::format::{
    CHECKSUM_BYTES, FRAME_HEAD_BYTES, FrameHead, LEAVES, SALT_BYTES, checksum_agrees, leaf, leaf_offset,
};
use super::history::{TRIES, was_moved};
use super::journal::JournalFile;
use super::log_id::LogId;
use super::sealed::{SealedFile, SealedName};
use super::tree::Hash;
use super::{AuditError, Damage, Fault, RetentionClass};
use crate::ground::storage::Storage;

pub(super) const PLACE_BYTES: usize = 8;

/// What is left of an entry.
#[derive(Clone, Debug)]
pub(super) struct FoundEntry {
    pub(super) leaf: Hash,
    pub(super) what: Left,
}

/// What is left of an entry besides its leaf.
#[derive(Clone, Debug)]
pub(super) enum Left {
    /// All that was written.
    Written { salt: [u8; SALT_BYTES], body: Vec<u8> },
    /// Nothing: it was erased.
    Erased { class: RetentionClass, day: jiff::civil::Date },
}

/// Finds one entry, which is in the log, and holds it against its leaf.
pub(super) fn find_entry(
    storage: &dyn Storage,
    folder: &Path,
    id: &LogId,
    entry: u64,
) -> Result<FoundEntry, AuditError> {
    let path = folder.join(LEAVES);
    let leaves = storage.open_read(&path).map_err(AuditError::storage("open", &path))?;
    let mut right = [0; 32];
    let read = leaves.read_exact_at(&mut right, leaf_offset(entry));
    read.map_err(AuditError::storage("read", &path))?;
    let what = match in_journal(storage, folder, entry)? {
        Some(left) => left,
        None => sealed(storage, folder, id, entry)?,
    };
    match &what {
        Left::Written { salt, body } if leaf(salt, body) != right => {
            Err(damage(&path, leaf_offset(entry), entry, Fault::Leaf))
        }
        _ => Ok(FoundEntry { leaf: right, what }),
    }
}

/// `None` if it is not in the journal any more.
fn in_journal(storage: &dyn Storage, folder: &Path, entry: u64) -> Result<Option<Left>, AuditError> {
    let files = JournalFile::list(storage, folder)?;
    let Some(file) = files.into_iter().rfind(|file| file.first <= entry) else { return Ok(None) };
    let (places, path) = (file.places(folder), file.bodies(folder));
    let bodies = match storage.open_read(&path) {
        // It was sealed at this moment.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(AuditError::storage("open", &path))?,
    };
    let offset = match storage.open_read(&places).and_then(|places| place(&places, entry - file.first)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && was_sealed(storage, &path) => {
            return Ok(None);
        }
        offset => offset.map_err(AuditError::storage("read", &places))?,
    };
    let written = frame(&bodies, offset, entry).map_err(AuditError::storage("read", &path))?;
    written.map(Some).ok_or_else(|| damage(&path, offset, entry, Fault::Frame))
}

fn was_sealed(storage: &dyn Storage, bodies: &Path) -> bool {
    storage.open_read(bodies).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn place(places: &File, at: u64) -> io::Result<u64> {
    let mut bytes = [0; PLACE_BYTES];
    places.read_exact_at(&mut bytes, at * PLACE_BYTES as u64)?;
    Ok(u64::from_le_bytes(bytes))
}

fn frame(bodies: &File, offset: u64, entry: u64) -> io::Result<Option<Left>> {
    let mut head = [0; FRAME_HEAD_BYTES];
    bodies.read_exact_at(&mut head, offset)?;
    let Some(read) = FrameHead::decode(&head).filter(|head| head.sequence == entry) else { return Ok(None) };
    let mut frame = vec![0; read.frame_bytes()];
    bodies.read_exact_at(&mut frame, offset)?;
    let body = frame[FRAME_HEAD_BYTES..frame.len() - CHECKSUM_BYTES].to_vec();
    Ok(checksum_agrees(&frame).then_some(Left::Written { salt: read.salt, body }))
}

fn sealed(storage: &dyn Storage, folder: &Path, id: &LogId, entry: u64) -> Result<Left, AuditError> {
    // What is erased at this moment has another name when it is looked for again.
    let mut tries = 1..;
    loop {
        match sealed_now(storage, folder, id, entry) {
            Err(error) if was_moved(&error) && tries.next() < Some(TRIES) => {}
            found => return found,
        }
    }
}

fn sealed_now(storage: &dyn Storage, folder: &Path, id: &LogId, entry: u64) -> Result<Left, AuditError> {
    let names = SealedName::of_entry(storage, folder, entry)?;
    for name in &names {
        if SealedFile::open_stub(storage, folder, id, *name)?.has(entry) {
            let file = SealedFile::open(storage, folder, id, *name)?;
            let erased = Left::Erased { class: name.class, day: name.day };
            let read = file.read(entry)?;
            return Ok(read.map_or(erased, |(salt, body)| Left::Written { salt, body }));
        }
    }
    let first = names.first().map_or(0, |name| name.first);
    let path = JournalFile { first }.bodies(folder);
    Err(damage(&path, 0, entry, Fault::Unaccounted))
}

fn damage(path: &Path, offset: u64, entry: u64, fault: Fault) -> AuditError {
    AuditError::Damaged(Damage { path: path.to_owned(), offset, entry: Some(entry), fault })
}
