//! What a table is made of: what it takes to read its bytes.

use super::line::{LINE_LEN, Marks, Width};
use super::{Mixer, Table};
use crate::ground::platform::Vectors;

/// How many buckets the two tables have and how wide they are; the bytes are the lines of the first, those of the second,
/// then the tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// What keys are mixed with.
    pub mixer: Mixer,
    /// Buckets of the first and of the second table; 0 if a table is empty.
    pub buckets: [u64; 2],
    /// How wide the slots of either are.
    pub widths: [Width; 2],
    /// How the descriptors of either are marked.
    pub marks: Marks,
}

impl Shape {
    /// The table with this shape; `None` if it does not fit the bytes.
    #[inline]
    #[must_use]
    pub fn table(self, vectors: Vectors, bytes: &[u8]) -> Option<Table<&[u8]>> {
        let (first, rest) = bytes.split_at_checked(self.lines_len(0)?)?;
        let (second, tail) = rest.split_at_checked(self.lines_len(1)?)?;
        tail.len().is_multiple_of(TAIL_ENTRY_LEN).then(|| Table::of(vectors, self, [first, second], tail))
    }

    #[inline]
    fn lines_len(self, at: usize) -> Option<usize> {
        usize::try_from(self.buckets[at]).ok()?.checked_mul(LINE_LEN)
    }
}

/// Bytes of an entry of the tail: `h` and payload, `u64` each.
pub(super) const TAIL_ENTRY_LEN: usize = 16;
