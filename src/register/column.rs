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
    /// The last number of an interval of stolen blanks that begins with the document's number; may be empty or absent.
    DocumentNumberTo,
}

impl Column {
    /// Every column. Registers are written with [`WRITTEN`](Self::WRITTEN) of them.
    pub const ALL: [Self; 8] = [
        Self::DocumentNumber,
        Self::IssuingState,
        Self::Kind,
        Self::Status,
        Self::ReportedOn,
        Self::ReviewOn,
        Self::Reference,
        Self::DocumentNumberTo,
    ];

    /// The columns of a register that is written, in its order: one document a row.
    pub const WRITTEN: [Self; 7] = [
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
            Self::DocumentNumberTo => "document_number_to",
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
            Self::ReportedOn | Self::ReviewOn | Self::Reference | Self::DocumentNumberTo => false,
        }
    }
}
