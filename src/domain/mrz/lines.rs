//! Which lines of a text are the zone, and of which format.

use super::fault::MrzFault;
use super::format::Format;
use super::notes::{Note, Notes};
use super::tidy::{ALIEN, Tidied};

/// The lines of a zone: each of the length that its format has, of the alphabet of zones only.
pub(super) struct Lines<'t> {
    pub(super) format: Format,
    lines: [&'t [u8]; LINES_MAX],
    pub(super) notes: Notes,
}

const LINES_MAX: usize = 3;
/// Lines that are looked at: a zone's and one too many.
const CANDIDATES_MAX: usize = LINES_MAX + 1;

/// The longest line of a zone of two.
const LONGEST: usize = 44;

/// The lengths of lines of all formats.
const SHAPES: [&[usize]; 6] = [&[44, 44], &[36, 36], &[30, 30, 30], &[34, 34], &[9, 30, 30], &[30]];

impl<'t> Lines<'t> {
    /// A text that is a zone and nothing else, read where it lies. `None` says nothing: it may need tidying.
    #[inline]
    pub(super) fn plain(text: &'t str) -> Option<Self> {
        let mut lines: [&[u8]; LINES_MAX] = [&[]; LINES_MAX];
        let mut count = 0;
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let end = LENGTHS.into_iter().find(|len| matches!(rest.get(*len), None | Some(b'\n' | b'\r')))?;
            *lines.get_mut(count)? = rest.get(..end).filter(|line| in_alphabet(line))?;
            count += 1;
            rest = match &rest[end..] {
                [] => &[],
                [b'\n', rest @ ..] | [b'\r', b'\n', rest @ ..] => rest,
                _ => return None,
            };
        }
        let lines = &lines[..count];
        Self::of_cells(shape(lines)?, lines, Notes::default()).ok()
    }

    /// Finds the zone in a tidied text.
    pub(super) fn find(tidied: &'t Tidied) -> Result<Self, MrzFault> {
        let mut all: [&[u8]; CANDIDATES_MAX] = [&[]; CANDIDATES_MAX];
        let mut count = 0;
        for line in tidied.lines().take(CANDIDATES_MAX) {
            all[count] = line;
            count += 1;
        }
        let all = &all[..count];
        let notes = tidied.notes;
        if tidied.lines_read > CANDIDATES_MAX || tidied.too_long {
            return Err(MrzFault::Lines { lines: tidied.lines_read });
        }
        // Blanks in the place of fillers make the lines of one format those of a shorter one.
        let doubtful = tidied.gaps && all.len() == 2 && all.iter().all(|line| line.len() < LONGEST);
        if let Some(found) = Self::of_shape(all, notes).filter(|_| !doubtful) {
            return found;
        }
        let split = |lines| if tidied.gaps { None } else { Self::split(lines, notes) };
        if let Some(found) = split(all).or_else(|| Self::without_extra_line(all, tidied)) {
            return found;
        }
        Err(misfit(all))
    }

    /// Lines of a zone's lengths; `None` if they are no zone's.
    fn of_shape(lines: &[&'t [u8]], notes: Notes) -> Option<Result<Self, MrzFault>> {
        let shape = shape(lines)?;
        let alien = lines.iter().zip(1..).find_map(|(line, at)| alien(line, at));
        Some(alien.map_or_else(|| Self::of_cells(shape, lines, notes), Err))
    }

    fn of_cells(shape: &[usize], lines: &[&'t [u8]], notes: Notes) -> Result<Self, MrzFault> {
        let mut kept: [&[u8]; LINES_MAX] = [&[]; LINES_MAX];
        kept[..lines.len()].copy_from_slice(lines);
        let format = format(shape, kept).ok_or(MrzFault::DocumentCode)?;
        Ok(Self { format, lines: kept, notes })
    }

    /// One line that has all the cells of a zone. A line of 30 is a zone in itself and never comes here, nor does one
    /// with gaps: blanks in the place of fillers would make the cells of one format those of another.
    fn split(lines: &[&'t [u8]], mut notes: Notes) -> Option<Result<Self, MrzFault>> {
        let [line] = lines else { return None };
        let shape = SHAPES.into_iter().find(|shape| shape.iter().sum::<usize>() == line.len())?;
        let mut parts: [&[u8]; LINES_MAX] = [&[]; LINES_MAX];
        let mut rest = *line;
        for (part, len) in parts.iter_mut().zip(shape) {
            (*part, rest) = rest.split_at(*len);
        }
        notes.add(Note::LineBreaksMissing);
        Self::of_shape(&parts[..shape.len()], notes)
    }

    /// Leaves out a first or last line, if the others are a zone in exactly one way or the line came twice.
    fn without_extra_line(lines: &[&'t [u8]], tidied: &Tidied) -> Option<Result<Self, MrzFault>> {
        let mut notes = tidied.notes;
        let (first, last) = (lines.first()?, lines.last()?);
        notes.add(Note::ExtraLine);
        let (head, tail) = (&lines[..lines.len() - 1], &lines[1..]);
        let second_is_first = tail.first() == Some(first);
        let read_again = second_is_first != (head.last() == Some(last));
        let zone = |lines: &[&'t [u8]]| Self::of_shape(lines, notes).filter(|_| lines.len() > 1);
        match (zone(head), zone(tail)) {
            (Some(found), None) | (None, Some(found)) => Some(found),
            (Some(head), Some(tail)) if read_again => Some(if second_is_first { tail } else { head }),
            (None, None) if lines.len() == 2 && !tidied.gaps => Self::one_line_of_two(lines, notes),
            (Some(_), Some(_)) | (None, None) => None,
        }
    }

    /// Two lines of which one is all of a zone, its line breaks missing.
    fn one_line_of_two(lines: &[&'t [u8]], notes: Notes) -> Option<Result<Self, MrzFault>> {
        let mut whole = lines.iter().filter_map(|line| Self::split(&[*line], notes));
        whole.next().filter(|_| whole.next().is_none())
    }

    /// Line `at`, counted from 1; empty beyond the last.
    pub(super) fn line(&self, at: usize) -> &'t [u8] {
        self.lines[at - 1]
    }
}

fn shape(lines: &[&[u8]]) -> Option<&'static [usize]> {
    SHAPES.into_iter().find(|shape| {
        shape.len() == lines.len() && shape.iter().zip(lines).all(|(len, line)| *len == line.len())
    })
}

fn format(shape: &[usize], lines: [&[u8]; LINES_MAX]) -> Option<Format> {
    let first = lines[0];
    let format = match (shape, first[0]) {
        ([44, 44], b'P') => Format::Td3,
        ([44, 44], b'V') => Format::MrvA,
        ([36, 36], b'V') => Format::MrvB,
        ([36, 36], _) if first.starts_with(b"IDFRA") => Format::FrenchId,
        ([36, 36], b'A' | b'C' | b'I' | b'P' | b'R') => Format::Td2,
        ([30, 30, 30], b'A' | b'C' | b'I' | b'P' | b'R') => Format::Td1,
        ([34, 34], b'A' | b'C' | b'I') => Format::SlovakId,
        ([9, 30, 30], _) if lines[1].starts_with(b"FA") => Format::SwissLicence,
        ([30], _) if first.starts_with(b"D1FRA") => Format::FrenchLicence,
        _ => return None,
    };
    Some(format)
}

fn alien(line: &[u8], at: usize) -> Option<MrzFault> {
    let column = line.iter().position(|cell| *cell == ALIEN)? + 1;
    Some(MrzFault::Character { line: at, column })
}

/// What to say of lines that are no zone: the count if it is wrong, else the length of the first line that is wrong.
fn misfit(lines: &[&[u8]]) -> MrzFault {
    if !(2..=LINES_MAX).contains(&lines.len()) {
        return MrzFault::Lines { lines: lines.len() };
    }
    let of_count = SHAPES.iter().filter(|shape| shape.len() == lines.len());
    let right = |shape: &&&[usize]| shape.iter().zip(lines).filter(|(len, line)| **len == line.len()).count();
    // Of shapes that fit equally badly, the first in the table is the commonest.
    let Some(shape) = of_count.rev().max_by_key(right) else { return MrzFault::Lines { lines: lines.len() } };
    if lines.len() == LINES_MAX && right(&shape) == 0 {
        return MrzFault::Lines { lines: lines.len() };
    }
    let wrong = shape.iter().zip(lines).zip(1..).find(|((len, line), _)| **len != line.len());
    match wrong {
        Some(((expected, line), at)) => {
            MrzFault::Length { line: at, length: line.len(), expected: *expected }
        }
        None => MrzFault::Lines { lines: lines.len() },
    }
}

/// The lengths of lines, ascending: the first that ends in a line's end is the line's.
const LENGTHS: [usize; 5] = [9, 30, 34, 36, 44];

/// Without a branch for each cell, so that the compiler takes many at once.
fn in_alphabet(cells: &[u8]) -> bool {
    cells.iter().fold(true, |known, cell| {
        known & ((cell.wrapping_sub(b'0') < 10) | (cell.wrapping_sub(b'A') < 26) | (*cell == b'<'))
    })
}
