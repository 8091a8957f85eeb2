//! A bijection of 56-bit keys that spreads neighbours over all buckets.

use crate::index::Key;

const BITS: u32 = Key::BITS;
const MASK: u64 = (1 << BITS) - 1;

/// Odd, so that multiplying by them can be undone (mod 2^56); from the constants of splitmix64 (Steele, Lea, Flood 2014).
const FACTORS: [u64; 2] = [0x58_476D_1CE4_E5B9, 0xD0_49BB_1331_11EB];
const INVERSES: [u64; 2] = [inverse(FACTORS[0]), inverse(FACTORS[1])];

/// Mixes keys, differently for each seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mixer {
    seed: u64,
}

impl Mixer {
    /// The mixer of seed 0.
    pub const UNSEEDED: Self = Self { seed: 0 };

    /// The mixer of a seed, of which 56 bits are used.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed: seed & MASK }
    }

    /// The seed.
    #[must_use]
    pub fn seed(self) -> u64 {
        self.seed
    }

    /// The mixer of what overflows.
    #[must_use]
    pub fn second(self) -> Self {
        Self { seed: self.mix(!self.seed & MASK) }
    }

    /// `h` of a key.
    #[inline(always)]
    #[must_use]
    pub fn mix(self, key: u64) -> u64 {
        let mut mixed = key ^ self.seed;
        for factor in FACTORS {
            mixed ^= mixed >> (BITS / 2);
            mixed = mixed.wrapping_mul(factor) & MASK;
        }
        mixed ^ mixed >> (BITS / 2)
    }

    /// The key of an `h`.
    #[must_use]
    pub fn unmix(self, h: u64) -> u64 {
        // A shift by half of the bits undoes itself.
        let mut key = h ^ h >> (BITS / 2);
        for inverse in INVERSES.into_iter().rev() {
            key = key.wrapping_mul(inverse) & MASK;
            key ^= key >> (BITS / 2);
        }
        key ^ self.seed
    }
}

/// The inverse of an odd number mod 2^64, by Newton's method: each step doubles the bits that are right.
const fn inverse(odd: u64) -> u64 {
    let mut inverse = odd;
    let mut step = 0;
    while step < 5 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse)));
        step += 1;
    }
    inverse
}

const _: () = assert!(FACTORS[0].wrapping_mul(INVERSES[0]) == 1 && FACTORS[1].wrapping_mul(INVERSES[1]) == 1);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn mixing_is_undone_and_stays_within_56_bits(seed in any::<u64>(), key in 0..=MASK) {
            for mixer in [Mixer::new(seed), Mixer::new(seed).second()] {
                let h = mixer.mix(key);
                prop_assert!(h <= MASK);
                prop_assert_eq!(mixer.unmix(h), key);
            }
        }
    }

    #[test]
    fn one_bit_of_a_key_changes_half_of_the_others() {
        let mixer = Mixer::new(7);
        for bit in 0..BITS {
            let flipped: u32 =
                (0..1000_u64).map(|key| (mixer.mix(key) ^ mixer.mix(key ^ 1 << bit)).count_ones()).sum();
            let mean = f64::from(flipped) / 1000.0;
            assert!((24.0..32.0).contains(&mean), "bit {bit}: {mean}");
        }
    }
}
