//! Two sets of notices compared without listing either.

use xxhash_rust::xxh3::xxh3_128;

/// Σ xxh3-128(canonical notice bytes) mod 2^128, and how many notices were added; an alias is in the sum only.
///
/// Independent of order, so that a base with its delta can be compared with the whole list. It catches mistakes;
/// signatures and SHA-256 catch people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateDigest {
    /// The sum.
    pub sum: u128,
    /// Notices in it, without aliases.
    pub notices: u64,
}

impl StateDigest {
    /// Adds a notice by its [canonical bytes](crate::domain::Notice::canonical_bytes).
    pub fn add(&mut self, canonical_bytes: &[u8], alias: bool) {
        self.sum = self.sum.wrapping_add(xxh3_128(canonical_bytes));
        self.notices += u64::from(!alias);
    }

    /// Adds what was summed up elsewhere.
    pub fn merge(&mut self, other: Self) {
        self.sum = self.sum.wrapping_add(other.sum);
        self.notices = self.notices.wrapping_add(other.notices);
    }

    /// Takes away what was added before.
    pub fn take_away(&mut self, other: Self) {
        self.sum = self.sum.wrapping_sub(other.sum);
        self.notices = self.notices.wrapping_sub(other.notices);
    }
}

impl std::fmt::Display for StateDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}/{}", self.sum, self.notices)
    }
}
