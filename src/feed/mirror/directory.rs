//! A folder, such as a stick.

use std::io::{Read, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use crate::ground::storage::Storage;

/// A place that has a feed's repository.
pub trait Mirror: Send + Sync + std::fmt::Debug {
    /// Opens a file of the repository, such as `metadata/timestamp.json`, from a byte on.
    fn open(&self, path: &str, from: u64) -> Result<Box<dyn Read + Send>, MirrorError>;
    /// For people.
    fn name(&self) -> &str;
}

/// Why.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// Not there.
    #[error("it is not there")]
    NotFound,
    /// Endless.
    #[error("it is longer than {0} bytes")]
    Endless(u64),
    /// Failed.
    #[error("it cannot be read")]
    Line(#[from] std::io::Error),
}

/// A folder.
#[derive(Debug)]
pub struct Directory {
    storage: Arc<dyn Storage>,
    folder: PathBuf,
    name: String,
}

impl Directory {
    /// A folder.
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>, folder: PathBuf) -> Self {
        let name = folder.display().to_string();
        Self { storage, folder, name }
    }
}

impl Mirror for Directory {
    fn open(&self, path: &str, from: u64) -> Result<Box<dyn Read + Send>, MirrorError> {
        let file = self.storage.open_read(&self.folder.join(path));
        let mut file = match file {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(MirrorError::NotFound),
            file => file?,
        };
        file.seek(SeekFrom::Start(from))?;
        Ok(Box::new(file))
    }

    fn name(&self) -> &str {
        &self.name
    }
}

/// Reads a small file whole.
pub fn read_small(mirror: &dyn Mirror, path: &str, bytes_max: u64) -> Result<Vec<u8>, MirrorError> {
    let mut bytes = Vec::new();
    mirror.open(path, 0)?.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max { Err(MirrorError::Endless(bytes_max)) } else { Ok(bytes) }
}
