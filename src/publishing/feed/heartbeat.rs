//! The list is still right.

use jiff::Timestamp;

use super::{FeedError, FeedFolder, FeedSettings};
use crate::feed::{Metadata, Signer};

/// Vouches for the newest publication as of a later time, with the key of the timestamp alone.
///
/// # Errors
/// [`FeedError`].
pub fn heartbeat(
    folder: &FeedFolder,
    settings: &FeedSettings,
    signers: &[&dyn Signer],
    as_of: Timestamp,
    now: Timestamp,
) -> Result<Metadata, FeedError> {
    let _lock = folder.lock()?;
    let before = folder.repository.current()?.ok_or(FeedError::NothingPublished)?;
    if as_of > now {
        return Err(FeedError::FromTheFuture { as_of });
    }
    if as_of < before.as_of() {
        return Err(FeedError::AsOfEarlier { as_of, before: before.as_of() });
    }
    Ok(folder.repository.heartbeat(as_of, signers, &settings.lifetimes, now)?)
}
