//! The journal: what was recorded lately, as it was written, in files that follow one another. `bodies` begins with the log's first
//! entry, `bodies-<first>` with a later one (16 hexadecimal digits). Only the newest grows; the others wait to be sealed.

use std::path::{Path, PathBuf};

use super::AuditError;
use crate::ground::storage::Storage;

const BODIES: &str = "bodies";
const PLACES: &str = "places";
/// More than any log will ever have, so that where they stand can be computed.
pub(super) const ENTRIES_MAX: u64 = 1 << 48;

/// A file of the journal, by the first entry in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct JournalFile {
    pub(super) first: u64,
}

impl JournalFile {
    /// Those of a log, from the oldest.
    pub(super) fn list(storage: &dyn Storage, folder: &Path) -> Result<Vec<Self>, AuditError> {
        let names = storage.list(folder).map_err(AuditError::storage("list", folder))?;
        let mut files: Vec<_> =
            names.iter().filter_map(|path| Self::parse(path.file_name()?.to_str()?)).collect();
        files.sort_unstable();
        Ok(files)
    }

    fn parse(name: &str) -> Option<Self> {
        if name == BODIES {
            return Some(Self { first: 0 });
        }
        let digits = name.strip_prefix(BODIES)?.strip_prefix('-')?;
        let first = u64::from_str_radix(digits, 16).ok()?;
        let file = Self { first };
        ((1..ENTRIES_MAX).contains(&first) && file.named(BODIES) == name).then_some(file)
    }

    /// Whether a path of the log's folder is that of an unfinished file of the journal, or of places without their entries.
    pub(super) fn is_left_over(path: &Path, folder: &Path, journal: &[Self]) -> bool {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_unfinished = name.starts_with(BODIES) && name.ends_with(".tmp");
        let is_places =
            name.strip_prefix(PLACES).is_some_and(|rest| Self::parse(&format!("{BODIES}{rest}")).is_some());
        is_unfinished || (is_places && journal.iter().all(|file| file.places(folder) != path))
    }

    /// Where its entries are.
    pub(super) fn bodies(self, folder: &Path) -> PathBuf {
        folder.join(self.named(BODIES))
    }

    /// Where the file is that tells where its entries stand, see `places.rs`.
    pub(super) fn places(self, folder: &Path) -> PathBuf {
        folder.join(self.named(PLACES))
    }

    fn named(self, what: &str) -> String {
        if self.first == 0 { what.to_owned() } else { format!("{what}-{:016x}", self.first) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_back_and_nothing_else_is_one() {
        for first in [0, 1, 70_000, ENTRIES_MAX - 1] {
            let file = JournalFile { first };
            let path = file.bodies(Path::new("/log"));
            assert_eq!(JournalFile::parse(path.file_name().unwrap().to_str().unwrap()), Some(file));
        }
        for name in [
            "leaves",
            "bodies-",
            "bodies-0000000000000000",
            "bodies-1",
            "bodies.tmp",
            "bodies-0001000000000000",
            "bodies-000000000000000G",
        ] {
            assert_eq!(JournalFile::parse(name), None, "{name}");
        }
    }
}
