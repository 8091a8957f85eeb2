//! The one description of a segment file, format versions 2 and 3, of which 3 is written. Little-endian throughout.
//!
//! | section | content |
//! |---|---|
//! | header | [`HEADER_LEN`] bytes, see the constants below; ends with its own xxh3-64 |
//! | slots | the [hash table](super::table) of the documents with a key, to a [code](super::code) each |
//! | longs | `fst::Map` (0.4.7) of the documents without a key, at most 2^26: state number `u16` big-endian and number → code |
//! | counts | notices of each issuing state, `u64` × 512, by state number; then `u8` × 512, of which bit `n` says that the state has a document of 10 + `n` digits |
//! | starts | where each set begins in `bodies`, ascending, then the length of `bodies`: `u64` × (sets + 1) |
//! | bodies | the sets of the dictionary, ascending by bytes, none twice and none unused |
//! | details starts | version 3: where each group begins in `details`, then the length of `details`: `u64` × (groups + 1); nothing without details |
//! | details | version 3: by ascending `h`, the sets that have a reference: `h` `u64`, length `u32`, set |
//! | checksums | xxh3-64 of each block of [`BLOCK_LEN`] bytes of all that stands before, the last one short |
//!
//! A set is what a feed says of one document: bodies, ascending by kind, then reference. A body is the end of the
//! notice's canonical bytes: kind `u8` (its highest bit set for an alias, which no count counts), status `u8`, `reported_on` and `review_on` as `i32` days since 1970-01-01 or
//! `i32::MIN`, reference length `u8` and bytes. Every section begins at a multiple of 8, after bytes of 0.
//!
//! A set without references is in the dictionary, where many documents share it; so are all sets of documents without a
//! key. A set with a reference is hardly ever shared: it stands in the details, whose group for an `h` is
//! `⌊h·groups / 2^56⌋`, with one group for [`GROUP_LEN`] of them on average.
//!
//! A delta has the same sections. It lists the documents of which something else is to be said than a list before it says,
//! each with its whole new set or with none; its counts, its number of notices and its state digest are those of the whole
//! list after it, and it names the digest of the list that it changes. Its lengths of numbers are those that the files of that
//! list state and its own.
//!
//! A delta whose list is a base is cumulative: the two are asked together. One whose list is a base with a cumulative delta is an
//! increment: it says only what is new since that list, and nothing but the digest that it names tells it apart. It is
//! never asked, but made one with the cumulative delta that it changes.
//!
//! The bytes depend on the live notices (for a delta, on those of both lists, and of an increment also on its base, by the
//! lengths of numbers), the stamp and the format version, on nothing else.

use jiff::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

use crate::domain::{DocumentNumber, SegmentRole};
use crate::ground::platform::Vectors;

use super::code::Code;
use super::sections::{Layout, Lengths};
use super::table::{LINE_LEN, Marks, Mixer, Shape, Width};
use super::{Key, SegmentError, StateDigest};

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
    /// What it is for.
    pub role: SegmentRole,
    /// Digest and count of the live notices; of a delta, those of its base with it.
    pub state_digest: StateDigest,
    /// Of a delta, the sum in the state digest of the list that it changes: its base, or of an increment the list before it;
    /// otherwise 0.
    pub parent: u128,
    /// How many documents have a long number.
    pub longs: u64,
    pub(super) version: u32,
    pub(super) shape: Shape,
    pub(super) layout: Layout,
}

/// The version that is written; the one before is read too.
pub(super) const VERSION: u32 = 3;
/// The version that a reader of what is written must know.
pub const READER: u32 = VERSION;
const VERSION_BEFORE: u32 = 2;
pub(super) const BLOCK_LEN: u64 = 2 << 20;
/// Details of a group on average.
pub(super) const GROUP_LEN: u64 = 16;
/// Documents of so many digits or more have a bit for their length.
pub(super) const DIGITS_LEN_MIN: usize = 10;
const DIGITS_LEN_MAX: usize = 13;
/// Issuing states that the counts have room for.
pub(super) const STATES: usize = 512;
pub(super) const COUNTS_LEN: u64 = STATES as u64 * (WORD_LEN + 1);
pub(super) const HEADER_LEN: usize = 256;
/// Counts, starts and checksums are all of eight bytes.
pub(super) const WORD_LEN: u64 = 8;

/// Not text, so that a transfer that meddles with line ends shows.
const MAGIC: [u8; 8] = *b"\x89PCSEG\r\n";
const MAGIC_AT: usize = 0;
const VERSION_AT: usize = 8;
/// What the file is for, `u32`: 0 is a base, 1 a delta (from version 3 on).
const ROLE_AT: usize = 12;
/// Microseconds since 1970-01-01T00:00:00Z, `i64`.
const AS_OF_AT: usize = 16;
const SEQUENCE_AT: usize = 24;
const STATE_DIGEST_AT: usize = 32;
const NOTICES_AT: usize = 48;
const SLOT_COUNT_AT: usize = 56;
const LONGS_AT: usize = 64;
const SET_COUNT_AT: usize = 72;
/// Offset and length of the six sections that version 2 has, `u64` each.
pub(super) const SECTIONS_AT: usize = 80;
const FILE_LENGTH_AT: usize = 176;
/// Buckets of both tables and the mixer's seed, `u64` each, then the bytes of a slot of both, `u8` each, then 6 bytes of 0.
const BUCKETS_AT: usize = 184;
const SEED_AT: usize = 200;
const SLOT_LENS_AT: usize = 208;
/// Version 3: lengths of the details' starts and of the details, `u64` each; then the sum in the state digest of the list
/// that a delta changes, `u128`. In version 2 all of it is 0.
const DETAILS_AT: usize = 216;
const PARENT_AT: usize = 232;
pub(super) const CHECKSUM_AT: usize = 248;

const BASE: u32 = 0;
const DELTA: u32 = 1;

const _: () = {
    assert!(MAGIC_AT + 8 == VERSION_AT && VERSION_AT + 4 == ROLE_AT && ROLE_AT + 4 == AS_OF_AT);
    assert!(AS_OF_AT + 8 == SEQUENCE_AT && SEQUENCE_AT + 8 == STATE_DIGEST_AT);
    assert!(STATE_DIGEST_AT + 16 == NOTICES_AT && NOTICES_AT + 8 == SLOT_COUNT_AT);
    assert!(SLOT_COUNT_AT + 8 == LONGS_AT && LONGS_AT + 8 == SET_COUNT_AT && SET_COUNT_AT + 8 == SECTIONS_AT);
    assert!(SECTIONS_AT + 6 * 16 == FILE_LENGTH_AT && FILE_LENGTH_AT + 8 == BUCKETS_AT);
    assert!(BUCKETS_AT + 16 == SEED_AT && SEED_AT + 8 == SLOT_LENS_AT && SLOT_LENS_AT + 8 == DETAILS_AT);
    assert!(DETAILS_AT + 16 == PARENT_AT && PARENT_AT + 16 == CHECKSUM_AT);
    assert!(CHECKSUM_AT + 8 == HEADER_LEN && (HEADER_LEN as u64) < BLOCK_LEN);
    assert!(HEADER_LEN.is_multiple_of(LINE_LEN), "the lines of the table are cache lines");
};

impl Header {
    /// How many documents are listed.
    #[must_use]
    pub fn documents(&self) -> u64 {
        self.layout.slot_count + self.longs
    }

    /// That it is of a delta of the list with this digest.
    pub(super) fn check_changes(&self, list: StateDigest) -> Result<(), SegmentError> {
        match self.role {
            SegmentRole::Base => Err(SegmentError::Role { expected: SegmentRole::Delta }),
            SegmentRole::Delta if self.parent != list.sum => Err(SegmentError::Parent),
            SegmentRole::Delta => Ok(()),
        }
    }

    /// Its format version.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// What a number under a document means; `None` if nothing.
    #[inline]
    pub(super) fn code(&self, number: u64) -> Option<Code> {
        let number = u32::try_from(number).ok()?;
        match (self.version, number) {
            (_, 0) => None,
            (VERSION_BEFORE, number) => Some(Code::Set(number - 1)),
            (_, number) => Some(Code::from_number(number)),
        }
    }

    /// The same of a document without a key, of which version 2 has the number of the set itself.
    pub(super) fn code_of_long(&self, number: u64) -> Option<Code> {
        match self.version {
            VERSION_BEFORE => u32::try_from(number).ok().map(Code::Set),
            _ => self.code(number),
        }
    }

    pub(super) fn encode(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(MAGIC_AT, &MAGIC);
        put(VERSION_AT, &self.version().to_le_bytes());
        let role = match self.role {
            SegmentRole::Base => BASE,
            SegmentRole::Delta => DELTA,
        };
        put(ROLE_AT, &role.to_le_bytes());
        put(AS_OF_AT, &self.stamp.as_of.as_microsecond().to_le_bytes());
        put(SEQUENCE_AT, &self.stamp.sequence.to_le_bytes());
        put(STATE_DIGEST_AT, &self.state_digest.sum.to_le_bytes());
        put(NOTICES_AT, &self.state_digest.notices.to_le_bytes());
        put(SLOT_COUNT_AT, &self.layout.slot_count.to_le_bytes());
        put(LONGS_AT, &self.longs.to_le_bytes());
        put(SET_COUNT_AT, &self.layout.set_count.to_le_bytes());
        for (at, section) in self.layout.first_sections().into_iter().enumerate() {
            put(SECTIONS_AT + 16 * at, &section.offset.to_le_bytes());
            put(SECTIONS_AT + 16 * at + 8, &section.length.to_le_bytes());
        }
        put(FILE_LENGTH_AT, &self.layout.file_length().to_le_bytes());
        let Shape { mixer, buckets, widths, .. } = self.shape;
        put(BUCKETS_AT, &buckets[0].to_le_bytes());
        put(BUCKETS_AT + 8, &buckets[1].to_le_bytes());
        put(SEED_AT, &mixer.seed().to_le_bytes());
        put(SLOT_LENS_AT, &widths.map(|width| width.slot_len() as u8));
        put(DETAILS_AT, &self.layout.details_starts.length.to_le_bytes());
        put(DETAILS_AT + 8, &self.layout.details.length.to_le_bytes());
        put(PARENT_AT, &self.parent.to_le_bytes());
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
            VERSION_BEFORE | VERSION => {}
            newer if newer > VERSION => return Err(SegmentError::Newer { found: newer, reads: VERSION }),
            older => return Err(SegmentError::Older { found: older, reads: VERSION_BEFORE }),
        }
        if word(header, CHECKSUM_AT) != xxh3_64(&header[..CHECKSUM_AT]) {
            return Err(SegmentError::HeaderChecksum);
        }
        let role = match u32::from_le_bytes(field(header, ROLE_AT)) {
            DELTA if version == VERSION => SegmentRole::Delta,
            _ => SegmentRole::Base,
        };
        let details = |at: usize| if version == VERSION { word(header, DETAILS_AT + at) } else { 0 };
        let lengths = Lengths {
            slot_count: word(header, SLOT_COUNT_AT),
            slots: word(header, SECTIONS_AT + 8),
            longs: word(header, SECTIONS_AT + 16 + 8),
            set_count: word(header, SET_COUNT_AT),
            bodies: word(header, SECTIONS_AT + 4 * 16 + 8),
            details_starts: details(0),
            details: details(8),
        };
        let layout = Layout::new(lengths)
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
            role,
            parent: if role == SegmentRole::Delta {
                u128::from_le_bytes(field(header, PARENT_AT))
            } else {
                0
            },
            longs: word(header, LONGS_AT),
            version,
            shape: shape(header, version)?,
            layout,
        };
        let slots_max = layout.slots.length / WORD_LEN;
        if layout.slot_count > slots_max || decoded.longs > u64::from(u32::MAX) {
            return Err(SegmentError::Header("it lists more documents than it has room for"));
        }
        if decoded.encode() != *header {
            return Err(SegmentError::Header("its fields contradict one another"));
        }
        let slots = layout.slots.of(file).ok_or(SegmentError::TooShort)?;
        if decoded.shape.table(Vectors::PORTABLE, slots).is_none() {
            return Err(SegmentError::Header("its table does not fit its section"));
        }
        let details = (layout.details_starts.length, layout.details.length);
        if !matches!(details, (0, 0)) && (details.0 < 2 * WORD_LEN || !details.0.is_multiple_of(WORD_LEN)) {
            return Err(SegmentError::Header("its details have no starts"));
        }
        Ok(decoded)
    }
}

/// The group of an `h` among so many.
#[inline]
pub(super) fn group(h: u64, groups: u64) -> u64 {
    ((u128::from(h) * u128::from(groups)) >> Key::BITS) as u64
}

/// The bit for the length of a number of ten digits or more; 0 for every other number.
pub(super) fn digits_length(number: &DocumentNumber) -> u8 {
    let characters = number.as_bytes();
    let has_key = (DIGITS_LEN_MIN..=DIGITS_LEN_MAX).contains(&characters.len());
    let digits = has_key && characters.iter().all(u8::is_ascii_digit);
    if digits { 1 << (characters.len() - DIGITS_LEN_MIN) } else { 0 }
}

fn shape(header: &[u8; HEADER_LEN], version: u32) -> Result<Shape, SegmentError> {
    let odd = SegmentError::Header("its slots have a width that does not exist");
    let width = |at: usize| Width::from_slot_len(usize::from(header[SLOT_LENS_AT + at]));
    let (Some(first), Some(second)) = (width(0), width(1)) else { return Err(odd) };
    let buckets = [word(header, BUCKETS_AT), word(header, BUCKETS_AT + 8)];
    let marks = if version == VERSION_BEFORE { Marks::One } else { Marks::Two };
    Ok(Shape { mixer: Mixer::new(word(header, SEED_AT)), buckets, widths: [first, second], marks })
}

fn field<const N: usize>(header: &[u8; HEADER_LEN], at: usize) -> [u8; N] {
    header[at..at + N].try_into().expect("the offsets are constants within the header")
}

fn word(header: &[u8; HEADER_LEN], at: usize) -> u64 {
    u64::from_le_bytes(field(header, at))
}
