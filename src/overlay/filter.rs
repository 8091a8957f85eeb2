//! Tells of nearly every key that is not there that it is not, by one word of memory.

use super::table::fold;

/// Bits for each key, of which it sets two in one word: of a million it stays in a core's own cache, and lets one in twenty others pass.
const BITS_PER_KEY: usize = 8;

#[derive(Debug)]
pub(super) struct Filter(Vec<u64>);

impl Default for Filter {
    fn default() -> Self {
        Self(vec![0])
    }
}

impl Filter {
    pub(super) fn of(keys: impl Iterator<Item = u128>, count: usize) -> Self {
        let mut filter = Self(vec![0; (count * BITS_PER_KEY / 64).next_power_of_two()]);
        for key in keys {
            let (word, bits) = filter.place(key);
            filter.0[word] |= bits;
        }
        filter
    }

    /// False only if the key is not there.
    pub(super) fn may_have(&self, key: u128) -> bool {
        let (word, bits) = self.place(key);
        self.0[word] & bits == bits
    }

    fn place(&self, key: u128) -> (usize, u64) {
        let mixed = fold(key);
        ((mixed >> 12) as usize & (self.0.len() - 1), 1 << (mixed & 63) | 1 << (mixed >> 6 & 63))
    }
}
