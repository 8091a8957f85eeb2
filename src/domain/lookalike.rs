//! Characters that people and cameras take for one another.

use super::DocumentNumber;

/// Letters and digits that look alike in OCR-B and in print.
const PAIRS: [(u8, u8); 6] =
    [(b'0', b'O'), (b'1', b'I'), (b'2', b'Z'), (b'5', b'S'), (b'6', b'G'), (b'8', b'B')];

/// Letters that cameras take for one another in codes that have letters only.
const LETTERS: [&str; 7] = ["ODQ", "ILT", "UV", "CG", "EF", "PR", "MN"];

/// How many ambiguous positions are varied: all those of a number of up to nine characters.
const POSITIONS_MAX: usize = 9;

/// The other readings of a number: every combination of look-alikes.
///
/// At most 2⁹ − 1 readings. Numbers with more than nine ambiguous characters are varied in the first nine only.
#[derive(Clone, Debug)]
pub struct Lookalikes {
    /// The last reading.
    number: DocumentNumber,
    /// The ambiguous positions, each with the character that stands there and the one that it looks like.
    swaps: [(usize, [u8; 2]); POSITIONS_MAX],
    swap_count: usize,
    /// A bit for each position that is swapped in the next reading.
    next: usize,
    complete: bool,
}

impl Lookalikes {
    /// The readings of `number` that differ from it.
    #[must_use]
    pub fn of(number: DocumentNumber) -> Self {
        let mut readings =
            Self { number, swaps: [(0, [0; 2]); POSITIONS_MAX], swap_count: 0, next: 1, complete: true };
        for (at, byte) in number.as_bytes().iter().enumerate() {
            let Some(twin) = twin(*byte) else { continue };
            match readings.swaps.get_mut(readings.swap_count) {
                Some(swap) => {
                    *swap = (at, [*byte, twin]);
                    readings.swap_count += 1;
                }
                None => readings.complete = false,
            }
        }
        readings
    }

    /// False if the number has more ambiguous characters than are varied.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }
}

impl Iterator for Lookalikes {
    type Item = DocumentNumber;

    fn next(&mut self) -> Option<DocumentNumber> {
        if self.next >> self.swap_count != 0 {
            return None;
        }
        let mask = self.next;
        self.next += 1;
        // Counting up changes the lowest bits, as many as the next reading has zeros at its end and one more: two on average.
        let changed = self.swaps[..=mask.trailing_zeros() as usize].iter().enumerate();
        self.number = self.number.with(changed.map(|(bit, (at, twins))| (*at, twins[mask >> bit & 1])));
        Some(self.number)
    }
}

/// The digit that a character in a place for digits stands for: itself, or the one that the letter looks like.
#[must_use]
pub fn mend_digit(byte: u8) -> Option<u8> {
    if byte.is_ascii_digit() { Some(byte) } else { twin(byte).filter(u8::is_ascii_digit) }
}

/// The letter that a digit in a place for letters stands for.
#[must_use]
pub fn letter_twin(byte: u8) -> Option<u8> {
    if byte.is_ascii_digit() { twin(byte) } else { None }
}

/// The character of the other class that a character looks like.
#[must_use]
pub fn twin(byte: u8) -> Option<u8> {
    PAIRS.iter().find_map(|(digit, letter)| match byte {
        _ if byte == *digit => Some(*letter),
        _ if byte == *letter => Some(*digit),
        _ => None,
    })
}

/// A state's code with its digits read as the letters they look like; `None` if it has no such digit.
///
/// Codes of issuing states have letters only (ICAO Doc 9303 part 3 section 5), so a digit there is a misreading.
#[must_use]
pub fn mend_code(code: &str) -> Option<String> {
    let mended: String = code
        .chars()
        .map(|char| match char {
            '0'..='9' => twin(char as u8).map_or(char, char::from),
            _ => char,
        })
        .collect();
    (mended != code).then_some(mended)
}

/// The readings of a state's code in which one letter is taken for another that it resembles.
pub fn code_lookalikes(code: &str) -> impl Iterator<Item = String> {
    code.char_indices().flat_map(move |(at, was)| {
        let class = LETTERS.iter().find(|class| class.contains(was)).copied().unwrap_or("");
        class.chars().filter(move |other| *other != was).map(move |other| {
            let mut reading = String::with_capacity(code.len());
            reading.push_str(&code[..at]);
            reading.push(other);
            reading.push_str(&code[at + was.len_utf8()..]);
            reading
        })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn readings(number: &str) -> Vec<String> {
        Lookalikes::of(DocumentNumber::parse(number).unwrap())
            .map(|other| other.as_str().to_owned())
            .collect()
    }

    #[test]
    fn every_combination_is_read_once_and_the_number_itself_never() {
        assert_eq!(readings("A0I"), ["AOI", "A01", "AO1"]);
        assert_eq!(readings("ACDEFH"), Vec::<String>::new());
        let all = readings("0O1I2Z5S6");
        assert_eq!(all.len(), 511);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 511);
        assert!(!all.contains(&"0O1I2Z5S6".to_owned()));
    }

    #[test]
    fn a_number_with_more_than_nine_ambiguous_characters_says_so() {
        let long = Lookalikes::of(DocumentNumber::parse("0123456789012").unwrap());
        assert!(long.is_complete());
        let longer = Lookalikes::of(DocumentNumber::parse("0011225566880").unwrap());
        assert!(!longer.is_complete());
        assert_eq!(longer.count(), 511);
    }

    #[test]
    fn digits_in_a_state_code_become_letters() {
        assert_eq!(mend_code("UT0").as_deref(), Some("UTO"));
        assert_eq!(mend_code("6B2").as_deref(), Some("GBZ"));
        assert_eq!(mend_code("UTO"), None);
        assert_eq!(mend_code("A7B"), None);
    }

    #[test]
    fn a_state_code_is_read_with_one_letter_changed() {
        let all: Vec<_> = code_lookalikes("UTO").collect();
        assert!(
            all.contains(&"VTO".to_owned())
                && all.contains(&"UTQ".to_owned())
                && all.contains(&"UIO".to_owned())
        );
        assert!(all.iter().all(|code| code.len() == 3 && code != "UTO"));
    }
}
