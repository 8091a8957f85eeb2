//! Writing a segment front to back, with its checksums and its digest.
//!
//! Blocks are hashed and written beside the thread that makes them, where there is a core for it.

use std::sync::mpsc::sync_channel;
use std::thread;

use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::xxh3_64;

use crate::domain::Digest;
use crate::ground::cores;
use crate::ground::storage::StorageFile;
use crate::index::IndexError;
use crate::index::format::{BLOCK_LEN, WORD_LEN};
use crate::index::sections::Section;

/// Collects blocks and hands on each that is full.
pub(super) struct Output<'h> {
    hand_on: &'h mut HandOn<'h>,
    /// Bytes handed on.
    length: u64,
    block: Vec<u8>,
    checksums: Vec<u64>,
}

/// Takes a block, and leaves an empty one.
type HandOn<'h> = dyn FnMut(&mut Vec<u8>) -> Result<(), IndexError> + 'h;

/// Blocks that wait to be hashed and written.
const QUEUE: usize = 4;

/// Writes what `make` puts out, then the checksums of all of it; gives the digest and the length of the file.
pub(super) fn with_output(
    file: &mut dyn StorageFile,
    checksums: Section,
    make: impl FnOnce(&mut Output<'_>) -> Result<(), IndexError>,
) -> Result<(Digest, u64), IndexError> {
    let mut appending = Appending { file, sha256: Sha256::new(), length: 0 };
    let make = |hand_on: &mut HandOn<'_>| {
        let mut output = Output { hand_on, length: 0, block: block(), checksums: Vec::new() };
        make(&mut output)?;
        output.finish(checksums)
    };
    if cores() == 1 {
        make(&mut |block| {
            appending.append(block)?;
            block.clear();
            Ok(())
        })?;
        return Ok(appending.finish());
    }
    thread::scope(|scope| {
        let (full, waiting) = sync_channel::<Vec<u8>>(QUEUE);
        let writer = scope.spawn(move || {
            waiting.iter().try_for_each(|block| appending.append(&block)).map(|()| appending.finish())
        });
        let made = make(&mut |full_block| {
            // Nobody takes it where the file has refused one before.
            full.send(std::mem::replace(full_block, block())).map_err(|_| refused())
        });
        drop(full);
        // If the file refused a block, that is the reason for which no more were taken.
        let written = writer.join().expect("the thread that writes has panicked")?;
        made.map(|()| written)
    })
}

fn block() -> Vec<u8> {
    Vec::with_capacity(BLOCK_LEN as usize)
}

fn refused() -> IndexError {
    IndexError::Write(std::io::ErrorKind::BrokenPipe.into())
}

struct Appending<'f> {
    file: &'f mut dyn StorageFile,
    sha256: Sha256,
    length: u64,
}

impl Appending<'_> {
    fn append(&mut self, block: &[u8]) -> Result<(), IndexError> {
        self.sha256.update(block);
        self.length += block.len() as u64;
        self.file.append(block).map_err(IndexError::Write)
    }

    fn finish(self) -> (Digest, u64) {
        (Digest(self.sha256.finalize().into()), self.length)
    }
}

impl Output<'_> {
    #[inline]
    pub(super) fn write(&mut self, mut bytes: &[u8]) -> Result<(), IndexError> {
        while !bytes.is_empty() {
            let free = BLOCK_LEN as usize - self.block.len();
            let (now, later) = bytes.split_at(free.min(bytes.len()));
            self.block.extend_from_slice(now);
            bytes = later;
            if self.block.len() == BLOCK_LEN as usize {
                self.end_block()?;
            }
        }
        Ok(())
    }

    /// Fills up to where a section begins.
    pub(super) fn begin(&mut self, section: Section) -> Result<(), IndexError> {
        let at = self.length + self.block.len() as u64;
        let padding = section.offset - at;
        self.write(&[0; WORD_LEN as usize][..padding as usize])
    }

    fn finish(mut self, section: Section) -> Result<(), IndexError> {
        self.begin(section)?;
        self.end_block()?;
        let checksums = self.checksums.iter().flat_map(|checksum| checksum.to_le_bytes());
        self.block.extend(checksums);
        (self.hand_on)(&mut self.block)
    }

    fn end_block(&mut self) -> Result<(), IndexError> {
        if self.block.is_empty() {
            return Ok(());
        }
        self.checksums.push(xxh3_64(&self.block));
        self.length += self.block.len() as u64;
        (self.hand_on)(&mut self.block)
    }
}
