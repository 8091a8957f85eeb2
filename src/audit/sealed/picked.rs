//! The sealed files of one range that are of some classes, read from an entry on; of the others only what stands in clear.

use std::path::Path;

use super::range::{Reading, end_of, unaccounted};
use super::{Kept, RetentionClass, SealedFile, SealedName, State};
use crate::audit::AuditError;
use crate::audit::log_id::LogId;
use crate::ground::storage::Storage;

/// Some of the sealed files of a range.
pub(in crate::audit) struct Picked {
    end: u64,
    files: Vec<Reading>,
}

impl Picked {
    /// Opens those of the names, which are all of one range, that are of some classes, to read them from an entry of the range on.
    pub(in crate::audit) fn open(
        storage: &dyn Storage,
        log: &Path,
        log_id: &LogId,
        (names, from): (&[SealedName], u64),
        classes: &[RetentionClass],
    ) -> Result<Self, AuditError> {
        let stubs = names.iter().map(|name| SealedFile::open_stub(storage, log, log_id, *name));
        let stubs = stubs.collect::<Result<Vec<_>, _>>()?;
        let end = end_of(log, &stubs)?.filter(|end| *end > from);
        let end = end.ok_or_else(|| unaccounted(log, from))?;
        let mut files = Vec::new();
        for stub in stubs.into_iter().filter(|file| classes.contains(&file.name().class)) {
            let name = stub.name();
            let is_over = name.state == State::Erased;
            let file = if is_over { stub } else { SealedFile::open(storage, log, log_id, name)? };
            files.push(Reading::from(file, from));
        }
        Ok(Self { end, files })
    }

    /// The entry after the last of the range.
    pub(in crate::audit) fn end(&self) -> u64 {
        self.end
    }

    /// The next entry, the file that it is in, and what is left of it.
    pub(in crate::audit) fn next(&mut self) -> Result<Option<(u64, &Path, Kept<'_>)>, AuditError> {
        let own = self.files.iter_mut().filter_map(|reading| Some((reading.peek()?, reading)));
        let Some((sequence, reading)) = own.min_by_key(|(sequence, _)| *sequence) else { return Ok(None) };
        let (path, kept) = reading.next()?;
        Ok(Some((sequence, path, kept)))
    }
}
