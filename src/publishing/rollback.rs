//! What an older generation listed is put in force again.

use std::path::Path;
use std::sync::Arc;

use crate::audit::{Act, AuditLog};
use crate::domain::{FeedName, GenerationId, SegmentRef};
use crate::feed;
use crate::ground::clock::Clock;
use crate::ground::storage::Storage;
use crate::index::{self, FeedRecord, Generation, Publisher, Snapshot};
use crate::screening::{record_all, trusted_now};

use super::error::PublishingError;

/// Puts the lists of an older generation in force, as a new one. What a `no_hit` needs stays, and so do all floors: what was
/// taken back is not accepted again under its sequence. Recorded before it is done.
///
/// # Errors
/// [`PublishingError`]; then nothing has changed, but after [`PublishingError::Uncertain`] either generation may be in force.
pub fn rollback(
    storage: Arc<dyn Storage>,
    data_dir: &Path,
    log: &AuditLog,
    clock: &Clock,
    principal: &Arc<str>,
    to: u64,
) -> Result<GenerationId, PublishingError> {
    let publisher = Publisher::lock(storage.clone(), data_dir)?;
    let kept = index::kept(&*storage, data_dir)?;
    let numbers = || kept.iter().skip(1).map(|(generation, _)| generation.number).collect();
    let older = kept.iter().skip(1).find(|(generation, _)| generation.number == to);
    let (Some((older, _)), Some((in_force, id))) = (older, kept.first()) else {
        return Err(PublishingError::NotKept { number: to, kept: numbers() });
    };
    let now = trusted_now(clock, log, Some(in_force))?;
    let next = Generation::rolled_back((in_force, *id), older, now.time);
    if next.feeds == in_force.feeds {
        return Err(PublishingError::SameLists(to));
    }
    let locate = |segment: &SegmentRef| index::segment_path(data_dir, segment.digest);
    let verify = |record: &FeedRecord| {
        feed::verify(&*storage, record.bulletin.clone(), record.proof(), locate)
            .map_err(|source| PublishingError::Verify { feed: record.bulletin.feed.clone(), source })
    };
    let bulletins = next.feeds.iter().map(verify).collect::<Result<_, _>>()?;
    drop(Snapshot::open(&*storage, data_dir, &next, next.id(), bulletins)?);
    let sequences: Vec<(FeedName, u64)> =
        next.feeds.iter().map(|held| (held.bulletin.feed.clone(), held.bulletin.sequence)).collect();
    record_all(log, Act::Rollback, principal, &next, sequences, now)?;
    publisher.publish(&next).map_err(PublishingError::Uncertain)
}
