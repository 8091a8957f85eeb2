//! Some records of a text, and what a cutter is.

use std::io::{self, Read};

/// The longest record, in bytes without its line's end. A row of a register has fewer than 200.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// The longest that is stepped over as one record that is too long. Beyond it its end was not understood, and who knows how
/// many rows it would hide: the text is refused.
pub(super) const SKIPPED_BYTES_MAX: u64 = 1 << 20;

/// About how many bytes a block has; one record more at most.
pub(super) const BLOCK_BYTES: usize = 64 * 1024;

/// Some records, in the order of the text.
#[derive(Debug, Default)]
pub(in crate::register) struct Block {
    pub(in crate::register) bytes: Vec<u8>,
    pub(in crate::register) records: Vec<Record>,
}

/// Where a record stands in its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::register) struct Record {
    /// Its line in the text, or its place among the elements, from 1.
    pub(in crate::register) line: u64,
    pub(in crate::register) start: usize,
    pub(in crate::register) end: usize,
    /// It has more than [`LINE_BYTES_MAX`] bytes, which are not in the block.
    pub(in crate::register) too_long: bool,
}

/// Reads a text block by block.
pub(in crate::register) trait Cut {
    /// The next block, which has at least one record; `None` at the end.
    fn next(&mut self, text: &mut dyn Read) -> Result<Option<Block>, CutFault>;
}

/// Why a text cannot be cut.
#[derive(Debug)]
pub(in crate::register) enum CutFault {
    /// It cannot be read.
    Io(io::Error),
    /// It is not of the shape that it must have, which is said in words.
    Shape(&'static str),
}

impl From<io::Error> for CutFault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Block {
    pub(super) fn push(&mut self, line: u64, start: usize, end: usize) {
        let too_long = end - start > LINE_BYTES_MAX;
        self.records.push(Record { line, start, end, too_long });
    }
}

/// Appends up to `len` bytes; fewer only at the end of the text.
pub(super) fn fill(text: &mut dyn Read, bytes: &mut Vec<u8>, len: usize) -> io::Result<usize> {
    text.take(len as u64).read_to_end(bytes)
}
