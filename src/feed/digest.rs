//! What a file is, by its content.

use std::io::Read as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::metadata::{MetadataFiles, TARGETS};
use crate::domain::Digest;
use crate::ground::storage::Storage;

/// SHA-256 and length of a file.
///
/// # Errors
/// Those of the file system.
pub fn file_digest(storage: &dyn Storage, path: &Path) -> std::io::Result<(Digest, u64)> {
    let mut file = storage.open_read(path)?;
    let mut sha256 = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut length = 0;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((Digest(sha256.finalize().into()), length)),
            read => {
                sha256.update(&buffer[..read]);
                length += read as u64;
            }
        }
    }
}

/// By what the next publication names this one: the SHA-256 of its `targets.json`.
#[must_use]
pub fn targets_digest(files: &MetadataFiles) -> Option<Digest> {
    files.get(TARGETS).map(|bytes| Digest(Sha256::digest(bytes).into()))
}
