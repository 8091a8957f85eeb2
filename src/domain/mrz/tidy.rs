//! A text as scanners and people send it, made into lines of cells.

use zeroize::Zeroize;

use super::notes::{Note, Notes};

/// More cells than any text has that is still a zone: three lines of 44 and one line too many.
const CELLS_MAX: usize = 192;
/// More lines than any text has that is still a zone.
const LINES_MAX: usize = 5;
/// In the place of a character that zones don't have.
pub(super) const ALIEN: u8 = 0;

/// The lines of a text, as cells of a zone. Wiped when dropped: names and dates of birth are in it.
pub(super) struct Tidied {
    cells: [u8; CELLS_MAX],
    ends: [u8; LINES_MAX],
    lines: usize,
    pub(super) notes: Notes,
    /// How many lines the text has, also if there are more than are kept.
    pub(super) lines_read: usize,
    /// Blanks within a line were left out: its length may be another than it was.
    pub(super) gaps: bool,
    /// There are more cells than are kept: the last line has more than it shows.
    pub(super) too_long: bool,
}

impl Tidied {
    pub(super) fn of(text: &str) -> Self {
        let mut tidied = Self {
            cells: [0; CELLS_MAX],
            ends: [0; LINES_MAX],
            lines: 0,
            notes: Notes::default(),
            lines_read: 0,
            gaps: false,
            too_long: false,
        };
        tidied.take(text);
        tidied
    }

    /// The lines that have a cell.
    pub(super) fn lines(&self) -> impl Iterator<Item = &[u8]> + Clone {
        (0..self.lines).map(|at| &self.cells[self.start_of(at)..usize::from(self.ends[at])])
    }

    fn start_of(&self, line: usize) -> usize {
        if line == 0 { 0 } else { usize::from(self.ends[line - 1]) }
    }

    fn take(&mut self, text: &str) {
        let mut filled = 0;
        let mut started = false;
        let mut blank = false;
        for char in self.without_prefix(text).chars() {
            match self.cell(char) {
                Piece::Nothing => {}
                Piece::Blank => blank = started,
                Piece::Break => {
                    self.end_line(filled, started);
                    (started, blank) = (false, false);
                }
                Piece::Cell(cell) => {
                    self.gaps |= blank;
                    blank = false;
                    match self.cells.get_mut(filled) {
                        Some(free) => {
                            *free = cell;
                            filled += 1;
                        }
                        None => self.too_long = true,
                    }
                    started = true;
                }
            }
        }
        self.end_line(filled, started);
    }

    fn end_line(&mut self, filled: usize, started: bool) {
        if !started {
            return;
        }
        self.lines_read += 1;
        if let Some(end) = self.ends.get_mut(self.lines) {
            *end = filled as u8;
            self.lines += 1;
        }
    }

    /// Barcode readers put `]`, a letter and a digit in front if they are told to.
    fn without_prefix<'t>(&mut self, text: &'t str) -> &'t str {
        let bare = text.trim_start_matches(|char: char| char.is_whitespace() || is_control(char));
        let prefix = bare.as_bytes().get(..3);
        match prefix {
            Some([b']', symbology, modifier])
                if symbology.is_ascii_alphabetic() && modifier.is_ascii_alphanumeric() =>
            {
                self.notes.add(Note::AimPrefix);
                &bare[3..]
            }
            _ => text,
        }
    }

    fn cell(&mut self, char: char) -> Piece {
        match char {
            '0'..='9' | 'A'..='Z' | '<' => Piece::Cell(char as u8),
            'a'..='z' => self.noted(Note::LowerCase, char.to_ascii_uppercase() as u8),
            '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Piece::Break,
            ' ' | '\u{a0}' | '\u{3000}' | '\u{2000}'..='\u{200a}' => {
                self.notes.add(Note::Blanks);
                Piece::Blank
            }
            // Readers that type end a line with a tab as others do with a carriage return.
            '\t' => {
                self.notes.add(Note::Blanks);
                Piece::Break
            }
            '\u{feff}' | '\u{200b}' => {
                self.notes.add(Note::ControlCharacters);
                Piece::Nothing
            }
            // STX, ETX, GS, RS and their like stand between lines, never within one.
            char if is_control(char) => {
                self.notes.add(Note::ControlCharacters);
                Piece::Break
            }
            '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' | '＜' => {
                let narrow = u8::try_from(char as u32 - FULL_WIDTH_OFFSET).unwrap_or(ALIEN);
                self.noted(Note::FullWidth, narrow.to_ascii_uppercase())
            }
            char => match latin_twin(char) {
                Some(twin) => self.noted(Note::Homoglyphs, twin),
                None => Piece::Cell(ALIEN),
            },
        }
    }

    fn noted(&mut self, note: Note, cell: u8) -> Piece {
        self.notes.add(note);
        Piece::Cell(cell)
    }
}

impl Drop for Tidied {
    fn drop(&mut self) {
        self.cells.zeroize();
    }
}

enum Piece {
    Cell(u8),
    Break,
    Blank,
    Nothing,
}

/// Full-width forms lie this far above their ASCII characters.
const FULL_WIDTH_OFFSET: u32 = 0xfee0;

fn is_control(char: char) -> bool {
    char.is_control() || char == '\u{feff}'
}

/// The Latin capital that a Cyrillic letter is printed like.
pub(crate) fn latin_twin(char: char) -> Option<u8> {
    Some(match char {
        'А' | 'а' => b'A',
        'В' | 'в' => b'B',
        'Е' | 'е' => b'E',
        'К' | 'к' => b'K',
        'М' | 'м' => b'M',
        'Н' | 'н' => b'H',
        'О' | 'о' => b'O',
        'Р' | 'р' => b'P',
        'С' | 'с' => b'C',
        'Т' | 'т' => b'T',
        'У' | 'у' => b'Y',
        'Х' | 'х' => b'X',
        'І' | 'і' => b'I',
        'Ј' | 'ј' => b'J',
        'Ѕ' | 'ѕ' => b'S',
        _ => return None,
    })
}
