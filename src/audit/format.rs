//! The bytes of the journal's files (`bodies`, see `journal.rs`) and of `leaves`, little-endian.
//!
//! Header of both, 64 bytes: magic 8, version `u32`, alerts `u32`, log id 16 (zero-padded), time of creation in µs
//! since 1970 `i64`, first `u64`, highest `i64`, xxh3-64 of all before. Version 1 begins with the log's first entry: first and
//! highest are 0. A journal's file that goes on where another has ended is of version 2: first is its first entry, which is not 0,
//! and highest the highest time of any entry before that, in µs since 1970. Alerts is 0 but in version 3, which is version 2 with one more than the
//! revision that the store of alerts had at least, as entries before that say (see `alert_floor.rs`). Version 4 is version 3 where that has
//! more than 32 bits, as after several restores: first has 40 bits then, and its upper 24 are those of alerts above 32.
//!
//! `leaves`: one leaf of 32 bytes per entry, SHA-256(0x00 ‖ salt ‖ body), the leaf hash of RFC 6962 section
//! 2.1.
//!
//! A journal's file: one frame per entry: length `u32`, sequence `u64`, salt 16, body, xxh3-64 of all before it in
//! the frame. The length's low 31 bits are those of the body. Its top bit is the *settled* mark: all that
//! stands before this frame was synced when it was written. A bad frame with a settled one anywhere after it
//! can't be the trace of a power cut.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::xxh3_64;

use super::HeaderFault;
use super::alert_floor::AlertFloor;
use super::log_id::LogId;

/// The longest body of an entry.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// The version of a file that begins with the log's first entry.
const VERSION_FIRST: u32 = 1;
/// The version of a journal's file that goes on where another has ended.
const VERSION_LATER: u32 = 2;
/// The same of a log that knows of alerts.
const VERSION_ALERTS: u32 = 3;
/// The most that it has room for.
const ALERTS_OF_32_BITS: u64 = u32::MAX as u64;
/// The same where that is not enough.
const VERSION_MORE_ALERTS: u32 = 4;
/// Bits of the number of entries in that one: a million million.
const ENTRIES_BITS: u32 = 40;
/// The most that it has room for.
const ALERTS_MAX: u64 = (1 << (96 - ENTRIES_BITS)) - 1;
/// The length of a header.
pub(super) const HEADER_BYTES: usize = 64;
/// The length of a leaf.
pub(super) const LEAF_BYTES: usize = 32;
/// The length of a salt.
pub(super) const SALT_BYTES: usize = 16;
/// What stands before a frame's body.
pub(super) const FRAME_HEAD_BYTES: usize = 4 + 8 + SALT_BYTES;
/// What stands after a frame's body.
pub(super) const CHECKSUM_BYTES: usize = 8;
/// The longest frame.
pub(super) const FRAME_BYTES_MAX: usize = FRAME_HEAD_BYTES + BODY_BYTES_MAX + CHECKSUM_BYTES;

const SETTLED: u32 = 1 << 31;
const _: () = assert!(BODY_BYTES_MAX < SETTLED as usize, "a body's length leaves the mark free");
const _: () = assert!(LogId::LEN_MAX <= 16, "a log id fits the header");

/// The file of the leaves.
pub(super) const LEAVES: &str = "leaves";

/// What a file of a log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum File {
    Bodies,
    Leaves,
}

impl File {
    fn versions(self) -> std::ops::RangeInclusive<u32> {
        match self {
            Self::Bodies => VERSION_FIRST..=VERSION_MORE_ALERTS,
            Self::Leaves => VERSION_FIRST..=VERSION_FIRST,
        }
    }

    fn magic(self) -> &'static [u8; 8] {
        match self {
            Self::Bodies => b"PCAUBODY",
            Self::Leaves => b"PCAULEAF",
        }
    }
}

/// What each file begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) log_id: LogId,
    pub(super) created: Timestamp,
    /// What came before it, of a journal's file that goes on where another has ended.
    pub(super) before: Option<Before>,
}

/// What came before a journal's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Before {
    /// How many entries, of which there is at least one.
    pub(super) entries: u64,
    /// The highest time of any of them, to the microsecond.
    pub(super) highest_time: Timestamp,
    /// What they know of alerts.
    pub(super) alert_floor: AlertFloor,
}

/// Why a header was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeaderRefusal {
    Newer(u32),
    Fault(HeaderFault),
}

impl Header {
    pub(super) fn encode(&self, file: File) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(file.magic());
        let alerts = self.before.and_then(|before| before.alert_floor.0);
        // A floor that is too low is one all the same.
        let alerts = alerts.map_or(0, |revision| revision.saturating_add(1).min(ALERTS_MAX));
        let version = match (self.before, alerts) {
            (None, _) => VERSION_FIRST,
            (Some(_), 0) => VERSION_LATER,
            (Some(_), ..=ALERTS_OF_32_BITS) => VERSION_ALERTS,
            (Some(_), _) => VERSION_MORE_ALERTS,
        };
        bytes[8..12].copy_from_slice(&version.to_le_bytes());
        bytes[12..16].copy_from_slice(&alerts.to_le_bytes()[..4]);
        let id = self.log_id.as_str().as_bytes();
        bytes[16..16 + id.len()].copy_from_slice(id);
        bytes[32..40].copy_from_slice(&self.created.as_microsecond().to_le_bytes());
        if let Some(before) = self.before {
            let first = before.entries | alerts >> 32 << ENTRIES_BITS;
            bytes[40..48].copy_from_slice(&first.to_le_bytes());
            bytes[48..56].copy_from_slice(&before.highest_time.as_microsecond().to_le_bytes());
        }
        let checksum = xxh3_64(&bytes[..56]);
        bytes[56..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    pub(super) fn decode(file: File, bytes: &[u8]) -> Result<Self, HeaderRefusal> {
        let fault = |fault| Err(HeaderRefusal::Fault(fault));
        let Some(bytes) = bytes.first_chunk::<HEADER_BYTES>() else { return fault(HeaderFault::Short) };
        if !bytes.starts_with(file.magic()) {
            return fault(HeaderFault::Magic);
        }
        let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| bytes[at + byte]));
        // A newer version may lay out everything that follows in another way, so that it is read first; but a
        // flipped bit in an old header must not send its operator after a newer program.
        let version = (number(8) & u64::from(u32::MAX)) as u32;
        let sound = number(56) == xxh3_64(&bytes[..56]);
        if version > *file.versions().end() && sound {
            return Err(HeaderRefusal::Newer(version));
        }
        let id = bytes[16..32].split(|byte| *byte == 0).next().unwrap_or_default();
        let log_id = std::str::from_utf8(id).ok().and_then(LogId::parse);
        let time = |at| Timestamp::from_microsecond(number(at).cast_signed()).ok();
        let (entries, more_alerts) = match version {
            VERSION_MORE_ALERTS => (number(40) & ((1 << ENTRIES_BITS) - 1), number(40) >> ENTRIES_BITS),
            _ => (number(40), 0),
        };
        let before = (version >= VERSION_LATER).then(|| (entries, time(48)));
        // In versions without alerts, what stands there is refused below.
        let alerts = number(8) >> 32 | more_alerts << 32;
        let alert_floor = AlertFloor(alerts.checked_sub(1).filter(|_| version >= VERSION_ALERTS));
        let before = match before {
            None => None,
            Some((entries @ 1.., Some(highest_time))) => Some(Before { entries, highest_time, alert_floor }),
            Some(_) => return fault(HeaderFault::Content),
        };
        match (log_id, time(32)) {
            (Some(log_id), Some(created)) if sound => {
                let header = Self { log_id, created, before };
                if header.encode(file) == *bytes { Ok(header) } else { fault(HeaderFault::Content) }
            }
            _ => fault(HeaderFault::Content),
        }
    }
}

/// What stands before a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHead {
    pub(super) settled: bool,
    pub(super) body_bytes: usize,
    pub(super) sequence: u64,
    pub(super) salt: [u8; SALT_BYTES],
}

impl FrameHead {
    fn encode(&self) -> [u8; FRAME_HEAD_BYTES] {
        let length = u32::try_from(self.body_bytes).expect("a body's length was bounded");
        let mut bytes = [0; FRAME_HEAD_BYTES];
        bytes[..4].copy_from_slice(&(length | if self.settled { SETTLED } else { 0 }).to_le_bytes());
        bytes[4..12].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[12..].copy_from_slice(&self.salt);
        bytes
    }

    /// Reads a head; `None` if no frame has that length.
    pub(super) fn decode(bytes: &[u8; FRAME_HEAD_BYTES]) -> Option<Self> {
        let length = u32::from_le_bytes(std::array::from_fn(|at| bytes[at]));
        let body_bytes = usize::try_from(length & !SETTLED).ok()?;
        (1..=BODY_BYTES_MAX).contains(&body_bytes).then(|| Self {
            settled: length & SETTLED != 0,
            body_bytes,
            sequence: u64::from_le_bytes(std::array::from_fn(|at| bytes[4 + at])),
            salt: std::array::from_fn(|at| bytes[12 + at]),
        })
    }

    /// The length of the whole frame.
    pub(super) fn frame_bytes(&self) -> usize {
        FRAME_HEAD_BYTES + self.body_bytes + CHECKSUM_BYTES
    }
}

/// Appends a frame and returns its leaf. The body has 1 to [`BODY_BYTES_MAX`] bytes.
pub(super) fn append_frame(
    out: &mut Vec<u8>,
    settled: bool,
    sequence: u64,
    salt: [u8; SALT_BYTES],
    body: &[u8],
) -> [u8; LEAF_BYTES] {
    let start = out.len();
    out.extend_from_slice(&FrameHead { settled, body_bytes: body.len(), sequence, salt }.encode());
    out.extend_from_slice(body);
    let checksum = xxh3_64(&out[start..]);
    out.extend_from_slice(&checksum.to_le_bytes());
    leaf(&salt, body)
}

/// True if the checksum at the end of a frame agrees. The frame is as long as its head says.
pub(super) fn checksum_agrees(frame: &[u8]) -> bool {
    frame.split_last_chunk().is_some_and(|(before, sum)| u64::from_le_bytes(*sum) == xxh3_64(before))
}

/// The leaf hash of an entry.
pub(super) fn leaf(salt: &[u8; SALT_BYTES], body: &[u8]) -> [u8; LEAF_BYTES] {
    Sha256::new().chain_update([0]).chain_update(salt).chain_update(body).finalize().into()
}

/// Where a leaf stands in `leaves`.
pub(super) fn leaf_offset(sequence: u64) -> u64 {
    HEADER_BYTES as u64 + LEAF_BYTES as u64 * sequence
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::Role;

    const BODIES: &[u8] = include_bytes!("golden/bodies-v1.bin");
    const LEAVES: &[u8] = include_bytes!("golden/leaves-v1.bin");

    fn header() -> Header {
        let created = Timestamp::from_microsecond(1_772_366_400_000_001).unwrap();
        Header { log_id: LogId::new(Role::Cli, 0x00c0_ffee), created, before: None }
    }

    #[test]
    fn files_of_version_1_stay_what_they_are() {
        let mut bodies = header().encode(File::Bodies).to_vec();
        let mut leaves = header().encode(File::Leaves).to_vec();
        for (sequence, body) in (0..).zip(include_str!("golden/bodies-v1.jsonl").lines()) {
            let salt = std::array::from_fn(|at| at as u8 + sequence as u8);
            leaves.extend(append_frame(&mut bodies, sequence == 0, sequence, salt, body.as_bytes()));
        }
        assert_eq!((&bodies[..], &leaves[..]), (BODIES, LEAVES));
        for (file, bytes) in [(File::Bodies, BODIES), (File::Leaves, LEAVES)] {
            assert_eq!(Header::decode(file, bytes), Ok(header()));
        }
    }

    #[test]
    fn a_file_that_goes_on_says_after_what() {
        let highest_time = Timestamp::from_microsecond(1_772_452_799_999_999).unwrap();
        let before = Before { entries: 70_000, highest_time, alert_floor: AlertFloor::default() };
        let later = Header { before: Some(before), ..header() };
        let bytes = later.encode(File::Bodies);
        assert_eq!(bytes[..], include_bytes!("golden/bodies-v2-header.bin")[..]);
        assert_eq!(Header::decode(File::Bodies, &bytes), Ok(later.clone()));
        let of_32_bits = u64::from(u32::MAX);
        for revision in [0, 1, 70_000, of_32_bits - 1, of_32_bits, 5_000_000_017, ALERTS_MAX - 1] {
            let before = Before { alert_floor: AlertFloor(Some(revision)), ..before };
            let knows = Header { before: Some(before), ..later.clone() };
            let bytes = knows.encode(File::Bodies);
            let version = if revision < of_32_bits { 3 } else { 4 };
            assert_eq!((Header::decode(File::Bodies, &bytes), bytes[8]), (Ok(knows), version));
            if revision == 5_000_000_017 {
                assert_eq!(bytes[..], include_bytes!("golden/bodies-v4-header.bin")[..]);
            }
            if revision == 70_000 {
                assert_eq!(bytes[..], include_bytes!("golden/bodies-v3-header.bin")[..]);
            }
        }
        let before_huge = Before { alert_floor: AlertFloor(Some(u64::MAX)), ..before };
        let huge = Header { before: Some(before_huge), ..later.clone() }.encode(File::Bodies);
        let read = Header::decode(File::Bodies, &huge).unwrap().before.unwrap();
        assert_eq!(read.alert_floor, AlertFloor(Some(ALERTS_MAX - 1)), "as much as there is room for");
        let none = Header { before: Some(Before { entries: 0, ..before }), ..later };
        let refused = Header::decode(File::Bodies, &none.encode(File::Bodies));
        assert_eq!(refused, Err(HeaderRefusal::Fault(HeaderFault::Content)));
    }

    #[test]
    fn a_header_of_the_other_file_or_of_a_later_version_is_told_apart() {
        assert_eq!(Header::decode(File::Leaves, BODIES), Err(HeaderRefusal::Fault(HeaderFault::Magic)));
        let mut later = LEAVES[..HEADER_BYTES].to_vec();
        later[8] = 2;
        assert_eq!(Header::decode(File::Leaves, &later), Err(HeaderRefusal::Fault(HeaderFault::Content)));
        let checksum = xxh3_64(&later[..56]);
        later[56..].copy_from_slice(&checksum.to_le_bytes());
        assert_eq!(Header::decode(File::Leaves, &later), Err(HeaderRefusal::Newer(2)));
    }

    proptest! {
        #[test]
        fn a_frame_is_read_back_as_it_was_written(
            settled: bool,
            sequence: u64,
            salt: [u8; SALT_BYTES],
            body in proptest::collection::vec(any::<u8>(), 1..600),
        ) {
            let mut frame = Vec::new();
            let leaf_hash = append_frame(&mut frame, settled, sequence, salt, &body);
            let head = FrameHead::decode(frame.first_chunk().unwrap()).unwrap();
            prop_assert_eq!(head, FrameHead { settled, body_bytes: body.len(), sequence, salt });
            prop_assert_eq!(head.frame_bytes(), frame.len());
            prop_assert!(checksum_agrees(&frame));
            prop_assert_eq!(leaf_hash, leaf(&salt, &body));
        }

        #[test]
        fn no_bytes_make_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = Header::decode(File::Bodies, &bytes);
            let _ = checksum_agrees(&bytes);
            if let Some(head) = bytes.first_chunk().and_then(FrameHead::decode) {
                prop_assert!((1..=BODY_BYTES_MAX).contains(&head.body_bytes));
            }
        }
    }
}
