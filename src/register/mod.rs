//! Register files in, notices out, every row accounted for.
//!
//! A [`Source`] opens a register and undoes its compression; [`read`] turns each row into a [`Notice`] or a
//! [`Reject`] and hands both on, so that `rows == notices + rejects` always. A [`Tally`] keeps the sums and a
//! [`RejectFile`] lists what was refused and why, by line and column and never by content. What is wrong with a
//! file as a whole (a damaged archive, an unknown column) is a [`RegisterError`]: whoever reads must then drop what
//! it was handed, because a list that is silently short answers "clear" for what it lost.
//!
//! [`generate`] makes synthetic registers, the same bytes for the same seed on every machine.
//!
//! [`Notice`]: crate::domain::Notice

mod column;
mod csv_rows;
mod error;
mod expansion;
mod format;
pub mod generate;
mod lines;
mod ndjson_rows;
mod output;
mod part_file;
mod read;
mod reject;
mod rejects;
mod row;
mod source;
mod tally;
mod write;

pub use column::Column;
pub use error::{ColumnLabel, RegisterError};
pub use expansion::{EXPANSION_FREE_BYTES, EXPANSION_MAX};
pub use format::{Compression, Format};
pub use lines::LINE_BYTES_MAX;
pub use output::Output;
pub use part_file::PartFile;
pub use read::read;
pub use reject::{Reject, RejectReason};
pub use rejects::RejectFile;
pub use source::Source;
pub use tally::Tally;
pub use write::write;
