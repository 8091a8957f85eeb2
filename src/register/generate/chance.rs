//! Chance that is the same everywhere.

/// xoshiro256** by Blackman and Vigna, seeded through splitmix64 as its authors advise. Frozen: a change gives other
/// registers for the same seed.
#[derive(Clone, Debug)]
pub(super) struct Chance([u64; 4]);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        let mut state = seed;
        Self(std::array::from_fn(|_| split_mix(&mut state)))
    }

    /// A number below `bound`, which is not 0. The bias is below `bound / 2^64`.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        debug_assert!(bound > 0);
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// An index drawn by weight, given the running sums of the weights.
    pub(super) fn weighted(&mut self, sums: &[u64]) -> usize {
        let total = *sums.last().expect("there is a choice");
        let drawn = self.below(total);
        sums.partition_point(|sum| *sum <= drawn)
    }

    fn next(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let drawn = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        drawn
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mixer_gives_its_authors_numbers() {
        let mut state = 1_234_567;
        let drawn: [u64; 3] = std::array::from_fn(|_| split_mix(&mut state));
        assert_eq!(drawn, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn the_generator_gives_its_authors_numbers() {
        let mut chance = Chance([1, 2, 3, 4]);
        let drawn: [u64; 4] = std::array::from_fn(|_| chance.next());
        assert_eq!(drawn, [11_520, 0, 1_509_978_240, 1_215_971_899_390_074_240]);
    }

    #[test]
    fn weights_bound_the_choice() {
        let mut chance = Chance::new(1);
        let mut seen = [0; 3];
        for _ in 0..1000 {
            seen[chance.weighted(&[1, 1, 10])] += 1;
        }
        assert_eq!(seen[1], 0);
        assert!(seen[0] > 50 && seen[2] > 800);
    }
}
