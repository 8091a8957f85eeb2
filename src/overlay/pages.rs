//! The pages of `redb` on a storage of ours.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use redb::StorageBackend;

use crate::ground::storage::BlockFile;

/// After so many bytes they go on their way to the disk: an import writes hundreds of megabytes at once.
const PIECE_BYTES: u64 = 1 << 20;

#[derive(Debug)]
pub(super) struct Pages {
    file: Box<dyn BlockFile>,
    written: AtomicU64,
}

impl Pages {
    pub(super) fn new(file: Box<dyn BlockFile>) -> Self {
        Self { file, written: AtomicU64::new(0) }
    }
}

impl StorageBackend for Pages {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read_at(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync()
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_at(offset, bytes)?;
        let length = bytes.len() as u64;
        let before = self.written.fetch_add(length, Ordering::Relaxed);
        let is_piece = before / PIECE_BYTES != (before + length) / PIECE_BYTES;
        if is_piece { self.file.write_behind() } else { Ok(()) }
    }
}
