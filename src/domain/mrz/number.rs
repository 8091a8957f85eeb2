//! The number of a document as its zone prints it.

use super::check_digit::{Sum, digit_of};
use crate::domain::{DocumentNumber, mend_digit};

/// The cells that a number is printed in, fillers included.
///
/// A number is personal data: `Debug` shows its shape only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NumberField {
    cells: [u8; Self::CELLS_MAX],
    len: u8,
    shape: Shape,
}

/// How a number is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// In its field and nowhere else.
    Field,
    /// Nine cells in the field, the rest in the optional data (Doc 9303 part 5 note j to 4.2.2, part 6 note j).
    Continued,
    /// Russia's internal passport: of ten digits the fourth stands in the optional data.
    Interleaved,
    /// Russia's internal passport without its fourth digit.
    Incomplete,
}

/// Which rule the check digit of a number of more than nine characters follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LongNumberRule {
    /// The filler after the ninth character is left out (Doc 9303, 8th edition, part 5 section 4.2.4).
    EighthEdition,
    /// The filler after the ninth character is counted, as cards of earlier editions do.
    Legacy,
    /// The digit satisfies both rules.
    Both,
}

impl LongNumberRule {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::EighthEdition => "eighth_edition",
            Self::Legacy => "legacy",
            Self::Both => "both",
        }
    }
}

const FIELD_CELLS: usize = 9;
/// Where the fourth digit of a Russian internal passport belongs.
const INTERLEAVED_AT: usize = 3;

impl NumberField {
    const CELLS_MAX: usize = 24;

    pub(super) fn of_field(field: &[u8]) -> Self {
        Self::of(&[field], Shape::Field)
    }

    pub(super) fn continued(field: &[u8], rest: &[u8]) -> Self {
        Self::of(&[field, rest], Shape::Continued)
    }

    /// Series of four digits and number of six; the zone's field has the series' first three and the number.
    pub(super) fn interleaved(field: &[u8], fourth: u8) -> Self {
        let (series, number) = field.split_at(INTERLEAVED_AT);
        if fourth.is_ascii_digit() {
            Self::of(&[series, &[fourth], number], Shape::Interleaved)
        } else {
            Self::of(&[field], Shape::Incomplete)
        }
    }

    fn of(parts: &[&[u8]], shape: Shape) -> Self {
        let mut cells = [b'<'; Self::CELLS_MAX];
        let mut len = 0;
        for part in parts {
            cells[len..len + part.len()].copy_from_slice(part);
            len += part.len();
        }
        Self { cells, len: len as u8, shape }
    }

    /// The cells as printed, fillers included.
    #[must_use]
    pub fn cells(&self) -> &[u8] {
        &self.cells[..usize::from(self.len)]
    }

    /// The number in normal form; `None` if no cell has a character, if there are more than 22, or if a part of it is
    /// missing.
    #[must_use]
    pub fn document_number(&self) -> Option<DocumentNumber> {
        if self.shape == Shape::Incomplete { None } else { DocumentNumber::of_cells(self.cells()) }
    }

    /// True if no filler ends the field and the number may go on where the zone has no place for it.
    #[must_use]
    pub fn fills_its_field(&self) -> bool {
        self.shape == Shape::Field && self.cells().last().is_some_and(|cell| *cell != b'<')
    }

    /// True if a part of the number stands in the personal number's field, whose check digit then vouches for it.
    #[must_use]
    pub fn rests_on_personal_number(&self) -> bool {
        self.shape == Shape::Interleaved
    }

    /// What stands of it in its own field; `None` if nothing does.
    #[must_use]
    pub fn in_its_field(&self) -> Option<DocumentNumber> {
        let cells = self.cells();
        match self.shape {
            Shape::Field | Shape::Incomplete => DocumentNumber::of_cells(cells),
            Shape::Continued => DocumentNumber::of_cells(&cells[..FIELD_CELLS.min(cells.len())]),
            Shape::Interleaved => {
                DocumentNumber::of_cells(&[&cells[..INTERLEAVED_AT], &cells[INTERLEAVED_AT + 1..]].concat())
            }
        }
    }

    /// True if the number goes on in the optional data.
    #[must_use]
    pub fn continues(&self) -> bool {
        self.shape == Shape::Continued
    }

    /// The numbers that it may be if a filler was taken for a `K`, or one or more for `K`s at its end: they have the same
    /// weight in every check digit, which therefore sees none of it.
    pub fn filler_readings(&self) -> impl Iterator<Item = DocumentNumber> + '_ {
        let cells = self.cells();
        let end = cells.iter().rposition(|cell| *cell != b'<').map_or(0, |last| last + 1);
        let with_k =
            (0..cells.len().min(end + 1)).filter(|at| cells[*at] == b'<').map(|at| (at..at + 1, b'K'));
        let ks_at_end = cells[..end].iter().rev().take_while(|cell| **cell == b'K').count();
        let without = (1..=ks_at_end).map(move |count| (end - count..end, b'<'));
        let inner = (0..end).filter(|at| cells[*at] == b'K').map(|at| (at..at + 1, b'<'));
        with_k.chain(without).chain(inner).filter_map(move |(range, cell)| {
            let mut changed = self.cells;
            changed[range].fill(cell);
            DocumentNumber::of_cells(&changed[..usize::from(self.len)])
        })
    }

    /// The digit that the cells ask for, by the 8th edition's rule if the number goes on in the optional data.
    #[must_use]
    pub fn computed(&self) -> u8 {
        self.computed_over(self.cells())
    }

    /// The rule that a printed digit follows, for a number that goes on in the optional data.
    #[must_use]
    pub fn long_rule(&self, printed: u8) -> Option<LongNumberRule> {
        if self.shape != Shape::Continued {
            return None;
        }
        match (printed == self.computed(), printed == legacy(self.cells())) {
            (true, true) => Some(LongNumberRule::Both),
            (true, false) => Some(LongNumberRule::EighthEdition),
            (false, true) => Some(LongNumberRule::Legacy),
            (false, false) => None,
        }
    }

    /// True if a reading, put between the printed fillers, satisfies the printed digit by any rule.
    #[must_use]
    pub fn satisfied_by(&self, reading: &DocumentNumber, printed: u8) -> bool {
        let mut cells = self.cells;
        let mut characters = reading.as_bytes().iter();
        for cell in cells[..usize::from(self.len)].iter_mut().filter(|cell| **cell != b'<') {
            *cell = characters.next().copied().unwrap_or(*cell);
        }
        let cells = &cells[..usize::from(self.len)];
        let digit = mend_digit(printed);
        digit == Some(self.computed_over(cells))
            || self.shape == Shape::Continued && digit == Some(legacy(cells))
    }

    fn computed_over(&self, cells: &[u8]) -> u8 {
        match self.shape {
            Shape::Field | Shape::Continued | Shape::Incomplete => digit_of(cells),
            Shape::Interleaved => {
                let mut sum = Sum::default();
                sum.add(&cells[..INTERLEAVED_AT]);
                sum.add(&cells[INTERLEAVED_AT + 1..]);
                sum.digit()
            }
        }
    }
}

fn legacy(cells: &[u8]) -> u8 {
    let (field, rest) = cells.split_at(FIELD_CELLS.min(cells.len()));
    let mut sum = Sum::default();
    sum.add(field);
    sum.add(b"<");
    sum.add(rest);
    sum.digit()
}

impl std::fmt::Debug for NumberField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NumberField({} cells, {:?})", self.len, self.shape)
    }
}
