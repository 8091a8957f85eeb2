//! Whole passenger lists: one answer for each line, in order, and a summary that adds up.
//!
//! Bytes go through [`Lines`] (bounded lines) and [`Manifest`] (questions) to [`answer_lines`], which decides a chunk
//! on one snapshot and records it with one write to stable storage. Whoever reads the bytes and writes the answers,
//! a file or a connection, sets the pace.

mod answer;
mod limits;
mod lines;
mod manifest;

pub use answer::{Outcome, Summary, answer_lines};
pub use limits::Limits;
pub use lines::{Lines, RawLine};
pub use manifest::{Format, Line, LineFault, Manifest};
