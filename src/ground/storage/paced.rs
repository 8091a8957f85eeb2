//! Large files that are written in the background.

use std::io;

use super::{Rate, StorageFile};

/// Writes a large file so that those who sync small ones beside it do not wait: a piece at a time, each on its way to the
/// disk before the next, and no faster than a rate.
#[derive(Debug)]
pub struct Paced<'f> {
    file: &'f mut dyn StorageFile,
    rate: Rate,
}

const PIECE_LEN: usize = 256 << 10;

impl<'f> Paced<'f> {
    /// At most so many MiB a second; `None` is as fast as the disk.
    pub fn new(file: &'f mut dyn StorageFile, mib_per_second: Option<u32>) -> Self {
        Self { file, rate: Rate::new(mib_per_second) }
    }
}

impl StorageFile for Paced<'_> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(PIECE_LEN) {
            self.rate.wait_for(piece.len() as u64);
            self.file.append(piece)?;
            self.file.write_behind(piece.len() as u64)?;
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.file.truncate(len)
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }
}
