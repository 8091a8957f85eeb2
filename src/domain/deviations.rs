//! Series of documents that were issued with wrong check digits.

use super::mrz::{CheckDigit, Field, Format, Zone};
use super::{DocumentNumber, IssuingState};

/// What is known of issuers' errors (ICAO Doc 9303 part 3 section 7, deviation lists).
///
/// A check digit that a deviation excuses is no doubt, so that an honest traveller is not inconclusive for ever; and it
/// vouches for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deviations(pub Vec<Deviation>);

/// One series with a known error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// Who issued it.
    pub issuing_state: IssuingState,
    /// The format of its zone.
    pub format: Format,
    /// The field whose check digit is wrong.
    pub field: Field,
    /// The numbers of the series, if it is not all that the issuer has in this format.
    pub numbers: Option<NumberRange>,
    /// What is printed in place of the right digit.
    pub prints: Prints,
}

impl Deviation {
    /// The deviation in words that only change with its meaning.
    #[must_use]
    pub fn canonical(&self) -> String {
        let numbers = self.numbers.map_or_else(String::new, |NumberRange { from, to }| {
            format!(" {}-{}", from.as_str(), to.as_str())
        });
        let prints = match self.prints {
            Prints::Any => "any".to_owned(),
            Prints::Always(byte) => char::from(byte).to_string(),
        };
        let (state, format, field) = (self.issuing_state, self.format.word(), self.field.word());
        format!("{state} {format} {field}{numbers} {prints}")
    }
}

/// Numbers of one length, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberRange {
    from: DocumentNumber,
    to: DocumentNumber,
}

impl NumberRange {
    /// `None` if the ends have different lengths or the wrong order.
    #[must_use]
    pub fn new(from: DocumentNumber, to: DocumentNumber) -> Option<Self> {
        (from.as_bytes().len() == to.as_bytes().len() && from <= to).then_some(Self { from, to })
    }

    fn contains(&self, number: &DocumentNumber) -> bool {
        number.as_bytes().len() == self.from.as_bytes().len()
            && (self.from.as_bytes()..=self.to.as_bytes()).contains(&number.as_bytes())
    }
}

/// What a series prints in place of the right digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prints {
    /// Anything.
    Any,
    /// Always this character.
    Always(u8),
}

impl Deviations {
    /// True if a check digit that is not what it should be is known to be so on this document.
    #[must_use]
    pub fn excuse(&self, zone: &Zone, issuing_state: Option<IssuingState>, digit: &CheckDigit) -> bool {
        let number = zone.number.document_number();
        !digit.ok
            && self.0.iter().any(|known| {
                Some(known.issuing_state) == issuing_state
                    && known.format == zone.format
                    && known.field == digit.field
                    && known.numbers.is_none_or(|range| number.is_some_and(|number| range.contains(&number)))
                    && match known.prints {
                        Prints::Any => true,
                        Prints::Always(printed) => printed == digit.printed,
                    }
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::mrz;

    fn number(text: &str) -> DocumentNumber {
        DocumentNumber::parse(text).unwrap()
    }

    fn known(from: &str, to: &str, prints: Prints) -> Deviations {
        Deviations(vec![Deviation {
            issuing_state: IssuingState::recognise("UTO").unwrap().state,
            format: Format::Td3,
            field: Field::Number,
            numbers: NumberRange::new(number(from), number(to)),
            prints,
        }])
    }

    #[test]
    fn a_wrong_digit_is_excused_in_its_series_alone() {
        let zone = mrz::read(
            "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C30UTO7408122F1204159ZE184226B<<<<<10",
        )
        .unwrap();
        let (state, digit) = (IssuingState::recognise("UTO").map(|found| found.state), zone.check_digits[0]);
        for (deviations, excused) in [
            (known("L898902C0", "L898902C9", Prints::Any), true),
            (known("L898902C0", "L898902C9", Prints::Always(b'0')), true),
            (known("L898902C0", "L898902C9", Prints::Always(b'1')), false),
            (known("L898902D0", "L898902D9", Prints::Any), false),
            (known("L898902", "L899999", Prints::Any), false),
        ] {
            assert_eq!(deviations.excuse(&zone, state, &digit), excused, "{deviations:?}");
        }
        let other = IssuingState::recognise("FRA").map(|found| found.state);
        assert!(!known("L898902C0", "L898902C9", Prints::Any).excuse(&zone, other, &digit));
    }

    #[test]
    fn a_range_has_ends_of_one_length_in_order() {
        assert!(NumberRange::new(number("A1"), number("A2")).is_some());
        assert!(NumberRange::new(number("A2"), number("A1")).is_none());
        assert!(NumberRange::new(number("A1"), number("A10")).is_none());
    }
}
