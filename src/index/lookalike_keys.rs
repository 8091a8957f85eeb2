//! The keys of a number's other readings, each made of the one before by an addition.

use crate::domain::{DocumentId, Lookalikes};

use super::Key;

/// The keys of the documents of the same state whose numbers are other [readings](Lookalikes) of one, in their order.
///
/// A key is a number in base 36, so that another character at a place adds a number that depends on nothing else: no reading is
/// written down to be asked for.
#[derive(Clone, Debug)]
pub(super) struct LookalikeKeys {
    key: u64,
    /// What leads from one reading to the next that varies one position more, by how many positions begin anew then.
    steps: [u64; Lookalikes::POSITIONS_MAX],
    next: u32,
    end: u32,
}

impl LookalikeKeys {
    /// `None` if a reading may have no key: those of digits, beyond nine of them, become long ones.
    pub(super) fn of(document: &DocumentId) -> Option<Self> {
        let len = document.number.first_nine().map(|_| document.number.as_bytes().len())?;
        let key = Key::pack(document)?.bits();
        let mut keys = Self { key, steps: [0; Lookalikes::POSITIONS_MAX], next: 1, end: 1 };
        let mut varied = 0_u64;
        for (step, (at, was, twin)) in keys.steps.iter_mut().zip(Lookalikes::swaps(&document.number)) {
            let value = |byte: u8| char::from(byte).to_digit(36).map_or(0, u64::from);
            let swap = value(twin).wrapping_sub(value(was)).wrapping_mul(Key::weight(len, at));
            *step = swap.wrapping_sub(varied);
            varied = varied.wrapping_add(swap);
            keys.end <<= 1;
        }
        Some(keys)
    }

    /// Writes the next keys, as many as there is room for or as are left, and says how many.
    #[inline]
    pub(super) fn fill<const N: usize>(&mut self, keys: &mut [u64; N]) -> usize {
        let left = (self.end - self.next) as usize;
        for key in keys.iter_mut().take(left) {
            // Counting up turns the lowest bits over: the zeros at the end of the new count, and the one above them.
            self.key =
                self.key.wrapping_add(self.steps[self.next.trailing_zeros() as usize % self.steps.len()]);
            self.next += 1;
            *key = self.key;
        }
        left.min(N)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::document;
    use super::*;

    fn keys(document: &DocumentId) -> Option<Vec<u64>> {
        let (mut keys, mut all, mut some) = (LookalikeKeys::of(document)?, Vec::new(), [0; 16]);
        loop {
            let count = keys.fill(&mut some);
            if count == 0 {
                return Some(all);
            }
            all.extend_from_slice(&some[..count]);
        }
    }

    fn packed(document: &DocumentId) -> Vec<u64> {
        let readings = Lookalikes::of(document.number).map(|number| DocumentId { number, ..*document });
        readings.map(|reading| Key::pack(&reading).expect("it has a key").bits()).collect()
    }

    #[test]
    fn the_most_readings_that_a_number_has() {
        let most = document("UTO", "0O1I2Z5S6");
        assert_eq!(packed(&most).len(), 511);
        assert_eq!(keys(&most), Some(packed(&most)));
        assert_eq!(keys(&document("UTO", "ACDEF")), Some(Vec::new()));
        assert_eq!(keys(&document("UTO", "0123456789")), None);
    }

    proptest! {
        #[test]
        fn they_are_the_keys_of_the_readings_in_their_order(number in "[0-9A-Z]{1,9}|[OI1205SBZ]{1,9}") {
            let document = document("UTO", &number);
            prop_assert_eq!(keys(&document), Some(packed(&document)));
        }
    }
}
