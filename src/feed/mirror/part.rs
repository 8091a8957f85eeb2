//! The file that a download grows.

use std::io;
use std::path::Path;

use super::DownloadError;
use crate::domain::Digest;
use crate::feed::digest::file_digest;
use crate::ground::storage::{Storage, StorageFile};

/// How much is written before the disk is asked to begin with it, so that the sync at the end does not find all of it.
const BEHIND_BYTES: u64 = 1 << 20;

/// A file of which there is only the beginning. It never gets longer than the whole, and stands on the disk as long as
/// nothing has shown it to be wrong. Nothing else vouches for it: after a crash it may have holes, which the digest of the
/// whole finds.
#[derive(Debug)]
pub(super) struct Part<'d> {
    storage: &'d dyn Storage,
    path: &'d Path,
    length: u64,
    /// None until there is something to write.
    file: Option<Box<dyn StorageFile>>,
    len: u64,
    behind: u64,
}

impl<'d> Part<'d> {
    /// What there is already. Longer than the whole it is another file's, and is removed.
    pub(super) fn open(storage: &'d dyn Storage, path: &'d Path, length: u64) -> Result<Self, DownloadError> {
        let mut part = Self { storage, path, length, file: None, len: 0, behind: 0 };
        match storage.open_append(path) {
            Ok(file) => {
                part.len = file.len().map_err(|source| part.failed(source))?;
                part.file = Some(file);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(part.failed(error)),
        }
        if part.len > length {
            part.start_over()?;
        }
        Ok(part)
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// How many bytes are missing.
    pub(super) fn missing(&self) -> u64 {
        self.length - self.len
    }

    /// Appends what came, which is no more than what is missing.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), DownloadError> {
        let mut file = match self.file.take() {
            Some(file) => file,
            None => self.storage.create(self.path).map_err(|source| self.failed(source))?,
        };
        if let Err(source) = file.append(bytes) {
            // Some of them stand there, nobody knows which. What came before is as good as it was.
            let cut = file.truncate(self.len);
            return Err(if cut.is_ok() { self.failed(source) } else { self.lost(source) });
        }
        self.len += bytes.len() as u64;
        self.behind += bytes.len() as u64;
        if self.behind >= BEHIND_BYTES {
            if let Err(source) = file.write_behind(self.behind) {
                return Err(self.lost(source));
            }
            self.behind = 0;
        }
        self.file = Some(file);
        Ok(())
    }

    /// Makes what there is durable, and reads it back: true if it is the whole and has the digest. What is as long as
    /// the whole and has another digest is removed.
    pub(super) fn is_whole(&mut self, expected: Digest) -> Result<bool, DownloadError> {
        if self.missing() > 0 {
            return Ok(false);
        }
        // A file of no bytes is not there yet.
        self.append(&[])?;
        let synced = self.file.take().map_or(Ok(()), |mut file| file.sync());
        if let Err(source) = synced {
            return Err(self.lost(source));
        }
        let found = file_digest(self.storage, self.path).map_err(|source| self.failed(source))?;
        if found == (expected, self.length) {
            return Ok(true);
        }
        self.start_over()?;
        Ok(false)
    }

    fn start_over(&mut self) -> Result<(), DownloadError> {
        (self.file, self.len, self.behind) = (None, 0, 0);
        self.storage.remove(self.path).map_err(|source| self.failed(source))
    }

    /// Nobody knows what of it is on the disk: the part goes. Were it to stay all the same, its digest would tell.
    fn lost(&mut self, source: io::Error) -> DownloadError {
        self.start_over().err().unwrap_or_else(|| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> DownloadError {
        let path = self.path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                DownloadError::DiskFull { path, missing: self.missing(), source }
            }
            _ => DownloadError::Io { path, source },
        }
    }
}
