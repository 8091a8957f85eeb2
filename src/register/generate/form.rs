//! How the rows of a format look.

use crate::register::RejectReason as R;

/// A format that can be written with faults in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Our CSV.
    Csv,
    /// Our NDJSON.
    Ndjson,
    /// Russia's invalid internal passports.
    RuMvd,
    /// Ukraine's stolen and lost passports.
    UaMvs,
    /// One class of the Czech Republic's invalid documents: without a series, or with one.
    CzMvcr {
        /// The file has a column for it.
        series: bool,
    },
}

/// What stands around rows and fields.
pub(super) enum Style {
    Csv { separator: char, header: bool },
    Object { array: bool },
}

impl Form {
    pub(super) fn style(self) -> Style {
        match self {
            Self::Csv | Self::RuMvd => Style::Csv { separator: ',', header: true },
            Self::CzMvcr { .. } => Style::Csv { separator: ';', header: false },
            Self::Ndjson => Style::Object { array: false },
            Self::UaMvs => Style::Object { array: true },
        }
    }

    /// The names of the fields, in their order.
    pub(super) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Csv | Self::Ndjson => &[
                "document_number",
                "issuing_state",
                "kind",
                "status",
                "reported_on",
                "review_on",
                "reference",
            ],
            Self::RuMvd => &["PASSP_SERIES", "PASSP_NUMBER"],
            Self::UaMvs => {
                &["ID", "OVD", "D_SERIES", "D_NUMBER", "D_TYPE", "D_STATUS", "THEFT_DATA", "INSERT_DATE"]
            }
            Self::CzMvcr { series: false } => &["number", "date"],
            Self::CzMvcr { series: true } => &["number", "series", "date"],
        }
    }

    /// Which field is the number, or its last part.
    pub(super) fn number(self) -> usize {
        match self {
            Self::Csv | Self::Ndjson | Self::CzMvcr { .. } => 0,
            Self::RuMvd => 1,
            Self::UaMvs => 3,
        }
    }

    /// Which field is the publisher's own file number.
    pub(super) fn reference(self) -> usize {
        if self == Self::UaMvs { 0 } else { 6 }
    }

    /// The reasons for which its rows can be refused.
    #[must_use]
    pub fn faults(self) -> &'static [R] {
        match self {
            Self::Csv => &OWN[2..],
            Self::Ndjson => &OWN,
            Self::RuMvd => &[R::MalformedRow, R::NotUtf8, R::RowTooLong, R::NumberMissing, R::NumberShape],
            Self::UaMvs => &[
                R::MalformedRow,
                R::NotUtf8,
                R::RowTooLong,
                R::NumberMissing,
                R::NumberCharacter,
                R::NumberTooLong,
                R::ReferenceInvalid,
            ],
            Self::CzMvcr { .. } => &[
                R::MalformedRow,
                R::NotUtf8,
                R::RowTooLong,
                R::NumberMissing,
                R::NumberCharacter,
                R::NumberTooLong,
            ],
        }
    }
}

const OWN: [R; 15] = [
    R::ColumnUnknown,
    R::DuplicateMember,
    R::MalformedRow,
    R::NotUtf8,
    R::RowTooLong,
    R::NumberMissing,
    R::NumberCharacter,
    R::NumberTooLong,
    R::IssuerMissing,
    R::IssuerUnknown,
    R::KindUnknown,
    R::StatusUnknown,
    R::DateInvalid,
    R::DateOutOfRange,
    R::ReferenceInvalid,
];
