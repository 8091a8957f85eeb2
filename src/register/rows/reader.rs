//! What reads the records of one text.

use super::{answer, csv, json};
use crate::register::ColumnLabel;
use crate::register::map::{Fault, Layout, Mapping, Raw};

/// Reads the records of one text, whose header it knows.
#[derive(Debug)]
pub(in crate::register) enum Reader {
    Csv(csv::Rows),
    Json(json::Rows),
    Answers,
}

/// What is wrong with the header of a text.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::register) enum Header {
    /// It can't be read.
    Unreadable,
    /// It names a column that is not known.
    Unknown(ColumnLabel),
    /// It names a column twice.
    Twice(ColumnLabel),
    /// It lacks a column of the mapping.
    Missing(Box<str>),
}

impl Reader {
    /// A reader for the rows of a mapping; `header` is the line that names the fields, if the layout has one.
    pub(in crate::register) fn new(mapping: &Mapping, header: Option<&str>) -> Result<Self, Header> {
        Ok(match &mapping.layout {
            Layout::Csv(dialect) => Self::Csv(csv::Rows::new(dialect, &mapping.fields, header)?),
            Layout::Ndjson { strict } => Self::Json(json::Rows::new(&mapping.fields, *strict)),
            Layout::JsonArray => Self::Json(json::Rows::new(&mapping.fields, false)),
            Layout::CzechAnswers => Self::Answers,
        })
    }

    /// True if a record is no row at all.
    pub(in crate::register) fn is_blank(&self, record: &[u8]) -> bool {
        match self {
            Self::Csv(_) => record.is_empty(),
            Self::Json(_) | Self::Answers => record.trim_ascii().is_empty(),
        }
    }

    /// Reads the fields of a record.
    pub(in crate::register) fn read<'a>(&self, record: &'a str, raw: &mut Raw<'a>) -> Result<(), Fault> {
        match self {
            Self::Csv(rows) => rows.read(record, raw),
            Self::Json(rows) => rows.read(record, raw),
            Self::Answers => answer::read(record, raw),
        }
    }
}
