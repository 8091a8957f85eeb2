//! What is in force at a site, and how the next generation follows from it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::domain::{Authority, Bulletin, Digest, FeedName, GenerationId, SegmentRef};

use super::IndexError;

/// The numbered set of segments in force at a site, with everything that guards against going back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// From 1; numbers only rise.
    pub number: u64,
    /// When it was put together.
    pub published_at: Timestamp,
    /// The one before.
    pub previous: Option<GenerationId>,
    /// The highest time seen at this site and in signed metadata: no clock may run below it.
    pub highest_time: Timestamp,
    /// The feeds that a `NoHit` needs, by name.
    pub expected: Vec<FeedName>,
    /// The feeds in force, by name.
    pub feeds: Vec<FeedRecord>,
    /// What is kept of feeds that were forgotten or rolled back, by name.
    pub floors: BTreeMap<FeedName, Kept>,
}

/// A feed in force, with the proof of what was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedRecord {
    /// What was accepted.
    pub bulletin: Bulletin,
    /// The accepted signed metadata, by file name, byte for byte; empty for a local import.
    pub metadata: BTreeMap<String, Vec<u8>>,
    /// The newest root that was accepted; `None` for a local import.
    pub root: Option<Vec<u8>>,
    /// See [`Floor::epoch`].
    pub epoch: u64,
}

impl FeedRecord {
    /// The proof of what was accepted: root and metadata, as the feed machine reads them.
    #[must_use]
    pub fn proof(&self) -> (Option<&[u8]>, &BTreeMap<String, Vec<u8>>) {
        (self.root.as_deref(), &self.metadata)
    }

    /// Whether it may follow the newest publication that was ever accepted.
    ///
    /// # Errors
    /// [`IndexError::SequenceNotHigher`] or [`IndexError::AsOfEarlier`].
    pub fn check_above(&self, floor: Floor) -> Result<(), IndexError> {
        let Bulletin { feed, sequence, as_of, .. } = &self.bulletin;
        let (feed, sequence, as_of) = (feed.clone(), *sequence, *as_of);
        if (self.epoch, sequence) <= (floor.epoch, floor.sequence) {
            return Err(IndexError::SequenceNotHigher { feed, sequence, floor: floor.sequence });
        }
        if as_of < floor.as_of {
            return Err(IndexError::AsOfEarlier { feed, as_of, floor: floor.as_of });
        }
        Ok(())
    }

    fn floor(&self) -> Floor {
        let Bulletin { sequence, as_of, .. } = self.bulletin;
        Floor { epoch: self.epoch, sequence, as_of }
    }
}

/// What is kept of a feed that is not in force, or of a newer publication than the one in force: all that guards
/// against going back when the feed returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The newest publication that was accepted.
    pub floor: Floor,
    /// Under whose authority.
    pub authority: Authority,
    /// Its accepted signed metadata, by file name, byte for byte; empty for a local import.
    pub metadata: BTreeMap<String, Vec<u8>>,
    /// The newest root that was accepted; `None` for a local import.
    pub root: Option<Vec<u8>>,
}

/// The newest publication of a feed that was ever accepted: nothing older is accepted again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Floor {
    /// Rises where a publisher's root names other keys for what is newest: then sequences begin anew, which is how a feed
    /// recovers from a thief who used up its numbers. 0 for a local import.
    pub epoch: u64,
    /// The next sequence of this epoch must be above it.
    pub sequence: u64,
    /// The next as-of time must not be below it.
    pub as_of: Timestamp,
}

impl Generation {
    /// The generation after `previous` (the first if `None`) in which a feed has a new publication and is expected.
    ///
    /// # Errors
    /// [`IndexError::SequenceNotHigher`], [`IndexError::AsOfEarlier`], [`IndexError::AuthorityDiffers`], or
    /// [`IndexError::MetadataName`].
    pub fn with_feed(
        previous: Option<(&Self, GenerationId)>,
        record: FeedRecord,
        now: Timestamp,
    ) -> Result<Self, IndexError> {
        let Bulletin { feed, sequence, as_of, .. } = record.bulletin.clone();
        if let Some(floor) = previous.and_then(|(previous, _)| previous.floor(&feed)) {
            record.check_above(floor)?;
        }
        let before = previous.and_then(|(previous, _)| previous.authority(&feed));
        if before.is_some_and(|before| before != record.bulletin.authority) {
            return Err(IndexError::AuthorityDiffers(feed));
        }
        if sequence == 0 {
            return Err(IndexError::SequenceNotHigher { feed, sequence, floor: 0 });
        }
        if !record.metadata.keys().all(|name| is_metadata_name(name)) {
            return Err(IndexError::MetadataName(feed));
        }
        let mut next = Self::after(previous, now);
        next.highest_time = next.highest_time.max(as_of);
        next.floors.remove(&feed);
        if let Err(at) = next.expected.binary_search(&feed) {
            next.expected.insert(at, feed.clone());
        }
        match next.feeds.binary_search_by(|held| held.bulletin.feed.cmp(&feed)) {
            Ok(at) => next.feeds[at] = record,
            Err(at) => next.feeds.insert(at, record),
        }
        Ok(next)
    }

    /// The generation after `previous` in which the publisher of a feed vouches for the same list as of a later time, or has
    /// another root.
    ///
    /// # Errors
    /// [`IndexError::UnknownFeed`] if the feed is not in force, [`IndexError::SequenceNotHigher`] if it is another list,
    /// [`IndexError::AsOfEarlier`], or [`IndexError::MetadataName`].
    pub fn with_heartbeat(
        (previous, id): (&Self, GenerationId),
        record: FeedRecord,
        now: Timestamp,
    ) -> Result<Self, IndexError> {
        let Bulletin { feed, sequence, as_of, segments, .. } = record.bulletin.clone();
        let mut next = Self::after(Some((previous, id)), now);
        let held = next.feeds.iter_mut().find(|held| held.bulletin.feed == feed);
        let held = held.ok_or_else(|| IndexError::UnknownFeed(feed.clone()))?;
        if held.bulletin.sequence != sequence
            || held.bulletin.segments != segments
            || record.epoch < held.epoch
        {
            return Err(IndexError::SequenceNotHigher { feed, sequence, floor: held.bulletin.sequence });
        }
        if as_of < held.bulletin.as_of {
            return Err(IndexError::AsOfEarlier { feed, as_of, floor: held.bulletin.as_of });
        }
        if !record.metadata.keys().all(|name| is_metadata_name(name)) {
            return Err(IndexError::MetadataName(feed));
        }
        let reached = (record.epoch, sequence);
        *held = record;
        // Nothing newer is known of a feed that is back where it was.
        next.floors.retain(|name, kept| *name != feed || (kept.floor.epoch, kept.floor.sequence) > reached);
        next.highest_time = next.highest_time.max(as_of);
        Ok(next)
    }

    /// The generation after `previous` in which a feed is neither in force nor expected; its floor remains.
    ///
    /// # Errors
    /// [`IndexError::UnknownFeed`] if it is neither now.
    pub fn without_feed(
        (previous, id): (&Self, GenerationId),
        feed: &FeedName,
        now: Timestamp,
    ) -> Result<Self, IndexError> {
        if !previous.expected.contains(feed) && previous.record(feed).is_none() {
            return Err(IndexError::UnknownFeed(feed.clone()));
        }
        let mut next = Self::after(Some((previous, id)), now);
        next.expected.retain(|name| name != feed);
        next.feeds.retain(|held| held.bulletin.feed != *feed);
        next.floors.extend(previous.kept(feed).map(|kept| (feed.clone(), kept)));
        Ok(next)
    }

    /// The generation after `previous` in which nothing is in force and everything expected as before, so that no answer is clear until
    /// each list is there again. No list is accepted that is older than those that were in force; of signed feeds these are, and each
    /// waits for an operator to release it.
    #[must_use]
    pub(super) fn of_floors((previous, id): (&Self, GenerationId), now: Timestamp) -> Self {
        let mut next = Self::after(Some((previous, id)), now);
        for feed in next.feeds.drain(..).map(|record| record.bulletin.feed) {
            next.floors.extend(previous.kept(&feed).map(|kept| (feed, kept)));
        }
        let signed = next.floors.values_mut().filter(|kept| kept.authority == Authority::Signed);
        signed.for_each(|kept| kept.floor.sequence = kept.floor.sequence.saturating_sub(1));
        next
    }

    /// The generation after `previous` in which a feed's list stands in one base, and is the same list.
    ///
    /// # Errors
    /// [`IndexError::UnknownFeed`] if the feed is not in force, [`IndexError::SignedElsewhere`] if somebody else signs what
    /// its files are.
    pub fn with_folded(
        (previous, id): (&Self, GenerationId),
        feed: &FeedName,
        base: SegmentRef,
        now: Timestamp,
    ) -> Result<Self, IndexError> {
        let mut next = Self::after(Some((previous, id)), now);
        let held = next.feeds.iter_mut().find(|held| held.bulletin.feed == *feed);
        let bulletin = &mut held.ok_or_else(|| IndexError::UnknownFeed(feed.clone()))?.bulletin;
        if bulletin.authority != Authority::Local {
            return Err(IndexError::SignedElsewhere(feed.clone()));
        }
        bulletin.segments = vec![base];
        Ok(next)
    }

    /// The generation after `previous` in which is in force what was in an older one. What is expected stays, and so does
    /// every floor: nothing older than the newest that was ever accepted is accepted again. A feed that lists the same in both
    /// stays as it is.
    #[must_use]
    pub fn rolled_back((previous, id): (&Self, GenerationId), older: &Self, now: Timestamp) -> Self {
        let mut next = Self::after(Some((previous, id)), now);
        let is_same = |one: &&FeedRecord, other: &FeedRecord| {
            (one.epoch, one.bulletin.sequence, &one.bulletin.segments)
                == (other.epoch, other.bulletin.sequence, &other.bulletin.segments)
        };
        let stays = |older: &FeedRecord| {
            previous.record(&older.bulletin.feed).filter(|record| is_same(record, older))
        };
        // What was forgotten since stays so.
        let wanted = older.feeds.iter().filter(|record| previous.expected.contains(&record.bulletin.feed));
        next.feeds = wanted.map(|record| stays(record).unwrap_or(record).clone()).collect();
        for name in previous.feeds.iter().map(|record| &record.bulletin.feed) {
            if next.record(name) != previous.record(name) {
                next.floors.extend(previous.kept(name).map(|kept| (name.clone(), kept)));
            }
        }
        next
    }

    /// Its number and the SHA-256 of its file.
    #[must_use]
    pub fn id(&self) -> GenerationId {
        GenerationId { number: self.number, digest: Digest(Sha256::digest(self.encode()).into()) }
    }

    /// The newest publication of a feed that was ever accepted here.
    #[must_use]
    pub fn floor(&self, feed: &FeedName) -> Option<Floor> {
        let in_force = self.record(feed).map(FeedRecord::floor);
        match (in_force, self.floors.get(feed).map(|kept| kept.floor)) {
            (Some(a), Some(b)) => {
                let (epoch, sequence) = (a.epoch, a.sequence).max((b.epoch, b.sequence));
                Some(Floor { epoch, sequence, as_of: a.as_of.max(b.as_of) })
            }
            (one, other) => one.or(other),
        }
    }

    /// Whether a feed was rolled back, to an older list or to before it came, and nobody has released it. What was forgotten is
    /// not expected any more, and is not held.
    #[must_use]
    pub fn is_held(&self, feed: &FeedName) -> bool {
        let Some(kept) = self.floors.get(feed) else { return false };
        match self.record(feed) {
            Some(record) => {
                (kept.floor.epoch, kept.floor.sequence) > (record.epoch, record.bulletin.sequence)
            }
            None => self.expected.contains(feed),
        }
    }

    /// Under whose authority a feed was accepted here, in force or not.
    #[must_use]
    pub fn authority(&self, feed: &FeedName) -> Option<Authority> {
        let in_force = self.record(feed).map(|record| record.bulletin.authority);
        in_force.or_else(|| self.floors.get(feed).map(|kept| kept.authority))
    }

    /// What has to be kept of a feed when it goes out of force.
    fn kept(&self, feed: &FeedName) -> Option<Kept> {
        let floor = self.floor(feed)?;
        let kept = |record: &FeedRecord| Kept {
            floor,
            authority: record.bulletin.authority,
            metadata: record.metadata.clone(),
            root: record.root.clone(),
        };
        // After a rollback what is kept is newer than what is in force.
        let newer =
            |before: &&Kept| (before.floor.epoch, before.floor.sequence) >= (floor.epoch, floor.sequence);
        let kept_before = self.floors.get(feed).filter(newer);
        kept_before.cloned().or_else(|| self.record(feed).map(kept))
    }

    /// A feed in force.
    #[must_use]
    pub fn record(&self, feed: &FeedName) -> Option<&FeedRecord> {
        self.feeds.iter().find(|record| record.bulletin.feed == *feed)
    }

    /// The files of a feed in force.
    #[must_use]
    pub fn segments(&self, feed: &FeedName) -> &[SegmentRef] {
        self.record(feed).map_or(&[], |record| &record.bulletin.segments)
    }

    /// It has the next number, and everything that guards against going back is at least as high as in `previous`.
    pub(super) fn check_follows(&self, previous: Option<(&Self, GenerationId)>) -> Result<(), IndexError> {
        let number = self.number;
        let in_force = previous.map(|(_, id)| id);
        if self.previous != in_force || Some(number) != in_force.map_or(0, |id| id.number).checked_add(1) {
            return Err(IndexError::NotNext { number });
        }
        previous.map_or(Ok(()), |(previous, _)| self.check_keeps(previous))
    }

    /// Everything that guards against going back is at least as high as in an older generation.
    ///
    /// # Errors
    /// [`IndexError::Forgets`] says what is lower or gone.
    pub fn check_keeps(&self, previous: &Self) -> Result<(), IndexError> {
        let number = self.number;
        if self.highest_time < previous.highest_time {
            return Err(IndexError::Forgets { number, what: "the highest time seen" });
        }
        let names = previous.feeds.iter().map(|record| &record.bulletin.feed).chain(previous.floors.keys());
        for (then, now) in names.map(|name| (previous.floor(name), self.floor(name))) {
            let keeps = |then: Floor, now: Floor| {
                (then.epoch, then.sequence) <= (now.epoch, now.sequence) && then.as_of <= now.as_of
            };
            if !then.zip(now).is_some_and(|(then, now)| keeps(then, now)) {
                return Err(IndexError::Forgets { number, what: "the floor of a feed" });
            }
        }
        Ok(())
    }

    fn after(previous: Option<(&Self, GenerationId)>, now: Timestamp) -> Self {
        let Some((previous, id)) = previous else {
            return Self {
                number: 1,
                published_at: now,
                previous: None,
                highest_time: now,
                expected: Vec::new(),
                feeds: Vec::new(),
                floors: BTreeMap::new(),
            };
        };
        Self {
            // A file may name the last number there is: publishing then refuses, for nothing can follow it.
            number: previous.number.saturating_add(1),
            published_at: now,
            previous: Some(id),
            highest_time: previous.highest_time.max(now),
            ..previous.clone()
        }
    }
}

/// Such names are safe to create in a folder.
pub(super) fn is_metadata_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}
