//! Blocks are undone side by side and handed on in order.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use bzip2::read::BzDecoder;

use super::bits::{END, MAGIC_BITS};
use super::scanner::{Block, Piece, Scanner, damaged};

/// What is in bzip2 streams, one behind the other.
pub(in crate::register::source) struct Parallel {
    workers: Vec<Receiver<Delivery>>,
    turn: usize,
    /// What was taken from the workers before its turn.
    early: Option<Delivery>,
    plain: io::Cursor<Vec<u8>>,
    /// Over the blocks of a stream so far.
    checksum: u32,
    is_over: bool,
}

/// What comes from a worker.
enum Delivery {
    Block(Block, io::Result<Vec<u8>>),
    End(u32),
    Over(io::Result<()>),
}

/// Blocks that wait for each worker, and for the reader from each.
const QUEUE: usize = 1;
const WORKERS_MAX: usize = 8;
/// How many times bits of a block may look like the beginning of another: once in a million files it happens once.
const JOINS_MAX: usize = 3;

impl Parallel {
    /// Reads from a stream of compressed bytes, in threads of its own.
    ///
    /// They are not joined when this is dropped: one may wait for a pipe that nobody writes to.
    pub(in crate::register::source) fn new(input: impl Read + Send + 'static) -> Self {
        let count = thread::available_parallelism().map_or(1, usize::from).min(WORKERS_MAX);
        let (mut to_workers, mut workers) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let (to_worker, pieces) = sync_channel(QUEUE);
            let (to_reader, results) = sync_channel(QUEUE);
            thread::spawn(move || undo_all(&pieces, &to_reader));
            to_workers.push(to_worker);
            workers.push(results);
        }
        thread::spawn(move || deal(Scanner::new(input), &to_workers));
        Self { workers, turn: 0, early: None, plain: io::Cursor::default(), checksum: 0, is_over: false }
    }

    fn take(&mut self) -> Delivery {
        if let Some(early) = self.early.take() {
            return early;
        }
        let worker = self.turn % self.workers.len();
        self.turn += 1;
        let gone = |_| Delivery::Over(Err(io::Error::other("a thread that undoes bzip2 has ended")));
        self.workers[worker].recv().unwrap_or_else(gone)
    }

    /// Takes the next block with something in it; false behind the last.
    fn advance(&mut self) -> io::Result<bool> {
        match self.take() {
            Delivery::Block(block, undone) => {
                let plain = match undone {
                    Ok(plain) => plain,
                    Err(error) => self.join(Block { level: block.level, bits: block.bits.clone() }, error)?,
                };
                let checksum = block.checksum().ok_or_else(|| damaged("a block is cut short"))?;
                self.checksum = self.checksum.rotate_left(1) ^ checksum;
                self.plain = io::Cursor::new(plain);
                Ok(true)
            }
            Delivery::End(checksum) if checksum == self.checksum => {
                self.checksum = 0;
                self.advance()
            }
            Delivery::End(_) => Err(damaged("its blocks do not agree with its checksum")),
            Delivery::Over(over) => over.map(|()| false),
        }
    }

    /// Undoes a block that bits within it have cut in pieces, which look like blocks.
    fn join(&mut self, mut block: Block, error: io::Error) -> io::Result<Vec<u8>> {
        for _ in 0..JOINS_MAX {
            match self.take() {
                Delivery::Block(next, _) => block.bits.append(&next.bits),
                other => {
                    self.early = Some(other);
                    return Err(error);
                }
            }
            if let Ok(plain) = undo(&block) {
                return Ok(plain);
            }
        }
        Err(error)
    }
}

impl Read for Parallel {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.plain.read(buffer)?;
            if read > 0 || buffer.is_empty() || self.is_over {
                return Ok(read);
            }
            let advanced = self.advance();
            self.is_over = !matches!(advanced, Ok(true));
            advanced?;
        }
    }
}

fn deal(mut scanner: Scanner<impl Read>, workers: &[SyncSender<io::Result<Option<Piece>>>]) {
    for worker in workers.iter().cycle() {
        let piece = scanner.next();
        let is_last = !matches!(piece, Ok(Some(_)));
        if worker.send(piece).is_err() || is_last {
            return;
        }
    }
}

fn undo_all(pieces: &Receiver<io::Result<Option<Piece>>>, results: &SyncSender<Delivery>) {
    for piece in pieces {
        let delivery = match piece {
            Ok(Some(Piece::Block(block))) => {
                let plain = undo(&block);
                Delivery::Block(block, plain)
            }
            Ok(Some(Piece::End(checksum))) => Delivery::End(checksum),
            Ok(None) => Delivery::Over(Ok(())),
            Err(error) => Delivery::Over(Err(error)),
        };
        if results.send(delivery).is_err() {
            return;
        }
    }
}

/// Undoes a block as a stream of its own, whose checksum is the block's.
fn undo(block: &Block) -> io::Result<Vec<u8>> {
    let checksum = block.checksum().ok_or_else(|| damaged("a block is cut short"))?;
    let mut bits = block.bits.clone();
    bits.push(END, MAGIC_BITS);
    bits.push(checksum.into(), 32);
    let stream = [&b"BZh"[..], &[block.level], &bits.bytes].concat();
    let mut decoder = BzDecoder::new(stream.as_slice());
    let mut plain = Vec::with_capacity(usize::from(block.level - b'0') * 100_000);
    decoder.read_to_end(&mut plain)?;
    // The decoder ends with the first stream; what is behind it is no part of this block.
    if decoder.total_in() != stream.len() as u64 {
        Err(damaged("a block ends before its end"))
    } else {
        Ok(plain)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use bzip2::Compression;
    use bzip2::read::MultiBzDecoder;
    use bzip2::write::BzEncoder;
    use proptest::prelude::*;

    use super::super::bits::Bits;
    use super::*;

    fn compressed(plain: &[u8], level: u32) -> Vec<u8> {
        let mut encoder = BzEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn undone(stream: &[u8]) -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        Parallel::new(io::Cursor::new(stream.to_vec())).read_to_end(&mut plain).map(|_| plain)
    }

    fn by_the_library(stream: &[u8]) -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        MultiBzDecoder::new(stream).read_to_end(&mut plain).map(|_| plain)
    }

    /// Text of a register, so long that it takes several blocks of the smallest size.
    fn register(lines: usize) -> Vec<u8> {
        (0..lines)
            .flat_map(|at| format!("{:04},{:06}\n", at * 7 % 10_000, at * 7919 % 1_000_000).into_bytes())
            .collect()
    }

    #[test]
    fn several_blocks_and_streams_come_out_in_order() {
        let (first, second) = (register(60_000), register(5));
        let stream = [compressed(&first, 1), compressed(&[], 5), compressed(&second, 9)].concat();
        assert_eq!(undone(&stream).unwrap(), [first, second].concat());
        assert!(undone(&[]).unwrap().is_empty());
    }

    #[test]
    fn whatever_is_cut_off_or_hung_on_is_an_error() {
        let stream = compressed(&register(40_000), 1);
        for len in (1..stream.len()).step_by(4999).chain(stream.len() - 12..stream.len()) {
            assert!(undone(&stream[..len]).is_err(), "{len} of {}", stream.len());
        }
        let twice = [&stream[..], &stream[..stream.len() / 2]].concat();
        assert!(undone(&twice).is_err());
        assert!(undone(&[&stream[..], b"garbage"].concat()).is_err());
    }

    #[test]
    fn a_flipped_bit_is_an_error_or_changes_nothing() {
        let plain = register(30_000);
        let stream = compressed(&plain, 1);
        for at in (0..stream.len() * 8).step_by(8009) {
            let mut odd = stream.clone();
            odd[at / 8] ^= 1 << (at % 8);
            assert!(undone(&odd).map_or(true, |found| found == plain), "{at}");
        }
    }

    #[test]
    fn a_block_in_which_another_seems_to_begin_is_joined_again() {
        let stream = compressed(&register(3000), 9);
        let Ok(Some(Piece::Block(block))) = Scanner::new(stream.as_slice()).next() else {
            panic!("one block")
        };
        let plain = undo(&block).unwrap();
        let len = block.bits.len;
        let cut = |from, to| Block { level: block.level, bits: Bits::of(&block.bits.bytes, from, to) };
        let (to_reader, results) = sync_channel(4);
        let mut parallel = Parallel { workers: vec![results], ..Parallel::new(io::empty()) };
        for piece in [cut(0, len / 3), cut(len / 3, len / 2), cut(len / 2, len)] {
            let failed = undo(&piece);
            assert!(failed.is_err());
            to_reader.send(Delivery::Block(piece, failed)).unwrap();
        }
        to_reader.send(Delivery::End(block.checksum().unwrap())).unwrap();
        drop(to_reader);
        assert!(parallel.advance().unwrap());
        assert_eq!(parallel.plain.into_inner(), plain);
    }

    #[test]
    fn a_reader_that_is_dropped_waits_for_nobody() {
        let (reader, _writer) = io::pipe().unwrap();
        drop(Parallel::new(reader));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn any_bytes_come_out_as_the_library_has_them(
            parts in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..3000), 1..200_usize, 1..=9_u32), 1..4),
        ) {
            let plain = |(bytes, repeated, _): &(Vec<u8>, usize, u32)| bytes.repeat(*repeated);
            let stream: Vec<_> = parts.iter().flat_map(|part| compressed(&plain(part), part.2)).collect();
            prop_assert!(undone(&stream).unwrap() == by_the_library(&stream).unwrap());
        }

        #[test]
        fn no_bytes_come_out_of_nonsense_that_the_library_refuses(
            at in any::<prop::sample::Index>(), byte: u8, behind in prop::collection::vec(any::<u8>(), 0..8),
        ) {
            let mut stream = compressed(&register(2000), 1);
            stream.extend(behind);
            *at.get_mut(&mut stream) = byte;
            if let Ok(plain) = undone(&stream) {
                prop_assert!(by_the_library(&stream).is_ok_and(|same| same == plain));
            }
        }
    }
}
