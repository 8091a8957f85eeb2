//! The list of rows that were refused.

use std::io;
use std::path::{Path, PathBuf};

use super::{Column, PartFile, RegisterError, Reject};
use crate::ground::storage::Storage;

/// A CSV file with the columns `file,line,reason,column` and one row for every reject. It appears under its name when it
/// is [finished](Self::finish).
pub struct RejectFile<'s> {
    path: PathBuf,
    rows: csv::Writer<PartFile<'s>>,
}

impl<'s> RejectFile<'s> {
    /// Begins the list.
    ///
    /// # Errors
    /// [`RegisterError::Write`].
    pub fn create(storage: &'s dyn Storage, path: &Path) -> Result<Self, RegisterError> {
        let file = PartFile::create(storage, path)?;
        let rows = csv::WriterBuilder::new().buffer_capacity(64 * 1024).from_writer(file);
        let mut list = Self { path: path.to_owned(), rows };
        list.row(["file", "line", "reason", "column"])?;
        Ok(list)
    }

    /// Adds a reject of the register `file`.
    ///
    /// # Errors
    /// [`RegisterError::Write`].
    pub fn write(&mut self, file: &Path, reject: &Reject) -> Result<(), RegisterError> {
        let column = reject.column.map_or("", Column::word);
        self.row([&*file.to_string_lossy(), &reject.line.to_string(), reject.reason.word(), column])
    }

    /// Makes the list durable and gives it its name.
    ///
    /// # Errors
    /// [`RegisterError::Write`].
    pub fn finish(self) -> Result<(), RegisterError> {
        let file = self.rows.into_inner().map_err(|error| error.into_error());
        file.map_err(|source| RegisterError::Write { path: self.path, source })?.commit()
    }

    fn row(&mut self, fields: [&str; 4]) -> Result<(), RegisterError> {
        self.rows
            .write_record(fields)
            .map_err(|error| RegisterError::Write { path: self.path.clone(), source: io::Error::from(error) })
    }
}

impl std::fmt::Debug for RejectFile<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RejectFile").field("path", &self.path).finish_non_exhaustive()
    }
}
