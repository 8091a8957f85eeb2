//! Reads a register from end to end.

use super::{Format, RegisterError, Reject, Source, csv_rows, ndjson_rows};
use crate::domain::Notice;

/// Takes the rows of a register with their line numbers. An error ends the reading.
pub(super) type Sink<'s, E> = dyn FnMut(u64, Result<Notice, Reject>) -> Result<(), E> + 's;

/// Hands every row of a register to `sink`, once and in order, and gives the number of rows.
///
/// Lines count from 1 in the file with its compression undone; a CSV header and blank lines count as lines and are no
/// rows. Memory is constant. After an error the rows handed over before it must not be used: the file is not whole.
///
/// # Errors
/// What is wrong with the file as a whole, and whatever `sink` gives. Rows that are refused are no errors.
pub fn read<E: From<RegisterError>>(
    mut source: Source,
    format: Format,
    sink: &mut dyn FnMut(u64, Result<Notice, Reject>) -> Result<(), E>,
) -> Result<u64, E> {
    match format {
        Format::Csv => csv_rows::read(&mut source, sink),
        Format::Ndjson => ndjson_rows::read(&mut source, sink),
    }
}
