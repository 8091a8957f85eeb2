//! What a damaged zone may have said: look-alikes that satisfy its check digits.
//!
//! Never applied, only told: a reading that fits is not for that the right one.

use super::MrzFault;
use super::check_digit::digit_of;
use super::format::{Checked, Span};
use super::lines::Lines;
use super::read::with_lines;
use super::zone::Field;
use crate::domain::{letter_twin, mend_digit, twin};

/// One way to mend one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mending {
    /// The field.
    pub field: Field,
    /// What is read otherwise, from left to right.
    pub changes: Vec<Change>,
}

/// One character read otherwise. Line and column count from 1. `Debug` shows where and not what.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
    /// The character printed and the one that is read in its place; `None` where it would tell of the holder.
    pub characters: Option<(u8, u8)>,
}

impl std::fmt::Debug for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Change")
            .field("line", &self.line)
            .field("column", &self.column)
            .finish_non_exhaustive()
    }
}

/// Ways told for one field; more would not help anybody to look.
const WAYS_MAX: usize = 4;
/// Ambiguous characters that are varied in one field.
const VARIED_MAX: usize = 10;

/// The look-alike corrections of a zone's fields that satisfy their check digits, the smallest first, at most four a
/// field. Fields for digits are mended by digits, codes of states by letters, the number by both. Empty for a zone
/// without damage and for damage that no look-alike explains.
///
/// # Errors
/// [`MrzFault`] if the text is no zone.
pub fn mendings(text: &str) -> Result<Vec<Mending>, MrzFault> {
    with_lines(text, of_lines)
}

fn of_lines(lines: &Lines<'_>) -> Vec<Mending> {
    let layout = lines.format.layout();
    let mut mendings = Vec::new();
    for (field, span) in [(Field::IssuingState, Some(layout.state)), (Field::Nationality, layout.nationality)]
    {
        mendings.extend(span.and_then(|span| code(lines, field, span)));
    }
    let number = layout.number_digit.map(|digit| Checked { field: layout.number, digit });
    let is_long = |checked: &Checked| layout.overflow.is_some() && cell(lines, checked) == b'<';
    for (field, checked, class) in [
        // A number that goes on in the optional data is mended by the look-alikes of the question itself.
        (Field::Number, number.filter(|checked| !is_long(checked)), twin as Class),
        (Field::DateOfBirth, layout.birth, digit_twin),
        (Field::DateOfExpiry, layout.expiry, digit_twin),
        (Field::PersonalNumber, layout.personal, twin),
    ] {
        if let Some(checked) = checked {
            mendings.extend(ways(lines, field, checked, class));
        }
    }
    mendings
}

/// What a character may have been.
type Class = fn(u8) -> Option<u8>;

fn digit_twin(byte: u8) -> Option<u8> {
    mend_digit(byte).filter(|digit| *digit != byte)
}

fn cell(lines: &Lines<'_>, checked: &Checked) -> u8 {
    lines.line(checked.field.line)[checked.digit - 1]
}

fn code(lines: &Lines<'_>, field: Field, span: Span) -> Option<Mending> {
    let cells = lines.cells(span).iter().zip(span.from..);
    let changes: Vec<_> = cells
        .filter_map(|(cell, column)| {
            let read = letter_twin(*cell)?;
            Some(Change { line: span.line, column, characters: Some((*cell, read)) })
        })
        .collect();
    (!changes.is_empty()).then_some(Mending { field, changes })
}

fn ways(lines: &Lines<'_>, field: Field, checked: Checked, class: Class) -> Vec<Mending> {
    let printed = cell(lines, &checked);
    let cells = lines.cells(checked.field);
    let empty = cells.iter().all(|cell| *cell == b'<');
    if printed == digit_of(cells) || printed == b'<' && empty {
        return Vec::new();
    }
    let mut varied: Vec<(usize, u8)> =
        cells.iter().enumerate().filter_map(|(at, cell)| Some((at, class(*cell)?))).collect();
    varied.truncate(VARIED_MAX);
    let Some(digit) = mend_digit(printed) else { return Vec::new() };
    let mut masks: Vec<u32> = (0..1 << varied.len())
        .filter(|mask: &u32| digit_of(&read_as(cells, &varied, *mask)) == digit)
        .collect();
    masks.sort_by_key(|mask| mask.count_ones());
    let tells_of_holder = matches!(field, Field::DateOfBirth | Field::PersonalNumber);
    let change = |column: usize, was: u8, read: u8| Change {
        line: checked.field.line,
        column,
        characters: (!tells_of_holder).then_some((was, read)),
    };
    let way = |mask: u32| {
        let chosen = varied.iter().zip(0..).filter(|(_, bit)| mask >> bit & 1 == 1);
        let mut changes: Vec<_> =
            chosen.map(|((at, read), _)| change(checked.field.from + at, cells[*at], *read)).collect();
        if digit != printed {
            changes.push(change(checked.digit, printed, digit));
        }
        Mending { field, changes }
    };
    masks.into_iter().take(WAYS_MAX).map(way).collect()
}

fn read_as(cells: &[u8], varied: &[(usize, u8)], mask: u32) -> [u8; 16] {
    let mut read = [b'<'; 16];
    read[..cells.len()].copy_from_slice(cells);
    for ((at, other), bit) in varied.iter().zip(0..) {
        if mask >> bit & 1 == 1 {
            read[*at] = *other;
        }
    }
    read
}
