//! The real file system.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use super::{BlockFile, Lock, LockError, Storage, StorageFile};
use crate::ground::platform::{is_open_once, write_behind};

/// The operating system's files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Storage for Disk {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        let missing: Vec<_> = path.ancestors().take_while(|folder| !folder.exists()).collect();
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        for folder in missing {
            let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
            self.sync_dir(parent.unwrap_or(Path::new(".")))?;
        }
        Ok(())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn StorageFile>> {
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)?;
        Ok(Box::new(DiskFile(file)))
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn StorageFile>> {
        Ok(Box::new(DiskFile(OpenOptions::new().append(true).open(path)?)))
    }

    fn open_anywhere(&self, path: &Path) -> io::Result<Box<dyn BlockFile>> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        Ok(Box::new(DiskFile(file)))
    }

    fn open_read(&self, path: &Path) -> io::Result<File> {
        File::open(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn remove_slowly(&self, path: &Path) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(path);
        std::fs::remove_file(path)?;
        // A file that is shorter than it was must not be found under its name after a crash.
        let unnamed = file.and_then(|file| self.sync_dir(path.parent().unwrap_or(path)).map(|()| file));
        // What can't be given back by and by is given back at once.
        let _ = unnamed.and_then(|file| give_back(&file));
        Ok(())
    }

    fn share(&self, path: &Path) -> io::Result<()> {
        let found = std::fs::metadata(path)?;
        let mode = if found.is_dir() { 0o755 } else { 0o644 };
        // Who shares a folder with others may not own it, and has nothing to change there.
        if found.permissions().mode() & mode == mode {
            return Ok(());
        }
        std::fs::set_permissions(path, Permissions::from_mode(mode))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let entries = match std::fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
        // By their bytes: paths are compared part by part, which takes ten times as long, and these differ in the last one only.
        paths.sort_unstable_by(|one, other| one.as_os_str().cmp(other.as_os_str()));
        Ok(paths)
    }

    fn lock(&self, path: &Path) -> Result<Lock, LockError> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => Err(LockError::Held),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

/// A file system gives back in one go whatever a file takes, and whoever syncs another one waits for that.
const REMOVED_BYTES: u64 = 1 << 20;
const REMOVED_EVERY: Duration = Duration::from_millis(20);

/// Gives back by and by what a file takes that has no name any more, as long as nobody else has it: it may have another name, as of a copy
/// that shares it, and who reads it is to find all of it.
fn give_back(file: &File) -> io::Result<()> {
    loop {
        // First of all: who was opening it when it lost its name has it open then.
        sleep(REMOVED_EVERY);
        let found = file.metadata()?;
        if found.len() == 0 || found.nlink() > 0 || !is_open_once(file) {
            return Ok(());
        }
        file.set_len(found.len().saturating_sub(REMOVED_BYTES))?;
    }
}

#[derive(Debug)]
struct DiskFile(File);

impl StorageFile for DiskFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write_behind(&mut self, length: u64) -> io::Result<()> {
        let end = self.0.metadata()?.len();
        write_behind(&self.0, end.saturating_sub(length), length)
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }
}

impl BlockFile for DiskFile {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(out, offset)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn write_behind(&self) -> io::Result<()> {
        // To its end.
        write_behind(&self.0, 0, 0)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn who_reads_a_file_that_is_removed_slowly_and_who_shares_it_has_all_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let (path, copy) = (folder.path().join("large"), folder.path().join("copy"));
        let content = vec![7; 3 << 20];
        std::fs::write(&path, &content).unwrap();
        let mut reading = File::open(&path).unwrap();
        Disk.remove_slowly(&path).unwrap();
        let mut read = Vec::new();
        reading.read_to_end(&mut read).unwrap();
        assert!(!path.exists() && read == content);

        std::fs::write(&path, &content).unwrap();
        std::fs::hard_link(&path, &copy).unwrap();
        Disk.remove_slowly(&path).unwrap();
        assert!(!path.exists() && std::fs::read(&copy).unwrap() == content);
        Disk.remove_slowly(&copy).unwrap();
        assert!(!copy.exists());
        assert_eq!(Disk.remove_slowly(&copy).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn whoever_has_a_file_open_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let file = File::create(&path).unwrap();
        assert!(is_open_once(&file));
        let reading = File::open(&path).unwrap();
        assert!(!is_open_once(&file));
        drop(reading);
        assert!(is_open_once(&file));
    }
}
