//! What the writing thread takes from its queue at once.

use std::sync::Arc;

use jiff::Timestamp;

use super::reply::Reply;
use super::{AuditError, Draft};
use crate::domain::Digest;

/// Entries that are recorded together or not at all.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) drafts: Vec<Draft>,
    /// They are synced before anybody hears of it, however durable others are.
    pub(super) synced: bool,
    /// What time it is, where that is known: a day may have ended in which nothing was recorded.
    pub(super) now: Option<Timestamp>,
    pub(super) reply: Reply,
}

/// The first entry of a job, and the leaf of each.
pub(super) type Place = (u64, Arc<[Digest]>);

/// What became of a group.
#[derive(Debug)]
pub(super) struct Recorded {
    /// Of each job its place, or why it could not be entries.
    pub(super) places: Vec<Result<Place, AuditError>>,
    /// The highest time of any entry, in µs since 1970; [`i64::MIN`] if there is none.
    pub(super) highest_us: i64,
}

/// Refuses the jobs of a group that have to wait for room.
pub(super) fn refuse_what_waits(group: &mut Vec<Job>, error: &AuditError) {
    let waits = |job: &mut Job| job.drafts.iter().any(|draft| draft.act.waits_for_room());
    for job in group.extract_if(.., waits) {
        job.reply.send(Err(error.clone()));
    }
}
