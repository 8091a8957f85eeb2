//! Destroys entries whose time is over, once that is recorded: of each sealed file its stub stays, and a key goes with the last file
//! of its month.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::{Span, Timestamp};

use super::journal::JournalFile;
use super::log_id::LogId;
use super::sealed::{KeyName, Range, SealedFile, SealedName, State, day_of, sealed_folder};
use super::{Act, AuditError, AuditLog, Draft, Retention, RetentionClass};
use crate::ground::storage::{Storage, publish_file};

/// How many files of a range are recorded at once.
const FILES_AT_ONCE: usize = 64;
/// A log that somebody writes has entries of some of the last days. A clock that jumped ahead has none, and must not take years of the
/// log with it.
const DAYS_LOOKED_AT: i64 = 31;
const DAYS_WITH_ENTRIES_MIN: usize = 3;

/// What of a log is to be erased.
#[derive(Clone, Debug)]
pub struct Erasure {
    log: PathBuf,
    id: LogId,
    files: Vec<Erasable>,
    /// The first of those whose time is over and that cannot be read.
    fault: Option<AuditError>,
    clock_is_likely: bool,
}

/// A sealed file whose time is over.
#[derive(Clone, Debug)]
pub struct Erasable {
    /// Its class.
    pub class: RetentionClass,
    /// The day of its entries, in UTC.
    pub day: Date,
    /// How many there are.
    pub entries: u64,
    name: SealedName,
    reference: String,
}

/// Why a log's clock is believed when entries are erased by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockBy {
    /// The log has entries of at least three of the 31 days before.
    Entries,
    /// Somebody looked at it.
    Word,
}

impl Erasure {
    /// What of a log is to be erased by now. Nobody who writes it need end.
    ///
    /// # Errors
    /// [`AuditError::NoLog`], and those of reading sealed files.
    pub fn plan(
        storage: &dyn Storage,
        log: &Path,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<Self, AuditError> {
        let id = log.file_name().and_then(|name| LogId::parse_put_aside(name.to_str()?));
        let id = id.ok_or_else(|| AuditError::NoLog { path: log.to_owned() })?;
        let (names, journal) = (SealedName::list(storage, log)?, JournalFile::list(storage, log)?);
        let is_over = |name: &SealedName| {
            let is_sealed =
                name.state == State::Sealed && !journal.contains(&JournalFile { first: name.first });
            is_sealed && retention.first_kept(name.class, now).is_some_and(|first| name.day < first)
        };
        let erasable = |name: &SealedName| {
            let stub = SealedFile::open_stub(storage, log, &id, *name)?.stub;
            let (class, day) = (name.class, name.day);
            Ok(Erasable { class, day, entries: stub.entries(), name: *name, reference: stub.reference() })
        };
        let (mut files, mut fault) = (Vec::new(), None);
        for name in names.iter().filter(|name| is_over(name)) {
            match erasable(name) {
                Ok(file) => files.push(file),
                Err(error) => fault = fault.or(Some(error)),
            }
        }
        let clock_is_likely = days_before(&names, now) >= DAYS_WITH_ENTRIES_MIN;
        Ok(Self { log: log.to_owned(), id, files, fault, clock_is_likely })
    }

    /// The files.
    #[must_use]
    pub fn files(&self) -> &[Erasable] {
        &self.files
    }

    /// A file is what its stub says, with every other of its range: nobody can have entries erased under another name.
    fn check(&self, storage: &dyn Storage, files: &[Erasable]) -> Result<(), AuditError> {
        let names = SealedName::list(storage, &self.log)?;
        let ranges: BTreeSet<_> = files.iter().map(|file| file.name.first).collect();
        for first in ranges {
            if let Some(range) = Range::open(storage, &self.log, &self.id, (&names, first))? {
                range.walk(storage, &self.log, &mut |_| Ok(()))?;
            }
        }
        Ok(())
    }

    /// The stub first: what is gone without one was stolen.
    fn destroy(&self, storage: &dyn Storage, file: &Erasable) -> Result<(), AuditError> {
        let stub = SealedFile::open_stub(storage, &self.log, &self.id, file.name)?.stub;
        let (path, left) = (file.name.path(&self.log), stub.erased().path(&self.log));
        publish_file(storage, &left, &stub.encode()).map_err(AuditError::storage("write", &left))?;
        storage.remove(&path).map_err(AuditError::storage("remove", &path))
    }
}

/// How many of the last days, without today, have entries.
fn days_before(names: &[SealedName], now: Timestamp) -> usize {
    let today = day_of(now);
    let first = today.checked_sub(Span::new().days(DAYS_LOOKED_AT)).unwrap_or(Date::MIN);
    names
        .iter()
        .map(|name| name.day)
        .filter(|day| (first..today).contains(day))
        .collect::<BTreeSet<_>>()
        .len()
}

impl AuditLog {
    /// Erases what of this log is over, and gives what was erased. What is of a day before now is sealed soon, and erased by a later call. `draft` says
    /// who does it. `goes_on` is asked before each few files.
    ///
    /// # Errors
    /// [`AuditError::UnlikelyClock`]; if a file is not what it says; if nothing can be recorded. Those of the file system. What was
    /// erased until then is recorded.
    pub fn erase(
        &self,
        retention: &Retention,
        (now, by): (Timestamp, ClockBy),
        draft: &Draft,
        goes_on: &dyn Fn() -> bool,
    ) -> Result<Vec<Erasable>, AuditError> {
        self.tell_time(now)?;
        let _alone = self.sealing.alone();
        let storage = &*self.storage;
        let erasure = Erasure::plan(storage, &self.folder, retention, now)?;
        if !erasure.files.is_empty() && by == ClockBy::Entries && !erasure.clock_is_likely {
            return Err(AuditError::UnlikelyClock { now });
        }
        let (mut erased, mut fault) = (Vec::new(), erasure.fault.clone());
        let of_one_range = erasure.files.chunk_by(|one, other| one.name.first == other.name.first);
        let most = FILES_AT_ONCE.min(self.queue_entries_max);
        for files in of_one_range.flat_map(|files| files.chunks(most)) {
            if !goes_on() {
                break;
            }
            // What is spoilt is kept, and keeps nothing else.
            if let Err(error) = erasure.check(storage, files) {
                fault.get_or_insert(error);
                continue;
            }
            let recorded = |file: &Erasable| Draft {
                act: Act::Erased,
                client_reference: Some(file.reference.as_str().into()),
                counts: BTreeMap::from([("entries", file.entries)]),
                ..draft.clone()
            };
            let entries = files.iter().map(|file| (recorded(file), file.clone())).collect();
            let audited = self.submit_synced(entries)?.wait()?;
            for file in audited.get() {
                erasure.destroy(storage, file)?;
                erased.push(file.clone());
            }
        }
        destroy_keys(storage, &self.folder, retention, now)?;
        fault.map_or(Ok(erased), Err)
    }
}

/// Those of months that are over, of which no file is left.
fn destroy_keys(
    storage: &dyn Storage,
    log: &Path,
    retention: &Retention,
    now: Timestamp,
) -> Result<(), AuditError> {
    let names = SealedName::list(storage, log)?;
    let is_used = |key: &KeyName| names.iter().any(|name| name.state == State::Sealed && key.seals(*name));
    let is_over =
        |key: &KeyName| retention.first_kept(key.class, now).is_some_and(|first| key.last_day() < first);
    for key in KeyName::list(storage, log)?.iter().filter(|key| is_over(key) && !is_used(key)) {
        key.destroy(storage, log)?;
    }
    let folder = sealed_folder(log);
    match storage.list(&folder).map_err(AuditError::storage("list", &folder))?.is_empty() {
        true => Ok(()),
        false => storage.sync_dir(&folder).map_err(AuditError::storage("sync", &folder)),
    }
}
