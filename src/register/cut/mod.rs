//! From a text to its records.
//!
//! A cutter reads a text in blocks of some hundred KiB and says where the records in it begin and end: lines, the
//! elements of a JSON array, or answers in XML. It looks at no more than it must for that, so that one thread can keep
//! several parsers busy. A record longer than [`LINE_BYTES_MAX`] is left out, and memory stays bounded whatever comes.

mod answers;
mod array;
mod block;
mod lines;

pub(super) use answers::Answers;
pub(super) use array::Array;
pub use block::LINE_BYTES_MAX;
pub(super) use block::{Block, Cut, CutFault};
pub(super) use lines::Lines;
