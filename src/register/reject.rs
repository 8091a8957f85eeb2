//! Why a row was refused.

use super::Column;

/// A row that became no notice. Says where and why, never what stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The line in the text with its compression undone, from 1, a CSV header counted; in a JSON array or among answers
    /// in XML, the element's place.
    pub line: u64,
    /// Why.
    pub reason: RejectReason,
    /// The column at fault; `None` if it is the row as a whole, or a member that registers don't have.
    pub column: Option<Column>,
}

/// Why a row was refused. The words are a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RejectReason {
    /// CSV: another number of fields than the header, or a quote left open on its line. NDJSON: no JSON object, or a
    /// member that is no string.
    MalformedRow,
    /// The line is not UTF-8.
    NotUtf8,
    /// The line is longer than [`LINE_BYTES_MAX`](super::LINE_BYTES_MAX).
    RowTooLong,
    /// There is no document number.
    NumberMissing,
    /// The number has a character that document numbers don't have.
    NumberCharacter,
    /// The number has more characters than any travel document's.
    NumberTooLong,
    /// There is no issuing state.
    IssuerMissing,
    /// The issuing state is not in the table of states.
    IssuerUnknown,
    /// The kind is no word of a kind, or empty.
    KindUnknown,
    /// The status is no word of a status, or empty.
    StatusUnknown,
    /// A day is not `YYYY-MM-DD` or not in the calendar.
    DateInvalid,
    /// A day is before 1900 or after 2200.
    DateOutOfRange,
    /// The reference is longer than 64 bytes or not printable ASCII.
    ReferenceInvalid,
    /// NDJSON: a member that registers don't have.
    ColumnUnknown,
    /// NDJSON: a member occurs twice.
    DuplicateMember,
    /// The row has bytes that are not of the register's encoding.
    EncodingInvalid,
    /// A part of the number is not of so many digits as this publisher's numbers have.
    NumberShape,
    /// The two numbers are no interval: they differ in more than the digits at their ends, or run backwards.
    RangeInvalid,
    /// The interval has more than [`RANGE_MAX`](super::RANGE_MAX) numbers.
    RangeTooWide,
    /// The row says that the document is *not* listed.
    NotListed,
}

impl RejectReason {
    /// Every reason.
    pub const ALL: [Self; 20] = [
        Self::MalformedRow,
        Self::NotUtf8,
        Self::RowTooLong,
        Self::NumberMissing,
        Self::NumberCharacter,
        Self::NumberTooLong,
        Self::IssuerMissing,
        Self::IssuerUnknown,
        Self::KindUnknown,
        Self::StatusUnknown,
        Self::DateInvalid,
        Self::DateOutOfRange,
        Self::ReferenceInvalid,
        Self::ColumnUnknown,
        Self::DuplicateMember,
        Self::EncodingInvalid,
        Self::NumberShape,
        Self::RangeInvalid,
        Self::RangeTooWide,
        Self::NotListed,
    ];

    /// The word in reports and lists of rejects.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::MalformedRow => "malformed_row",
            Self::NotUtf8 => "not_utf8",
            Self::RowTooLong => "row_too_long",
            Self::NumberMissing => "number_missing",
            Self::NumberCharacter => "number_character",
            Self::NumberTooLong => "number_too_long",
            Self::IssuerMissing => "issuer_missing",
            Self::IssuerUnknown => "issuer_unknown",
            Self::KindUnknown => "kind_unknown",
            Self::StatusUnknown => "status_unknown",
            Self::DateInvalid => "date_invalid",
            Self::DateOutOfRange => "date_out_of_range",
            Self::ReferenceInvalid => "reference_invalid",
            Self::ColumnUnknown => "column_unknown",
            Self::DuplicateMember => "duplicate_member",
            Self::EncodingInvalid => "encoding_invalid",
            Self::NumberShape => "number_shape",
            Self::RangeInvalid => "range_invalid",
            Self::RangeTooWide => "range_too_wide",
            Self::NotListed => "not_listed",
        }
    }
}

impl std::fmt::Display for RejectReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}
