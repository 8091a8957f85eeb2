//! What a publication must be before it is put in force, whoever signed it.

use super::{GateError, Source};
use crate::domain::{DocumentId, DocumentNumber, IssuingState};
use crate::feed::{self, Canary, Publication, Refreshed, Sums};
use crate::index::{FeedRecord, List, READER};

/// What can be told before anything is fetched; `before` is what is in force of the feed.
pub(super) fn check_publication(
    publication: &Publication,
    before: Option<&Publication>,
    source: &Source,
) -> Result<(), GateError> {
    if publication.feed != source.feed {
        return Err(GateError::OtherFeed { found: publication.feed.clone() });
    }
    if publication.sequence < source.sequence_min {
        return Err(GateError::BelowFloor { floor: source.sequence_min });
    }
    if publication.min_reader > READER {
        return Err(GateError::Reader { needs: publication.min_reader, reads: READER });
    }
    if publication.seed != 0 {
        return Err(GateError::Seed);
    }
    if before.is_some_and(|before| !descends(publication, before)) {
        return Err(GateError::Lineage);
    }
    Ok(())
}

/// A base belongs to one lineage.
fn descends(publication: &Publication, before: &Publication) -> bool {
    publication.base.sha256 != before.base.sha256 || publication.lineage == before.lineage
}

/// What follows next on the list in force must name it: else its publisher has gone on from another one, such as a restored copy.
/// What comes later cannot tell; a root with other keys for what is newest begins anew.
pub(super) fn check_previous(refreshed: &Refreshed, record: Option<&FeedRecord>) -> Result<(), GateError> {
    let publication = refreshed.metadata.publication();
    let follows =
        |record: &&FeedRecord| record.bulletin.sequence.checked_add(1) == Some(publication.sequence);
    let Some(record) = record.filter(follows).filter(|_| !refreshed.begins_anew) else { return Ok(()) };
    if publication.previous == feed::targets_digest(&record.metadata) {
        Ok(())
    } else {
        Err(GateError::Forked)
    }
}

/// What the list must add up to.
pub(super) fn check_list<B: AsRef<[u8]> + Sync>(
    list: &List<B>,
    publication: &Publication,
    base_is_new: bool,
) -> Result<(), GateError> {
    let verified = if base_is_new { list.verify() } else { list.verify_delta() };
    verified.map_err(|error| GateError::Segment(crate::ground::causes(&error)))?;
    let sums = &publication.list;
    let digest = list.state_digest();
    if (digest.sum, digest.notices) != (sums.state_digest, sums.notices) {
        return Err(GateError::Sums("state digest"));
    }
    let same = |state: IssuingState| {
        list.reports(state) == sums.states.get(state.code()).copied().unwrap_or_default()
    };
    if !IssuingState::all().all(same) {
        return Err(GateError::Sums("counts by issuing state"));
    }
    check_canaries(list, publication)
}

fn check_canaries<B: AsRef<[u8]>>(list: &List<B>, publication: &Publication) -> Result<(), GateError> {
    let listed = |canary: &Canary| {
        let document = document(canary)?;
        list.find(&document).ok().map(|found| !found.is_empty())
    };
    let canaries = &publication.canaries;
    if canaries.hit.is_empty() || !canaries.hit.iter().all(|canary| listed(canary) == Some(true)) {
        return Err(GateError::CanaryMissing);
    }
    if !canaries.miss.iter().all(|canary| listed(canary) == Some(false)) {
        return Err(GateError::CanaryFound);
    }
    Ok(())
}

fn document(canary: &Canary) -> Option<DocumentId> {
    let issuing_state = IssuingState::recognise(&canary.issuing_state)?.state;
    Some(DocumentId { issuing_state, number: DocumentNumber::parse(&canary.document_number).ok()? })
}

/// What must not be lost of the list in force, unless an operator accepts it. Both lists add up to what is signed of them.
pub(super) fn check_shrink(now: &Sums, before: &Sums, allowed: f64) -> Result<(), GateError> {
    let gone = before.notices.saturating_sub(now.notices);
    if gone as f64 > allowed * before.notices as f64 {
        return Err(GateError::Shrinks { gone, before: before.notices, allowed });
    }
    let is_gone = |state: &IssuingState| {
        before.states.contains_key(state.code()) && !now.states.contains_key(state.code())
    };
    let states: Vec<_> = IssuingState::all().filter(is_gone).collect();
    if states.is_empty() { Ok(()) } else { Err(GateError::StatesGone(states)) }
}
