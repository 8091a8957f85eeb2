//! The names of sealed files: `sealed/<class>-<day>-<first entry of the range>`, with an ending that tells what is left of it.

use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::{RetentionClass, day_of};
use crate::audit::AuditError;
use crate::audit::body::Sorting;
use crate::audit::journal::ENTRIES_MAX;
use crate::ground::storage::Storage;

/// What is left of a sealed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::audit) enum State {
    /// Everything.
    Sealed,
    /// What entries it had.
    Erased,
}

/// A sealed file, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::audit) struct SealedName {
    /// The first entry of the journal's file that it comes from.
    pub(in crate::audit) first: u64,
    pub(in crate::audit) class: RetentionClass,
    pub(in crate::audit) day: Date,
    pub(in crate::audit) state: State,
}

/// The folder of a log's sealed files.
pub(in crate::audit) fn sealed_folder(log: &Path) -> PathBuf {
    log.join("sealed")
}

impl SealedName {
    /// Those of a log, by range, class and day. Of one that is being erased only that is told.
    pub(in crate::audit) fn list(storage: &dyn Storage, log: &Path) -> Result<Vec<Self>, AuditError> {
        let folder = sealed_folder(log);
        let names = storage.list(&folder).map_err(AuditError::storage("list", &folder))?;
        Ok(Self::in_order(names.iter().filter_map(|path| Self::parse(path.file_name()?.to_str()?)).collect()))
    }

    /// Those of the range that an entry is in, if it is in any: without reading the names of all others to their end, for an old log has
    /// thousands.
    pub(in crate::audit) fn of_entry(
        storage: &dyn Storage,
        log: &Path,
        entry: u64,
    ) -> Result<Vec<Self>, AuditError> {
        let folder = sealed_folder(log);
        let paths = storage.list(&folder).map_err(AuditError::storage("list", &folder))?;
        let first = |name: &str| {
            let stem = name.strip_suffix(".sealed").or_else(|| name.strip_suffix(".erased"))?;
            u64::from_str_radix(stem.rsplit_once('-')?.1, 16).ok()
        };
        let names = paths.iter().filter_map(|path| path.file_name()?.to_str());
        let begins = names.clone().filter_map(first).filter(|first| *first <= entry).max();
        let of_range = names.filter(|name| begins.is_some() && first(name) == begins);
        Ok(Self::in_order(of_range.filter_map(Self::parse).collect()))
    }

    /// By range, class and day. Erased comes first, and takes the place of what is not removed yet.
    fn in_order(mut names: Vec<Self>) -> Vec<Self> {
        names.sort_unstable_by_key(|name| (name.without_state(), std::cmp::Reverse(name.state)));
        names.dedup_by_key(|name| name.without_state());
        names
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        let (stem, state) = match name.split_once('.')? {
            (stem, "sealed") => (stem, State::Sealed),
            (stem, "erased") => (stem, State::Erased),
            _ => return None,
        };
        let (class, rest) = stem.split_once('-')?;
        let (day, first) = rest.rsplit_once('-')?;
        let found = Self {
            first: u64::from_str_radix(first, 16).ok()?,
            class: RetentionClass::parse(class)?,
            day: day.parse().ok()?,
            state,
        };
        (found.first < ENTRIES_MAX && found.file_name() == name).then_some(found)
    }

    /// Whether an entry belongs into such a file.
    pub(super) fn is_of(&self, entry: &Sorting<'_>) -> bool {
        (self.class, self.day) == (RetentionClass::of(entry), day_of(entry.time))
    }

    /// What the file is called whatever is left of it.
    pub(in crate::audit) fn stem(&self) -> String {
        format!("{}-{}-{:016x}", self.class.word(), self.day, self.first)
    }

    pub(in crate::audit) fn path(&self, log: &Path) -> PathBuf {
        sealed_folder(log).join(self.file_name())
    }

    fn file_name(&self) -> String {
        let ending = match self.state {
            State::Sealed => "sealed",
            State::Erased => "erased",
        };
        format!("{}.{ending}", self.stem())
    }

    fn without_state(&self) -> (u64, RetentionClass, Date) {
        (self.first, self.class, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_back_and_nothing_else_is_one() {
        let day = jiff::civil::date(2026, 2, 28);
        for state in [State::Sealed, State::Erased] {
            for class in RetentionClass::ALL {
                let name = SealedName { first: 70_000, class: *class, day, state };
                assert_eq!(SealedName::parse(&name.file_name()), Some(name));
            }
        }
        let right = "hits-2026-02-28-0000000000011170.sealed";
        assert!(SealedName::parse(right).is_some());
        for (from, to) in [
            ("hits", "misses"),
            ("02-28", "02-30"),
            ("02-28", "2-28"),
            ("0000011170", "11170"),
            (".sealed", ""),
        ] {
            assert_eq!(SealedName::parse(&right.replace(from, to)), None, "{to}");
        }
    }
}
