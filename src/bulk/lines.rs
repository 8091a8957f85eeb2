//! Bytes to bounded lines.

use std::collections::VecDeque;

/// One line without its line break.
#[derive(Debug, PartialEq, Eq)]
pub struct RawLine {
    /// From 1.
    pub number: u64,
    /// The bytes; `None` if there were more than the limit.
    pub bytes: Option<Vec<u8>>,
}

/// Splits bytes that arrive in pieces into lines, and never holds more than the limit of one unfinished line.
#[derive(Debug)]
pub struct Lines {
    line_bytes_max: usize,
    unfinished: Vec<u8>,
    too_long: bool,
    number: u64,
    ready: VecDeque<RawLine>,
}

impl Lines {
    /// A splitter for lines of at most `line_bytes_max` bytes.
    #[must_use]
    pub fn new(line_bytes_max: usize) -> Self {
        Self { line_bytes_max, unfinished: Vec::new(), too_long: false, number: 0, ready: VecDeque::new() }
    }

    /// Takes the next piece; the lines that it ends come out of the iterator.
    pub fn push(&mut self, piece: &[u8]) {
        let mut parts = piece.split(|byte| *byte == b'\n');
        let last = parts.next_back().unwrap_or_default();
        for part in parts {
            self.extend(part);
            self.end_line();
        }
        self.extend(last);
    }

    /// Ends the input: a last line without a line break comes out too.
    pub fn finish(&mut self) {
        if self.too_long || !self.unfinished.is_empty() {
            self.end_line();
        }
    }

    fn extend(&mut self, part: &[u8]) {
        // One byte over the limit is kept for a carriage return.
        if self.too_long || self.unfinished.len() + part.len() > self.line_bytes_max + 1 {
            self.too_long = true;
            self.unfinished.clear();
        } else {
            self.unfinished.extend_from_slice(part);
        }
    }

    fn end_line(&mut self) {
        self.number += 1;
        let mut bytes = std::mem::take(&mut self.unfinished);
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        let too_long = std::mem::take(&mut self.too_long) || bytes.len() > self.line_bytes_max;
        self.ready.push_back(RawLine { number: self.number, bytes: (!too_long).then_some(bytes) });
    }
}

impl Iterator for Lines {
    type Item = RawLine;

    fn next(&mut self) -> Option<RawLine> {
        self.ready.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(pieces: &[&[u8]], line_bytes_max: usize) -> Vec<Option<Vec<u8>>> {
        let mut lines = Lines::new(line_bytes_max);
        pieces.iter().for_each(|piece| lines.push(piece));
        lines.finish();
        lines.by_ref().map(|line| line.bytes).collect()
    }

    #[test]
    fn a_line_over_the_limit_is_dropped_and_the_next_one_is_read() {
        let lines = split(&[b"abc\nabcd", b"e\r\nabcd\r\n\nxy"], 4);
        let text = |bytes: &[u8]| Some(bytes.to_vec());
        assert_eq!(lines, [text(b"abc"), None, text(b"abcd"), text(b""), text(b"xy")]);
    }

    proptest! {
        #[test]
        fn where_the_pieces_are_cut_does_not_matter(bytes in proptest::collection::vec(0_u8..20, 0..200), cut in 0_usize..200) {
            let cut = cut.min(bytes.len());
            prop_assert_eq!(split(&[&bytes[..cut], &bytes[cut..]], 7), split(&[&bytes], 7));
        }
    }
}
