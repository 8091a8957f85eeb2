//! Register files in, notices out, every row accounted for.
//!
//! ```text
//! Source ─ source/: compression and encoding undone ─► texts
//!        ─ cut/:    lines, elements, answers         ─► records, in blocks      one thread
//!        ─ rows/:   CSV, JSON, XML                   ─► fields                  the other threads
//!        ─ map/:    what the publisher's fields mean ─► Row (notices) or Reject
//! ```
//! An [`Adapter`] knows a publisher's format; [`read`] turns each row into a [`Row`] or a [`Reject`] and hands both on,
//! so that `rows == listed + rejects` always. A [`Tally`] keeps the sums and a [`RejectFile`] lists what was refused and
//! why, by line and column and never by content. What is wrong with a file as a whole (a damaged archive, an unknown
//! column) is a [`RegisterError`]: whoever reads must then drop what it was handed, because a list that is silently
//! short answers "clear" for what it lost.
//!
//! [`generate`] makes synthetic registers, the same bytes for the same seed on every machine.

mod adapter;
mod bundle;
mod column;
mod cut;
mod error;
mod format;
pub mod generate;
mod map;
mod output;
mod part_file;
mod read;
mod reject;
mod rejects;
mod rows;
mod source;
mod tally;
mod texts;
mod write;

pub use adapter::Adapter;
pub use bundle::Bundle;
pub use column::Column;
pub use cut::LINE_BYTES_MAX;
pub use error::{ColumnLabel, RegisterError};
pub use format::{Compression, Format};
pub use map::{MappingError, RANGE_MAX, Row};
pub use output::Output;
pub use part_file::PartFile;
pub use read::{Sink, read};
pub use reject::{Reject, RejectReason};
pub use rejects::RejectFile;
pub use source::{EXPANDED_BYTES_MAX, EXPANSION_FREE_BYTES, EXPANSION_MAX, MEMBERS_MAX, Source};
pub use tally::Tally;
pub use write::write;
