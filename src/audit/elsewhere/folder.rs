//! A folder, on another machine or medium.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::place::{EXPORTED, Elsewhere};
use crate::audit::checkpoints::NOTE_BYTES_MAX;
use crate::audit::log_id::LogId;
use crate::ground::storage::{Storage, publish_readable_file};

#[derive(Debug)]
pub(super) struct Folder {
    storage: Arc<dyn Storage>,
    folder: PathBuf,
}

impl Folder {
    pub(super) fn new(storage: Arc<dyn Storage>, folder: PathBuf) -> Self {
        Self { storage, folder }
    }
}

impl Elsewhere for Folder {
    fn path(&self, log: &LogId) -> PathBuf {
        self.folder.join(log.as_str()).join(EXPORTED)
    }

    fn newest(&self, log: &LogId) -> io::Result<Option<Vec<u8>>> {
        match self.storage.read(&self.path(log), NOTE_BYTES_MAX) {
            Ok(note) => Ok(Some(note)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn put(&self, log: &LogId, note: &str) -> io::Result<()> {
        self.storage.create_dir_all(&self.folder.join(log.as_str()))?;
        publish_readable_file(&*self.storage, &self.path(log), note.as_bytes())
    }
}
