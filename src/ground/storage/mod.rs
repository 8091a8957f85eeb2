//! The only door to the file system, so that tests can count, lose and reorder what goes through it.
//!
//! Writes are durable only after [`StorageFile::sync`] and, for names, [`Storage::sync_dir`]. The order that commits
//! is always: write, sync the file, rename, sync the directory.

mod copy_file;
mod disk;
mod lock;
mod paced;
mod publish_file;
mod rate;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

pub use copy_file::copy_file;
pub use disk::Disk;
pub use lock::{Lock, LockError};
pub use paced::Paced;
pub use publish_file::{publish_file, publish_readable_file};
pub use rate::Rate;

/// A file system. Paths are the caller's, absolute or relative to the working directory.
pub trait Storage: Send + Sync + std::fmt::Debug {
    /// Creates a folder and those above it, durably; no error if it is there. New folders are their owner's only.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;

    /// Creates a file that must not exist yet, readable by its owner only.
    fn create(&self, path: &Path) -> io::Result<Box<dyn StorageFile>>;

    /// Creates a file that must not exist yet and only takes room: what is in it means nothing, and cannot be compressed.
    fn reserve(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let mut file = self.create(path)?;
        file.append(content)?;
        file.sync()
    }

    /// Opens a file to append to it.
    fn open_append(&self, path: &Path) -> io::Result<Box<dyn StorageFile>>;

    /// Opens a file to read and write anywhere in it; it is created, readable by its owner only, if it is not there.
    fn open_anywhere(&self, path: &Path) -> io::Result<Box<dyn BlockFile>> {
        let _ = path;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Opens a file to read it or to map it.
    fn open_read(&self, path: &Path) -> io::Result<File>;

    /// Renames, replacing what has the new name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Removes a large file so that those who sync small ones beside it do not wait. Its name is gone at once; to give back what it takes
    /// can last for seconds. Whoever has it open on this machine reads on.
    fn remove_slowly(&self, path: &Path) -> io::Result<()> {
        self.remove(path)
    }

    /// Lets every user of the machine read a file, or enter a folder, that is still its owner's alone. Nothing else changes: a
    /// storage without users has nothing to do.
    fn share(&self, path: &Path) -> io::Result<()> {
        let _ = path;
        Ok(())
    }

    /// Makes the names in a folder durable.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;

    /// The entries of a folder, sorted; an absent folder has none.
    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>>;

    /// Takes a lock that ends with the process or when dropped. The file is created if need be and stays.
    fn lock(&self, path: &Path) -> Result<Lock, LockError>;

    /// Reads a whole file of at most `bytes_max` bytes.
    ///
    /// # Errors
    /// Those of the file system, and [`io::ErrorKind::FileTooLarge`].
    fn read(&self, path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
        use io::Read;
        let mut bytes = Vec::new();
        self.open_read(path)?.take(bytes_max + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > bytes_max {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(bytes)
    }
}

/// A file that is read and written anywhere.
pub trait BlockFile: Send + Sync + std::fmt::Debug {
    /// Reads until `out` is full.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()>;

    /// Writes all of `bytes`. After an error an unknown part of them is there.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file to a length, or fills it up to that with zeros.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Has what was written on its way to the disk, and waits for what was before, so that whoever syncs small files beside a large one does
    /// not wait for all of it. Nothing is durable by it.
    ///
    /// # Errors
    /// Those of the disk.
    fn write_behind(&self) -> io::Result<()> {
        Ok(())
    }

    /// Makes the content durable, as [`StorageFile::sync`] does.
    fn sync(&self) -> io::Result<()>;

    /// The length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// True if the file has no byte.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
}

/// A file that is written at its end.
pub trait StorageFile: Send + std::fmt::Debug {
    /// Appends all of `bytes`. After an error an unknown part of them stands at the end of the file.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes the content durable (`fdatasync`). After an error nothing is known of what was written since the last
    /// success, and trying again tells nothing either: Linux drops the dirty pages.
    fn sync(&mut self) -> io::Result<()>;

    /// Asks for the last `length` bytes to be written to the disk soon, and waits for what was asked for before: so no
    /// heap of unwritten bytes grows on which others' syncs would have to wait. Nothing is durable by it.
    fn write_behind(&mut self, length: u64) -> io::Result<()> {
        let _ = length;
        Ok(())
    }

    /// Cuts the file to a length.
    fn truncate(&mut self, len: u64) -> io::Result<()>;

    /// The length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// True if the file has no byte.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
}
