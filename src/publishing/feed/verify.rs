//! Everything that is published, looked at again.

use super::{FeedError, FeedFolder, sums};
use crate::feed::{Metadata, file_digest};
use crate::ground::platform::Mapping;
use crate::index::List;

/// What was verified.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The newest publication.
    pub metadata: Metadata,
    /// Files of which length and SHA-256 are as they are signed.
    pub files: usize,
}

/// Checks signatures, every file that can be fetched, that lookups find what is listed, and that the list adds up to what is
/// signed of it.
///
/// # Errors
/// [`FeedError`] says what is not as it should be.
pub fn verify(folder: &FeedFolder) -> Result<Verified, FeedError> {
    let metadata = folder.repository.current()?.ok_or(FeedError::NothingPublished)?;
    let mut files = 0;
    for file in metadata.publication().targets() {
        let path = folder.repository.path_of(file);
        let found = file_digest(&*folder.storage, &path).map_err(FeedError::io("read", &path))?;
        if found != (file.sha256, file.length) {
            return Err(FeedError::Altered(path));
        }
        files += 1;
    }
    let list = folder.list(&metadata)?;
    list.verify().map_err(|_| FeedError::SelfTest)?;
    check_sums(&list, &metadata)?;
    Ok(Verified { metadata, files })
}

fn check_sums(list: &List<Mapping>, metadata: &Metadata) -> Result<(), FeedError> {
    if sums::of_list(list)? == metadata.publication().list { Ok(()) } else { Err(FeedError::SelfTest) }
}
