//! The one description of a segment file, format versions 1 and 2, of which 2 is written. Little-endian throughout.
//!
//! | section | content |
//! |---|---|
//! | header | [`HEADER_LEN`] bytes, see the constants below; ends with its own xxh3-64 |
//! | slots | version 2: the [hash table](super::table) of the documents with a key, set number + 1 by key |
//! | | version 1: one of [`SLOT_LEN`] bytes for each of them, keys ascending: key `u64`, set number `u32`, 0 `u32` |
//! | longs | `fst::Map` (0.4.7) of the documents without a key, at most 2^26: state number `u16` big-endian and number → set number |
//! | counts | notices of each issuing state, `u64` × 512, by state number; version 2: then `u8` × 512, of which bit `n` says that the state has a document of 10 + `n` digits |
//! | starts | where each set begins in `bodies`, ascending, then the length of `bodies`: `u64` × (sets + 1) |
//! | bodies | the sets, ascending by bytes, none twice and none unused |
//! | checksums | xxh3-64 of each block of [`BLOCK_LEN`] bytes of all that stands before, the last one short |
//!
//! A set is what a feed says of one document: bodies, ascending by kind, then reference. A body is the end of the
//! notice's canonical bytes: kind `u8` (its highest bit set for an alias, which no count counts), status `u8`, `reported_on` and `review_on` as `i32` days since 1970-01-01 or
//! `i32::MIN`, reference length `u8` and bytes. Every section begins at a multiple of 8, after bytes of 0.
//!
//! The bytes depend on the live notices, the stamp and the format version, on nothing else.

use jiff::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

use crate::domain::DocumentNumber;

use super::table::{LINE_LEN, Mixer, Shape, Width};
use super::{SegmentError, StateDigest};

/// What a publication is called: the same in the bulletin and in its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The feed's sequence, from 1.
    pub sequence: u64,
    /// The time as of which the publisher vouches for the list; files hold whole microseconds.
    pub as_of: Timestamp,
}

/// What stands at the head of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the publication is called.
    pub stamp: Stamp,
    /// Digest and count of the live notices.
    pub state_digest: StateDigest,
    /// How many documents have a long number.
    pub longs: u64,
    pub(super) keys: Keys,
    pub(super) layout: Layout,
}

/// How the documents with keys are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    /// Version 1: they ascend.
    Sorted,
    /// Version 2: by a hash table.
    Hashed(Shape),
}

/// How many entries each section has and where it stands. Everything follows from the four numbers in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) slot_count: u64,
    pub(super) set_count: u64,
    pub(super) slots: Section,
    pub(super) longs: Section,
    pub(super) counts: Section,
    pub(super) starts: Section,
    pub(super) bodies: Section,
    pub(super) checksums: Section,
}

/// A part of the file, in bytes from its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// The version that is written; the one before is read too.
pub(super) const VERSION: u32 = 2;
const SORTED_VERSION: u32 = 1;
pub(super) const BLOCK_LEN: u64 = 2 << 20;
pub(super) const SLOT_LEN: u64 = 16;
/// Documents of so many digits or more have a bit for their length.
pub(super) const DIGITS_LEN_MIN: usize = 10;
const DIGITS_LEN_MAX: usize = 13;
/// Issuing states that the counts have room for.
pub(super) const STATES: usize = 512;
pub(super) const HEADER_LEN: usize = 256;
/// Counts, starts and checksums are all of eight bytes.
pub(super) const WORD_LEN: u64 = 8;

/// Not text, so that a transfer that meddles with line ends shows.
const MAGIC: [u8; 8] = *b"\x89PCSEG\r\n";
const MAGIC_AT: usize = 0;
const VERSION_AT: usize = 8;
/// What the file is for, `u32`: 0 is a base.
const ROLE_AT: usize = 12;
/// Microseconds since 1970-01-01T00:00:00Z, `i64`.
const AS_OF_AT: usize = 16;
const SEQUENCE_AT: usize = 24;
const STATE_DIGEST_AT: usize = 32;
const NOTICES_AT: usize = 48;
const SLOT_COUNT_AT: usize = 56;
const LONGS_AT: usize = 64;
const SET_COUNT_AT: usize = 72;
/// Offset and length of the six sections, `u64` each.
const SECTIONS_AT: usize = 80;
const FILE_LENGTH_AT: usize = 176;
/// Version 2: buckets of both tables and the mixer's seed, `u64` each, then the bytes of a slot of both, `u8` each. What
/// follows to the checksum is 0, and all of it in version 1.
const BUCKETS_AT: usize = 184;
const SEED_AT: usize = 200;
const SLOT_LENS_AT: usize = 208;
const CHECKSUM_AT: usize = 248;

const BASE: u32 = 0;

const _: () = {
    assert!(MAGIC_AT + 8 == VERSION_AT && VERSION_AT + 4 == ROLE_AT && ROLE_AT + 4 == AS_OF_AT);
    assert!(AS_OF_AT + 8 == SEQUENCE_AT && SEQUENCE_AT + 8 == STATE_DIGEST_AT);
    assert!(STATE_DIGEST_AT + 16 == NOTICES_AT && NOTICES_AT + 8 == SLOT_COUNT_AT);
    assert!(SLOT_COUNT_AT + 8 == LONGS_AT && LONGS_AT + 8 == SET_COUNT_AT && SET_COUNT_AT + 8 == SECTIONS_AT);
    assert!(SECTIONS_AT + 6 * 16 == FILE_LENGTH_AT && FILE_LENGTH_AT + 8 == BUCKETS_AT);
    assert!(BUCKETS_AT + 16 == SEED_AT && SEED_AT + 8 == SLOT_LENS_AT && SLOT_LENS_AT + 2 <= CHECKSUM_AT);
    assert!(CHECKSUM_AT + 8 == HEADER_LEN && (HEADER_LEN as u64) < BLOCK_LEN);
    assert!(HEADER_LEN.is_multiple_of(LINE_LEN), "the lines of the table are cache lines");
};

impl Header {
    /// How many documents are listed.
    #[must_use]
    pub fn documents(&self) -> u64 {
        self.layout.slot_count + self.longs
    }

    /// Its format version.
    pub(super) fn version(&self) -> u32 {
        if self.keys == Keys::Sorted { SORTED_VERSION } else { VERSION }
    }

    pub(super) fn encode(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(MAGIC_AT, &MAGIC);
        put(VERSION_AT, &self.version().to_le_bytes());
        put(ROLE_AT, &BASE.to_le_bytes());
        put(AS_OF_AT, &self.stamp.as_of.as_microsecond().to_le_bytes());
        put(SEQUENCE_AT, &self.stamp.sequence.to_le_bytes());
        put(STATE_DIGEST_AT, &self.state_digest.sum.to_le_bytes());
        put(NOTICES_AT, &self.state_digest.notices.to_le_bytes());
        put(SLOT_COUNT_AT, &self.layout.slot_count.to_le_bytes());
        put(LONGS_AT, &self.longs.to_le_bytes());
        put(SET_COUNT_AT, &self.layout.set_count.to_le_bytes());
        for (at, section) in self.layout.sections().into_iter().enumerate() {
            put(SECTIONS_AT + 16 * at, &section.offset.to_le_bytes());
            put(SECTIONS_AT + 16 * at + 8, &section.length.to_le_bytes());
        }
        put(FILE_LENGTH_AT, &self.layout.file_length().to_le_bytes());
        if let Keys::Hashed(Shape { mixer, buckets, widths }) = self.keys {
            put(BUCKETS_AT, &buckets[0].to_le_bytes());
            put(BUCKETS_AT + 8, &buckets[1].to_le_bytes());
            put(SEED_AT, &mixer.seed().to_le_bytes());
            put(SLOT_LENS_AT, &widths.map(|width| width.slot_len() as u8));
        }
        let checksum = xxh3_64(&bytes[..CHECKSUM_AT]);
        bytes[CHECKSUM_AT..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads the head of a whole file and bounds everything it says by the file's length.
    pub(super) fn decode(file: &[u8]) -> Result<Self, SegmentError> {
        let header = file.first_chunk::<HEADER_LEN>().ok_or(SegmentError::TooShort)?;
        if field(header, MAGIC_AT) != MAGIC {
            return Err(SegmentError::Magic);
        }
        let version = u32::from_le_bytes(field(header, VERSION_AT));
        match version {
            SORTED_VERSION | VERSION => {}
            0 => return Err(SegmentError::Header("format version 0 does not exist")),
            newer => return Err(SegmentError::Newer { found: newer, reads: VERSION }),
        }
        if word(header, CHECKSUM_AT) != xxh3_64(&header[..CHECKSUM_AT]) {
            return Err(SegmentError::HeaderChecksum);
        }
        let longs_length = word(header, SECTIONS_AT + 16 + 8);
        let bodies_length = word(header, SECTIONS_AT + 4 * 16 + 8);
        let keys = if version == SORTED_VERSION { Keys::Sorted } else { Keys::Hashed(shape(header)?) };
        let lengths = Lengths {
            slot_count: word(header, SLOT_COUNT_AT),
            slots: word(header, SECTIONS_AT + 8),
            longs: longs_length,
            set_count: word(header, SET_COUNT_AT),
            bodies: bodies_length,
        };
        let layout = Layout::new(keys, lengths)
            .ok_or(SegmentError::Header("the counts are greater than a file can hold"))?;
        let expected = layout.file_length();
        if file.len() as u64 != expected {
            return Err(SegmentError::Length { found: file.len() as u64, expected });
        }
        let as_of = Timestamp::from_microsecond(i64::from_le_bytes(field(header, AS_OF_AT)))
            .map_err(|_| SegmentError::Header("the as-of time is beyond the calendar"))?;
        let decoded = Self {
            stamp: Stamp { sequence: word(header, SEQUENCE_AT), as_of },
            state_digest: StateDigest {
                sum: u128::from_le_bytes(field(header, STATE_DIGEST_AT)),
                notices: word(header, NOTICES_AT),
            },
            longs: word(header, LONGS_AT),
            keys,
            layout,
        };
        if decoded.encode() != *header {
            return Err(SegmentError::Header("its fields contradict one another"));
        }
        let slots = layout.slots.of(file).ok_or(SegmentError::TooShort)?;
        if matches!(keys, Keys::Hashed(shape) if shape.table(slots).is_none()) {
            return Err(SegmentError::Header("its table does not fit its section"));
        }
        Ok(decoded)
    }
}

/// The lengths that no other can be told from: of sections in bytes, and counts of what is in them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lengths {
    pub(super) slot_count: u64,
    /// Of the table; in version 1 it follows from `slot_count`.
    pub(super) slots: u64,
    pub(super) longs: u64,
    pub(super) set_count: u64,
    pub(super) bodies: u64,
}

impl Layout {
    /// `None` if the file would be longer than 2^64 bytes.
    pub(super) fn new(keys: Keys, lengths: Lengths) -> Option<Self> {
        let Lengths { slot_count, set_count, .. } = lengths;
        let mut end = HEADER_LEN as u64;
        let mut section = |length: u64| {
            let offset = end.checked_next_multiple_of(WORD_LEN)?;
            end = offset.checked_add(length)?;
            Some(Section { offset, length })
        };
        let counts_length = STATES as u64 * WORD_LEN;
        let (slots_length, counts_length) = match keys {
            Keys::Sorted => (slot_count.checked_mul(SLOT_LEN)?, counts_length),
            Keys::Hashed(_) => (lengths.slots, counts_length + STATES as u64),
        };
        let slots = section(slots_length)?;
        let longs = section(lengths.longs)?;
        let counts = section(counts_length)?;
        let starts = section(set_count.checked_add(1)?.checked_mul(WORD_LEN)?)?;
        let bodies = section(lengths.bodies)?;
        let blocks = bodies.end().checked_next_multiple_of(WORD_LEN)?.div_ceil(BLOCK_LEN);
        let checksums = section(blocks * WORD_LEN)?;
        Some(Self { slot_count, set_count, slots, longs, counts, starts, bodies, checksums })
    }

    pub(super) fn sections(&self) -> [Section; 6] {
        [self.slots, self.longs, self.counts, self.starts, self.bodies, self.checksums]
    }

    pub(super) fn file_length(&self) -> u64 {
        self.checksums.end()
    }
}

/// The bit for the length of a number of ten digits or more; 0 for every other number.
pub(super) fn digits_length(number: &DocumentNumber) -> u8 {
    let characters = number.as_bytes();
    let has_key = (DIGITS_LEN_MIN..=DIGITS_LEN_MAX).contains(&characters.len());
    let digits = has_key && characters.iter().all(u8::is_ascii_digit);
    if digits { 1 << (characters.len() - DIGITS_LEN_MIN) } else { 0 }
}

impl Section {
    pub(super) fn end(self) -> u64 {
        self.offset + self.length
    }

    /// The section's bytes; `None` if the file is shorter.
    pub(super) fn of(self, file: &[u8]) -> Option<&[u8]> {
        file.get(usize::try_from(self.offset).ok()?..usize::try_from(self.end()).ok()?)
    }
}

fn shape(header: &[u8; HEADER_LEN]) -> Result<Shape, SegmentError> {
    let odd = SegmentError::Header("its slots have a width that does not exist");
    let width = |at: usize| Width::from_slot_len(usize::from(header[SLOT_LENS_AT + at]));
    let (Some(first), Some(second)) = (width(0), width(1)) else { return Err(odd) };
    let buckets = [word(header, BUCKETS_AT), word(header, BUCKETS_AT + 8)];
    Ok(Shape { mixer: Mixer::new(word(header, SEED_AT)), buckets, widths: [first, second] })
}

fn field<const N: usize>(header: &[u8; HEADER_LEN], at: usize) -> [u8; N] {
    header[at..at + N].try_into().expect("the offsets are constants within the header")
}

fn word(header: &[u8; HEADER_LEN], at: usize) -> u64 {
    u64::from_le_bytes(field(header, at))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Makes the checksums of a file agree with its bytes again, as a publisher of nonsense would.
    pub(in crate::index) fn reseal(file: &mut [u8]) {
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
        Lengths { slot_count, slots: 0, longs, set_count, bodies }
    }

    fn header() -> Header {
        Header {
            stamp: Stamp { sequence: 7, as_of: "2026-03-01T12:00:00.000001Z".parse().unwrap() },
            state_digest: StateDigest { sum: 1 << 100, notices: 0 },
            longs: 0,
            keys: Keys::Sorted,
            layout: Layout::new(Keys::Sorted, lengths(0, 5, 0, 3)).unwrap(),
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
        file[VERSION_AT] = 3;
        let error = Header::decode(&file).unwrap_err();
        assert!(matches!(error, SegmentError::Newer { found: 3, reads: 2 }));
        assert!(error.to_string().contains("format 3"), "{error}");
    }

    #[test]
    fn counts_beyond_any_file_are_refused() {
        for lengths in
            [lengths(u64::MAX / 8, 0, 0, 0), lengths(0, u64::MAX - 8, 0, 0), lengths(0, 0, u64::MAX, 0)]
        {
            assert_eq!(Layout::new(Keys::Sorted, lengths), None);
        }
    }
}
