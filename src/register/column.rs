//! The columns of a register.

/// A column of a CSV register, or a member of an NDJSON one: both have the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Column {
    /// The document's number, as printed. Required.
    DocumentNumber,
    /// Who issued it: a code of ICAO Doc 9303 part 3 section 5 or ISO 3166-1. Required.
    IssuingState,
    /// The word of a [`Kind`](crate::domain::Kind). Required.
    Kind,
    /// The word of a [`Status`](crate::domain::Status). Required.
    Status,
    /// The day of the report, `YYYY-MM-DD`; may be empty or absent.
    ReportedOn,
    /// The day on which the notice lapses, `YYYY-MM-DD`; may be empty or absent.
    ReviewOn,
    /// The reporting authority's file number; may be empty or absent.
    Reference,
}

/// One text per column, by `Column as usize`; an empty text is an absent one.
pub(super) type Texts<'a> = [&'a str; Column::ALL.len()];

impl Column {
    /// Every column, in the order in which registers are written.
    pub const ALL: [Self; 7] = [
        Self::DocumentNumber,
        Self::IssuingState,
        Self::Kind,
        Self::Status,
        Self::ReportedOn,
        Self::ReviewOn,
        Self::Reference,
    ];

    /// The name in headers and objects.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::DocumentNumber => "document_number",
            Self::IssuingState => "issuing_state",
            Self::Kind => "kind",
            Self::Status => "status",
            Self::ReportedOn => "reported_on",
            Self::ReviewOn => "review_on",
            Self::Reference => "reference",
        }
    }

    /// The column with this name.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.word() == word)
    }

    /// True if a register without it is refused.
    #[must_use]
    pub fn is_required(self) -> bool {
        match self {
            Self::DocumentNumber | Self::IssuingState | Self::Kind | Self::Status => true,
            Self::ReportedOn | Self::ReviewOn | Self::Reference => false,
        }
    }
}
