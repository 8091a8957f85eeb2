//! Lines, which end with a line feed, a carriage return before it or not, or with the text.

use std::io::Read;

use memchr::{memchr, memchr_iter};

use super::block::{BLOCK_BYTES, Block, Cut, CutFault, LINE_BYTES_MAX, SKIPPED_BYTES_MAX, fill};

/// Cuts a text into lines.
#[derive(Debug, Default)]
pub(in crate::register) struct Lines {
    /// The beginning of a line whose end is still to come.
    rest: Vec<u8>,
    lines: u64,
    /// That line was given as too long already.
    skipping: bool,
    /// Bytes of it so far.
    skipped: u64,
}

impl Cut for Lines {
    fn next(&mut self, text: &mut dyn Read) -> Result<Option<Block>, CutFault> {
        loop {
            let mut block = Block { bytes: std::mem::take(&mut self.rest), ..Block::default() };
            let ended = fill(text, &mut block.bytes, BLOCK_BYTES)? == 0;
            let mut start = if self.skipping { self.skip(&block.bytes)? } else { 0 };
            let ends: Vec<_> = memchr_iter(b'\n', &block.bytes[start..]).map(|at| start + at).collect();
            for end in ends {
                self.lines += 1;
                let return_before = end > start && block.bytes[end - 1] == b'\r';
                block.push(self.lines, start, end - usize::from(return_before));
                start = end + 1;
            }
            let open = block.bytes.len() - start;
            // One byte more may be the carriage return of a line's end.
            if open > LINE_BYTES_MAX + 1 || (ended && open > 0) {
                self.lines += 1;
                block.push(self.lines, start, block.bytes.len());
                (self.skipping, self.skipped) = (!ended, open as u64);
            } else {
                self.rest = block.bytes.split_off(start);
            }
            if ended || !block.records.is_empty() {
                return Ok((!block.records.is_empty()).then_some(block));
            }
        }
    }
}

impl Lines {
    /// Where the line after the one that is skipped begins.
    fn skip(&mut self, bytes: &[u8]) -> Result<usize, CutFault> {
        let end = memchr(b'\n', bytes);
        self.skipping = end.is_none();
        let start = end.map_or(bytes.len(), |end| end + 1);
        self.skipped += start as u64;
        if self.skipped > SKIPPED_BYTES_MAX {
            return Err(CutFault::Shape("a line of it has more than 1 MiB: do its lines end as lines do?"));
        }
        Ok(start)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    /// Every line with its number; `None` for one that is too long.
    fn lines(text: &[u8]) -> Vec<(u64, Option<Vec<u8>>)> {
        let (mut text, mut cutter, mut found) = (Cursor::new(text), Lines::default(), Vec::new());
        while let Some(block) = cutter.next(&mut text).unwrap() {
            assert!(block.bytes.len() <= BLOCK_BYTES + LINE_BYTES_MAX);
            for record in &block.records {
                let line = block.bytes[record.start..record.end].to_vec();
                found.push((record.line, (!record.too_long).then_some(line)));
            }
        }
        found
    }

    fn texts(found: Vec<(u64, Option<Vec<u8>>)>) -> Vec<(u64, Option<String>)> {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        found.into_iter().map(|(line, bytes)| (line, bytes.map(text))).collect()
    }

    #[test]
    fn line_ends_are_taken_away() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(texts(lines(b"a\r\n\nb\r")), [(1, some("a")), (2, some("")), (3, some("b\r"))]);
        assert_eq!(texts(lines(b"\n")), [(1, some(""))]);
        assert_eq!(lines(b""), []);
    }

    #[test]
    fn a_line_of_the_greatest_length_is_read_and_a_longer_one_is_one_line() {
        let longest = "x".repeat(LINE_BYTES_MAX);
        for end in ["\n", ""] {
            let text = format!("{longest}\n{longest}x{longest}\n{longest}{end}");
            let expected = [(1, Some(longest.clone())), (2, None), (3, Some(longest.clone()))];
            assert_eq!(texts(lines(text.as_bytes())), expected);
        }
        let endless = "x".repeat(3 * BLOCK_BYTES);
        assert_eq!(texts(lines(format!("{endless}\nb").as_bytes())), [(1, None), (2, Some("b".to_owned()))]);
        assert_eq!(texts(lines(endless.as_bytes())), [(1, None)]);
    }

    #[test]
    fn a_line_of_which_nobody_knows_what_it_hides_refuses_the_text() {
        let mut text = Cursor::new(vec![b'x'; SKIPPED_BYTES_MAX as usize + 2 * BLOCK_BYTES]);
        let mut cutter = Lines::default();
        let refused = std::iter::from_fn(|| cutter.next(&mut text).transpose()).find_map(Result::err);
        assert!(matches!(refused, Some(CutFault::Shape(_))));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn lines_are_those_of_the_standard_library(lens in prop::collection::vec(0_usize..40_000, 0..40)) {
            let text: String = lens.iter().map(|len| format!("{}\n", "y".repeat(*len))).collect();
            let expected: Vec<_> = (1..).zip(text.lines().map(|line| Some(line.to_owned()))).collect();
            prop_assert_eq!(texts(lines(text.as_bytes())), expected);
        }
    }
}
