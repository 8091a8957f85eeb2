//! Why a text is no zone.

use super::keyboard::Keyboard;

/// Why a text is no zone that we read. Lines and columns count from 1, columns without blanks and prefixes. Nothing
/// here repeats content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MrzFault {
    /// There are too few or too many lines.
    #[error("a zone has 1 line of 30, 2 of 34, 36 or 44, or 3 of 30 characters; {lines} lines were read")]
    Lines {
        /// How many lines were read, empty ones left out.
        lines: usize,
    },
    /// A line has another length than its zone's others.
    #[error("line {line} has {length} characters where {expected} were expected")]
    Length {
        /// The line.
        line: usize,
        /// Its length in characters.
        length: usize,
        /// The length of such a zone's line.
        expected: usize,
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
    /// The document code begins with a letter that no zone of this size has.
    #[error(
        "the document code begins with a letter that no zone of this size begins with (Doc 9303 parts 4 to 7)"
    )]
    DocumentCode,
    /// The scanner types for another keyboard layout than the machine has.
    #[error(
        "the scanner types for a US keyboard and this machine has {}: set both to the same layout, or the scanner \
         to a mode without a keyboard",
        .layout.name()
    )]
    Keyboard {
        /// The layout of the machine.
        layout: Keyboard,
    },
}

impl MrzFault {
    /// The rule that is broken, in one word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Lines { .. } => "lines",
            Self::Length { .. } => "length",
            Self::Character { .. } => "character",
            Self::DocumentCode => "document_code",
            Self::Keyboard { layout: Keyboard::Azerty } => "keyboard_azerty",
            Self::Keyboard { layout: Keyboard::Qwertz } => "keyboard_qwertz",
        }
    }

    /// The line and the column it is at, as far as it is at one place.
    #[must_use]
    pub fn place(&self) -> (Option<usize>, Option<usize>) {
        match self {
            Self::Length { line, .. } => (Some(*line), None),
            Self::Character { line, column } => (Some(*line), Some(*column)),
            Self::DocumentCode => (Some(1), Some(1)),
            Self::Lines { .. } | Self::Keyboard { .. } => (None, None),
        }
    }
}
