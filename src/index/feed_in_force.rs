//! One feed of a generation, opened and checked.

use std::path::{Path, PathBuf};

use crate::domain::{
    Authority, Bulletin, DocumentId, IssuingState, Notice, SegmentRef, SegmentRole, Verified,
};
use crate::ground::platform::Mapping;
use crate::ground::storage::Storage;

use super::asked::{Asked, Group};
use super::layout::segment_path;
use super::scrub::Checksums;
use super::snapshot::map;
use super::{Damaged, IndexError, List, Longer};

/// One feed of a snapshot.
#[derive(Debug)]
pub struct FeedInForce {
    pub(super) bulletin: Bulletin,
    pub(super) list: List<Mapping>,
    /// Of each file.
    pub(super) files: Vec<(PathBuf, Checksums)>,
}

impl FeedInForce {
    /// Maps the segment of one feed and checks every byte of it.
    ///
    /// # Errors
    /// As [`Snapshot::open`](super::Snapshot::open).
    pub fn open(
        storage: &dyn Storage,
        data_dir: &Path,
        bulletin: &Verified<Bulletin>,
    ) -> Result<Self, IndexError> {
        let locate = |segment: &SegmentRef| segment_path(data_dir, segment.digest);
        Self::map(storage, &locate, bulletin.get().clone())
    }

    pub(super) fn map(
        storage: &dyn Storage,
        locate: &dyn Fn(&SegmentRef) -> PathBuf,
        bulletin: Bulletin,
    ) -> Result<Self, IndexError> {
        let Bulletin { feed, sequence, as_of, authority, segments } = &bulletin;
        let (base, delta) = match segments.as_slice() {
            [base] if base.role == SegmentRole::Base => (base, None),
            [base, delta] if base.role == SegmentRole::Base && delta.role == SegmentRole::Delta => {
                (base, Some(delta))
            }
            _ => return Err(IndexError::NoSingleBase(feed.clone())),
        };
        let open = |file: &SegmentRef| map(storage, &locate(file), file);
        let (base_segment, delta_segment) = (open(base)?, delta.map(open).transpose()?);
        let last = delta.unwrap_or(base);
        let refused = |source| IndexError::Segment { path: locate(last), source };
        let list = List::new(base_segment, delta_segment).map_err(refused)?;
        let stamp = list.stamp();
        let (listed, vouched) = (stamp.as_of.as_microsecond(), as_of.as_microsecond());
        // A heartbeat vouches for the same list as of a later time.
        let right_time = match authority {
            Authority::Local => listed == vouched,
            Authority::Signed => listed <= vouched,
        };
        let counts = list.segments().map(|segment| segment.header().state_digest.notices);
        let same_counts = counts.eq(segments.iter().map(|file| file.notices));
        let differs = if stamp.sequence != *sequence {
            Some("the sequence")
        } else if !right_time {
            Some("the as-of time")
        } else if !same_counts {
            Some("the number of notices")
        } else {
            None
        };
        if let Some(what) = differs {
            return Err(IndexError::NotAnnounced { path: locate(last), feed: feed.clone(), what });
        }
        let files =
            list.segments().zip(segments).map(|(segment, file)| (locate(file), Checksums::of(segment)));
        let files = files.collect();
        Ok(Self { bulletin, list, files })
    }

    /// What is in force of the feed.
    #[must_use]
    pub fn bulletin(&self) -> &Bulletin {
        &self.bulletin
    }

    /// How many live notices it has.
    #[must_use]
    pub fn notices(&self) -> u64 {
        self.list.state_digest().notices
    }

    /// Whether it lists at least one document of a state.
    #[must_use]
    pub fn reports(&self, state: IssuingState) -> bool {
        self.list.reports(state) > 0
    }

    /// Every notice of this feed on a document; see [`Snapshot::find`](super::Snapshot::find).
    #[must_use]
    pub fn find(&self, document: &DocumentId) -> Vec<Notice> {
        self.find_asked(document, &Asked::of(document))
    }

    #[inline]
    pub(super) fn find_asked(&self, document: &DocumentId, asked: &Asked<'_>) -> Vec<Notice> {
        self.or_poison(self.list.find_asked(document, asked))
    }

    #[inline]
    pub(super) fn find_group(
        &self,
        group: (usize, &Group<'_>),
        next: &Group<'_>,
        found: &mut Vec<(usize, Notice)>,
    ) {
        self.or_poison(self.list.find_group(group, next, found));
    }

    pub(super) fn find_longer(&self, document: &DocumentId) -> Longer {
        self.or_poison(self.list.find_longer(document))
    }

    #[inline]
    fn or_poison<T: Default>(&self, found: Result<T, Damaged>) -> T {
        found.unwrap_or_else(|_| {
            self.list.segments().for_each(|segment| segment.bytes().poison());
            T::default()
        })
    }

    /// True if one of its files was damaged after it was opened; see [`Snapshot::poisoned`](super::Snapshot::poisoned).
    #[must_use]
    pub fn poisoned(&self) -> bool {
        self.list.segments().any(|segment| segment.bytes().poisoned())
    }

    /// What it lists.
    #[must_use]
    pub fn list(&self) -> &List<Mapping> {
        &self.list
    }
}
