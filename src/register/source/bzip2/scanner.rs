//! Finds where blocks begin and streams end.

use std::io::{self, Read};

use super::bits::{BLOCK, Bits, END, MAGIC_BITS, find, number};

/// Cuts compressed streams, one behind the other, into their blocks.
pub(super) struct Scanner<R> {
    input: R,
    bytes: Vec<u8>,
    /// Where in `bytes` the next piece begins, in bits.
    at: usize,
    at_end: bool,
    /// Of the stream that is being read: how large its blocks are at most, in 100 000 bytes, as a digit.
    level: Option<u8>,
}

/// A piece of a stream.
pub(super) enum Piece {
    Block(Block),
    /// The stream is over; its checksum.
    End(u32),
}

/// A block, or the beginning of one in which bits happen to look like the beginning of another.
pub(super) struct Block {
    pub(super) level: u8,
    pub(super) bits: Bits,
}

const READ_LEN: usize = 1 << 18;
/// No block of 900 000 bytes is longer: its symbols have up to 20 bits, and its tables are small.
const BLOCK_BYTES_MAX: usize = 4 << 20;
const CHECKSUM_BITS: usize = 32;

impl Block {
    /// The checksum of what it holds.
    pub(super) fn checksum(&self) -> Option<u32> {
        number(&self.bits.bytes, MAGIC_BITS, CHECKSUM_BITS).map(|checksum| checksum as u32)
    }
}

impl<R: Read> Scanner<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, bytes: Vec::new(), at: 0, at_end: false, level: None }
    }

    /// The next piece; `None` behind the last stream.
    pub(super) fn next(&mut self) -> io::Result<Option<Piece>> {
        self.bytes.drain(..self.at / 8);
        self.at %= 8;
        let level = match self.level {
            Some(level) => level,
            None => match self.begin_stream()? {
                Some(level) => level,
                None => return Ok(None),
            },
        };
        self.fill_to(self.at + MAGIC_BITS + CHECKSUM_BITS)?;
        match number(&self.bytes, self.at, MAGIC_BITS) {
            Some(BLOCK) => self.block(level).map(Some),
            Some(END) => self.end_stream().map(Some),
            Some(_) => Err(damaged("a block does not begin like one")),
            None => Err(cut_short()),
        }
    }

    /// Reads what a stream begins with, at the beginning of a byte.
    fn begin_stream(&mut self) -> io::Result<Option<u8>> {
        self.fill_to(8)?;
        if self.bytes.is_empty() {
            return Ok(None);
        }
        self.fill_to(32)?;
        match self.bytes.get(..4) {
            Some([b'B', b'Z', b'h', level @ b'1'..=b'9']) => {
                self.level = Some(*level);
                self.at = 32;
                Ok(self.level)
            }
            Some(_) => Err(damaged("something stands behind its end that is no bzip2")),
            None => Err(cut_short()),
        }
    }

    fn block(&mut self, level: u8) -> io::Result<Piece> {
        let mut from = self.at + MAGIC_BITS + CHECKSUM_BITS;
        let end = loop {
            match find(&self.bytes, from) {
                Some((place, BLOCK)) => break place,
                Some((place, _)) if self.ends_at(place)? => break place,
                Some((place, _)) => from = place + 1,
                None if self.bytes.len() > BLOCK_BYTES_MAX => return Err(damaged("a block has no end")),
                None => {
                    // A magic may begin in the last bytes that are there.
                    from = from.max((self.bytes.len() * 8).saturating_sub(MAGIC_BITS + 8));
                    if !self.fill()? {
                        return Err(cut_short());
                    }
                }
            }
        };
        let bits = Bits::of(&self.bytes, self.at, end);
        self.at = end;
        Ok(Piece::Block(Block { level, bits }))
    }

    /// Whether a stream can end at a place: the file ends there, or another begins.
    fn ends_at(&mut self, place: usize) -> io::Result<bool> {
        let behind = (place + MAGIC_BITS + CHECKSUM_BITS).div_ceil(8);
        self.fill_to(8 * (behind + 3))?;
        Ok(self.bytes.get(behind..).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"BZh")))
    }

    fn end_stream(&mut self) -> io::Result<Piece> {
        let checksum = number(&self.bytes, self.at + MAGIC_BITS, CHECKSUM_BITS).ok_or_else(cut_short)?;
        self.at = (self.at + MAGIC_BITS + CHECKSUM_BITS).next_multiple_of(8);
        self.level = None;
        Ok(Piece::End(checksum as u32))
    }

    /// Reads until so many bits are there, or the input ends.
    fn fill_to(&mut self, bits: usize) -> io::Result<()> {
        while self.bytes.len() * 8 < bits && self.fill()? {}
        Ok(())
    }

    /// Reads some more; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        if self.at_end {
            return Ok(false);
        }
        let read = self.input.by_ref().take(READ_LEN as u64).read_to_end(&mut self.bytes)?;
        self.at_end = read == 0;
        Ok(read > 0)
    }
}

pub(super) fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn cut_short() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the compressed data is cut short")
}
