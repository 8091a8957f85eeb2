//! The layouts of zones: where each field stands.

/// The layouts that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Cards, 3 × 30 (Doc 9303 part 5).
    Td1,
    /// Larger cards, 2 × 36 (Doc 9303 part 6).
    Td2,
    /// Passports, 2 × 44 (Doc 9303 part 4).
    Td3,
    /// Full-size visas, 2 × 44 (Doc 9303 part 7).
    MrvA,
    /// Small visas, 2 × 36 (Doc 9303 part 7).
    MrvB,
    /// France's identity card of 1988 to 2021, 2 × 36, a layout of its own.
    FrenchId,
    /// Slovakia's older identity card, 2 × 34: TD2 without the last two cells and without a composite.
    SlovakId,
    /// Switzerland's driving licence, lines of 9, 30 and 30; nothing in it is claimed to be checked.
    SwissLicence,
    /// France's driving licence, one line of 30; nothing in it is claimed to be checked.
    FrenchLicence,
}

/// Cells of one line, counted from 1 as Doc 9303 does, both ends included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) line: usize,
    pub(super) from: usize,
    pub(super) to: usize,
}

const fn span(line: usize, from: usize, to: usize) -> Span {
    Span { line, from, to }
}

/// A field and the cell of its check digit, in the same line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checked {
    pub(super) field: Span,
    pub(super) digit: usize,
}

const fn checked(field: Span, digit: usize) -> Checked {
    Checked { field, digit }
}

/// Where the fields of a format stand.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) state: Span,
    pub(super) number: Span,
    /// The cell of the number's check digit, if it has one.
    pub(super) number_digit: Option<usize>,
    /// Where a number of more than nine characters goes on (part 5 note j to 4.2.2, part 6 note j).
    pub(super) overflow: Option<Span>,
    pub(super) nationality: Option<Span>,
    pub(super) birth: Option<Checked>,
    pub(super) expiry: Option<Checked>,
    pub(super) personal: Option<Checked>,
    /// What the composite covers and where it stands.
    pub(super) composite: Option<(&'static [Span], Span)>,
}

const BARE: Layout = Layout {
    state: span(1, 3, 5),
    number: span(2, 1, 9),
    number_digit: None,
    overflow: None,
    nationality: None,
    birth: None,
    expiry: None,
    personal: None,
    composite: None,
};

/// What TD2, TD3, both visas and the Slovak card have in common.
const TWO_LINES: Layout = Layout {
    number_digit: Some(10),
    nationality: Some(span(2, 11, 13)),
    birth: Some(checked(span(2, 14, 19), 20)),
    expiry: Some(checked(span(2, 22, 27), 28)),
    ..BARE
};

static TD1: Layout = Layout {
    number: span(1, 6, 14),
    number_digit: Some(15),
    overflow: Some(span(1, 16, 30)),
    nationality: Some(span(2, 16, 18)),
    birth: Some(checked(span(2, 1, 6), 7)),
    expiry: Some(checked(span(2, 9, 14), 15)),
    composite: Some((&[span(1, 6, 30), span(2, 1, 7), span(2, 9, 15), span(2, 19, 29)], span(2, 30, 30))),
    ..BARE
};

static TD2: Layout = Layout {
    overflow: Some(span(2, 29, 35)),
    composite: Some((&[span(2, 1, 10), span(2, 14, 20), span(2, 22, 35)], span(2, 36, 36))),
    ..TWO_LINES
};

static TD3: Layout = Layout {
    personal: Some(checked(span(2, 29, 42), 43)),
    composite: Some((&[span(2, 1, 10), span(2, 14, 20), span(2, 22, 43)], span(2, 44, 44))),
    ..TWO_LINES
};

static PLAIN: Layout = TWO_LINES;

static FRENCH_ID: Layout = Layout {
    number: span(2, 1, 12),
    number_digit: Some(13),
    birth: Some(checked(span(2, 28, 33), 34)),
    composite: Some((&[span(1, 1, 36), span(2, 1, 35)], span(2, 36, 36))),
    ..BARE
};

static SWISS_LICENCE: Layout = Layout { state: span(2, 3, 5), number: span(1, 1, 9), ..BARE };

static FRENCH_LICENCE: Layout = Layout { number: span(1, 6, 14), ..BARE };

impl Format {
    /// Every format.
    pub const ALL: [Self; 9] = [
        Self::Td1,
        Self::Td2,
        Self::Td3,
        Self::MrvA,
        Self::MrvB,
        Self::FrenchId,
        Self::SlovakId,
        Self::SwissLicence,
        Self::FrenchLicence,
    ];

    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Td1 => "TD1",
            Self::Td2 => "TD2",
            Self::Td3 => "TD3",
            Self::MrvA => "MRVA",
            Self::MrvB => "MRVB",
            Self::FrenchId => "FRENCH_ID",
            Self::SlovakId => "SLOVAK_ID",
            Self::SwissLicence => "SWISS_LICENCE",
            Self::FrenchLicence => "FRENCH_LICENCE",
        }
    }

    /// The format with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }

    /// True if a number of more than nine characters has no place in this format: it is cut.
    #[must_use]
    pub fn cuts_long_numbers(self) -> bool {
        matches!(self, Self::Td3 | Self::MrvA | Self::MrvB | Self::SlovakId)
    }

    /// The line and cell where the document code begins.
    pub(super) fn code(self) -> (usize, usize) {
        if self == Self::SwissLicence { (2, 1) } else { (1, 1) }
    }

    pub(super) fn layout(self) -> &'static Layout {
        match self {
            Self::Td1 => &TD1,
            Self::Td2 => &TD2,
            Self::Td3 => &TD3,
            Self::MrvA | Self::MrvB | Self::SlovakId => &PLAIN,
            Self::FrenchId => &FRENCH_ID,
            Self::SwissLicence => &SWISS_LICENCE,
            Self::FrenchLicence => &FRENCH_LICENCE,
        }
    }
}
