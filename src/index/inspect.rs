//! What an operator may want to know of the index in force.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::{Bulletin, FeedName, GenerationId, IssuingState, Kind, Status};

use super::{Damaged, FeedInForce, Segment, Snapshot, StateDigest};

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
    /// Its files, as the bulletin names them.
    pub segments: Vec<SegmentInspection>,
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

/// A file in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentInspection {
    /// Its format version.
    pub format_version: u32,
    /// Its bytes.
    pub bytes: u64,
    /// Documents in it: those of a base are listed, those of a delta are changed.
    pub documents: u64,
    /// How many of them have no key.
    pub longs: u64,
    /// Slots of the first table, full or free.
    pub slots: u64,
    /// Documents that have no room in their bucket of the first table, and how many of them none in the second.
    pub overflowed: [u64; 2],
    /// Sets in the dictionary, and their bytes.
    pub dictionary: [u64; 2],
    /// Bytes of the sets that have a reference.
    pub details: u64,
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
        let (mut documents, mut before) = (0, None);
        for notice in list.notices() {
            let notice = notice?;
            documents += u64::from(before.replace(notice.document) != Some(notice.document));
            if notice.alias {
                continue;
            }
            *by_kind.entry(notice.kind).or_default() += 1;
            *by_status.entry(notice.status).or_default() += 1;
        }
        let by_state = IssuingState::all().map(|state| (state, list.reports(state)));
        Ok(Self {
            bulletin: feed.bulletin().clone(),
            segments: list.segments().map(SegmentInspection::of).collect::<Result<_, _>>()?,
            documents,
            state_digest: list.state_digest(),
            by_state: by_state.filter(|(_, notices)| *notices > 0).collect(),
            by_kind,
            by_status,
        })
    }
}

impl SegmentInspection {
    fn of<B: AsRef<[u8]>>(segment: &Segment<B>) -> Result<Self, Damaged> {
        let (header, table) = (segment.header(), segment.view().table()?);
        let layout = &header.layout;
        let overflowed = table.into_overflowed().count() as u64;
        Ok(Self {
            format_version: header.version(),
            bytes: layout.file_length(),
            documents: header.documents(),
            longs: header.longs,
            slots: header.shape.buckets[0] * header.shape.widths[0].slots() as u64,
            overflowed: [overflowed, table.in_tail()],
            dictionary: [layout.set_count, layout.bodies.length],
            details: layout.details.length,
        })
    }
}
