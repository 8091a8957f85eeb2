//! Files of a backup.

use std::path::Path;

use super::BackupError;
use crate::ground::storage::{Storage, copy_file};

pub(super) fn must_be_new(storage: &dyn Storage, path: &Path) -> Result<(), BackupError> {
    let there = storage.list(path).map_err(BackupError::storage("list", path))?;
    if there.is_empty() { Ok(()) } else { Err(BackupError::NotEmpty { path: path.to_owned() }) }
}

pub(super) fn create(storage: &dyn Storage, path: &Path) -> Result<(), BackupError> {
    storage.create_dir_all(path).map_err(BackupError::storage("create", path))
}

pub(super) fn copy(storage: &dyn Storage, from: &Path, to: &Path) -> Result<(), BackupError> {
    copy_file(storage, from, to, u64::MAX).map_err(BackupError::storage("copy", from))
}
