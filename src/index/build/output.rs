//! Writing a segment front to back, with its checksums and its digest.

use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::xxh3_64;

use crate::domain::Digest;
use crate::ground::storage::StorageFile;
use crate::index::IndexError;
use crate::index::format::{BLOCK_LEN, WORD_LEN};
use crate::index::sections::Section;

/// Collects blocks, and hashes and writes each that is full.
pub(super) struct Output<'f> {
    file: &'f mut dyn StorageFile,
    sha256: Sha256,
    /// Of what is written.
    length: u64,
    block: Vec<u8>,
    checksums: Vec<u64>,
}

impl<'f> Output<'f> {
    pub(super) fn new(file: &'f mut dyn StorageFile) -> Self {
        let block = Vec::with_capacity(BLOCK_LEN as usize);
        Self { file, sha256: Sha256::new(), length: 0, block, checksums: Vec::new() }
    }

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

    /// Ends with the checksums of all that was written; gives the digest and the length of the file.
    pub(super) fn finish(mut self, section: Section) -> Result<(Digest, u64), IndexError> {
        self.begin(section)?;
        self.end_block()?;
        self.block.extend(self.checksums.iter().flat_map(|checksum| checksum.to_le_bytes()));
        self.append()?;
        Ok((Digest(self.sha256.finalize().into()), self.length))
    }

    fn end_block(&mut self) -> Result<(), IndexError> {
        if self.block.is_empty() {
            return Ok(());
        }
        self.checksums.push(xxh3_64(&self.block));
        self.append()
    }

    fn append(&mut self) -> Result<(), IndexError> {
        self.sha256.update(&self.block);
        self.file.append(&self.block).map_err(IndexError::Write)?;
        self.length += self.block.len() as u64;
        self.block.clear();
        Ok(())
    }
}
