//! The hashes of a log's tree on disk.
//!
//! Level 0 are the leaves; a hash of level `n` is that of 256 of the level below, and is there once those are. A level's file
//! is the concatenation of its tiles as C2SP's `tlog-tiles` names them: `tile/<level>/<n>` is 8192 bytes of it from `n * 8192`
//! on. Level 0 stands in `leaves`, after its header; each other in a file of its own. Whatever is between two levels is
//! computed from the one below.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::{Hash, Subtrees, node};
use crate::audit::format::{HEADER_BYTES, LEAF_BYTES, LEAVES};
use crate::ground::storage::Storage;

/// How many levels of the tree one level of files stands for.
pub(in crate::audit) const LEVEL_HEIGHT: u32 = 8;

/// How many levels of files there are above the leaves. The highest holds one hash for 4 milliards of entries; what is above
/// is computed from it.
pub(in crate::audit) const LEVELS: u32 = 4;

/// The highest subtree that is computed at once.
const PIECE_HEIGHT: u32 = 12;

/// The file of a level above the leaves.
pub(in crate::audit) fn level_name(level: u32) -> String {
    format!("tree-{level}")
}

/// The hashes of a tree, read where somebody may be adding to them.
#[derive(Debug)]
pub(in crate::audit) struct Hashes {
    /// From the leaves upwards.
    levels: Vec<File>,
}

impl Hashes {
    pub(in crate::audit) fn open(storage: &dyn Storage, folder: &Path) -> io::Result<Self> {
        let mut levels = vec![storage.open_read(&folder.join(LEAVES))?];
        for level in 1..=LEVELS {
            match storage.open_read(&folder.join(level_name(level))) {
                Ok(file) => levels.push(file),
                // Of a log that no program of today has written to.
                Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                Err(error) => return Err(error),
            }
        }
        Ok(Self { levels })
    }

    /// The same without what was computed before.
    pub(in crate::audit) fn leaves_alone(mut self) -> Self {
        self.levels.truncate(1);
        self
    }

    /// How many whole hashes a level has.
    pub(in crate::audit) fn count(&self, level: u32) -> io::Result<u64> {
        let Some(file) = self.levels.get(level as usize) else { return Ok(0) };
        Ok(file.metadata()?.len().saturating_sub(start(level)) / LEAF_BYTES as u64)
    }

    /// Hashes of one level, one after another.
    pub(in crate::audit) fn read(&self, level: u32, first: u64, count: usize) -> io::Result<Vec<Hash>> {
        let mut bytes = vec![0; count * LEAF_BYTES];
        let file = self.levels.get(level as usize).ok_or(io::ErrorKind::UnexpectedEof)?;
        file.read_exact_at(&mut bytes, start(level) + first * LEAF_BYTES as u64)?;
        let (hashes, _) = bytes.as_chunks::<LEAF_BYTES>();
        Ok(hashes.to_vec())
    }
}

impl Hashes {
    /// What belongs into a level above the leaves, of the one below.
    pub(in crate::audit) fn above(&self, level: u32, index: u64) -> io::Result<Hash> {
        self.computed(level - 1, level * LEVEL_HEIGHT, index)
    }

    fn computed(&self, level: u32, height: u32, index: u64) -> io::Result<Hash> {
        let above = height - level * LEVEL_HEIGHT;
        if above > PIECE_HEIGHT {
            let half = |index| self.computed(level, height - 1, index);
            return Ok(node(&half(2 * index)?, &half(2 * index + 1)?));
        }
        let mut hashes = self.read(level, index << above, 1 << above)?;
        while hashes.len() > 1 {
            let (pairs, _) = hashes.as_chunks::<2>();
            hashes = pairs.iter().map(|[left, right]| node(left, right)).collect();
        }
        hashes.pop().ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

impl Subtrees for Hashes {
    type Error = io::Error;

    fn perfect(&self, height: u32, index: u64) -> io::Result<Hash> {
        let mut level = (height / LEVEL_HEIGHT).min(self.levels.len() as u32 - 1);
        // A level may lag behind the one below.
        while level > 0 && self.count(level)? < (index + 1) << (height - level * LEVEL_HEIGHT) {
            level -= 1;
        }
        self.computed(level, height, index)
    }
}

fn start(level: u32) -> u64 {
    if level == 0 { HEADER_BYTES as u64 } else { 0 }
}
