//! Where a mixed key belongs in a table of `n` buckets.

use crate::index::Key;

const BITS: u32 = Key::BITS;

/// A bucket, and what tells the keys in it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// `⌊h·n / 2^56⌋`, below `n`: it rises with `h`.
    pub bucket: u64,
    /// `⌊(h·n mod 2^56) / 2^⌊log2 n⌋⌋`, of [`remainder_bits`](Self::remainder_bits).
    pub remainder: u64,
}

impl Place {
    /// The place of `h` among `n` buckets, 1 to 2^48.
    #[inline(always)]
    #[must_use]
    pub fn of(h: u64, n: u64) -> Self {
        let product = u128::from(h) * u128::from(n);
        let fraction = (product as u64) & ((1 << BITS) - 1);
        Self { bucket: (product >> BITS) as u64, remainder: fraction >> n.ilog2() }
    }

    /// How many bits remainders have at most.
    #[must_use]
    pub fn remainder_bits(n: u64) -> u32 {
        BITS - n.ilog2()
    }
}

/// A bucket whose places are to be undone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    n: u64,
    bucket: u64,
    /// The least `h` in it.
    first: u64,
    /// `first·n mod 2^56`, below `n`.
    fraction: u64,
}

impl Bucket {
    /// One of `n` buckets, counted from 0; `n` is 1 to 2^48, so that each has an `h`.
    #[inline]
    #[must_use]
    pub(super) fn of(bucket: u64, n: u64) -> Self {
        let start = u128::from(bucket) << BITS;
        let first = start.div_ceil(u128::from(n)) as u64;
        Self { n, bucket, first, fraction: (u128::from(first) * u128::from(n)).wrapping_sub(start) as u64 }
    }

    /// The `h` that has this remainder here; `None` if there is none, which happens only to remainders that nobody made of
    /// an `h`.
    ///
    /// Within a bucket `h·n` rises by `n` from one `h` to the next, and `n` is at least what the remainder leaves out: so
    /// no two have one remainder.
    #[inline]
    #[must_use]
    pub(super) fn h(&self, remainder: u64) -> Option<u64> {
        let least = remainder.checked_mul(1 << self.n.ilog2())?;
        let h = self.first.checked_add(least.saturating_sub(self.fraction).div_ceil(self.n))?;
        (h >> BITS == 0 && Place::of(h, self.n) == Place { bucket: self.bucket, remainder }).then_some(h)
    }
}

/// The buckets of some `h` among `n`, as [`Place::of`] tells them, in arithmetic that vectors have.
#[inline(always)]
pub(super) fn buckets<const N: usize>(h: &[u64; N], n: u64) -> [u64; N] {
    const HALF: u32 = BITS / 2;
    let mut buckets = [0; N];
    if n >> u32::BITS != 0 {
        for (bucket, h) in buckets.iter_mut().zip(h) {
            *bucket = Place::of(*h, n).bucket;
        }
        return buckets;
    }
    // ⌊h·n / 2^56⌋ by halves of `h`: neither product has more than 60 bits.
    for (bucket, h) in buckets.iter_mut().zip(h) {
        *bucket = ((h >> HALF) * n + (((h & ((1 << HALF) - 1)) * n) >> HALF)) >> HALF;
    }
    buckets
}

/// Their remainders.
#[inline(always)]
pub(super) fn remainders<const N: usize>(h: &[u64; N], n: u64) -> [u64; N] {
    let (mut remainders, shift) = ([0; N], n.ilog2());
    for (remainder, h) in remainders.iter_mut().zip(h) {
        *remainder = (h.wrapping_mul(n) & ((1 << BITS) - 1)) >> shift;
    }
    remainders
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same arithmetic with 12 bits instead of 56, for every `n` and every `h`.
    #[test]
    fn bucket_and_remainder_determine_every_h_whatever_n_is() {
        const SMALL: u32 = 12;
        for n in 1..=1 << SMALL {
            let mut before = None;
            for h in 0..1_u32 << SMALL {
                let product = h * n;
                let place = (product >> SMALL, (product & ((1 << SMALL) - 1)) >> n.ilog2());
                assert!(before.replace(place) < Some(place), "{h} of {n} has the place of another");
                assert!(place.0 < n && place.1 >> (SMALL - n.ilog2()) == 0);
            }
        }
    }

    proptest! {
        #[test]
        fn a_place_gives_its_h_back(h in 0..1_u64 << BITS, n in 1_u64..1 << 40) {
            let place = Place::of(h, n);
            prop_assert!(place.bucket < n);
            prop_assert!(place.remainder >> Place::remainder_bits(n) == 0);
            prop_assert_eq!(Bucket::of(place.bucket, n).h(place.remainder), Some(h));
        }

        #[test]
        fn places_of_many_are_the_places_of_each(h in 0..1_u64 << BITS, n in 1_u64..1 << 40, bits in 0..40_u32) {
            for n in [n, n >> bits | 1, u32::MAX.into(), 1 << 32] {
                let place = Place::of(h, n);
                prop_assert_eq!(buckets(&[h; 3], n), [place.bucket; 3]);
                prop_assert_eq!(remainders(&[h; 3], n), [place.remainder; 3]);
            }
        }

        #[test]
        fn any_place_is_that_of_one_h_or_of_none(bucket in any::<u64>(), remainder in any::<u64>(), n in 1_u64..1 << 40) {
            for remainder in [remainder, remainder >> (64 - Place::remainder_bits(n))] {
                let place = Place { bucket: bucket % n, remainder };
                let h = Bucket::of(place.bucket, n).h(remainder);
                prop_assert!(h.is_none_or(|h| h >> BITS == 0 && Place::of(h, n) == place));
            }
        }
    }
}
