//! What is kept of a zone: never a name, never a date.

use crate::domain::Kind;

/// A zone as printed, without what identifies its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// The layout.
    pub format: Format,
    /// The kind its document code stands for.
    pub kind: Kind,
    /// The document code is one that ICAO knows.
    pub code_known: bool,
    /// The issuing field, three characters of `0-9A-Z<`.
    pub issuing_state: [u8; 3],
    /// The number field, nine characters of `0-9A-Z<`.
    pub number: [u8; 9],
    /// The nationality field, three characters of `0-9A-Z<`.
    pub nationality: [u8; 3],
    /// Every check digit of the format, the number's first.
    pub check_digits: Vec<CheckDigit>,
}

impl Zone {
    /// The check digit of the document number.
    #[must_use]
    pub fn number_check_digit(&self) -> CheckDigit {
        self.check_digits[0]
    }

    /// What an answer says of the zone.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary { format: self.format, check_digits: self.check_digits.clone() }
    }
}

/// What an answer says of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The layout.
    pub format: Format,
    /// Every check digit of the format.
    pub check_digits: Vec<CheckDigit>,
}

/// The layouts that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Passports, 2 × 44 (Doc 9303 part 4).
    Td3,
    /// Full-size visas, 2 × 44 (Doc 9303 part 7).
    MrvA,
}

impl Format {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Td3 => "TD3",
            Self::MrvA => "MRVA",
        }
    }
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

/// Fields of a zone that have a check digit.
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
        }
    }
}
