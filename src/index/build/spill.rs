//! What has no room in memory, in a file of its own that nobody sees.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::index::{IndexError, Staged};

/// A file that grows at its end and is read anywhere. It is gone when it is dropped.
#[derive(Debug)]
pub(super) struct Spill {
    staged: Staged,
    file: File,
    length: u64,
}

/// A piece of the file, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    offset: u64,
    length: usize,
}

/// Several threads share it.
pub(super) fn lock(spill: &Mutex<Spill>) -> MutexGuard<'_, Spill> {
    spill.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes that are in memory or were spilt.
#[derive(Debug)]
pub(super) enum Bytes {
    Here(Vec<u8>),
    Spilt(Extent),
}

impl Spill {
    pub(super) fn new(staged: Staged) -> Result<Self, IndexError> {
        let file = staged.open_read()?;
        Ok(Self { staged, file, length: 0 })
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<Extent, IndexError> {
        // Not pushed on to the disk: it is soon read again, and then gone.
        self.staged.file().append(bytes).map_err(IndexError::io("write", self.staged.path()))?;
        let extent = Extent { offset: self.length, length: bytes.len() };
        self.length += bytes.len() as u64;
        Ok(extent)
    }

    /// Appends a piece to a buffer.
    pub(super) fn read(&self, extent: Extent, out: &mut Vec<u8>) -> Result<(), IndexError> {
        let from = out.len();
        out.resize(from + extent.length, 0);
        let read = self.file.read_exact_at(&mut out[from..], extent.offset);
        read.map_err(IndexError::io("read", self.staged.path()))
    }
}

impl Bytes {
    /// The bytes; `buffer` holds those that were spilt.
    pub(super) fn get<'b>(
        &'b self,
        spill: Option<&Spill>,
        buffer: &'b mut Vec<u8>,
    ) -> Result<&'b [u8], IndexError> {
        match (self, spill) {
            (Self::Here(bytes), _) => Ok(bytes),
            (Self::Spilt(extent), Some(spill)) => {
                buffer.clear();
                spill.read(*extent, buffer)?;
                Ok(buffer)
            }
            (Self::Spilt(_), None) => unreachable!("what was spilt has a file"),
        }
    }
}
