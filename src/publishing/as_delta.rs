//! A new list as what it changes in the base in force.

use crate::domain::SegmentRef;
use crate::ground::storage::Paced;
use crate::index::{self, DELTA_DOCUMENTS_MAX, FeedRecord, IndexError, Publisher, Staged, Stamp};

use super::error::PublishingError;
use super::import::{Import, open_before};

/// The files of a new list, of which the last was just written.
pub(super) struct New {
    pub(super) staged: Staged,
    pub(super) segments: Vec<SegmentRef>,
}

impl New {
    pub(super) fn written(&self) -> &SegmentRef {
        self.segments.last().expect("a list has a base")
    }
}

/// Writes what a base that was just built changes in the base in force, which stays. Without one that can be read, or if the
/// delta were too large to be asked beside it, the new base is the list.
pub(super) fn as_delta(
    import: &Import<'_>,
    publisher: &Publisher,
    full: New,
    before: Option<&FeedRecord>,
    stamp: Stamp,
) -> Result<New, PublishingError> {
    let Some((before, in_force)) =
        before.and_then(|record| Some((record, open_before(import, record).ok()?)))
    else {
        return Ok(full);
    };
    let now = full.staged.segment(full.written())?;
    let mut staged = publisher.stage()?;
    let mut file = Paced::new(staged.file(), None);
    let written = match index::delta(in_force.list().base(), &now, stamp, DELTA_DOCUMENTS_MAX, &mut file) {
        Err(IndexError::DeltaTooLarge { .. }) => return Ok(full),
        written => written?,
    };
    let base = before.bulletin.segments.first().cloned().ok_or(IndexError::Damaged)?;
    Ok(New { staged, segments: vec![base, written] })
}
