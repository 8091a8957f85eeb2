//! What is kept of a zone: never a name, never a date.

use super::format::Format;
use super::notes::Notes;
use super::number::{LongNumberRule, NumberField};
use crate::domain::Kind;

/// A zone as printed, without what identifies its holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone {
    /// The layout.
    pub format: Format,
    /// The kind its document code stands for.
    pub kind: Kind,
    /// The document code is one that ICAO knows.
    pub code_known: bool,
    /// The issuing field, three characters of `0-9A-Z<`.
    pub issuing_state: [u8; 3],
    /// The number as printed.
    pub number: NumberField,
    /// The optional data goes on behind the filler that ends a long number: a separator may stand there, and the number go on.
    pub goes_on: bool,
    /// The number as it would be in the zone of a Russian internal passport, if this may be one that was misread.
    pub interleaved: Option<NumberField>,
    /// The nationality field, three characters of `0-9A-Z<`; fillers where the format has none.
    pub nationality: [u8; 3],
    /// Every check digit of the format, the number's first.
    pub check_digits: CheckDigits,
    /// What had to be done to the text to read it.
    pub notes: Notes,
}

impl Zone {
    /// The check digit of the document number, in formats that have one.
    #[must_use]
    pub fn number_check_digit(&self) -> Option<CheckDigit> {
        self.check_digits.first().copied()
    }

    /// What an answer says of the zone.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary {
            format: self.format,
            long_number_rule: self
                .number_check_digit()
                .and_then(|digit| self.number.long_rule(digit.printed)),
            check_digits: self.check_digits,
            notes: self.notes,
        }
    }
}

/// What an answer says of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The layout.
    pub format: Format,
    /// The rule that the check digit of a number of more than nine characters follows.
    pub long_number_rule: Option<LongNumberRule>,
    /// Every check digit of the format.
    pub check_digits: CheckDigits,
    /// What had to be done to the text to read it.
    pub notes: Notes,
}

/// One printed check digit beside the computed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckDigit {
    /// What it covers.
    pub field: Field,
    /// The character in the zone.
    pub printed: u8,
    /// The digit that the covered characters ask for.
    pub computed: u8,
    /// The printed character is acceptable.
    pub ok: bool,
}

/// The check digits of one zone, at most five.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CheckDigits {
    digits: [CheckDigit; Self::LEN_MAX],
    len: u8,
}

impl CheckDigits {
    const LEN_MAX: usize = 5;

    pub(super) const NONE: Self = Self {
        digits: [CheckDigit { field: Field::Number, printed: b'<', computed: b'0', ok: false };
            Self::LEN_MAX],
        len: 0,
    };

    pub(super) fn push(&mut self, digit: CheckDigit) {
        self.digits[usize::from(self.len)] = digit;
        self.len += 1;
    }
}

impl std::ops::Deref for CheckDigits {
    type Target = [CheckDigit];

    fn deref(&self) -> &[CheckDigit] {
        &self.digits[..usize::from(self.len)]
    }
}

impl std::fmt::Debug for CheckDigits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Fields of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// Document number.
    Number,
    /// Date of birth.
    DateOfBirth,
    /// Date of expiry, or the last day a visa is valid.
    DateOfExpiry,
    /// Personal number or optional data.
    PersonalNumber,
    /// All of them together.
    Composite,
    /// The issuing state's code, which no check digit covers.
    IssuingState,
    /// The code of the holder's nationality, which no check digit covers.
    Nationality,
}

impl Field {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::DateOfBirth => "date_of_birth",
            Self::DateOfExpiry => "date_of_expiry",
            Self::PersonalNumber => "personal_number",
            Self::Composite => "composite",
            Self::IssuingState => "issuing_state",
            Self::Nationality => "nationality",
        }
    }

    /// The field with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Number,
            Self::DateOfBirth,
            Self::DateOfExpiry,
            Self::PersonalNumber,
            Self::Composite,
            Self::IssuingState,
            Self::Nationality,
        ]
        .into_iter()
        .find(|field| field.word() == word)
    }
}
