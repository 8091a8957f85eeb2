//! Which documents a delta says something of, but for a few too many: small enough to stay in a core's cache.

use super::Key;

/// A Bloom filter of mixed keys, of words with four bits a key (Putze, Sanders, Singler 2007): one word is read.
#[derive(Debug)]
pub(super) struct Filter {
    /// A power of two of them.
    words: Box<[u64]>,
    shift: u32,
}

const BITS_PER_KEY: usize = 16;

impl Filter {
    pub(super) fn of(keys: &[u64]) -> Self {
        let words = (keys.len() * BITS_PER_KEY).div_ceil(64).next_power_of_two();
        let shift = Key::BITS - words.ilog2();
        let mut filter = Self { words: vec![0; words].into(), shift };
        for h in keys {
            let at = filter.place(*h);
            filter.words[at] |= bits(*h);
        }
        filter
    }

    /// One of which every key may be.
    pub(super) fn of_anything() -> Self {
        Self { words: [u64::MAX].into(), shift: Key::BITS }
    }

    /// False if the key is not among them.
    #[inline(always)]
    pub(super) fn may_have(&self, h: u64) -> bool {
        let bits = bits(h);
        self.words[self.place(h)] & bits == bits
    }

    /// By the highest bits.
    #[inline(always)]
    fn place(&self, h: u64) -> usize {
        // What is mixed has no higher bits; the rest is said to the compiler.
        (h >> self.shift) as usize & (self.words.len() - 1)
    }
}

/// By the lowest 24 bits, which have nothing to do with the word of a filter of up to 2^32 words.
#[inline(always)]
fn bits(h: u64) -> u64 {
    1 << (h & 63) | 1 << (h >> 6 & 63) | 1 << (h >> 12 & 63) | 1 << (h >> 18 & 63)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::table::Mixer;

    #[test]
    fn every_key_is_had_and_few_others() {
        for count in [0, 1, 3, 100, 100_000] {
            let mix = |key: u64| Mixer::UNSEEDED.mix(key);
            let keys: Vec<_> = (0..count).map(mix).collect();
            let filter = Filter::of(&keys);
            assert!(keys.iter().all(|h| filter.may_have(*h)));
            let others = (count..count + 100_000).filter(|key| filter.may_have(mix(*key))).count();
            assert!(others < 1500, "{others} of 100000 with {count} keys");
        }
    }

    #[test]
    fn a_filter_of_anything_lets_every_key_through() {
        let filter = Filter::of_anything();
        assert!((0..1000).chain([(1 << 56) - 1]).all(|key| filter.may_have(Mixer::UNSEEDED.mix(key))));
    }
}
