//! What of a store is there, before it is opened.

use std::io;
use std::path::Path;

use super::{OverlayError, Store};
use crate::ground::storage::Storage;

/// What of a store is there.
pub(super) struct Files {
    pub(super) has_key: bool,
    pub(super) has_pages: bool,
    /// The counter of the newest revision that was told of.
    pub(super) newest: u64,
}

impl Files {
    pub(super) fn of(storage: &dyn Storage, data_dir: &Path) -> Result<Self, OverlayError> {
        let folder = data_dir.join("alerts");
        Ok(Self {
            has_key: is_there(storage, &folder.join("key"))?,
            has_pages: is_there(storage, &folder.join("alerts.redb"))?,
            newest: Store::newest(storage, data_dir)?,
        })
    }
}

/// A file that cannot be opened is there all the same.
pub(super) fn is_there(storage: &dyn Storage, path: &Path) -> Result<bool, OverlayError> {
    match storage.open_read(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(OverlayError::io("open", path)(error)),
    }
}
