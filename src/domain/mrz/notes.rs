//! What had to be done to a text before it was a zone.

/// One thing that was done to the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Note {
    /// Lower-case letters were read as upper-case ones.
    LowerCase,
    /// Blanks or tabs were left out.
    Blanks,
    /// Control characters, such as STX and ETX, or a byte order mark were left out.
    ControlCharacters,
    /// The symbology identifier that a barcode reader puts in front was left out (ISO/IEC 15424).
    AimPrefix,
    /// The lines came without breaks and were cut by their length.
    LineBreaksMissing,
    /// A line that is no part of the zone was left out.
    ExtraLine,
    /// Full-width forms were read as the characters that they are forms of.
    FullWidth,
    /// Cyrillic letters were read as the Latin ones that they look like.
    Homoglyphs,
}

impl Note {
    /// Every note.
    pub const ALL: [Self; 8] = [
        Self::LowerCase,
        Self::Blanks,
        Self::ControlCharacters,
        Self::AimPrefix,
        Self::LineBreaksMissing,
        Self::ExtraLine,
        Self::FullWidth,
        Self::Homoglyphs,
    ];

    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::LowerCase => "lower_case",
            Self::Blanks => "blanks",
            Self::ControlCharacters => "control_characters",
            Self::AimPrefix => "aim_prefix",
            Self::LineBreaksMissing => "line_breaks_missing",
            Self::ExtraLine => "extra_line",
            Self::FullWidth => "full_width",
            Self::Homoglyphs => "homoglyphs",
        }
    }
}

/// A set of notes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Notes(u8);

impl Notes {
    pub(super) fn add(&mut self, note: Note) {
        self.0 |= 1 << note as u8;
    }

    /// True if the set has this note.
    #[must_use]
    pub fn has(self, note: Note) -> bool {
        self.0 >> note as u8 & 1 == 1
    }

    /// The notes of the set.
    pub fn iter(self) -> impl Iterator<Item = Note> {
        Note::ALL.into_iter().filter(move |note| self.has(*note))
    }
}

impl std::fmt::Debug for Notes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
