//! Large files that are written in the background.

use std::io;
use std::time::{Duration, Instant};

use super::StorageFile;
use crate::ground::clock::monotonic;

/// Writes a large file so that those who sync small ones beside it do not wait: a piece at a time, each on its way to the
/// disk before the next, and no faster than a rate. Who comes late may catch up a few pieces and no more.
#[derive(Debug)]
pub struct Paced<'f> {
    file: &'f mut dyn StorageFile,
    /// How long a MiB takes at least.
    mib: Duration,
    /// When the next piece is to be written.
    due: Instant,
}

const PIECE_LEN: usize = 256 << 10;
const MIB: f64 = 1_048_576.0;
/// As much as is handed in at once: it takes time to make, in which nothing is written.
const LATE_MIB_MAX: u32 = 2;

impl<'f> Paced<'f> {
    /// At most so many MiB a second; `None` is as fast as the disk.
    pub fn new(file: &'f mut dyn StorageFile, mib_per_second: Option<u32>) -> Self {
        let mib = mib_per_second.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.max(1));
        Self { file, mib, due: monotonic() }
    }
}

impl StorageFile for Paced<'_> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(PIECE_LEN) {
            std::thread::sleep(self.due.saturating_duration_since(monotonic()));
            let begun = self.due.max(monotonic().checked_sub(self.mib * LATE_MIB_MAX).unwrap_or(self.due));
            self.due = begun + self.mib.mul_f64(piece.len() as f64 / MIB);
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
