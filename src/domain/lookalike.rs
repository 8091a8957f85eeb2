//! Characters that people and cameras take for one another.

use super::DocumentNumber;
use super::number::Words;

/// Letters and digits that look alike in OCR-B and in print.
const PAIRS: [(u8, u8); 6] =
    [(b'0', b'O'), (b'1', b'I'), (b'2', b'Z'), (b'5', b'S'), (b'6', b'G'), (b'8', b'B')];

/// Letters that cameras take for one another in codes that have letters only.
const LETTERS: [&str; 7] = ["ODQ", "ILT", "UV", "CG", "EF", "PR", "MN"];

/// The other readings of a number: every combination of look-alikes.
///
/// At most 2⁹ − 1 readings. Numbers with more than nine ambiguous characters are varied in the first nine only.
#[derive(Clone, Debug)]
pub struct Lookalikes {
    /// The last reading, its characters eight to a word: one that is told is written as a whole, not letter by letter.
    words: Words,
    len: u8,
    /// What turns one reading into the next that varies one position more, by how many positions begin anew then.
    steps: [Words; Self::POSITIONS_MAX],
    swap_count: usize,
    /// A bit for each position that is swapped in the next reading.
    next: usize,
    complete: bool,
}

impl Lookalikes {
    /// How many ambiguous positions are varied: all those of a number of up to nine characters.
    pub const POSITIONS_MAX: usize = 9;

    /// The ambiguous positions of a number, what stands there, and what it looks like.
    pub fn swaps(number: &DocumentNumber) -> impl Iterator<Item = (usize, u8, u8)> + '_ {
        let bytes = number.as_bytes().iter().enumerate();
        bytes.filter_map(|(at, byte)| Some((at, *byte, twin(*byte)?)))
    }

    /// The readings of `number` that differ from it.
    #[must_use]
    pub fn of(number: DocumentNumber) -> Self {
        let mut readings = Self {
            words: number.words(),
            len: number.as_bytes().len() as u8,
            steps: [Words::default(); Self::POSITIONS_MAX],
            swap_count: 0,
            next: 1,
            complete: true,
        };
        let mut step = Words::default();
        for (at, byte, twin) in Self::swaps(&number) {
            match readings.steps.get_mut(readings.swap_count) {
                Some(next_step) => {
                    step[at / 8] ^= u64::from(byte ^ twin) << (8 * (at % 8));
                    *next_step = step;
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

    #[inline]
    fn next(&mut self) -> Option<DocumentNumber> {
        if self.next >> self.swap_count != 0 {
            return None;
        }
        // Counting up turns the lowest bits over: the zeros at the end of the new count, and the one above them.
        let step = self.steps.get(self.next.trailing_zeros() as usize)?;
        self.words.iter_mut().zip(step).for_each(|(word, step)| *word ^= step);
        self.next += 1;
        Some(DocumentNumber::of_words(self.words, self.len))
    }

    #[inline]
    fn fold<B, F: FnMut(B, DocumentNumber) -> B>(self, init: B, mut take: F) -> B {
        let (mut words, mut taken) = (self.words, init);
        for count in self.next..1 << self.swap_count {
            let Some(step) = self.steps.get(count.trailing_zeros() as usize) else { break };
            words.iter_mut().zip(step).for_each(|(word, step)| *word ^= step);
            taken = take(taken, DocumentNumber::of_words(words, self.len));
        }
        taken
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (1_usize << self.swap_count).saturating_sub(self.next);
        (left, Some(left))
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
    Some(TWINS[usize::from(byte)]).filter(|twin| *twin != 0)
}

/// The twin of each character; 0 for those without.
const TWINS: [u8; 256] = {
    let (mut twins, mut at) = ([0; 256], 0);
    while at < PAIRS.len() {
        let (digit, letter) = PAIRS[at];
        (twins[digit as usize], twins[letter as usize]) = (letter, digit);
        at += 1;
    }
    twins
};

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
