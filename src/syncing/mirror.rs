//! A site hands on what it has verified.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use super::SyncError;
use super::files::io;
use crate::domain::FeedName;
use crate::feed::{self, Publication, Repository, RepositoryError};
use crate::ground::storage::{Paced, Storage, StorageFile as _};
use crate::index;

/// Why a feed is not handed on.
#[derive(Debug, thiserror::Error)]
pub enum MirrorFault {
    /// It is not in force here, or is an import of the operator's.
    #[error("feed {0} is no signed feed in force at this site")]
    NotSigned(FeedName),
    /// The site's index cannot be read.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// The repository cannot be written.
    #[error("the repository cannot be written; whoever reads it finds what was there before")]
    Repository(#[from] RepositoryError),
}

const PIECE_LEN: usize = 1 << 20;

/// Writes what is in force of a signed feed as a repository, from which other sites can be brought up to date: roots, metadata,
/// the base and its delta. Increments and earlier bases stay with the publisher. Gives the sequence.
///
/// # Errors
/// [`MirrorFault`]; then readers find what was there before.
pub fn mirror(
    storage: &Arc<dyn Storage>,
    data_dir: &Path,
    feed: &FeedName,
    to: &Path,
) -> Result<u64, MirrorFault> {
    let index_error = |source| SyncError::Index { feed: feed.clone(), source };
    let current = index::current(&**storage, data_dir).map_err(index_error)?;
    let record = current.as_ref().and_then(|(generation, _)| generation.record(feed));
    let not_signed = || MirrorFault::NotSigned(feed.clone());
    let record = record.ok_or_else(not_signed)?;
    let (Some(root), metadata) = record.proof() else { return Err(not_signed()) };
    let locate = |segment: &crate::domain::SegmentRef| index::segment_path(data_dir, segment.digest);
    feed::verify(&**storage, record.bulletin.clone(), record.proof(), locate)
        .map_err(|source| SyncError::Verify { feed: feed.clone(), source })?;
    let publication = Publication::kept(metadata).ok_or_else(not_signed)?;
    let repository = Repository::new(storage.clone(), to.to_owned());
    repository.create_folders()?;
    for (file, role) in publication.files() {
        let path = repository.path_of(file);
        if storage.open_read(&path).is_err() {
            copy(&**storage, &locate(&file.segment(role)), &path)?;
        }
    }
    repository.serve_again(root, metadata)?;
    Ok(publication.sequence)
}

fn copy(storage: &dyn Storage, from: &Path, to: &Path) -> Result<(), SyncError> {
    let temporary = to.with_extension("tmp");
    match storage.remove(&temporary) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(&temporary)(error)),
        _ => {}
    }
    let mut source = storage.open_read(from).map_err(io(from))?;
    let mut file = storage.create(&temporary).map_err(io(&temporary))?;
    let mut paced = Paced::new(&mut *file, None);
    let mut buffer = vec![0; PIECE_LEN];
    loop {
        match source.read(&mut buffer).map_err(io(from))? {
            0 => break,
            read => paced.append(&buffer[..read]).map_err(io(&temporary))?,
        }
    }
    file.sync().map_err(io(&temporary))?;
    storage.rename(&temporary, to).map_err(io(&temporary))?;
    let folder = to.parent().unwrap_or(Path::new("."));
    storage.sync_dir(folder).map_err(io(folder))
}
