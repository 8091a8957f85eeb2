//! Tells of nearly every hash that is not there that it is not, by one line of memory.

use crate::ground::platform::prefetch;

/// Bits for each hash, of which at most six are set: of a million hashes it is one and a half MB, which a processor's caches keep, and it
/// lets one in two hundred others pass.
const BITS_PER_HASH: usize = 12;
const WORDS: usize = 8;

/// A line of a cache.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Line([u64; WORDS]);

#[derive(Debug)]
pub(super) struct Filter(Vec<Line>);

/// Bits of a line, in two of its words.
struct Bits([(usize, u64); 2]);

impl Default for Filter {
    fn default() -> Self {
        Self::of(&[])
    }
}

impl Filter {
    pub(super) fn of(hashes: &[u64]) -> Self {
        let lines = (hashes.len() * BITS_PER_HASH).div_ceil(64 * WORDS).max(1);
        let mut filter = Self(vec![Line::default(); lines]);
        for hash in hashes {
            let line = filter.line(*hash);
            for (word, bits) in Bits::of(*hash).0 {
                filter.0[line].0[word] |= bits;
            }
        }
        filter
    }

    /// Asks for the line that tells of a hash.
    #[inline]
    pub(super) fn fetch(&self, hash: u64) {
        prefetch(&self.0[self.line(hash)]);
    }

    /// False only if the hash is not there.
    #[inline]
    pub(super) fn may_have(&self, hash: u64) -> bool {
        let Line(words) = self.0[self.line(hash)];
        Bits::of(hash).0.into_iter().fold(true, |all, (word, bits)| all & (words[word] & bits == bits))
    }

    /// By the upper bits of a hash.
    #[inline]
    fn line(&self, hash: u64) -> usize {
        ((u128::from(hash) * self.0.len() as u128) >> 64) as usize
    }
}

impl Bits {
    /// By the lower bits of a hash.
    #[inline]
    fn of(hash: u64) -> Self {
        let three = |hash: u64| 1 << (hash & 63) | 1 << (hash >> 6 & 63) | 1 << (hash >> 12 & 63);
        let word = (hash >> 36) as usize;
        let other = word + 1 + ((hash >> 39) as usize & 3);
        Self([(word % WORDS, three(hash)), (other % WORDS, three(hash >> 18))])
    }
}

#[cfg(test)]
mod tests {
    use super::super::rank::mix;
    use super::*;

    #[test]
    fn it_has_what_is_there_and_lets_one_in_two_hundred_others_pass() {
        let hashes: Vec<_> = (0..100_000).map(mix).collect();
        let filter = Filter::of(&hashes);
        assert!(hashes.iter().all(|hash| filter.may_have(*hash)));
        let passed = (100_000..200_000).filter(|other| filter.may_have(mix(*other))).count();
        assert!((200..1000).contains(&passed), "{passed} of 100000");
    }

    #[test]
    fn an_empty_one_has_nothing() {
        assert!((0..1000).all(|other| !Filter::default().may_have(mix(other))));
    }
}
