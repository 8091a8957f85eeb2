//! What is asked of a segment's bytes each time it is opened: everything that is quick to ask.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use xxhash_rust::xxh3::xxh3_64;

use crate::ground::cores;
use crate::ground::platform::Vectors;

use super::SegmentError;
use super::format::{BLOCK_LEN, Header, STATES};
use super::longs::Longs;
use super::sections::Section;
use super::sets::Bodies;
use super::view::View;

/// What a segment keeps of it in memory of its own.
pub(super) struct Opened {
    pub(super) header: Header,
    pub(super) longs: Longs,
    pub(super) reports: Box<[u64; STATES]>,
    pub(super) digits_lengths: Box<[u8]>,
    pub(super) checksums: Box<[u64]>,
}

impl Opened {
    pub(super) fn open(file: &[u8]) -> Result<Self, SegmentError> {
        let header = Header::decode(file)?;
        let view = View { file, header: &header, vectors: Vectors::PORTABLE };
        let checksums = check_blocks(view)?;
        check_padding(view)?;
        check_starts(view, view.header.layout.starts, view.header.layout.bodies, "sets")?;
        check_starts(view, view.header.layout.details_starts, view.header.layout.details, "details")?;
        check_sets(view)?;
        let reports = view.counts().map_err(|_| SegmentError::TooShort)?;
        let digits_lengths = view.all_digits_lengths().map_err(|_| SegmentError::TooShort)?.into();
        let longs = open_longs(view)?;
        Ok(Self { header, longs, reports, digits_lengths, checksums })
    }
}

/// Every block agrees with its checksum: read by all cores, which also brings the file into memory.
fn check_blocks(view: View) -> Result<Box<[u64]>, SegmentError> {
    let section = view.header.layout.checksums;
    let recorded = section.of(view.file).ok_or(SegmentError::TooShort)?.as_chunks::<8>().0;
    let recorded: Box<[u64]> = recorded.iter().map(|checksum| u64::from_le_bytes(*checksum)).collect();
    let body = &view.file[..view.file.len() - recorded.len() * 8];
    let blocks: Vec<_> = body.chunks(BLOCK_LEN as usize).zip(&recorded).collect();
    let (next, damaged) = (AtomicUsize::new(0), AtomicUsize::new(usize::MAX));
    let work = || {
        while let Some((block, checksum)) = blocks.get(next.fetch_add(1, Ordering::Relaxed)) {
            if xxh3_64(block) != **checksum {
                damaged.fetch_min(block_number(body, block), Ordering::Relaxed);
            }
        }
    };
    let cores = cores().min(blocks.len());
    thread::scope(|scope| {
        (1..cores).for_each(|_| drop(scope.spawn(work)));
        work();
    });
    match damaged.into_inner() {
        usize::MAX => Ok(recorded),
        block => Err(SegmentError::Block { block: block as u64 }),
    }
}

fn block_number(body: &[u8], block: &[u8]) -> usize {
    (block.as_ptr().addr() - body.as_ptr().addr()) / BLOCK_LEN as usize
}

fn check_padding(view: View) -> Result<(), SegmentError> {
    for pair in view.header.layout.sections().windows(2) {
        let gap = view.file.get(pair[0].end() as usize..pair[1].offset as usize);
        if gap.is_none_or(|gap| gap.iter().any(|byte| *byte != 0)) {
            return Err(SegmentError::Header("something stands between its sections"));
        }
    }
    Ok(())
}

/// The starts ascend, from the beginning of what they divide to its end.
fn check_starts(
    view: View,
    starts: Section,
    divided: Section,
    section: &'static str,
) -> Result<(), SegmentError> {
    let starts = starts.of(view.file).ok_or(SegmentError::TooShort)?.as_chunks::<8>().0;
    let starts = starts.iter().map(|start| u64::from_le_bytes(*start));
    let bad = |at, what| SegmentError::Content { section, at, what };
    let (mut before, mut at) = (0, 0);
    for start in starts {
        if start < before || (at == 0 && start != 0) {
            return Err(bad(at, "its place is out of range"));
        }
        (before, at) = (start, at + 1);
    }
    if before == divided.length { Ok(()) } else { Err(bad(at, "they do not fill their section")) }
}

/// Every set of the dictionary can be read, and they ascend, so that none is there twice.
fn check_sets(view: View) -> Result<(), SegmentError> {
    let count = view.header.layout.set_count;
    let bad = |at, what| SegmentError::Content { section: "sets", at, what };
    let count = u32::try_from(count).map_err(|_| bad(count, "there are more than a slot can number"))?;
    let mut before: &[u8] = &[];
    for at in 0..count {
        let bad = |what| bad(at.into(), what);
        let set = view.set(at).map_err(|_| bad("its place is out of range"))?;
        if set <= before {
            return Err(bad("it is not greater than the one before"));
        }
        before = set;
        check_set(set).map_err(bad)?;
    }
    Ok(())
}

/// A set can be read, and its notices ascend.
pub(super) fn check_set(set: &[u8]) -> Result<(), &'static str> {
    let mut identity = None;
    for body in Bodies::new(set) {
        let body = body.map_err(|_| "a notice is cut short")?;
        body.check().map_err(|_| "a notice can't be read")?;
        if identity.replace(body.identity()) >= Some(body.identity()) {
            return Err("its notices do not ascend by kind and reference");
        }
    }
    if identity.is_none() { Err("it has no notice") } else { Ok(()) }
}

fn open_longs(view: View) -> Result<Longs, SegmentError> {
    let map = view.header.layout.longs.of(view.file).ok_or(SegmentError::TooShort)?;
    let mut at = 0;
    let longs = Longs::open(map, view.header.longs, |_, number| {
        at += 1;
        view.set_of_long(number).map(drop).map_err(|_| "it has a set that does not exist")
    });
    longs.map_err(|what| SegmentError::Content { section: "long numbers", at, what })
}
