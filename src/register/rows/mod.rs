//! From a record to the fields that a mapping reads.

mod answer;
mod csv;
mod json;
mod reader;

pub(super) use answer::ATTRIBUTES;
pub(super) use csv::count as csv_fields;
pub(super) use reader::{Header, Reader};
