//! From text to [`Zone`].

use super::check_digit::{Sum, digit_of};
use super::code;
use super::fault::MrzFault;
use super::format::{Checked, Format, Span};
use super::keyboard::Keyboard;
use super::lines::Lines;
use super::number::NumberField;
use super::tidy::Tidied;
use super::zone::{CheckDigit, CheckDigits, Field, Zone};

/// Reads a zone of any [`Format`], as scanners and people send it: in either case, with blanks, control characters or a
/// barcode reader's prefix around it, with its line breaks missing or with a line too many. [`Zone::notes`] says what
/// had to be done.
///
/// Wrong check digits are no fault: they are in [`Zone::check_digits`]. Allocates nothing; what it copies it wipes.
///
/// # Errors
/// [`MrzFault`] if the text has another shape or other characters.
pub fn read(text: &str) -> Result<Zone, MrzFault> {
    with_lines(text, zone)
}

/// Does something with the lines of a text's zone.
pub(super) fn with_lines<T>(text: &str, of: impl Fn(&Lines<'_>) -> T) -> Result<T, MrzFault> {
    if let Some(lines) = Lines::plain(text) {
        return Ok(of(&lines));
    }
    let tidied = Tidied::of(text);
    match Lines::find(&tidied) {
        Ok(lines) => Ok(of(&lines)),
        Err(fault) => Err(Keyboard::recognise(text).map_or(fault, |layout| MrzFault::Keyboard { layout })),
    }
}

impl Lines<'_> {
    /// The cells of a span.
    pub(super) fn cells(&self, span: Span) -> &[u8] {
        &self.line(span.line)[span.from - 1..span.to]
    }

    fn three(&self, span: Span) -> [u8; 3] {
        self.cells(span).try_into().unwrap_or(*b"<<<")
    }

    fn cell(&self, line: usize, column: usize) -> u8 {
        self.line(line)[column - 1]
    }
}

fn zone(lines: &Lines<'_>) -> Zone {
    let (format, layout) = (lines.format, lines.format.layout());
    let (code_line, code_column) = format.code();
    let code = [lines.cell(code_line, code_column), lines.cell(code_line, code_column + 1)];
    let issuing_state = lines.three(layout.state);
    let (kind, code_known) = code::kind(code, format, issuing_state);
    let (number, number_digit) = number(lines, code, issuing_state);
    Zone {
        format,
        kind,
        code_known,
        issuing_state,
        number,
        goes_on: number.continues() && goes_on(lines),
        interleaved: interleaved(lines, &number),
        nationality: layout.nationality.map_or(*b"<<<", |span| lines.three(span)),
        check_digits: check_digits(lines, &number, number_digit, issuing_state),
        notes: lines.notes,
    }
}

/// The number and its printed check digit.
fn number(lines: &Lines<'_>, code: [u8; 2], issuing_state: [u8; 3]) -> (NumberField, Option<u8>) {
    let layout = lines.format.layout();
    let field = lines.cells(layout.number);
    let Some(column) = layout.number_digit else { return (NumberField::of_field(field), None) };
    let printed = lines.cell(layout.number.line, column);
    if let Some(span) = layout.overflow
        && let Some((rest, digit)) = overflow(field, printed, lines.cells(span))
    {
        return (NumberField::continued(field, rest), Some(digit));
    }
    if lines.format == Format::Td3 && code == *b"PN" && issuing_state == *b"RUS" {
        let fourth = layout.personal.map_or(b'<', |personal| lines.cells(personal.field)[0]);
        return (NumberField::interleaved(field, fourth), Some(printed));
    }
    (NumberField::of_field(field), Some(printed))
}

/// True if something stands behind the first filler of the optional data.
fn goes_on(lines: &Lines<'_>) -> bool {
    let optional = lines.format.layout().overflow.map_or(&[][..], |span| lines.cells(span));
    optional.iter().skip_while(|cell| **cell != b'<').any(|cell| *cell != b'<')
}

/// What the number is if the zone is that of a Russian internal passport and its code or state were misread, which no
/// check digit covers: nine digits, and one that begins the optional data.
fn interleaved(lines: &Lines<'_>, number: &NumberField) -> Option<NumberField> {
    let field = lines.cells(lines.format.layout().number);
    let fourth = *lines.cells(lines.format.layout().personal?.field).first()?;
    let digits = fourth.is_ascii_digit() && field.iter().all(u8::is_ascii_digit);
    (digits && !number.rests_on_personal_number()).then(|| NumberField::interleaved(field, fourth))
}

/// The rest of a number of more than nine characters and its check digit: a filler stands where the digit would be, and
/// the optional data begins with the rest, then the digit, then a filler.
fn overflow<'l>(field: &[u8], printed: u8, optional: &'l [u8]) -> Option<(&'l [u8], u8)> {
    if printed != b'<' || field.last() == Some(&b'<') {
        return None;
    }
    let end = optional.iter().position(|cell| *cell == b'<').unwrap_or(optional.len());
    let (digit, rest) = optional[..end].split_last()?;
    (!rest.is_empty()).then_some((rest, *digit))
}

fn check_digits(
    lines: &Lines<'_>,
    number: &NumberField,
    number_digit: Option<u8>,
    issuing_state: [u8; 3],
) -> CheckDigits {
    let layout = lines.format.layout();
    let mut digits = CheckDigits::NONE;
    if let Some(printed) = number_digit {
        let computed = number.computed();
        let ok = printed == computed || number.long_rule(printed).is_some();
        digits.push(CheckDigit { field: Field::Number, printed, computed, ok });
    }
    let dutch = Checked { field: Span { line: 1, from: 16, to: 29 }, digit: 30 };
    // Older Dutch cards have the holder's personal number in the optional data, with a digit of its own behind it.
    let has_dutch =
        lines.format == Format::Td1 && issuing_state == *b"NLD" && lines.cell(1, dutch.digit) != b'<';
    let personal = layout.personal.or(has_dutch.then_some(dutch));
    for (field, checked) in [
        (Field::DateOfBirth, layout.birth),
        (Field::DateOfExpiry, layout.expiry),
        (Field::PersonalNumber, personal),
    ] {
        if let Some(checked) = checked {
            digits.push(check(lines, field, checked));
        }
    }
    if let Some((covered, at)) = layout.composite {
        let mut sum = Sum::default();
        for span in covered {
            sum.add(lines.cells(*span));
        }
        let (printed, computed) = (lines.cell(at.line, at.from), sum.digit());
        digits.push(CheckDigit { field: Field::Composite, printed, computed, ok: printed == computed });
    }
    digits
}

/// An empty field may have a filler for its digit (Doc 9303 part 4 section 4.2.2.2; issuers do it with dates too).
fn check(lines: &Lines<'_>, field: Field, checked: Checked) -> CheckDigit {
    let cells = lines.cells(checked.field);
    let (printed, computed) = (lines.cell(checked.field.line, checked.digit), digit_of(cells));
    let ok = printed == computed || printed == b'<' && cells.iter().all(|cell| *cell == b'<');
    CheckDigit { field, printed, computed, ok }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
