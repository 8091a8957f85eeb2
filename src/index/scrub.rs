//! Reading the files again, past the map: what is rewritten under a map raises no signal. What the disk has lost shows once the
//! system reads it again; as long as it is in memory, answers are made of that and are as good.

use std::io;
use std::path::PathBuf;

use xxhash_rust::xxh3::xxh3_64;

use super::Segment;
use super::format::BLOCK_LEN;
use crate::ground::platform::Mapping;

/// A segment file is no longer what was checked when it was opened.
#[derive(Debug, thiserror::Error)]
pub enum ScrubFault {
    /// It can't be read.
    #[error("cannot read {} again: check the disk, then fetch or import the feed again", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It has another length.
    #[error("{} has {found} bytes and had {expected}: fetch or import the feed again", path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// Bytes it has.
        found: u64,
        /// Bytes it had.
        expected: u64,
    },
    /// It has other bytes.
    #[error("block {block} of 2 MiB of {} has changed: check the disk, then fetch or import the feed again", path.display())]
    Block {
        /// The file.
        path: PathBuf,
        /// Counted from 0; the one after the last holds the checksums.
        block: u64,
    },
    /// The checksums in memory have changed.
    #[error("the checksums of {} have changed in memory: check the machine's memory and restart", .0.display())]
    Memory(PathBuf),
}

/// The checksums of a segment as they were when it was opened, with one over themselves.
#[derive(Debug)]
pub(super) struct Checksums {
    blocks: Box<[u64]>,
    over_blocks: u64,
    file_length: u64,
}

impl Checksums {
    pub(super) fn of(segment: &Segment<Mapping>) -> Self {
        let blocks: Box<[u64]> = segment.checksums().into();
        Self {
            over_blocks: xxh3_64(&bytes(&blocks)),
            blocks,
            file_length: segment.header().layout.file_length(),
        }
    }

    /// Compares the file with the checksums; poisons the mapping if they differ.
    pub(super) fn scrub(&self, mapping: &Mapping, path: &std::path::Path) -> Result<(), ScrubFault> {
        let compared = self.compare(mapping, path);
        if compared.is_err() {
            mapping.poison();
        }
        compared
    }

    /// Compares the file's length alone, which costs next to nothing; poisons the mapping if it differs.
    pub(super) fn measure(&self, mapping: &Mapping, path: &std::path::Path) -> Result<(), ScrubFault> {
        let path = || path.to_owned();
        let measured = match mapping.file_length() {
            Err(source) => Err(ScrubFault::Unreadable { path: path(), source }),
            Ok(found) if found == self.file_length => Ok(()),
            Ok(found) => Err(ScrubFault::Length { path: path(), found, expected: self.file_length }),
        };
        if measured.is_err() {
            mapping.poison();
        }
        measured
    }

    fn compare(&self, mapping: &Mapping, path: &std::path::Path) -> Result<(), ScrubFault> {
        let path = || path.to_owned();
        let unreadable = |source| ScrubFault::Unreadable { path: path(), source };
        let recorded = bytes(&self.blocks);
        if xxh3_64(&recorded) != self.over_blocks {
            return Err(ScrubFault::Memory(path()));
        }
        let found = mapping.file_length().map_err(unreadable)?;
        if found != self.file_length {
            return Err(ScrubFault::Length { path: path(), found, expected: self.file_length });
        }
        let mut buffer = vec![0; BLOCK_LEN as usize];
        let body_length = self.file_length - recorded.len() as u64;
        for (block, checksum) in (0_u64..).zip(&self.blocks) {
            let offset = block * BLOCK_LEN;
            let length = BLOCK_LEN.min(body_length - offset);
            let buffer = &mut buffer[..length as usize];
            mapping.read_file_at(offset, buffer).map_err(unreadable)?;
            if xxh3_64(buffer) != *checksum {
                return Err(ScrubFault::Block { path: path(), block });
            }
        }
        let mut end = vec![0; recorded.len()];
        mapping.read_file_at(body_length, &mut end).map_err(unreadable)?;
        if end != recorded {
            return Err(ScrubFault::Block { path: path(), block: self.blocks.len() as u64 });
        }
        Ok(())
    }
}

fn bytes(blocks: &[u64]) -> Vec<u8> {
    blocks.iter().flat_map(|checksum| checksum.to_le_bytes()).collect()
}
