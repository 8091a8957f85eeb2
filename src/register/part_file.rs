//! A file that appears under its name only when it is whole.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::RegisterError;
use crate::ground::storage::{Storage, StorageFile};

/// A file of any length, written as `<path>.tmp` and renamed by [`commit`](Self::commit). Dropped before that, it is
/// removed. Unbuffered.
#[derive(Debug)]
pub struct PartFile<'s> {
    storage: &'s dyn Storage,
    file: Box<dyn StorageFile>,
    path: PathBuf,
    temporary: PathBuf,
    committed: bool,
}

impl<'s> PartFile<'s> {
    /// Begins a file; a temporary file that a crash left behind is replaced.
    ///
    /// # Errors
    /// [`RegisterError::Write`].
    pub fn create(storage: &'s dyn Storage, path: &Path) -> Result<Self, RegisterError> {
        let mut temporary = OsString::from(path);
        temporary.push(".tmp");
        let temporary = PathBuf::from(temporary);
        let begin = || {
            if path.file_name().is_none() {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            match storage.remove(&temporary) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            storage.create(&temporary)
        };
        let file = begin().map_err(|source| RegisterError::Write { path: path.to_owned(), source })?;
        Ok(Self { storage, file, path: path.to_owned(), temporary, committed: false })
    }

    /// The name that the file will have.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the content durable, then the name, replacing what had it.
    ///
    /// # Errors
    /// [`RegisterError::Write`].
    pub fn commit(mut self) -> Result<(), RegisterError> {
        self.publish().map_err(|source| RegisterError::Write { path: self.path.clone(), source })
    }

    fn publish(&mut self) -> io::Result<()> {
        self.file.sync()?;
        self.storage.rename(&self.temporary, &self.path)?;
        self.committed = true;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        self.storage.sync_dir(folder.unwrap_or(Path::new(".")))
    }
}

impl Write for PartFile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.append(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for PartFile<'_> {
    fn drop(&mut self) {
        if !self.committed {
            // What cannot be removed is replaced by the next `create`, and nobody reads it under this name.
            let _ = self.storage.remove(&self.temporary);
        }
    }
}
