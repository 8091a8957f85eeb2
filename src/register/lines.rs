//! Lines of bounded length.

use std::io::{self, BufRead, BufReader, Read};

/// The longest line, in bytes without its line feed. A row of a register has fewer than 200.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// Reads lines that end with a line feed, a carriage return before it or not, or with the file.
pub(super) struct Lines {
    reader: BufReader<Box<dyn Read + Send>>,
    line: Vec<u8>,
    number: u64,
}

/// A line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Its text, without the line's end.
    Text(&'a str),
    /// It is not UTF-8.
    NotUtf8,
    /// It has more than [`LINE_BYTES_MAX`] bytes; the rest of it is skipped.
    TooLong,
}

impl Lines {
    pub(super) fn new(reader: Box<dyn Read + Send>) -> Self {
        Self { reader: BufReader::with_capacity(256 * 1024, reader), line: Vec::new(), number: 0 }
    }

    /// The next line and its number, from 1; `None` at the end. A byte order mark before the first is skipped.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Line<'_>)>> {
        self.line.clear();
        let taken = (&mut self.reader).take(LINE_BYTES_MAX as u64 + 1).read_until(b'\n', &mut self.line)?;
        if taken == 0 {
            return Ok(None);
        }
        self.number += 1;
        let ended = self.line.pop_if(|last| *last == b'\n').is_some();
        if self.line.len() > LINE_BYTES_MAX {
            self.reader.skip_until(b'\n')?;
            return Ok(Some((self.number, Line::TooLong)));
        }
        if ended {
            self.line.pop_if(|last| *last == b'\r');
        }
        let mut line = self.line.as_slice();
        if self.number == 1 {
            line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        }
        let line = std::str::from_utf8(line).map_or(Line::NotUtf8, Line::Text);
        Ok(Some((self.number, line)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: impl Into<Vec<u8>>) -> Lines {
        Lines::new(Box::new(io::Cursor::new(bytes.into())))
    }

    #[test]
    fn line_ends_and_a_byte_order_mark_are_taken_away() {
        let mut lines = lines("\u{FEFF}a\r\n\nb\r");
        assert_eq!(lines.next().unwrap(), Some((1, Line::Text("a"))));
        assert_eq!(lines.next().unwrap(), Some((2, Line::Text(""))));
        assert_eq!(lines.next().unwrap(), Some((3, Line::Text("b\r"))));
        assert_eq!(lines.next().unwrap(), None);
    }

    #[test]
    fn a_line_of_the_greatest_length_is_read_and_a_longer_one_is_one_line() {
        let longest = "x".repeat(LINE_BYTES_MAX);
        for end in ["\n", ""] {
            let mut lines = lines(format!("{longest}\n{longest}x{longest}\n{longest}{end}"));
            assert_eq!(lines.next().unwrap(), Some((1, Line::Text(&longest))));
            assert_eq!(lines.next().unwrap(), Some((2, Line::TooLong)));
            assert_eq!(lines.next().unwrap(), Some((3, Line::Text(&longest))));
            assert_eq!(lines.next().unwrap(), None);
        }
        let mut lines = lines(format!("{longest}x\nb"));
        assert_eq!(lines.next().unwrap(), Some((1, Line::TooLong)));
        assert_eq!(lines.next().unwrap(), Some((2, Line::Text("b"))));
        assert!(lines.line.capacity() < 4 * LINE_BYTES_MAX);
    }
}
