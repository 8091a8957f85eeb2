//! Document numbers in normal form.

/// A document number: 1 to 22 characters of `0-9A-Z`, upper case, without separators.
///
/// 22 is the longest number that a machine-readable zone can carry (ICAO Doc 9303 part 5, note j to 4.2.2).
/// A number is personal data: `Debug` shows its length only and there is no `Display`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
// Copied in whole words: a copy that overlaps itself waits for what was just written.
#[repr(align(8))]
pub struct DocumentNumber {
    bytes: [u8; Self::LEN_MAX],
    len: u8,
}

/// Why a text is no document number. Says where, never what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberFault {
    /// Nothing is left once separators are taken away.
    #[error("the number is empty: give the number as printed on the document")]
    Empty,
    /// More than 22 characters are left.
    #[error("the number has more than 22 characters, which no travel document has")]
    TooLong,
    /// A character that document numbers don't have; columns count from 1.
    #[error(
        "column {column} of the number is not a letter A-Z, a digit, or one of the separators space - / . <"
    )]
    Character {
        /// Position of the character in the text as given, counted in characters from 1.
        column: usize,
    },
}

impl DocumentNumber {
    /// The longest number, in characters.
    pub const LEN_MAX: usize = 22;

    /// Brings a text to normal form: upper case, without `<`, blanks, `-`, `/` and `.`, which ICAO Doc 9303 part 4
    /// (4.2.2.2) replaces by fillers. Leading zeros count.
    ///
    /// # Errors
    /// [`NumberFault`] if nothing is left, too much is left, or another character occurs.
    pub fn parse(text: &str) -> Result<Self, NumberFault> {
        let mut number = Self { bytes: [0; Self::LEN_MAX], len: 0 };
        for (at, char) in text.chars().enumerate() {
            match char {
                '0'..='9' | 'A'..='Z' | 'a'..='z' => {
                    let free = number.bytes.get_mut(usize::from(number.len)).ok_or(NumberFault::TooLong)?;
                    *free = (char as u8).to_ascii_uppercase();
                    number.len += 1;
                }
                '<' | ' ' | '-' | '/' | '.' => {}
                _ => return Err(NumberFault::Character { column: at + 1 }),
            }
        }
        if number.len == 0 { Err(NumberFault::Empty) } else { Ok(number) }
    }

    /// The number of characters that are in normal form already; `None` if they are not, or are none or too many.
    #[must_use]
    pub fn of_characters(characters: &[u8]) -> Option<Self> {
        let mut number = Self { bytes: [0; Self::LEN_MAX], len: characters.len() as u8 };
        number.bytes.get_mut(..characters.len())?.copy_from_slice(characters);
        let normal = characters.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
        (normal && !characters.is_empty()).then_some(number)
    }

    /// The number of the last `len` of some characters, all of which are in normal form already; `None` if they are not, or
    /// if it were none or more than there are.
    #[inline]
    #[must_use]
    pub fn of_last(characters: &[u8; 16], len: usize) -> Option<Self> {
        // Copied and checked whole: no branch depends on the length.
        let mut padded = [0; 32];
        padded[..16].copy_from_slice(characters);
        let mut number = Self { bytes: [0; Self::LEN_MAX], len: len as u8 };
        let from = 16_usize.checked_sub(len).filter(|_| len > 0)?;
        number.bytes[..16].copy_from_slice(padded.get(from..from + 16)?);
        let is_normal = |all: bool, byte: &u8| all & (byte.is_ascii_digit() | byte.is_ascii_uppercase());
        characters.iter().fold(true, is_normal).then_some(number)
    }

    /// The number in cells of a zone, `0-9A-Z<`, without its fillers; `None` if it has no character or more than 22.
    pub(in crate::domain) fn of_cells(cells: &[u8]) -> Option<Self> {
        let mut number = Self { bytes: [0; Self::LEN_MAX], len: 0 };
        for cell in cells.iter().filter(|cell| **cell != b'<') {
            *number.bytes.get_mut(usize::from(number.len))? = *cell;
            number.len += 1;
        }
        (number.len > 0).then_some(number)
    }

    /// The characters.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// The characters, to be shown to whoever asked and to nobody else.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).expect("a number is ASCII")
    }

    /// The characters, eight to a word, the first in the lowest byte, and zero bytes behind them.
    #[inline]
    #[must_use]
    pub fn words(&self) -> [u64; WORDS] {
        let mut bytes = [0; 8 * WORDS];
        bytes[..Self::LEN_MAX].copy_from_slice(&self.bytes);
        let mut words = [0; WORDS];
        words
            .iter_mut()
            .zip(bytes.as_chunks().0)
            .for_each(|(word, eight)| *word = u64::from_le_bytes(*eight));
        words
    }

    /// The number with these [`words`](Self::words), of so many characters of `0-9A-Z`: readings are made by our own tables.
    #[inline]
    pub(in crate::domain) fn of_words(words: Words, len: u8) -> Self {
        let mut number = Self { bytes: [0; Self::LEN_MAX], len };
        let (whole, rest) = number.bytes.as_chunks_mut::<8>();
        whole.iter_mut().zip(words).for_each(|(eight, word)| *eight = word.to_le_bytes());
        let last = words[WORDS - 1].to_le_bytes();
        rest.copy_from_slice(&last[..rest.len()]);
        number
    }

    /// The characters of a number of up to nine, and zero bytes behind them.
    #[inline]
    #[must_use]
    pub fn first_nine(&self) -> Option<&[u8; 9]> {
        if self.len <= 9 { self.bytes.first_chunk() } else { None }
    }

    /// The first characters, if there are more than `len`.
    #[must_use]
    pub fn first(mut self, len: usize) -> Option<Self> {
        let longer = (1..usize::from(self.len)).contains(&len);
        self.bytes[len.min(Self::LEN_MAX)..].fill(0);
        self.len = len.min(usize::from(self.len)) as u8;
        longer.then_some(self)
    }

    /// The same number with other characters at some positions (counted from 0).
    ///
    /// # Panics
    /// If a position is beyond the end or a character is not of `0-9A-Z`: readings are made by our own tables.
    #[must_use]
    pub fn with(mut self, changes: impl IntoIterator<Item = (usize, u8)>) -> Self {
        let len = usize::from(self.len);
        for (at, byte) in changes {
            assert!(byte.is_ascii_digit() || byte.is_ascii_uppercase());
            self.bytes[..len][at] = byte;
        }
        self
    }
}

/// The characters of a number, eight to a word.
pub(in crate::domain) type Words = [u64; WORDS];
const WORDS: usize = DocumentNumber::LEN_MAX.div_ceil(8);

impl std::fmt::Debug for DocumentNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DocumentNumber({} characters)", self.len)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn characters_in_normal_form_are_the_number_that_is_read_of_them(text in "[0-9A-Z]{1,22}|[0-9a-z .]{0,24}") {
            let read = DocumentNumber::parse(&text).ok().filter(|number| number.as_str() == text);
            prop_assert_eq!(DocumentNumber::of_characters(text.as_bytes()), read);
            for len in 0..=17 {
                let padded = format!("{text:0>16}");
                let last = padded.as_bytes().last_chunk::<16>().expect("it has 16");
                let whole = DocumentNumber::of_characters(last);
                let expected = whole.and_then(|_| DocumentNumber::of_characters(last.get(16_usize.checked_sub(len)?..)?));
                prop_assert_eq!(DocumentNumber::of_last(last, len), expected);
            }
        }
    }

    #[test]
    fn separators_and_case_do_not_matter() {
        for text in ["L898902C3", "l898902c3", "L 898-902/C.3", "L898902C3<<"] {
            assert_eq!(DocumentNumber::parse(text).unwrap().as_str(), "L898902C3");
        }
    }

    #[test]
    fn faults_name_the_place_and_never_the_content() {
        assert_eq!(DocumentNumber::parse("<< -"), Err(NumberFault::Empty));
        assert_eq!(DocumentNumber::parse("ÄB1"), Err(NumberFault::Character { column: 1 }));
        assert_eq!(DocumentNumber::parse("A_1"), Err(NumberFault::Character { column: 2 }));
        assert_eq!(DocumentNumber::parse(&"1".repeat(23)), Err(NumberFault::TooLong));
        assert!(!format!("{:?}", DocumentNumber::parse("L898902C3")).contains("898"));
    }

    proptest! {
        #[test]
        fn the_normal_form_is_a_fixed_point(text in "\\PC{0,40}") {
            if let Ok(number) = DocumentNumber::parse(&text) {
                prop_assert_eq!(DocumentNumber::parse(number.as_str()), Ok(number));
            }
        }
    }
}
