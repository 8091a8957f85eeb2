//! From the fields of a row to a notice, as a mapping says.
//!
//! A [`Mapping`] is read from TOML and tells for every column of Portcullis where it comes from in the publisher's rows:
//! a field, a constant, or the name of the file. Portcullis's own formats are mappings too, of each column to itself.

mod dates;
mod file;
mod mapping;
mod number;
mod range;
mod row;
mod words;

pub use file::MappingError;
pub(super) use mapping::{At, Csv, Field, Layout, Mapping, Raw, Slot};
pub(super) use number::Scratch;
pub use range::RANGE_MAX;
pub(super) use row::Fault;
pub use row::Row;
