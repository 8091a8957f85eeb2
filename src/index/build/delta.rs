//! What a later list changes in a base, as a segment of its own.

use crate::domain::{DocumentId, SegmentRef, SegmentRole};
use crate::ground::storage::StorageFile;
use crate::index::asked::Asked;
use crate::index::segment::Said;
use crate::index::{IndexError, Key, Segment, Stamp, longs};

use super::MIXER;
use super::changes::{Change, Changes, SortedSets};
use super::tally::Tally;
use super::write::{Contents, plan, write};

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
    let mut changes = Changes::default();
    between(base, now, documents_max, &mut changes)?;
    let SortedSets { sets, keyed, long, detailed } = changes.sort()?;
    let mut tally = Tally::new();
    for segment_lengths in [base.view().all_digits_lengths(), now.view().all_digits_lengths()] {
        let lengths = segment_lengths?;
        tally.digits_lengths.iter_mut().zip(lengths).for_each(|(all, own)| *all |= own);
    }
    tally.state_digest = now.header().state_digest;
    tally.counts = now.view().counts()?;
    let side_map = longs::build(long.iter().map(|(document, code)| (*document, code.number().into())));
    let contents = Contents {
        stamp,
        role: SegmentRole::Delta,
        parent: base.header().state_digest.sum,
        tally: &tally,
        sets: &sets,
        longs: (&side_map, long.len() as u64),
        documents: keyed.len() as u64,
        detailed,
        mixer: MIXER,
    };
    let keyed = keyed.as_slice();
    let (digest, length) = write(&contents, &plan(&contents, &keyed)?, &keyed, out, &mut |_, _| {})?;
    Ok(SegmentRef { role: SegmentRole::Delta, digest, length, notices: tally.state_digest.notices })
}

fn between<A: AsRef<[u8]>, B: AsRef<[u8]>>(
    base: &Segment<A>,
    now: &Segment<B>,
    documents_max: u64,
    changes: &mut Changes,
) -> Result<(), IndexError> {
    let note = |changes: &mut Changes, document: &DocumentId, said: Said<'_>| {
        let change = match said {
            Said::Set(set) => Change::Set(set.into()),
            Said::Gone => Change::Gone,
        };
        match Key::pack(document) {
            Some(key) => changes.keyed.push((MIXER.mix(key.bits()), change)),
            None => changes.long.push((*document, change)),
        }
        if (changes.keyed.len() + changes.long.len()) as u64 > documents_max {
            return Err(IndexError::DeltaTooLarge { documents_max });
        }
        Ok(())
    };
    for listed in now.documents() {
        let (document, said) = listed?;
        if base.said(&Asked::of(&document))? != Some(said) {
            note(changes, &document, said)?;
        }
    }
    for listed in base.documents() {
        let (document, _) = listed?;
        if now.said(&Asked::of(&document))?.is_none() {
            note(changes, &document, Said::Gone)?;
        }
    }
    Ok(())
}
