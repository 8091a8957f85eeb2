//! The head of a segment, and files whose checksums were made right again.

use xxhash_rust::xxh3::xxh3_64;

use super::format::*;
use super::sections::*;
use super::table::{Marks, Mixer, Shape, Width};
use super::*;
use crate::domain::SegmentRole;

/// Makes the checksums of a file agree with its bytes again, as a publisher of nonsense would.
pub(super) fn reseal(file: &mut [u8]) {
    let checksum = xxh3_64(&file[..CHECKSUM_AT]);
    file[CHECKSUM_AT..HEADER_LEN].copy_from_slice(&checksum.to_le_bytes());
    let at = u64::from_le_bytes(file[SECTIONS_AT + 80..SECTIONS_AT + 88].try_into().unwrap());
    let Some((body, checksums)) = usize::try_from(at).ok().and_then(|at| file.split_at_mut_checked(at))
    else {
        return;
    };
    let blocks = body.chunks(BLOCK_LEN as usize);
    for (block, checksum) in blocks.zip(checksums.chunks_exact_mut(8)) {
        checksum.copy_from_slice(&xxh3_64(block).to_le_bytes());
    }
}

fn lengths(slot_count: u64, longs: u64, set_count: u64, bodies: u64) -> Lengths {
    Lengths { slot_count, slots: 0, longs, set_count, bodies, details_starts: 0, details: 0 }
}

fn header() -> Header {
    Header {
        stamp: Stamp { sequence: 7, as_of: "2026-03-01T12:00:00.000001Z".parse().unwrap() },
        state_digest: StateDigest { sum: 1 << 100, notices: 0 },
        role: SegmentRole::Delta,
        parent: 7,
        longs: 0,
        version: VERSION,
        shape: Shape {
            mixer: Mixer::UNSEEDED,
            buckets: [0, 0],
            widths: [Width::Narrow; 2],
            marks: Marks::Two,
        },
        layout: Layout::new(lengths(0, 5, 0, 3)).unwrap(),
    }
}

#[test]
fn a_header_survives_its_bytes() {
    let mut file = header().encode().to_vec();
    file.resize(header().layout.file_length() as usize, 0);
    assert_eq!(Header::decode(&file).unwrap(), header());
}

#[test]
fn a_newer_version_is_refused_by_its_number() {
    let mut file = header().encode().to_vec();
    file[8] = 4;
    let error = Header::decode(&file).unwrap_err();
    assert!(matches!(error, SegmentError::Newer { found: 4, reads: 3 }));
    assert!(error.to_string().contains("format 4"), "{error}");
}

#[test]
fn counts_beyond_any_file_are_refused() {
    for lengths in [lengths(0, u64::MAX - 8, 0, 0), lengths(0, 0, u64::MAX, 0)] {
        assert_eq!(Layout::new(lengths), None);
    }
}
