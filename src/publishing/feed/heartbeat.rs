//! The list is still right.

use jiff::Timestamp;

use super::{FeedError, FeedFolder, FeedSettings};
use crate::feed::{Metadata, Signer};

/// Vouches for the newest publication as of a later time, with the key of the timestamp alone. Without a time it is as of now,
/// which cannot be said while changes wait: whoever knows until when the list was complete without them gives the time.
///
/// # Errors
/// [`FeedError::ChangesWait`], [`FeedError::Expired`] if no reader would accept it, and [`FeedError`].
pub fn heartbeat(
    folder: &FeedFolder,
    settings: &FeedSettings,
    signers: &[&dyn Signer],
    as_of: Option<Timestamp>,
    now: Timestamp,
) -> Result<Metadata, FeedError> {
    let _lock = folder.lock()?;
    let before = folder.repository.current()?.ok_or(FeedError::NothingPublished)?;
    let waiting = folder.pending()?.len();
    if as_of.is_none() && waiting > 0 {
        return Err(FeedError::ChangesWait { waiting });
    }
    // Files hold whole microseconds, and some readers of metadata whole seconds.
    let this_second = || Timestamp::from_second(now.as_second()).unwrap_or(now);
    let as_of = as_of.unwrap_or_else(this_second);
    if as_of > now {
        return Err(FeedError::FromTheFuture { as_of });
    }
    if as_of < before.as_of() {
        return Err(FeedError::AsOfEarlier { as_of, before: before.as_of() });
    }
    let ended = before.expiries().find(|(role, at)| *role != "timestamp" && *at <= now);
    if let Some((role, at)) = ended {
        return Err(FeedError::Expired { role, at });
    }
    Ok(folder.repository.heartbeat(as_of, signers, &settings.lifetimes, now)?)
}
