//! Documents in the order in which an interval of numbers is one interval: by state, length, and value.
//!
//! Numbers of digits alone are ranked by themselves, since an interval between two of them has no others: there they follow one another
//! without gaps, as they do not among numbers that may have letters.

use crate::domain::DocumentId;

/// Where a document stands: 9 bits of state, 5 of length, 1 of digits alone, 47 of the value of the first nine characters. Longer numbers
/// may share a rank; that of a greater number is never smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank(u64);

const VALUE_BITS: u32 = 47;
/// Of stretches: one of the last has a quarter of a group, or all of it.
pub(super) const LEVELS: u32 = 3;
/// As many as there are groups: ranks of one state, one length, one sort of characters.
pub(super) const GROUPS: usize = 1 << 15;

/// The lowest bit of each byte.
const LOWEST: u64 = 0x0101_0101_0101_0101;
/// The bit that every letter has, and no digit.
const LETTER: u32 = 6;
/// The bit that every digit has, and no empty byte.
const DIGIT: u32 = 4;

impl Rank {
    /// Among numbers of digits alone if it is one, otherwise among all others.
    #[inline]
    pub(super) fn of(document: &DocumentId) -> Self {
        if is_digits(document) {
            Self::place::<10>(document, true)
        } else {
            Self::place::<36>(document, false)
        }
    }

    /// Among numbers that may have letters, also if it has none.
    #[inline]
    pub(super) fn among_letters(document: &DocumentId) -> Self {
        Self::place::<36>(document, false)
    }

    #[inline]
    fn place<const RADIX: u64>(document: &DocumentId, digits: bool) -> Self {
        let [first_eight, behind, _] = document.number.words();
        let ninth = digits_of(behind) & 0xff;
        let group = u64::from(document.issuing_state.number()) << 6
            | (document.number.as_bytes().len() as u64) << 1
            | u64::from(digits);
        Self(group << VALUE_BITS | (value::<RADIX>(first_eight) * RADIX + ninth))
    }

    pub(super) fn is_of_digits(self) -> bool {
        self.0 >> VALUE_BITS & 1 == 1
    }

    /// `0..GROUPS`.
    #[inline]
    pub(super) fn group(self) -> usize {
        (self.0 >> VALUE_BITS) as usize
    }

    /// The stretch of ranks in which it stands: at level 0 of a thousand numbers of digits, or those that three characters more make of one
    /// beginning; a level's have about the same number of those of the level before. Those of different groups may share a number, which
    /// costs a search that finds nothing.
    #[inline]
    pub(super) fn stretch(self, level: u32) -> u64 {
        let bits = if self.is_of_digits() { 10 } else { 15 };
        self.0 >> (bits * (level + 1)) | u64::from(level) << 62
    }

    /// A word in which each bit depends on the document.
    #[inline]
    pub(super) fn hash(self, document: &DocumentId) -> u64 {
        let [_, second, third] = document.number.words();
        match document.number.as_bytes().len() {
            ..=9 => mix(self.0),
            _ => mix(mix(self.0 ^ mix(second)) ^ third),
        }
    }
}

#[inline]
fn is_digits(document: &DocumentId) -> bool {
    document.number.words().iter().fold(0, |all, word| all | word) & LOWEST << LETTER == 0
}

/// Eight characters as digits, `A` for ten; empty bytes as zeros.
#[inline]
fn digits_of(characters: u64) -> u64 {
    let letters = characters >> LETTER & LOWEST;
    let present = letters | characters >> DIGIT & LOWEST;
    characters - present * u64::from(b'0') - letters * u64::from(b'A' - b'9' - 1)
}

/// The value of eight characters, the first in the lowest byte: neighbours are joined, then pairs, then fours.
#[inline]
fn value<const RADIX: u64>(characters: u64) -> u64 {
    let join = |units: u64, mask: u64, bits: u32, radix: u64| (units & mask) * radix + (units >> bits & mask);
    let pairs = join(digits_of(characters), 0x00ff_00ff_00ff_00ff, 8, RADIX);
    let fours = join(pairs, 0x0000_ffff_0000_ffff, 16, RADIX.pow(2));
    join(fours, 0x0000_0000_ffff_ffff, 32, RADIX.pow(4))
}

/// A word in which each bit depends on all of another.
#[inline]
pub(super) fn mix(word: u64) -> u64 {
    let fold = |word: u64, by: u64| {
        let product = u128::from(word) * u128::from(by);
        (product >> 64) as u64 ^ product as u64
    };
    fold(fold(word ^ word >> 32, 0x9e37_79b9_7f4a_7c15), 0xd1b5_4a32_d192_ed03)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{DocumentNumber, IssuingState};

    fn document(number: &str) -> DocumentId {
        let issuing_state = IssuingState::recognise("UTO").unwrap().state;
        DocumentId { issuing_state, number: DocumentNumber::parse(number).unwrap() }
    }

    proptest! {
        #[test]
        fn numbers_of_one_length_are_in_the_order_of_their_characters(
            len in 1_usize..=22,
            numbers in prop::collection::vec("[0-9]{22}|[0-9A-Z]{22}|[01AZ]{22}", 2),
        ) {
            let numbers = [&numbers[0][..len], &numbers[1][..len]];
            let [one, other] = [document(numbers[0]), document(numbers[1])];
            let [first, second] = numbers.map(|number| &number[..len.min(9)]);
            let expected = first.cmp(second);
            prop_assert_eq!(Rank::among_letters(&one).cmp(&Rank::among_letters(&other)), expected);
            let [one, other] = [Rank::of(&one), Rank::of(&other)];
            if one.is_of_digits() == other.is_of_digits() {
                prop_assert_eq!(one.cmp(&other), expected);
                prop_assert!(one.group() == other.group() && one.group() < GROUPS);
            } else {
                prop_assert_ne!(one.group(), other.group());
            }
        }

        #[test]
        fn digits_alone_follow_one_another(value in 0_u64..999_999_999) {
            let rank = |value| Rank::of(&document(&format!("{value:09}"))).0;
            prop_assert_eq!(rank(value) + 1, rank(value + 1));
        }

        #[test]
        fn other_numbers_have_other_hashes(numbers in prop::collection::btree_set("[0-9A-Z]{1,22}", 2)) {
            let documents = numbers.iter().map(|number| document(number));
            let hashes: Vec<_> = documents.map(|one| Rank::of(&one).hash(&one)).collect();
            prop_assert_ne!(hashes[0], hashes[1]);
        }
    }
}
