//! A bucket: a cache line of slots.

use super::Place;

/// Bytes of a bucket.
pub const LINE_LEN: usize = 64;

/// One bucket.
pub(super) type Line = [u8; LINE_LEN];

/// How wide the slots of a table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// 8 bytes: the payload in the lowest 24 bits, the remainder above.
    Narrow,
    /// 16 bytes: remainder `u64`, payload `u32`, 0 `u32`.
    Wide,
}

/// What stands in the last slot of a bucket without entries. As a descriptor's it is a filter without a bit.
pub(super) const EMPTY: Slot = Slot { remainder: 1 << FILTER_BITS, payload: 0 };

/// Bits of a descriptor's filter.
pub(super) const FILTER_BITS: u32 = 32;

/// A slot as it is understood. Payload 0: free, or a descriptor, which is the last slot of its bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) remainder: u64,
    pub(super) payload: u32,
}

const PAYLOAD_BITS: u32 = 24;
const PAYLOAD_MASK: u64 = (1 << PAYLOAD_BITS) - 1;

impl Width {
    /// The narrowest for a table of `n` buckets with payloads up to this one.
    #[must_use]
    pub fn of(n: u64, payload_max: u32) -> Self {
        let fits = Place::remainder_bits(n) + PAYLOAD_BITS <= u64::BITS;
        if fits && u64::from(payload_max) <= PAYLOAD_MASK { Self::Narrow } else { Self::Wide }
    }

    /// Slots of a bucket.
    #[must_use]
    pub fn slots(self) -> usize {
        match self {
            Self::Narrow => 8,
            Self::Wide => 4,
        }
    }

    /// The bytes of a slot.
    #[must_use]
    pub fn slot_len(self) -> usize {
        LINE_LEN / self.slots()
    }

    /// The width of slots of so many bytes.
    #[must_use]
    pub fn from_slot_len(len: usize) -> Option<Self> {
        [Self::Narrow, Self::Wide].into_iter().find(|width| width.slot_len() == len)
    }

    #[inline(always)]
    pub(super) fn slot(self, line: &Line, at: usize) -> Slot {
        let words = line.as_chunks::<8>().0;
        match self {
            Self::Narrow => {
                let word = u64::from_le_bytes(words[at]);
                Slot { remainder: word >> PAYLOAD_BITS, payload: (word & PAYLOAD_MASK) as u32 }
            }
            Self::Wide => Slot {
                remainder: u64::from_le_bytes(words[2 * at]),
                payload: u64::from_le_bytes(words[2 * at + 1]) as u32,
            },
        }
    }

    /// Has nothing where no slot of its width has anything.
    pub(super) fn is_clean(self, line: &Line) -> bool {
        let highest = line.as_chunks::<8>().0.iter().skip(1).step_by(2);
        self == Self::Narrow || highest.into_iter().all(|word| u64::from_le_bytes(*word) >> 32 == 0)
    }

    pub(super) fn put(self, line: &mut Line, at: usize, slot: Slot) {
        let words = line.as_chunks_mut::<8>().0;
        match self {
            Self::Narrow => {
                words[at] = (slot.remainder << PAYLOAD_BITS | u64::from(slot.payload)).to_le_bytes();
            }
            Self::Wide => {
                words[2 * at] = slot.remainder.to_le_bytes();
                words[2 * at + 1] = u64::from(slot.payload).to_le_bytes();
            }
        }
    }

    /// The payload under a remainder, and whether the second table may have it if it is not here.
    #[inline(always)]
    pub(super) fn find(self, line: &Line, remainder: u64, marks: Marks) -> Found {
        let payload = match self {
            // No branch for each slot: all are compared at once, and most lines have none that is asked for.
            Self::Narrow => {
                let words = || line.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word));
                let is_it = |word: u64| word >> PAYLOAD_BITS == remainder;
                let payload = |word: u64| if is_it(word) { word & PAYLOAD_MASK } else { 0 };
                let has_it = words().fold(false, |any, word| any | is_it(word));
                if has_it { words().fold(0, |all, word| all | payload(word)) } else { 0 }
            }
            Self::Wide => {
                let slots = (0..self.slots()).map(|at| self.slot(line, at));
                let payload =
                    |slot: Slot| if slot.remainder == remainder { u64::from(slot.payload) } else { 0 };
                slots.fold(0, |all, slot| all | payload(slot))
            }
        };
        let last = self.slot(line, self.slots() - 1);
        let bits = marks.of(remainder);
        let overflows = last.payload == 0 && last.remainder & bits == bits;
        Found { payload: payload as u32, overflows: payload == 0 && overflows, lost: last == Slot::default() }
    }
}

/// What a bucket says of a remainder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// 0 if the bucket does not have it.
    pub(super) payload: u32,
    /// It may have overflowed.
    pub(super) overflows: bool,
    /// This is no line of a table: its last slot is all zeros, which reads so where a file was cut short.
    pub(super) lost: bool,
}

/// How many bits of a descriptor's filter each remainder has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marks {
    /// As in version 2 of the format.
    One,
    /// Of those that did not overflow few have both by chance.
    Two,
}

impl Marks {
    #[inline(always)]
    pub(super) fn of(self, remainder: u64) -> u64 {
        let bit = |from: u32| 1 << (remainder >> from & u64::from(FILTER_BITS - 1));
        bit(0) | bit(if self == Self::Two { 5 } else { 0 })
    }
}

const _: () = assert!(FILTER_BITS == 1 << 5);
