//! Lines of a file, of which no more is held than one.

use std::io::{self, BufRead, Read};

/// The longest line that is read.
pub const LINE_BYTES_MAX: usize = 64 << 10;

/// Lines of what is read. Blank ones are none.
pub(super) struct Lines<R> {
    input: R,
    number: u64,
    bytes: Vec<u8>,
}

/// A line without its break.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line<'l> {
    /// From 1; blank lines count.
    pub(super) number: u64,
    /// `None` if it is longer than [`LINE_BYTES_MAX`].
    pub(super) bytes: Option<&'l [u8]>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, number: 0, bytes: Vec::new() }
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            self.bytes.clear();
            self.number += 1;
            let (is_last, is_long) = self.read()?;
            if self.number == 1 && self.bytes.starts_with(BOM) {
                self.bytes.drain(..BOM.len());
            }
            if is_long || !self.bytes.trim_ascii().is_empty() {
                let bytes = (!is_long).then(|| self.bytes.trim_ascii());
                return Ok(Some(Line { number: self.number, bytes }));
            }
            if is_last {
                return Ok(None);
            }
        }
    }

    /// Reads up to the next break; gives whether there was none, and whether it was too far.
    fn read(&mut self) -> io::Result<(bool, bool)> {
        let mut is_long = false;
        loop {
            let buffer = match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                buffer => buffer?,
            };
            if buffer.is_empty() {
                return Ok((true, is_long));
            }
            let end = memchr::memchr(b'\n', buffer);
            let part = &buffer[..end.unwrap_or(buffer.len())];
            is_long |= self.bytes.len() + part.len() > LINE_BYTES_MAX;
            if !is_long {
                self.bytes.extend_from_slice(part);
            }
            let taken = part.len() + usize::from(end.is_some());
            self.input.consume(taken);
            if end.is_some() {
                return Ok((false, is_long));
            }
        }
    }
}

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Reads no further than some bytes: more are an error of [`FileTooLarge`](io::ErrorKind::FileTooLarge).
pub(super) struct Bounded<R> {
    input: R,
    left: u64,
}

impl<R> Bounded<R> {
    pub(super) fn new(input: R, left: u64) -> Self {
        Self { input, left }
    }
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let buffer = self.input.fill_buf()?;
        if buffer.len() as u64 > self.left { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(buffer) }
    }

    fn consume(&mut self, count: usize) {
        self.left -= count as u64;
        self.input.consume(count);
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use super::*;

    fn lines(bytes: &[u8], buffer: usize) -> Vec<(u64, Option<Vec<u8>>)> {
        let mut lines = Lines::new(BufReader::with_capacity(buffer, bytes));
        let mut found = Vec::new();
        while let Some(line) = lines.next().expect("memory can be read") {
            found.push((line.number, line.bytes.map(<[u8]>::to_vec)));
        }
        found
    }

    #[test]
    fn a_line_that_is_too_long_is_one_and_the_next_is_read() {
        let text = [b"\xEF\xBB\xBF a \r\n\n \t\n".to_vec(), vec![b'x'; LINE_BYTES_MAX + 1], b"\nb".to_vec()];
        let expected = [(1, Some(b"a".to_vec())), (4, None), (5, Some(b"b".to_vec()))];
        assert_eq!(lines(&text.concat(), 100), expected);
        let longest = [vec![b'x'; LINE_BYTES_MAX], b"\n".to_vec()].concat();
        assert_eq!(lines(&longest, 4096)[0].1.as_ref().map(Vec::len), Some(LINE_BYTES_MAX));
    }

    proptest! {
        #[test]
        fn lines_are_those_of_the_text_however_it_arrives(text in "[a \n]{0,60}", buffer in 1_usize..20) {
            let expected: Vec<_> = (1..).zip(text.lines().map(str::trim))
                .filter(|(_, line)| !line.is_empty())
                .map(|(number, line)| (number, Some(line.as_bytes().to_vec())))
                .collect();
            prop_assert_eq!(lines(text.as_bytes(), buffer), expected);
        }
    }
}
