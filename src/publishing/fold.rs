//! A feed's delta becomes part of its base.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::audit::{Act, AuditLog};
use crate::domain::{Authority, FeedName, GenerationId, SegmentRef};
use crate::feed;
use crate::ground::clock::Clock;
use crate::ground::storage::{Paced, Storage};
use crate::index::{self, FeedInForce, Generation, IndexError, List, Publisher};
use crate::screening::{record, trusted_now};

use super::error::PublishingError;

/// What is folded, and how.
pub struct Fold<'a> {
    /// Where files are.
    pub storage: Arc<dyn Storage>,
    /// The site's data directory.
    pub data_dir: &'a Path,
    /// The log that records it.
    pub log: &'a AuditLog,
    /// The time.
    pub clock: &'a Clock,
    /// Who folds, as the log names him.
    pub principal: Arc<str>,
    /// The feed.
    pub feed: FeedName,
    /// The most MiB that are written in a second, so that nobody beside it waits for the disk.
    pub mib_per_second: Option<u32>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folded {
    /// The list stands in one base now, in this generation.
    Published(GenerationId),
    /// It had no delta.
    Nothing,
}

/// Writes the base that a feed's base and delta make and puts it in their place; what is listed stays as it is, to the
/// digest. `progress` is told how many documents of how many are written.
///
/// # Errors
/// [`PublishingError`]; then nothing has changed, but after [`PublishingError::Uncertain`] either generation may be in force.
pub fn fold(fold: &Fold<'_>, progress: &mut dyn FnMut(u64, u64)) -> Result<Folded, PublishingError> {
    let publisher = Publisher::lock(fold.storage.clone(), fold.data_dir)?;
    let Some((generation, id)) = publisher.current()? else {
        return Err(PublishingError::NoSuchFeed(fold.feed.clone()));
    };
    let now = trusted_now(fold.clock, fold.log, Some(&generation))?;
    let held = generation.record(&fold.feed).ok_or_else(|| PublishingError::NoSuchFeed(fold.feed.clone()))?;
    if held.bulletin.authority != Authority::Local {
        return Err(IndexError::SignedElsewhere(fold.feed.clone()).into());
    }
    if held.bulletin.segments.len() < 2 {
        return Ok(Folded::Nothing);
    }
    let locate = |segment: &SegmentRef| -> PathBuf { index::segment_path(fold.data_dir, segment.digest) };
    let verified = feed::verify(&*fold.storage, held.bulletin.clone(), held.proof(), locate)
        .map_err(|source| PublishingError::Verify { feed: fold.feed.clone(), source })?;
    let in_force = FeedInForce::open(&*fold.storage, fold.data_dir, &verified)?;
    let list = in_force.list();
    let mut staged = publisher.stage()?;
    let mut file = Paced::new(staged.file(), fold.mib_per_second);
    let base = index::fold(list, list.stamp(), &mut file, progress)?;
    if in_force.poisoned() {
        return Err(PublishingError::Damaged);
    }
    let folded = List::new(staged.segment(&base)?, None)
        .and_then(|folded| folded.verify().map(|()| folded))
        .map_err(|source| IndexError::Segment { path: staged.path().to_owned(), source })?;
    if folded.state_digest() != list.state_digest() {
        return Err(PublishingError::Damaged);
    }
    let next = Generation::with_folded((&generation, id), &fold.feed, base.clone(), now.time)?;
    publisher.keep(staged, &base)?;
    let sequence = held.bulletin.sequence;
    record(fold.log, Act::Fold, &fold.principal, &next, (fold.feed.clone(), sequence), now)?;
    publisher.publish(&next).map(Folded::Published).map_err(PublishingError::Uncertain)
}
