//! What a later list changes in a base, as a segment of its own.

use crate::domain::{DocumentId, SegmentRef, SegmentRole};
use crate::ground::storage::StorageFile;
use crate::index::asked::Asked;
use crate::index::segment::Said;
use crate::index::{Damaged, IndexError, Key, Segment, Stamp, longs};

use super::MIXER;
use super::changes::{Change, Changes, SortedSets};
use super::tally::Tally;
use super::write::{Contents, write};

/// Writes what `now` changes in `base`, cumulatively: each document of which it says something else, with its whole new set
/// or none. The file is not synced.
///
/// # Errors
/// [`IndexError::Damaged`] if the bytes of one are no longer those that were checked, [`IndexError::Write`], and
/// [`IndexError::TooLarge`].
pub fn delta<A: AsRef<[u8]> + Sync, B: AsRef<[u8]> + Sync>(
    base: &Segment<A>,
    now: &Segment<B>,
    stamp: Stamp,
    out: &mut dyn StorageFile,
) -> Result<SegmentRef, IndexError> {
    let mut changes = Changes::default();
    between(base, now, &mut changes).map_err(|_| IndexError::Damaged)?;
    let SortedSets { sets, keyed, long, detailed } = changes.sort()?;
    let mut tally = Tally::new();
    for segment_lengths in [base.view().all_digits_lengths(), now.view().all_digits_lengths()] {
        let lengths = segment_lengths.map_err(|_| IndexError::Damaged)?;
        tally.digits_lengths.iter_mut().zip(lengths).for_each(|(all, own)| *all |= own);
    }
    tally.state_digest = now.header().state_digest;
    tally.counts = now.view().counts().map_err(|_| IndexError::Damaged)?;
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
    let (digest, length) = write(&contents, &keyed.as_slice(), out, &mut |_, _| {})?;
    Ok(SegmentRef { role: SegmentRole::Delta, digest, length, notices: tally.state_digest.notices })
}

fn between<A: AsRef<[u8]>, B: AsRef<[u8]>>(
    base: &Segment<A>,
    now: &Segment<B>,
    changes: &mut Changes,
) -> Result<(), Damaged> {
    let note = |changes: &mut Changes, document: &DocumentId, said: Said<'_>| {
        let change = match said {
            Said::Set(set) => Change::Set(set.into()),
            Said::Gone => Change::Gone,
        };
        match Key::pack(document) {
            Some(key) => changes.keyed.push((MIXER.mix(key.bits()), change)),
            None => changes.long.push((*document, change)),
        }
    };
    for listed in now.documents() {
        let (document, said) = listed?;
        if base.said(&Asked::of(&document))? != Some(said) {
            note(changes, &document, said);
        }
    }
    for listed in base.documents() {
        let (document, _) = listed?;
        if now.said(&Asked::of(&document))?.is_none() {
            note(changes, &document, Said::Gone);
        }
    }
    Ok(())
}
