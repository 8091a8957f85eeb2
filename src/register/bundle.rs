//! A zip archive that is being written, member by member.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{DateTime, ZipWriter};

use super::{PartFile, RegisterError};
use crate::ground::storage::Storage;

/// An archive in the making. It appears under its name when it is [finished](Self::finish) and leaves nothing behind
/// otherwise. The same members give the same bytes.
pub struct Bundle<'s> {
    path: PathBuf,
    archive: ZipWriter<StreamWriter<BufWriter<PartFile<'s>>>>,
}

impl<'s> Bundle<'s> {
    /// Begins an archive.
    ///
    /// # Errors
    /// [`RegisterError::Write`].
    pub fn create(storage: &'s dyn Storage, path: &Path) -> Result<Self, RegisterError> {
        let file = BufWriter::with_capacity(256 * 1024, PartFile::create(storage, path)?);
        Ok(Self { path: path.to_owned(), archive: ZipWriter::new_stream(file) })
    }

    /// Begins the next member; what is written from now on is its content.
    ///
    /// # Errors
    /// [`RegisterError::Write`].
    pub fn member(&mut self, name: &str) -> Result<(), RegisterError> {
        let options = SimpleFileOptions::default().last_modified_time(DateTime::default()).large_file(true);
        let begun = self.archive.start_file(name, options);
        begun.map_err(|error| RegisterError::Write { path: self.path.clone(), source: error.into() })
    }

    /// Ends the archive, makes it durable and gives it its name.
    ///
    /// # Errors
    /// [`RegisterError::Write`].
    pub fn finish(self) -> Result<(), RegisterError> {
        let file = self.archive.finish().map_err(io::Error::from);
        let file =
            file.and_then(|stream| stream.into_inner().into_inner().map_err(|error| error.into_error()));
        file.map_err(|source| RegisterError::Write { path: self.path, source })?.commit()
    }
}

impl Write for Bundle<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.archive.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.archive.flush()
    }
}

impl std::fmt::Debug for Bundle<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bundle").field("path", &self.path).finish_non_exhaustive()
    }
}
