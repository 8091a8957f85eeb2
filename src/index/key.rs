//! Issuing state and number in 56 bits, so that equal keys are equal documents.

use std::ops::Range;

use crate::domain::{DocumentId, DocumentNumber, IssuingState};

/// A document in 56 bits: 9 of issuing state, then 47 of the rank of its number. A bijection: no false hit can exist.
///
/// Ranks order numbers by length, then by value (base 36 with `0-9` before `A-Z`), so that an interval of numbers of
/// one length and state is one interval of keys. Ranked are all numbers of 1 to 9 characters and, after them, those of
/// 10 to 13 digits. Every other number is long and has no key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(u64);

impl Key {
    /// Bits of a key.
    pub const BITS: u32 = STATE_BITS + RANK_BITS;

    /// The key of a document; `None` if its number is long.
    #[inline]
    #[must_use]
    pub fn pack(document: &DocumentId) -> Option<Self> {
        let number = document.number.as_bytes();
        let value = match document.number.first_nine() {
            Some(characters) => alphanumeric_value(characters, number.len()),
            None => value(number, base_of(number.len())?)?,
        };
        let state = u64::from(document.issuing_state.number());
        Some(Self(state << RANK_BITS | (FIRST_RANKS[number.len()] + value)))
    }

    /// Writes the bits of the keys of some documents, at most `N`, and gives a bit for each that has none; the work is done
    /// side by side.
    #[inline(always)]
    pub(super) fn pack_all<const N: usize>(documents: &[DocumentId], keys: &mut [u64; N]) -> u64 {
        const { assert!(N <= u64::BITS as usize) };
        let (mut words, mut ninths, mut lens, mut firsts) = ([0; N], [0; N], [8; N], [0; N]);
        let mut others = 0_u64;
        for (at, document) in documents.iter().take(N).enumerate() {
            let len = document.number.as_bytes().len();
            let Some([first_eight @ .., ninth]) = document.number.first_nine() else {
                others |= 1 << at;
                continue;
            };
            words[at] = u64::from_be_bytes(*first_eight);
            ninths[at] = u64::from(*ninth);
            lens[at] = len as u64;
            firsts[at] = u64::from(document.issuing_state.number()) << RANK_BITS | FIRST_RANKS[len];
        }
        for at in 0..N {
            keys[at] = firsts[at] + value_of_nine(words[at], ninths[at], lens[at]);
        }
        let mut none = 0;
        while others > 0 {
            let at = others.trailing_zeros() as usize;
            others &= others - 1;
            match Self::pack(&documents[at]) {
                Some(key) => keys[at] = key.0,
                None => none |= 1 << at,
            }
        }
        none
    }

    /// The document with this key.
    #[must_use]
    pub fn unpack(self) -> DocumentId {
        self.document().expect("a key is made from a document or checked by from_bits")
    }

    /// The key with these bits; `None` if they are no document's.
    #[must_use]
    pub fn from_bits(bits: u64) -> Option<Self> {
        let key = Self(bits);
        let known = u16::try_from(bits >> RANK_BITS).ok().and_then(IssuingState::from_number).is_some();
        (known && key.rank() < RANKS).then_some(key)
    }

    /// The key of an `h` that was made of a key.
    pub(super) fn unmixed(h: u64) -> Self {
        Self(super::build::MIXER.unmix(h))
    }

    /// What a character more at a place of a number of up to nine characters adds to the key.
    pub(super) fn weight(len: usize, at: usize) -> u64 {
        debug_assert!(at < len && len <= ALPHANUMERIC_LEN_MAX);
        36_u64.pow((len - 1 - at) as u32)
    }

    /// The 56 bits.
    #[must_use]
    pub fn bits(self) -> u64 {
        self.0
    }

    /// The keys of all documents of the same state whose numbers are longer than this one's and begin with it, as
    /// intervals of [`bits`](Self::bits), one for each length.
    pub fn longer(document: &DocumentId) -> impl Iterator<Item = Range<u64>> + use<> {
        let DocumentId { issuing_state, number } = *document;
        let len = number.as_bytes().len();
        let state = u64::from(issuing_state.number()) << RANK_BITS;
        (len + 1..=LEN_MAX).filter_map(move |longer| {
            let base = base_of(longer)?;
            let value = value(number.as_bytes(), base)?;
            let width = base.pow(u32::try_from(longer - len).ok()?);
            let first = state | (FIRST_RANKS[longer] + value * width);
            Some(first..first + width)
        })
    }

    /// Its state's number and, of a number of ten digits or more, the length; 0 for every other number.
    pub(super) fn state_and_digits(self) -> (u16, usize) {
        let first_of_digits = ALPHANUMERIC_LEN_MAX + 1;
        let shorter =
            FIRST_RANKS[first_of_digits..=LEN_MAX].iter().filter(|first| **first <= self.rank()).count();
        ((self.0 >> RANK_BITS) as u16, if shorter == 0 { 0 } else { ALPHANUMERIC_LEN_MAX + shorter })
    }

    fn rank(self) -> u64 {
        self.0 & ((1 << RANK_BITS) - 1)
    }

    fn document(self) -> Option<DocumentId> {
        let issuing_state = IssuingState::from_number(u16::try_from(self.0 >> RANK_BITS).ok()?)?;
        let len = FIRST_RANKS[1..=LEN_MAX].iter().filter(|first| **first <= self.rank()).count();
        let value = self.rank() - FIRST_RANKS[len];
        let characters = match base_of(len)? {
            36 => characters(value, &PAIRS_36),
            _ => characters(value, &PAIRS_10),
        };
        let number = DocumentNumber::of_last(&characters, len)?;
        Some(DocumentId { issuing_state, number })
    }
}

/// The pairs of characters of a base in the order of their values.
const fn pairs<const PAIRS: usize>(base: usize) -> [[u8; 2]; PAIRS] {
    let characters = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let (mut pairs, mut at) = ([[0; 2]; PAIRS], 0);
    while at < PAIRS {
        pairs[at] = [characters[at / base], characters[at % base]];
        at += 1;
    }
    pairs
}

static PAIRS_36: [[u8; 2]; 36 * 36] = pairs(36);
static PAIRS_10: [[u8; 2]; 10 * 10] = pairs(10);

/// A value in the base of so many pairs, below its 13th power and 2^47, to the right of as many `0` as there is room for. Fours
/// of characters do not wait for one another, and divisors are constants.
#[inline]
fn characters<const PAIRS: usize>(value: u64, pairs: &[[u8; 2]; PAIRS]) -> [u8; 16] {
    let four = const { (PAIRS * PAIRS) as u32 };
    let (above, last) = ((value / u64::from(four)) as u32, (value % u64::from(four)) as u32);
    let (top, upper, lower) = (above / four / four, above / four % four, above % four);
    let mut characters = [b'0'; 16];
    for (characters, four) in characters.as_chunks_mut::<4>().0.iter_mut().zip([top, upper, lower, last]) {
        let [first, second] = [four as usize / PAIRS, four as usize % PAIRS].map(|pair| pairs[pair]);
        *characters = [first[0], first[1], second[0], second[1]];
    }
    characters
}

impl std::fmt::Debug for Key {
    /// Shows the state only: the rest is the number.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key(state {})", self.0 >> RANK_BITS)
    }
}

const STATE_BITS: u32 = 9;
const RANK_BITS: u32 = 47;
const ALPHANUMERIC_LEN_MAX: usize = 9;
const LEN_MAX: usize = 13;

/// How many numbers are ranked.
const RANKS: u64 = FIRST_RANKS[LEN_MAX + 1];

/// The rank of the first number of each length; the last entry is the count of all.
const FIRST_RANKS: [u64; LEN_MAX + 2] = {
    let mut first = [0; LEN_MAX + 2];
    let mut len = 1;
    while len <= LEN_MAX {
        let base: u64 = if len <= ALPHANUMERIC_LEN_MAX { 36 } else { 10 };
        first[len + 1] = first[len] + base.pow(len as u32);
        len += 1;
    }
    first
};

/// The value of up to nine characters of `0-9A-Z` in base 36, with zero bytes behind them.
#[inline]
fn alphanumeric_value(characters: &[u8; ALPHANUMERIC_LEN_MAX], len: usize) -> u64 {
    let [first_eight @ .., ninth] = *characters;
    value_of_nine(u64::from_be_bytes(first_eight), ninth.into(), len as u64)
}

/// The same of the first eight in one word, the first of all in its highest byte, and the ninth: eight digits at once, and
/// no branch, for lengths of eight and nine come in no order.
#[inline(always)]
fn value_of_nine(first_eight: u64, ninth: u64, len: u64) -> u64 {
    // The last of up to eight characters in the lowest byte, zeros above the first.
    let word = first_eight >> (8 * 8_u64.saturating_sub(len));
    let pairs = digits(word);
    let fours = join(pairs, 8, 36, 0x00FF_00FF_00FF_00FF);
    let eights = join(fours, 16, 36 * 36, 0x0000_FFFF_0000_FFFF);
    let value = join(eights, 32, 36_u64.pow(4), 0xFFFF_FFFF);
    let has_ninth = u64::from(len == ALPHANUMERIC_LEN_MAX as u64);
    value * (1 + 35 * has_ninth) + digits(ninth)
}

/// The digit in base 36 that each byte of `0-9A-Z` is; of a byte 0 it is 0.
#[inline(always)]
fn digits(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    // In ASCII digits have bit 5, and 16 more than their value in the bits below; letters have bit 6, and 9 less.
    let (is_digit, is_letter) = (word >> 5 & EACH, word >> 6 & EACH);
    (word & (0x1F * EACH)) - 16 * is_digit + 9 * is_letter
}

/// Joins neighbouring fields of so many bits: the higher one counts `base` times.
#[inline(always)]
fn join(fields: u64, bits: u32, base: u64, lower: u64) -> u64 {
    (fields >> bits & lower) * base + (fields & lower)
}

/// The value of a number's characters; `None` if one of them is no digit of the base.
fn value(number: &[u8], base: u64) -> Option<u64> {
    number.iter().try_fold(0_u64, |value, character| {
        let digit = match character {
            b'0'..=b'9' => character - b'0',
            b'A'..=b'Z' => character - b'A' + 10,
            _ => return None,
        };
        (u64::from(digit) < base).then(|| value * base + u64::from(digit))
    })
}

const fn base_of(len: usize) -> Option<u64> {
    match len {
        1..=ALPHANUMERIC_LEN_MAX => Some(36),
        10..=LEN_MAX => Some(10),
        _ => None,
    }
}

const _: () = {
    assert!(Key::BITS == 56);
    assert!(RANKS <= 1 << RANK_BITS, "every rank has 47 bits");
    assert!((IssuingState::COUNT as u64) < 1 << STATE_BITS);
    assert!(FIRST_RANKS[2] == 36 && FIRST_RANKS[10] == 104_461_669_716_084, "36 + 36^2 + ... + 36^9");
    assert!(RANKS == 104_461_669_716_084 + 11_110_000_000_000, "and 10^10 + ... + 10^13");
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn document(state: &str, number: &str) -> DocumentId {
        DocumentId {
            issuing_state: IssuingState::recognise(state).unwrap().state,
            number: DocumentNumber::parse(number).unwrap(),
        }
    }

    fn key(state: &str, number: &str) -> Option<u64> {
        Key::pack(&document(state, number)).map(Key::bits)
    }

    #[test]
    fn keys_are_frozen() {
        assert_eq!(key("ABW", "0"), Some(1 << 47));
        assert_eq!(key("ABW", "Z"), Some(1 << 47 | 35));
        assert_eq!(key("ABW", "00"), Some(1 << 47 | 36));
        assert_eq!(key("UTO", "L898902C3"), Some(267 << 47 | (2_901_713_047_668 + 59_890_311_259_347)));
        assert_eq!(key("RUS", "0000000000"), Some(190 << 47 | 104_461_669_716_084));
        assert_eq!(key("IAO", "9999999999999"), Some(268 << 47 | (RANKS - 1)));
    }

    #[test]
    fn long_numbers_have_no_key() {
        for number in ["ABCDEFGHI0", "123456789A", "12345678901234", &"9".repeat(22)] {
            assert_eq!(key("UTO", number), None, "{number}");
        }
    }

    #[test]
    fn lengths_and_alphabets_meet_without_a_gap() {
        for (last, first) in [("Z", "00"), ("ZZZZZZZZZ", "0000000000"), ("9999999999", "00000000000")] {
            assert_eq!(key("UTO", last).unwrap() + 1, key("UTO", first).unwrap());
        }
    }

    #[test]
    fn bits_of_no_document_are_no_key() {
        let last = key("UTO", "9999999999999").unwrap();
        assert!(Key::from_bits(last).is_some());
        for bits in [0, 35, last + 1, 269 << 47, u64::MAX] {
            assert_eq!(Key::from_bits(bits), None);
        }
    }

    #[test]
    fn a_key_does_not_show_its_number() {
        assert_eq!(format!("{:?}", Key::pack(&document("UTO", "L898902C3")).unwrap()), "Key(state 267)");
    }

    proptest! {
        #[test]
        fn a_document_survives_its_key(number in "[0-9A-Z]{1,9}|[0-9]{10,13}", state in 1..=IssuingState::COUNT) {
            let number = DocumentNumber::parse(&number).unwrap();
            let document = DocumentId { issuing_state: IssuingState::from_number(state).unwrap(), number };
            let key = Key::pack(&document).unwrap();
            prop_assert!(key.bits() < 1 << Key::BITS);
            prop_assert_eq!(key.unpack(), document);
            prop_assert_eq!(Key::from_bits(key.bits()), Some(key));
        }

        #[test]
        fn keys_of_many_are_the_keys_of_each(
            numbers in prop::collection::vec(("[0-9A-Z]{1,9}|[0-9]{10,13}|[0-9A-Z]{10,22}", 1..=IssuingState::COUNT), 0..=32),
        ) {
            let document = |(number, state): &(String, u16)| DocumentId {
                issuing_state: IssuingState::from_number(*state).unwrap(),
                number: DocumentNumber::parse(number).unwrap(),
            };
            let documents: Vec<_> = numbers.iter().map(document).collect();
            let mut keys = [0; 32];
            let none = Key::pack_all(&documents, &mut keys);
            for (at, document) in documents.iter().enumerate() {
                let found = (none >> at & 1 == 0).then_some(keys[at]);
                prop_assert_eq!(found, Key::pack(document).map(Key::bits));
            }
        }

        #[test]
        fn a_key_survives_its_document(state in 1..=IssuingState::COUNT, rank in 0..RANKS) {
            let key = Key::from_bits(u64::from(state) << RANK_BITS | rank).unwrap();
            prop_assert_eq!(Key::pack(&key.unpack()), Some(key));
        }

        #[test]
        fn keys_order_by_length_then_value(a in "[0-9A-Z]{1,9}|[0-9]{10,13}", b in "[0-9A-Z]{1,9}|[0-9]{10,13}") {
            let by_number = (a.len(), &a).cmp(&(b.len(), &b));
            prop_assert_eq!(key("UTO", &a).unwrap().cmp(&key("UTO", &b).unwrap()), by_number);
        }
    }
}
