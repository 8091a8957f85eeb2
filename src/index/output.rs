//! Writing a segment front to back, with its checksums and its digest.

use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::xxh3_64;

use crate::domain::Digest;
use crate::ground::storage::StorageFile;

use super::IndexError;
use super::format::{BLOCK_LEN, Section, WORD_LEN};

/// Collects blocks, hashes them and hands them on.
pub(super) struct Output<'a> {
    file: &'a mut dyn StorageFile,
    sha256: Sha256,
    block: Vec<u8>,
    checksums: Vec<u64>,
    written: u64,
}

impl<'a> Output<'a> {
    pub(super) fn new(file: &'a mut dyn StorageFile) -> Self {
        let block = Vec::with_capacity(BLOCK_LEN as usize);
        Self { file, sha256: Sha256::new(), block, checksums: Vec::new(), written: 0 }
    }

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
        let at = self.written + self.block.len() as u64;
        let padding = section.offset - at;
        self.write(&[0; WORD_LEN as usize][..padding as usize])
    }

    /// Writes the checksums of all that stands before them and ends the file.
    pub(super) fn finish(mut self, section: Section) -> Result<(Digest, u64), IndexError> {
        self.begin(section)?;
        self.end_block()?;
        let checksums: Vec<u8> = self.checksums.iter().flat_map(|checksum| checksum.to_le_bytes()).collect();
        self.append(&checksums)?;
        Ok((Digest(self.sha256.finalize().into()), self.written))
    }

    fn end_block(&mut self) -> Result<(), IndexError> {
        if self.block.is_empty() {
            return Ok(());
        }
        self.checksums.push(xxh3_64(&self.block));
        let mut block = std::mem::take(&mut self.block);
        self.append(&block)?;
        block.clear();
        self.block = block;
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), IndexError> {
        self.sha256.update(bytes);
        self.written += bytes.len() as u64;
        self.file.append(bytes).map_err(IndexError::Write)
    }
}
