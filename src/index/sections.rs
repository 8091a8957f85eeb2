//! Where the parts of a segment file stand; all of it follows from a few lengths.

use super::format::{BLOCK_LEN, COUNTS_LEN, HEADER_LEN, WORD_LEN};

/// How many entries each section has and where it stands. Everything follows from the [`Lengths`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) slot_count: u64,
    pub(super) set_count: u64,
    pub(super) slots: Section,
    pub(super) longs: Section,
    pub(super) counts: Section,
    pub(super) starts: Section,
    pub(super) bodies: Section,
    pub(super) details_starts: Section,
    pub(super) details: Section,
    pub(super) checksums: Section,
}

/// A part of the file, in bytes from its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// The lengths that no other can be told from: of sections in bytes, and counts of what is in them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lengths {
    pub(super) slot_count: u64,
    pub(super) slots: u64,
    pub(super) longs: u64,
    pub(super) set_count: u64,
    pub(super) bodies: u64,
    pub(super) details_starts: u64,
    pub(super) details: u64,
}

impl Layout {
    /// `None` if the file would be longer than 2^64 bytes.
    pub(super) fn new(lengths: Lengths) -> Option<Self> {
        let Lengths { slot_count, set_count, .. } = lengths;
        let mut end = HEADER_LEN as u64;
        let mut section = |length: u64| {
            let offset = end.checked_next_multiple_of(WORD_LEN)?;
            end = offset.checked_add(length)?;
            Some(Section { offset, length })
        };
        let slots = section(lengths.slots)?;
        let longs = section(lengths.longs)?;
        let counts = section(COUNTS_LEN)?;
        let starts = section(set_count.checked_add(1)?.checked_mul(WORD_LEN)?)?;
        let bodies = section(lengths.bodies)?;
        let details_starts = section(lengths.details_starts)?;
        let details = section(lengths.details)?;
        let blocks = details.end().checked_next_multiple_of(WORD_LEN)?.div_ceil(BLOCK_LEN);
        let checksums = section(blocks * WORD_LEN)?;
        Some(Self {
            slot_count,
            set_count,
            slots,
            longs,
            counts,
            starts,
            bodies,
            details_starts,
            details,
            checksums,
        })
    }

    /// Those that the head places.
    pub(super) fn first_sections(&self) -> [Section; 6] {
        [self.slots, self.longs, self.counts, self.starts, self.bodies, self.checksums]
    }

    /// All, as they stand in the file.
    pub(super) fn sections(&self) -> [Section; 8] {
        let [slots, longs, counts, starts, bodies, checksums] = self.first_sections();
        [slots, longs, counts, starts, bodies, self.details_starts, self.details, checksums]
    }

    pub(super) fn file_length(&self) -> u64 {
        self.checksums.end()
    }
}

impl Section {
    pub(super) fn end(self) -> u64 {
        self.offset + self.length
    }

    /// The section's bytes; `None` if the file is shorter.
    pub(super) fn of(self, file: &[u8]) -> Option<&[u8]> {
        file.get(usize::try_from(self.offset).ok()?..usize::try_from(self.end()).ok()?)
    }
}
