//! A repository in a folder: a stick, a share, a disc.

use std::io::{self, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Mirror, MirrorError, Opened, path};
use crate::ground::storage::Storage;

/// A folder that has a repository.
#[derive(Debug)]
pub struct Directory {
    storage: Arc<dyn Storage>,
    root: PathBuf,
    name: String,
}

impl Directory {
    /// The repository below `root`, which need not be there yet: a stick comes and goes.
    pub fn new(storage: Arc<dyn Storage>, root: &Path) -> Self {
        Self { storage, root: root.to_owned(), name: root.display().to_string() }
    }
}

impl Mirror for Directory {
    fn open(&self, path: &str, from: u64, length: Option<u64>) -> Result<Opened, MirrorError> {
        path::check(path)?;
        let path = self.root.join(path);
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => MirrorError::NotFound,
            _ => MirrorError::Read { path: path.clone(), source },
        };
        let mut file = self.storage.open_read(&path).map_err(failed)?;
        let found = file.metadata().map_err(failed)?;
        if !found.is_file() {
            return Err(failed(io::Error::other("not a file")));
        }
        if let Some(length) = length.filter(|length| *length != found.len()) {
            return Err(MirrorError::WrongLength { told: found.len(), length });
        }
        file.seek(SeekFrom::Start(from)).map_err(failed)?;
        Ok(Opened { from, bytes: Box::new(file) })
    }

    fn name(&self) -> &str {
        &self.name
    }
}
