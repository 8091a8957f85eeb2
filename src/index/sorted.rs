//! The slots of format version 1: keys that ascend, searched by halving.

use std::ops::Range;

use crate::domain::DocumentId;

use super::segment::{LONGER_MAX, View};
use super::{Damaged, Key};

/// One entry of the slots.
pub(super) struct Slot {
    pub(super) key: u64,
    pub(super) set: u32,
    pub(super) reserved: u32,
}

impl<'a> View<'a> {
    /// Every document and its set number.
    pub(super) fn sorted(self) -> impl Iterator<Item = Result<(Key, u32), Damaged>> + use<'a> {
        (0..self.header.layout.slot_count).map(move |at| {
            let slot = self.slot(at)?;
            Ok((Key::from_bits(slot.key).ok_or(Damaged)?, slot.set))
        })
    }

    /// The documents whose numbers are longer than this one's and begin with it, ascending; one more than are told at most.
    pub(super) fn longer_sorted(self, document: &DocumentId) -> Result<Vec<(Key, u32)>, Damaged> {
        let slots = Key::longer(document).flat_map(|keys| self.slots_in(keys));
        let found = slots.map(|slot| {
            let slot = slot?;
            Ok((Key::from_bits(slot.key).ok_or(Damaged)?, slot.set))
        });
        found.take(LONGER_MAX + 1).collect()
    }

    pub(super) fn slot(self, at: u64) -> Result<Slot, Damaged> {
        let slots = self.header.layout.slots.of(self.file).ok_or(Damaged)?;
        let slot =
            usize::try_from(at).ok().and_then(|at| slots.as_chunks::<16>().0.get(at)).ok_or(Damaged)?;
        let [key @ .., _, _, _, _, _, _, _, _] = *slot;
        let [_, _, _, _, _, _, _, _, set @ .., _, _, _, _] = *slot;
        let [_, _, _, _, _, _, _, _, _, _, _, _, reserved @ ..] = *slot;
        Ok(Slot {
            key: u64::from_le_bytes(key),
            set: u32::from_le_bytes(set),
            reserved: u32::from_le_bytes(reserved),
        })
    }

    /// The slots whose keys are in an interval.
    fn slots_in(self, keys: Range<u64>) -> impl Iterator<Item = Result<Slot, Damaged>> + use<'a> {
        let (mut at, mut fault) = match self.first_slot(keys.start) {
            Ok(at) => (at, None),
            Err(damaged) => (self.header.layout.slot_count, Some(Err(damaged))),
        };
        std::iter::from_fn(move || {
            if fault.is_some() || at >= self.header.layout.slot_count {
                return fault.take();
            }
            let slot = self.slot(at);
            at += 1;
            match slot {
                Ok(slot) if slot.key >= keys.end => None,
                other => Some(other),
            }
        })
    }

    /// Where the first slot stands whose key is not below this one.
    fn first_slot(self, key: u64) -> Result<u64, Damaged> {
        let (mut low, mut high) = (0, self.header.layout.slot_count);
        while low < high {
            let middle = low + (high - low) / 2;
            let slot = self.slot(middle)?;
            if slot.key == 0 {
                return Err(Damaged);
            }
            if slot.key < key { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }

    /// The set number in the slot of a key.
    pub(super) fn find_sorted(self, key: Key) -> Result<Option<u32>, Damaged> {
        let (mut low, mut high) = (0, self.header.layout.slot_count);
        while low < high {
            let middle = low + (high - low) / 2;
            let slot = self.slot(middle)?;
            // What was cut off a file within its last page reads as zeros and raises no signal; no document has that key.
            if slot.key == 0 {
                return Err(Damaged);
            }
            match slot.key.cmp(&key.bits()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Ok(Some(slot.set)),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Ok(None)
    }
}
