//! Writing a segment front to back, with its checksums and its digest.
//!
//! Blocks are hashed and written by a thread of their own, beside the one that makes them.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::xxh3_64;

use crate::domain::Digest;
use crate::ground::storage::StorageFile;
use crate::index::IndexError;
use crate::index::format::{BLOCK_LEN, WORD_LEN};
use crate::index::sections::Section;

/// Collects blocks and hands them on.
pub(super) struct Output {
    blocks: SyncSender<Vec<u8>>,
    block: Vec<u8>,
    checksums: Vec<u64>,
    begun: u64,
}

/// Blocks that wait to be hashed and written.
const QUEUE: usize = 4;

/// Writes what `make` puts out, then the checksums of all of it; gives the digest and the length of the file.
pub(super) fn with_output(
    file: &mut dyn StorageFile,
    checksums: Section,
    make: impl FnOnce(&mut Output) -> Result<(), IndexError>,
) -> Result<(Digest, u64), IndexError> {
    thread::scope(|scope| {
        let (blocks, waiting) = sync_channel(QUEUE);
        let writer = scope.spawn(move || append_all(file, &waiting));
        let mut output = Output { blocks, block: block(), checksums: Vec::new(), begun: 0 };
        let made = make(&mut output).and_then(|()| output.finish(checksums));
        // If the file refused a block, that is the reason for which no more were taken.
        let written = writer.join().expect("the thread that writes has panicked")?;
        made.map(|()| written)
    })
}

fn append_all(file: &mut dyn StorageFile, blocks: &Receiver<Vec<u8>>) -> Result<(Digest, u64), IndexError> {
    let (mut sha256, mut length) = (Sha256::new(), 0);
    for block in blocks {
        sha256.update(&block);
        length += block.len() as u64;
        file.append(&block).map_err(IndexError::Write)?;
    }
    Ok((Digest(sha256.finalize().into()), length))
}

fn block() -> Vec<u8> {
    Vec::with_capacity(BLOCK_LEN as usize)
}

impl Output {
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
        let at = self.begun + self.block.len() as u64;
        let padding = section.offset - at;
        self.write(&[0; WORD_LEN as usize][..padding as usize])
    }

    fn finish(mut self, section: Section) -> Result<(), IndexError> {
        self.begin(section)?;
        self.end_block()?;
        let checksums = self.checksums.iter().flat_map(|checksum| checksum.to_le_bytes()).collect();
        self.hand_on(checksums)
    }

    fn end_block(&mut self) -> Result<(), IndexError> {
        if self.block.is_empty() {
            return Ok(());
        }
        self.checksums.push(xxh3_64(&self.block));
        let block = std::mem::replace(&mut self.block, block());
        self.hand_on(block)
    }

    fn hand_on(&mut self, block: Vec<u8>) -> Result<(), IndexError> {
        self.begun += block.len() as u64;
        self.blocks.send(block).map_err(|_| IndexError::Write(std::io::ErrorKind::BrokenPipe.into()))
    }
}
