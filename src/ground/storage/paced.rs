//! Large files that are written in the background.

use std::io;
use std::time::Duration;

use super::StorageFile;

/// Writes a large file so that those who sync small ones beside it do not wait: a piece at a time, each on its way to the
/// disk before the next, and no faster than a rate.
#[derive(Debug)]
pub struct Paced<'f> {
    file: &'f mut dyn StorageFile,
    rest: Duration,
}

const PIECE_LEN: usize = 256 << 10;
const MIB: f64 = 1_048_576.0;

impl<'f> Paced<'f> {
    /// At most so many MiB a second; `None` is as fast as the disk.
    pub fn new(file: &'f mut dyn StorageFile, mib_per_second: Option<u32>) -> Self {
        let rest = mib_per_second.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.max(1));
        Self { file, rest }
    }
}

impl StorageFile for Paced<'_> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(PIECE_LEN) {
            self.file.append(piece)?;
            self.file.write_behind(piece.len() as u64)?;
            std::thread::sleep(self.rest.mul_f64(piece.len() as f64 / MIB));
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
