//! Destroys entries whose time is over, once that is recorded: of each sealed file its stub stays, and a key goes with the last file
//! of its month.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;

use super::log_id::LogId;
use super::sealed::{KeyName, SealedFile, SealedName, State, sealed_folder};
use super::{Act, AuditError, AuditLog, Draft, Retention, RetentionClass};
use crate::ground::storage::{Storage, publish_file};

/// How many files are recorded at once, which is fewer than any queue takes.
const FILES_AT_ONCE: usize = 64;

/// What of a log is to be erased.
#[derive(Clone, Debug)]
pub struct Erasure {
    log: PathBuf,
    files: Vec<Erasable>,
    /// Nothing is left then of what they sealed.
    keys: Vec<KeyName>,
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

impl Erasure {
    /// What of a log is to be erased by now.
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
        let is_over = |class, day| retention.first_kept(class, now).is_some_and(|first| day < first);
        let sealed: Vec<_> =
            SealedName::list(storage, log)?.into_iter().filter(|name| name.state == State::Sealed).collect();
        let (over, kept): (Vec<_>, Vec<_>) =
            sealed.into_iter().partition(|name| is_over(name.class, name.day));
        let erasable = |name: SealedName| {
            let SealedFile { stub, .. } = SealedFile::open_stub(storage, log, &id, name)?;
            let (class, day) = (name.class, name.day);
            Ok(Erasable { class, day, entries: stub.entries(), name, reference: stub.reference() })
        };
        let files = over.into_iter().map(erasable).collect::<Result<_, AuditError>>()?;
        let is_unused =
            |key: &KeyName| is_over(key.class, key.last_day()) && !kept.iter().any(|name| key.seals(*name));
        let mut keys = KeyName::list(storage, log)?;
        keys.retain(is_unused);
        Ok(Self { log: log.to_owned(), files, keys })
    }

    /// The files.
    #[must_use]
    pub fn files(&self) -> &[Erasable] {
        &self.files
    }

    /// True if there is nothing to be erased.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.keys.is_empty()
    }

    /// Records what is erased in the log that it is erased from, and erases it. `draft` says who does it, and when. Gives how many
    /// entries were erased. What a crash has left is found by the next plan.
    ///
    /// # Errors
    /// If it cannot be recorded: nothing more is erased then. Those of the file system.
    pub fn carry_out(self, storage: &dyn Storage, log: &AuditLog, draft: &Draft) -> Result<u64, AuditError> {
        let mut erased = 0;
        for files in self.files.chunks(FILES_AT_ONCE) {
            let recorded = |file: &Erasable| Draft {
                act: Act::Erased,
                client_reference: Some(file.reference.as_str().into()),
                counts: BTreeMap::from([("entries", file.entries)]),
                ..draft.clone()
            };
            let entries = files.iter().map(|file| (recorded(file), file.clone())).collect();
            let audited = log.submit_many(entries)?.wait()?;
            for file in audited.get() {
                self.erase(storage, file)?;
                erased += file.entries;
            }
        }
        for key in &self.keys {
            key.destroy(storage, &self.log)?;
        }
        let folder = sealed_folder(&self.log);
        storage.sync_dir(&folder).map_err(AuditError::storage("sync", &folder))?;
        Ok(erased)
    }

    /// The stub first: what is gone without one was stolen.
    fn erase(&self, storage: &dyn Storage, file: &Erasable) -> Result<(), AuditError> {
        let id = self.log.file_name().and_then(|name| LogId::parse_put_aside(name.to_str()?));
        let id = id.ok_or_else(|| AuditError::NoLog { path: self.log.clone() })?;
        let stub = SealedFile::open_stub(storage, &self.log, &id, file.name)?.stub;
        let (path, left) = (file.name.path(&self.log), stub.erased());
        let left_path = left.path(&self.log);
        publish_file(storage, &left_path, &stub.encode())
            .map_err(AuditError::storage("write", &left_path))?;
        storage.remove(&path).map_err(AuditError::storage("remove", &path))
    }
}
