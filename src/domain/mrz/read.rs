//! From text to [`Zone`].

use super::check_digit;
use super::zone::{CheckDigit, Field, Format, Zone};
use crate::domain::Kind;

const LINE_LEN: usize = 44;

/// Why a text is no zone that we read. Line and column count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MrzFault {
    /// There are not two lines.
    #[error("a zone of this kind has 2 lines; {lines} were read")]
    Lines {
        /// How many lines were read, empty ones left out.
        lines: usize,
    },
    /// A line has another length than 44.
    #[error("line {line} has {length} characters where 44 were expected")]
    Length {
        /// The line.
        line: usize,
        /// Its length in characters.
        length: usize,
    },
    /// A character that zones don't have.
    #[error(
        "line {line}, column {column}: a zone has the characters A-Z, 0-9 and < only (Doc 9303 part 3, 4.3)"
    )]
    Character {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// The first character is neither `P` nor `V`.
    #[error("line 1, column 1: the document code begins with neither P nor V")]
    DocumentCode,
}

/// Reads a zone of two lines of 44 characters. Line breaks may be LF or CR LF, and a blank end of a line is cut off.
///
/// Wrong check digits are no fault: they are in [`Zone::check_digits`].
///
/// # Errors
/// [`MrzFault`] if the text has another shape or other characters.
pub fn read(text: &str) -> Result<Zone, MrzFault> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let (Some(first), Some(second), None) = (lines.next(), lines.next(), lines.next()) else {
        return Err(MrzFault::Lines { lines: text.lines().filter(|line| !line.trim().is_empty()).count() });
    };
    let (first, second) = (line(1, first)?, line(2, second)?);
    let format = match first[0] {
        b'P' => Format::Td3,
        b'V' => Format::MrvA,
        _ => return Err(MrzFault::DocumentCode),
    };
    let (kind, code_known) = kind(first[1], format);
    Ok(Zone {
        format,
        kind,
        code_known,
        issuing_state: part(first, 3),
        number: part(second, 1),
        nationality: part(second, 11),
        check_digits: check_digits(second, format),
    })
}

fn line(at: usize, text: &str) -> Result<&[u8; LINE_LEN], MrzFault> {
    let alien = text.chars().position(|char| !matches!(char, '0'..='9' | 'A'..='Z' | '<'));
    if let Some(column) = alien {
        return Err(MrzFault::Character { line: at, column: column + 1 });
    }
    text.as_bytes().try_into().map_err(|_| MrzFault::Length { line: at, length: text.len() })
}

/// `N` characters from a column that counts from 1, as Doc 9303 does.
fn part<const N: usize>(line: &[u8; LINE_LEN], column: usize) -> [u8; N] {
    std::array::from_fn(|at| line[column - 1 + at])
}

/// The kind behind the second character of the code (Doc 9303 part 4 section 4.4; part 8 for `PU`). The first letter
/// alone decides between passport and visa, for until 2038 the second may be of an issuer's own invention.
fn kind(second: u8, format: Format) -> (Kind, bool) {
    match (format, second) {
        (Format::MrvA, _) => (Kind::Visa, true),
        (Format::Td3, b'R' | b'T' | b'S') => (Kind::RefugeeTravelDocument, true),
        (Format::Td3, b'L') => (Kind::LaissezPasser, true),
        (Format::Td3, b'<' | b'P' | b'E' | b'D' | b'O' | b'M' | b'U') => (Kind::Passport, true),
        (Format::Td3, _) => (Kind::Passport, false),
    }
}

/// Positions in the lower line: Doc 9303 part 4 section 4.2.2 for TD3; part 7 for visas, which have neither a
/// personal number's digit nor a composite.
fn check_digits(line: &[u8; LINE_LEN], format: Format) -> Vec<CheckDigit> {
    let columns = |from: usize, to: usize| line[from - 1..to].iter().copied();
    let digit = |field, at: usize, computed: u8| {
        let printed = line[at - 1];
        CheckDigit { field, printed, computed, ok: printed == computed }
    };
    let mut digits = vec![
        digit(Field::Number, 10, check_digit(columns(1, 9))),
        digit(Field::DateOfBirth, 20, check_digit(columns(14, 19))),
        digit(Field::DateOfExpiry, 28, check_digit(columns(22, 27))),
    ];
    if format == Format::Td3 {
        let mut personal = digit(Field::PersonalNumber, 43, check_digit(columns(29, 42)));
        let empty = columns(29, 42).all(|byte| byte == b'<');
        personal.ok |= empty && personal.printed == b'<';
        digits.push(personal);
        let covered = columns(1, 10).chain(columns(14, 20)).chain(columns(22, 43));
        digits.push(digit(Field::Composite, 44, check_digit(covered)));
    }
    for date in [1, 2] {
        digits[date].ok |= digits[date].printed == b'<' && digits[date].computed == b'0';
    }
    digits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UPPER: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<";
    const LOWER: &str = "L898902C36UTO7408122F1204159ZE184226B<<<<<10";

    fn zone(upper: &str, lower: &str) -> Zone {
        read(&format!("{upper}\n{lower}")).unwrap()
    }

    #[test]
    fn the_official_passport_specimen_is_read_and_all_its_digits_agree() {
        let zone = zone(UPPER, LOWER);
        assert_eq!((zone.format, zone.kind, zone.code_known), (Format::Td3, Kind::Passport, true));
        assert_eq!((&zone.issuing_state, &zone.number, &zone.nationality), (b"UTO", b"L898902C3", b"UTO"));
        assert_eq!(zone.check_digits.len(), 5);
        assert!(zone.check_digits.iter().all(|digit| digit.ok), "{:?}", zone.check_digits);
    }

    #[test]
    fn a_visa_has_neither_personal_number_nor_composite() {
        let zone = zone(
            "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
            "L898902C<3UTO6908061F9406236ZE184226B<<<<<<<",
        );
        assert_eq!((zone.format, zone.kind, zone.check_digits.len()), (Format::MrvA, Kind::Visa, 3));
        assert!(zone.check_digits.iter().all(|digit| digit.ok));
    }

    #[test]
    fn an_empty_personal_number_may_have_a_filler_for_its_digit() {
        let refugee = zone(
            "PRD<<DOE<<JANE<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<",
            "C01X0006H1XXB9001011F3101012<<<<<<<<<<<<<<<4",
        );
        assert_eq!(refugee.kind, Kind::RefugeeTravelDocument);
        assert!(refugee.check_digits.iter().all(|digit| digit.ok));
    }

    #[test]
    fn a_wrong_digit_is_reported_and_not_a_fault() {
        let zone = zone(UPPER, "L898902C46UTO7408122F1204159ZE184226B<<<<<10");
        let number = zone.number_check_digit();
        assert_eq!(
            (number.field, number.printed, number.computed, number.ok),
            (Field::Number, b'6', b'7', false)
        );
    }

    #[test]
    fn faults_name_line_and_column_and_never_the_content() {
        assert_eq!(read(""), Err(MrzFault::Lines { lines: 0 }));
        assert_eq!(read(UPPER), Err(MrzFault::Lines { lines: 1 }));
        assert_eq!(read(&format!("{UPPER}\n{}", &LOWER[1..])), Err(MrzFault::Length { line: 2, length: 43 }));
        assert_eq!(
            read(&format!("{UPPER}\n{}", LOWER.replace('C', "c"))),
            Err(MrzFault::Character { line: 2, column: 8 })
        );
        assert_eq!(read(&format!("A{}\n{LOWER}", &UPPER[1..])), Err(MrzFault::DocumentCode));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "\\PC{0,200}") {
            let _ = read(&text);
        }

        #[test]
        fn any_text_of_the_right_shape_is_read(upper in "P[0-9A-Z<]{43}", lower in "[0-9A-Z<]{44}") {
            let zone = zone(&upper, &lower);
            prop_assert_eq!(&zone.number[..], &lower.as_bytes()[..9]);
        }
    }
}
