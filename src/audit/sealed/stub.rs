//! What a sealed file begins with, in clear, and all that is left of it once it is erased. Little-endian:
//!
//! | bytes | |
//! |---|---|
//! | 8 | magic `PCAUSEAL` |
//! | 4 | version `u32` |
//! | 1, 3 | class, zeros |
//! | 16 | log id, zero-padded |
//! | 8, 8 | first entry of the range, and the one after its last, `u64` |
//! | 2, 1, 1 | year `u16`, month, day |
//! | 4 | length of the members, `u32` |
//! | 8 | xxh3-64 of all before |
//! | … | the members, see `membership.rs` |
//! | 8 | xxh3-64 of the members |

use jiff::civil::Date;
use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::xxh3_64;

use super::membership::Membership;
use super::name::{SealedName, State};
use crate::audit::journal::ENTRIES_MAX;
use crate::audit::log_id::LogId;
use crate::domain::Digest;

const MAGIC: &[u8; 8] = b"PCAUSEAL";
const VERSION: u32 = 1;
/// What stands before the members.
pub(super) const HEAD_BYTES: usize = 64;
const CHECKSUM_BYTES: usize = 8;
/// Members of a range take some bytes each at most, and a journal's file has some hundred thousand entries.
const MEMBERS_BYTES_MAX: usize = 64 << 20;

/// Which entries of a log a sealed file has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::audit) struct Stub {
    pub(super) log_id: LogId,
    pub(super) name: SealedName,
    /// The entry after the last of the range.
    pub(super) end: u64,
    pub(super) members: Membership,
}

/// Why there is no stub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StubRefusal {
    Newer(u32),
    Spoilt,
}

impl Stub {
    pub(in crate::audit) fn encode(&self) -> Vec<u8> {
        let members = self.members.encode(self.name.first);
        let mut bytes = Vec::with_capacity(HEAD_BYTES + members.len() + CHECKSUM_BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&[self.name.class.number(), 0, 0, 0]);
        bytes.extend_from_slice(self.log_id.as_str().as_bytes());
        bytes.resize(32, 0);
        bytes.extend_from_slice(&self.name.first.to_le_bytes());
        bytes.extend_from_slice(&self.end.to_le_bytes());
        bytes.extend_from_slice(&self.name.day.year().cast_unsigned().to_le_bytes());
        bytes
            .extend_from_slice(&[self.name.day.month().cast_unsigned(), self.name.day.day().cast_unsigned()]);
        let length = u32::try_from(members.len()).expect("a range has fewer members than that");
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&xxh3_64(&bytes).to_le_bytes());
        bytes.extend_from_slice(&members);
        bytes.extend_from_slice(&xxh3_64(&members).to_le_bytes());
        bytes
    }

    /// How long a stub is that begins so.
    pub(super) fn length(head: &[u8; HEAD_BYTES]) -> Result<usize, StubRefusal> {
        let word = |at: usize| u32::from_le_bytes(std::array::from_fn(|byte| head[at + byte]));
        let sum = u64::from_le_bytes(std::array::from_fn(|byte| head[56 + byte]));
        if !head.starts_with(MAGIC) || sum != xxh3_64(&head[..56]) {
            return Err(StubRefusal::Spoilt);
        }
        match (word(8), word(52) as usize) {
            (version, _) if version > VERSION => Err(StubRefusal::Newer(version)),
            (_, members) if members <= MEMBERS_BYTES_MAX => Ok(HEAD_BYTES + members + CHECKSUM_BYTES),
            _ => Err(StubRefusal::Spoilt),
        }
    }

    /// Reads a whole stub, which is that of a file of that name in that log.
    pub(super) fn decode(bytes: &[u8], log_id: &LogId, name: SealedName) -> Option<Self> {
        let head = bytes.first_chunk::<HEAD_BYTES>()?;
        let (members, _) = bytes.get(HEAD_BYTES..)?.split_last_chunk::<CHECKSUM_BYTES>()?;
        let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| head[at + byte]));
        let (first, end) = (number(32), number(40));
        let year = i16::from_le_bytes([head[48], head[49]]);
        let day = Date::new(year, head[50].cast_signed(), head[51].cast_signed()).ok()?;
        let found = Self {
            log_id: log_id.clone(),
            name: SealedName { first, day, ..name },
            end,
            members: Membership::decode(members, first, end)?,
        };
        let has_entries = first < end && end <= ENTRIES_MAX && found.members.total() > 0;
        (has_entries && found.name == name && found.encode() == bytes).then_some(found)
    }

    /// The name of what is left once it is erased.
    pub(in crate::audit) fn erased(&self) -> SealedName {
        SealedName { state: State::Erased, ..self.name }
    }

    /// SHA-256 of the stub, which what records its erasure names.
    pub(in crate::audit) fn digest(&self) -> Digest {
        Digest(Sha256::digest(self.encode()).into())
    }

    /// How many entries there are.
    pub(in crate::audit) fn entries(&self) -> u64 {
        self.members.total()
    }

    /// What records its erasure says of it.
    pub(in crate::audit) fn reference(&self) -> String {
        format!("{} {}", self.name.stem(), self.digest())
    }
}
