//! A feed is taken out of force.

use std::path::Path;
use std::sync::Arc;

use crate::audit::{Act, AuditLog};
use crate::domain::{FeedName, GenerationId};
use crate::ground::clock::Clock;
use crate::ground::storage::Storage;
use crate::index::{Generation, Publisher};
use crate::screening::{record, trusted_now};

use super::error::PublishingError;

/// Takes a feed out of force and off the feeds that a `no_hit` needs. Recorded before it is done; the feed's floor is
/// kept, so that an older list can't come back under its name.
///
/// # Errors
/// [`PublishingError`]; then nothing has changed.
pub fn forget(
    storage: Arc<dyn Storage>,
    data_dir: &Path,
    log: &AuditLog,
    clock: &Clock,
    principal: &Arc<str>,
    feed: &FeedName,
) -> Result<GenerationId, PublishingError> {
    let publisher = Publisher::lock(storage, data_dir)?;
    let Some((generation, id)) = publisher.current()? else {
        return Err(PublishingError::NoSuchFeed(feed.clone()));
    };
    let now = trusted_now(clock, log, Some(&generation))?;
    let next = Generation::without_feed((&generation, id), feed, now.time)?;
    let sequence = generation.floor(feed).map_or(0, |floor| floor.sequence);
    record(log, Act::FeedForgotten, principal, &next, (feed.clone(), sequence), now)?;
    publisher.publish(&next).map_err(PublishingError::Uncertain)
}
