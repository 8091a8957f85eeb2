//! The operator's own import: no signature vouches for it, so the answer says `authority: local`.

use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::domain::{Authority, Bulletin, Digest, SegmentRef, Verified};
use crate::ground::storage::Storage;

/// Why a local import is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// The bulletin claims another authority than the operator's own.
    #[error(
        "feed {feed}: the generation calls it signed, but its signatures cannot be checked by this version"
    )]
    Authority {
        /// The feed.
        feed: Box<str>,
    },
    /// The bulletin names no file.
    #[error("feed {feed}: the generation names no file for it: import the list again")]
    NoSegment {
        /// The feed.
        feed: Box<str>,
    },
    /// A file could not be read.
    #[error("cannot read {}: restore it from a backup, or import the list again", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// A file has another length or digest than the one it was published with.
    #[error("{} is not the file that was published (its SHA-256 or length differs): import the list again", path.display())]
    Altered {
        /// The file.
        path: PathBuf,
    },
}

/// Checks length and SHA-256 of every file of a bulletin that an import at this site published.
///
/// # Errors
/// [`LocalError`] if a file is missing, altered, or the bulletin is not a local one.
pub fn verify_local(
    storage: &dyn Storage,
    bulletin: Bulletin,
    path_of: impl Fn(&SegmentRef) -> PathBuf,
) -> Result<Verified<Bulletin>, LocalError> {
    let feed = || bulletin.feed.as_str().into();
    if bulletin.authority != Authority::Local {
        return Err(LocalError::Authority { feed: feed() });
    }
    if bulletin.segments.is_empty() {
        return Err(LocalError::NoSegment { feed: feed() });
    }
    for segment in &bulletin.segments {
        let path = path_of(segment);
        let found = digest(storage, &path).map_err(|source| LocalError::Io { path: path.clone(), source })?;
        if found != (segment.digest, segment.length) {
            return Err(LocalError::Altered { path });
        }
    }
    Ok(Verified::by_gate(bulletin))
}

fn digest(storage: &dyn Storage, path: &Path) -> std::io::Result<(Digest, u64)> {
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
