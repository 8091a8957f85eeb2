//! Gate 1: what may be put in force. Of a signed feed, the metadata that was accepted and the files that it names; of the
//! operator's own import, for which no signature vouches, the files alone, and the answer says `authority: local`.

use std::path::PathBuf;

use super::digest::file_digest;
use super::{Metadata, MetadataError, MetadataFiles};
use crate::domain::{Authority, Bulletin, SegmentRef, Verified};
use crate::ground::storage::Storage;

/// Why a publication may not be put in force.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The bulletin claims another authority than the operator's own.
    #[error(
        "feed {feed}: the generation calls it signed and keeps no signatures of it: restore it from a backup, or synchronise again"
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
    #[error("cannot read {}: restore it from a backup, or import the list again or synchronise", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// The metadata that was accepted is not what it was.
    #[error(
        "feed {feed}: the metadata that was accepted cannot be believed any more: restore the generation from a backup"
    )]
    Metadata {
        /// The feed.
        feed: Box<str>,
        /// What is wrong with it.
        source: MetadataError,
    },
    /// The metadata says something else than the generation.
    #[error(
        "feed {feed}: the generation names another {what} than its publisher has signed: restore it from a backup"
    )]
    NotSigned {
        /// The feed.
        feed: Box<str>,
        /// What differs.
        what: &'static str,
    },
    /// A file has another length or digest than the one it was published with.
    #[error("{} is not the file that was published (its SHA-256 or length differs): import the list again or synchronise", path.display())]
    Altered {
        /// The file.
        path: PathBuf,
    },
}

/// Checks what a generation has in force of a feed as it was checked when it was accepted: `metadata` and `root` are what the
/// generation keeps of a signed feed.
///
/// # Errors
/// [`VerifyError`] says what is not as it was.
pub fn verify(
    storage: &dyn Storage,
    bulletin: Bulletin,
    proof: (Option<&[u8]>, &MetadataFiles),
    path_of: impl Fn(&SegmentRef) -> PathBuf,
) -> Result<Verified<Bulletin>, VerifyError> {
    verify_next(storage, bulletin, proof, &[], path_of)
}

/// The same of the generation after one in force. Files that are in force were checked when they were put there, and whoever
/// opens them checks every block: their digests, which take a second for each 1.6 GB, are not made again.
///
/// # Errors
/// As [`verify`].
pub fn verify_next(
    storage: &dyn Storage,
    bulletin: Bulletin,
    (root, metadata): (Option<&[u8]>, &MetadataFiles),
    in_force: &[SegmentRef],
    path_of: impl Fn(&SegmentRef) -> PathBuf,
) -> Result<Verified<Bulletin>, VerifyError> {
    if bulletin.authority == Authority::Local {
        return verify_files(storage, bulletin, in_force, path_of);
    }
    let feed = || bulletin.feed.as_str().into();
    let root = root.ok_or_else(|| VerifyError::Authority { feed: feed() })?;
    let accepted =
        Metadata::read(root, metadata).map_err(|source| VerifyError::Metadata { feed: feed(), source })?;
    let publication = accepted.publication();
    let differs = [
        ("feed", publication.feed != bulletin.feed),
        ("sequence", publication.sequence != bulletin.sequence),
        ("as-of time", accepted.as_of() != bulletin.as_of),
        ("file", publication.segments() != bulletin.segments),
    ];
    if let Some((what, _)) = differs.into_iter().find(|(_, differs)| *differs) {
        return Err(VerifyError::NotSigned { feed: feed(), what });
    }
    verify_files(storage, bulletin, in_force, path_of)
}

/// Checks length and SHA-256 of every file of a bulletin that an import at this site published.
///
/// # Errors
/// [`VerifyError`] if a file is missing, altered, or the bulletin is not a local one.
pub fn verify_local(
    storage: &dyn Storage,
    bulletin: Bulletin,
    path_of: impl Fn(&SegmentRef) -> PathBuf,
) -> Result<Verified<Bulletin>, VerifyError> {
    if bulletin.authority != Authority::Local {
        return Err(VerifyError::Authority { feed: bulletin.feed.as_str().into() });
    }
    verify_files(storage, bulletin, &[], path_of)
}

fn verify_files(
    storage: &dyn Storage,
    bulletin: Bulletin,
    in_force: &[SegmentRef],
    path_of: impl Fn(&SegmentRef) -> PathBuf,
) -> Result<Verified<Bulletin>, VerifyError> {
    if bulletin.segments.is_empty() {
        return Err(VerifyError::NoSegment { feed: bulletin.feed.as_str().into() });
    }
    for segment in bulletin.segments.iter().filter(|segment| !in_force.contains(segment)) {
        let path = path_of(segment);
        let found =
            file_digest(storage, &path).map_err(|source| VerifyError::Io { path: path.clone(), source })?;
        if found != (segment.digest, segment.length) {
            return Err(VerifyError::Altered { path });
        }
    }
    Ok(Verified::by_gate(bulletin))
}
