//! What an operator may want to know of the index in force.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::{Bulletin, FeedName, GenerationId, IssuingState, Kind, Status};

use super::{Damaged, FeedInForce, Snapshot, StateDigest};

/// A generation in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The generation.
    pub generation: GenerationId,
    /// When it was put together.
    pub published_at: Timestamp,
    /// The highest time seen until then.
    pub highest_time: Timestamp,
    /// The feeds that a `NoHit` needs, by name.
    pub expected: Vec<FeedName>,
    /// The feeds in force, by name.
    pub feeds: Vec<FeedInspection>,
}

/// A feed in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedInspection {
    /// What was accepted.
    pub bulletin: Bulletin,
    /// Format version of its segment.
    pub format_version: u32,
    /// Bytes of its segment.
    pub bytes: u64,
    /// Documents listed.
    pub documents: u64,
    /// Digest and count of its live notices.
    pub state_digest: StateDigest,
    /// Notices by issuing state, without those that have none.
    pub by_state: BTreeMap<IssuingState, u64>,
    /// Notices by kind of document, without those that have none.
    pub by_kind: BTreeMap<Kind, u64>,
    /// Notices by status, without those that have none.
    pub by_status: BTreeMap<Status, u64>,
}

impl Inspection {
    /// Counts every notice of a snapshot: this reads all of it.
    ///
    /// # Errors
    /// [`Damaged`] if a segment is no longer what was opened.
    pub fn of(snapshot: &Snapshot) -> Result<Self, Damaged> {
        let feeds = snapshot.feeds().map(FeedInspection::of).collect::<Result<_, _>>()?;
        if snapshot.poisoned() {
            return Err(Damaged);
        }
        Ok(Self {
            generation: snapshot.id(),
            published_at: snapshot.published_at(),
            highest_time: snapshot.highest_time(),
            expected: snapshot.expected().to_vec(),
            feeds,
        })
    }
}

impl FeedInspection {
    fn of(feed: &FeedInForce) -> Result<Self, Damaged> {
        let list = feed.list();
        let (mut by_kind, mut by_status) = (BTreeMap::new(), BTreeMap::new());
        for notice in list.notices() {
            let notice = notice?;
            if notice.alias {
                continue;
            }
            *by_kind.entry(notice.kind).or_default() += 1;
            *by_status.entry(notice.status).or_default() += 1;
        }
        let by_state = IssuingState::all().map(|state| (state, list.reports(state)));
        Ok(Self {
            bulletin: feed.bulletin().clone(),
            format_version: list.base().header().version(),
            bytes: list.segments().map(|segment| segment.header().layout.file_length()).sum(),
            documents: list.base().header().documents(),
            state_digest: list.state_digest(),
            by_state: by_state.filter(|(_, notices)| *notices > 0).collect(),
            by_kind,
            by_status,
        })
    }
}
