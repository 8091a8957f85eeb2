//! Where each entry stands in `bodies`: `places`, 8 bytes an entry, little-endian, so that one is found without reading the others.
//!
//! Computed from the bodies, and made again where a crash has lost it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::format::{
    CHECKSUM_BYTES, FRAME_HEAD_BYTES, File as LogFile, FrameHead, SALT_BYTES, checksum_agrees, leaf,
    leaf_offset,
};
use super::tree::Hash;
use super::{AuditError, Damage, Fault};
use crate::ground::storage::Storage;

pub(super) const PLACES: &str = "places";
pub(super) const PLACE_BYTES: usize = 8;

/// An entry, as it was written.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) salt: [u8; SALT_BYTES],
    pub(super) body: Vec<u8>,
    pub(super) leaf: Hash,
}

/// Reads one entry, which is there, and holds it against its leaf.
pub(super) fn read_entry(storage: &dyn Storage, folder: &Path, entry: u64) -> Result<Written, AuditError> {
    let open = |name: &str| {
        let path = folder.join(name);
        storage.open_read(&path).map_err(AuditError::storage("open", &path))
    };
    let (places, bodies, leaves) =
        (open(PLACES)?, open(LogFile::Bodies.name())?, open(LogFile::Leaves.name())?);
    let path = folder.join(LogFile::Bodies.name());
    let offset = place(&places, entry).map_err(AuditError::storage("read", &folder.join(PLACES)))?;
    let written = frame(&bodies, offset, entry).map_err(AuditError::storage("read", &path))?;
    let mut right = [0; 32];
    let there = leaves.read_exact_at(&mut right, leaf_offset(entry));
    there.map_err(AuditError::storage("read", &folder.join(LogFile::Leaves.name())))?;
    match written {
        Some(written) if written.leaf == right => Ok(written),
        Some(_) => Err(damage(&folder.join(LogFile::Leaves.name()), leaf_offset(entry), entry, Fault::Leaf)),
        None => Err(damage(&path, offset, entry, Fault::Frame)),
    }
}

fn place(places: &File, entry: u64) -> io::Result<u64> {
    let mut bytes = [0; PLACE_BYTES];
    places.read_exact_at(&mut bytes, entry * PLACE_BYTES as u64)?;
    Ok(u64::from_le_bytes(bytes))
}

fn frame(bodies: &File, offset: u64, entry: u64) -> io::Result<Option<Written>> {
    let mut head = [0; FRAME_HEAD_BYTES];
    bodies.read_exact_at(&mut head, offset)?;
    let Some(read) = FrameHead::decode(&head).filter(|head| head.sequence == entry) else { return Ok(None) };
    let mut frame = vec![0; read.frame_bytes()];
    bodies.read_exact_at(&mut frame, offset)?;
    if !checksum_agrees(&frame) {
        return Ok(None);
    }
    let body = frame[FRAME_HEAD_BYTES..frame.len() - CHECKSUM_BYTES].to_vec();
    Ok(Some(Written { salt: read.salt, leaf: leaf(&read.salt, &body), body }))
}

fn damage(path: &Path, offset: u64, entry: u64, fault: Fault) -> AuditError {
    AuditError::Damaged(Damage { path: path.to_owned(), offset, entry: Some(entry), fault })
}
