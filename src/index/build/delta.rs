//! What a later list changes in a base, as a segment of its own.

use crate::domain::SegmentRef;
use crate::ground::storage::StorageFile;
use crate::index::asked::Asked;
use crate::index::{IndexError, Segment, Stamp};

use super::changes::Changes;
use super::tally::Tally;

/// Writes what `now` changes in `base`, cumulatively: each document of which it says something else, with its whole new set
/// or none. The file is not synced. What is changed is held in memory.
///
/// # Errors
/// [`IndexError::DeltaTooLarge`] if more than `documents_max` documents are changed, [`IndexError::Damaged`] if the bytes of one
/// list are no longer those that were checked, [`IndexError::Write`], and [`IndexError::TooLarge`].
pub fn delta<A: AsRef<[u8]> + Sync, B: AsRef<[u8]> + Sync>(
    base: &Segment<A>,
    now: &Segment<B>,
    stamp: Stamp,
    documents_max: u64,
    out: &mut dyn StorageFile,
) -> Result<SegmentRef, IndexError> {
    let changes = between(base, now, documents_max)?;
    let mut tally = Tally::stated(now.view())?;
    tally.add_digits_lengths(base.view().all_digits_lengths()?);
    changes.write(base.header().state_digest.sum, &tally, stamp, out)
}

fn between<A: AsRef<[u8]>, B: AsRef<[u8]>>(
    base: &Segment<A>,
    now: &Segment<B>,
    documents_max: u64,
) -> Result<Changes, IndexError> {
    let mut changes = Changes::default();
    let mut note = |asked: &Asked<'_>, set: &[u8]| {
        changes.insert(asked, set);
        match changes.documents() {
            documents if documents > documents_max => Err(IndexError::DeltaTooLarge { documents_max }),
            _ => Ok(()),
        }
    };
    for listed in now.documents() {
        let (document, said) = listed?;
        let asked = Asked::of(&document);
        if base.said(&asked)? != Some(said) {
            note(&asked, said.set())?;
        }
    }
    for listed in base.documents() {
        let (document, _) = listed?;
        let asked = Asked::of(&document);
        if now.said(&asked)?.is_none() {
            note(&asked, &[])?;
        }
    }
    Ok(changes)
}
