//! Writing a segment, front to back.

use crate::domain::{Digest, SegmentRole};
use crate::ground::storage::StorageFile;
use crate::index::code::Code;
use crate::index::format::{GROUP_LEN, Header, Stamp, VERSION, WORD_LEN, group};
use crate::index::sections::{Layout, Lengths};
use crate::index::table::{Mixer, Plan, Planning};
use crate::index::{IndexError, longs};

use super::output::{Output, with_output};
use super::tally::Tally;

/// What a segment says, but for what stands under its documents.
pub(in crate::index) struct Contents<'a> {
    pub(in crate::index) stamp: Stamp,
    pub(in crate::index) role: SegmentRole,
    pub(in crate::index) parent: u128,
    pub(in crate::index) tally: &'a Tally,
    /// As they stand in the file.
    pub(in crate::index) sets: &'a [Box<[u8]>],
    /// The side map, and how many documents are in it.
    pub(in crate::index) longs: (&'a [u8], u64),
    /// With keys.
    pub(in crate::index) documents: u64,
    /// How many of them are in the details, and their bytes there.
    pub(in crate::index) detailed: (u64, u64),
    pub(in crate::index) mixer: Mixer,
}

/// The documents with keys, which are gone through more than once.
pub(in crate::index) trait Entries {
    /// Hands on each `h` and what stands under it, ascending.
    fn entries(&self, visit: &mut impl FnMut(u64, Code) -> Result<(), IndexError>) -> Result<(), IndexError>;

    /// Hands on each `h` that is in the details, and its set, ascending.
    fn details(&self, visit: &mut impl FnMut(u64, &[u8]) -> Result<(), IndexError>)
    -> Result<(), IndexError>;
}

/// Bytes between two reports of progress.
const PROGRESS_STEP: u64 = 1 << 20;
/// Bytes of a detail before its set.
pub(super) const DETAIL_HEAD_LEN: u64 = 12;

/// The greatest number under a document where the dictionary has so many sets.
pub(super) fn code_max(sets: usize) -> Result<u32, IndexError> {
    match sets as u64 {
        sets if sets > Code::SETS_MAX => Err(IndexError::TooLarge),
        sets => Ok(Code::Set((sets as u32).saturating_sub(1)).number()),
    }
}

/// Plans the table by going through all entries.
pub(super) fn plan(contents: &Contents<'_>, entries: &impl Entries) -> Result<Plan, IndexError> {
    let mut planning = Planning::new(contents.mixer, contents.documents, code_max(contents.sets.len())?);
    entries.entries(&mut |h, code| {
        planning.add((h, code.number()));
        Ok(())
    })?;
    Ok(planning.finish())
}

/// Writes the file, and gives its digest and its length. It is not synced.
pub(super) fn write(
    contents: &Contents<'_>,
    plan: &Plan,
    entries: &impl Entries,
    out: &mut dyn StorageFile,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(Digest, u64), IndexError> {
    let Contents { sets, documents, detailed: (detailed, details_len), .. } = *contents;
    if contents.longs.1 > longs::LONGS_MAX {
        return Err(IndexError::TooLarge);
    }
    let groups = detailed.div_ceil(GROUP_LEN);
    let lengths = Lengths {
        slot_count: documents,
        slots: plan.len(),
        longs: contents.longs.0.len() as u64,
        set_count: sets.len() as u64,
        bodies: sets.iter().map(|set| set.len() as u64).sum(),
        details_starts: if groups == 0 { 0 } else { (groups + 1) * WORD_LEN },
        details: details_len,
    };
    let layout = Layout::new(lengths).ok_or(IndexError::TooLarge)?;
    let header = Header {
        stamp: contents.stamp,
        role: contents.role,
        state_digest: contents.tally.state_digest,
        parent: contents.parent,
        longs: contents.longs.1,
        version: VERSION,
        shape: plan.shape(),
        layout,
    };
    let all = header.documents();
    let written = with_output(out, layout.checksums, |output| {
        write_sections(contents, plan, entries, &header, output, progress)
    })?;
    progress(all, all);
    // Details that were not the same the second time are those of a file that was spoilt meanwhile.
    if written.1 == layout.file_length() { Ok(written) } else { Err(IndexError::Damaged) }
}

/// All but the checksums.
fn write_sections(
    contents: &Contents<'_>,
    plan: &Plan,
    entries: &impl Entries,
    header: &Header,
    output: &mut Output<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), IndexError> {
    let Contents { sets, detailed: (detailed, _), .. } = *contents;
    let (layout, all, groups) = (header.layout, header.documents(), detailed.div_ceil(GROUP_LEN));
    output.write(&header.encode())?;
    output.begin(layout.slots)?;
    let (mut writing, mut done, mut told) = (plan.writing(), 0, 0);
    let mut line = |bytes: &[u8]| {
        done += bytes.len() as u64;
        if done - told >= PROGRESS_STEP {
            told = done;
            progress(all * done / plan.len().max(1), all);
        }
        output.write(bytes)
    };
    entries.entries(&mut |h, code| writing.add((h, code.number()), &mut line))?;
    writing.finish(&mut line)?;
    output.begin(layout.longs)?;
    output.write(contents.longs.0)?;
    output.begin(layout.counts)?;
    contents.tally.counts.iter().try_for_each(|count| output.write(&count.to_le_bytes()))?;
    output.write(contents.tally.digits_lengths.as_slice())?;
    output.begin(layout.starts)?;
    let mut start = 0_u64;
    for set in sets {
        output.write(&start.to_le_bytes())?;
        start += set.len() as u64;
    }
    output.write(&start.to_le_bytes())?;
    output.begin(layout.bodies)?;
    sets.iter().try_for_each(|set| output.write(set))?;
    output.begin(layout.details_starts)?;
    if groups > 0 {
        let (mut next, mut at) = (0, 0_u64);
        entries.details(&mut |h, set| {
            while next <= group(h, groups) {
                output.write(&at.to_le_bytes())?;
                next += 1;
            }
            at += DETAIL_HEAD_LEN + set.len() as u64;
            Ok(())
        })?;
        (next..=groups).try_for_each(|_| output.write(&at.to_le_bytes()))?;
    }
    output.begin(layout.details)?;
    if groups > 0 {
        entries.details(&mut |h, set| {
            output.write(&h.to_le_bytes())?;
            output.write(&(set.len() as u32).to_le_bytes())?;
            output.write(set)
        })?;
    }
    Ok(())
}
