//! Looks at logs without locks and without changing them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::AuditError;
use super::RetentionClass;
use super::body::{BodyFault, Entry};
use super::history::history;
use super::log_id::LogId;
use super::sealed::{Kept, Past};
use crate::domain::Digest;
use crate::ground::storage::Storage;

/// One log at a glance.
#[derive(Clone, Debug)]
pub struct LogSummary {
    /// The log's id.
    pub log_id: Arc<str>,
    /// The folder's name: the log's id, or with an ending after it if the log was put aside.
    pub folder: String,
    /// Sound entries, up to the damage if there is any.
    pub entries: u64,
    /// How many of them were erased, so that nothing more is known of them.
    pub erased: u64,
    /// The time of the first entry.
    pub first_time: Option<Timestamp>,
    /// The time of the last entry.
    pub last_time: Option<Timestamp>,
    /// Entries by what was done.
    pub acts: BTreeMap<String, u64>,
    /// Answers by verdict, of which the entry of a manifest's chunk has many and an act none.
    pub verdicts: BTreeMap<String, u64>,
    /// Bytes after the last entry that make none: left by a crash, or being written at this moment.
    pub torn_bytes: u64,
    /// Why the log, or the rest of it, could not be read.
    pub damage: Option<AuditError>,
}

/// Sums up every log of a site, also those that are being written and those put aside. A damaged log is
/// reported in its summary and keeps none of the others from being read.
///
/// # Errors
/// If the folder of logs can't be listed.
pub fn inspect(storage: &dyn Storage, data_dir: &Path) -> Result<Vec<LogSummary>, AuditError> {
    let audit = data_dir.join("audit");
    let folders = storage.list(&audit).map_err(AuditError::storage("list", &audit))?;
    let named = folders.iter().filter_map(|path| Some((path, path.file_name()?.to_str()?)));
    Ok(named
        .filter_map(|(path, name)| Some((path, name, LogId::parse_put_aside(name)?)))
        .map(|(path, name, id)| summary(storage, path, name, &id))
        .collect())
}

/// What a log still has of an entry.
#[derive(Clone, Debug)]
pub enum Recorded {
    /// All of it.
    Whole(Box<Stored>),
    /// Its leaf.
    Erased(Erased),
}

/// An entry that was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erased {
    /// The entry's place in its log, from 0.
    pub sequence: u64,
    /// Its leaf hash.
    pub leaf: Digest,
    /// The class for which its time was over.
    pub class: RetentionClass,
    /// The day of the entry, in UTC.
    pub day: Date,
}

/// An entry as it is read from a log.
#[derive(Clone, Debug)]
pub struct Stored {
    /// What it says.
    pub entry: Entry<'static>,
    /// Its bytes.
    pub body: Vec<u8>,
    /// What its leaf hash begins with, so that nobody can guess the entry from it.
    pub salt: [u8; 16],
    /// Its leaf hash.
    pub leaf: Digest,
}

/// Reads a log's entries in order, also while it is being written, and gives how many there are.
///
/// # Errors
/// [`AuditError::Damaged`] once the entries before the damage were visited. Those of the file system.
pub fn read_log(
    storage: &dyn Storage,
    folder: &Path,
    visit: &mut dyn FnMut(Recorded),
) -> Result<u64, AuditError> {
    let id = folder.file_name().and_then(|name| LogId::parse_put_aside(name.to_str()?));
    let Some(id) = id else {
        return Err(AuditError::storage("read a log from", folder)(std::io::ErrorKind::InvalidInput.into()));
    };
    let each = &mut |past: &Past<'_>| {
        visit(Recorded::of(past)?);
        Ok(())
    };
    Ok(history(storage, folder, &id, &mut |_| {}, each)?.entries)
}

impl Recorded {
    /// All of it, if it is still there.
    #[must_use]
    pub fn whole(self) -> Option<Stored> {
        match self {
            Self::Whole(stored) => Some(*stored),
            Self::Erased(_) => None,
        }
    }

    fn of(past: &Past<'_>) -> Result<Self, BodyFault> {
        let (sequence, leaf) = (past.sequence, Digest(past.leaf));
        Ok(match past.kept {
            Kept::Erased { class, day } => Self::Erased(Erased { sequence, leaf, class, day }),
            Kept::Journal { salt, body, .. } | Kept::Sealed { salt, body } => {
                let entry = Entry::decode(body, sequence)?;
                Self::Whole(Box::new(Stored { entry, body: body.to_vec(), salt: *salt, leaf }))
            }
        })
    }
}

fn summary(storage: &dyn Storage, folder: &Path, name: &str, id: &LogId) -> LogSummary {
    let mut summary = LogSummary {
        log_id: id.text().clone(),
        folder: name.to_owned(),
        entries: 0,
        erased: 0,
        first_time: None,
        last_time: None,
        acts: BTreeMap::new(),
        verdicts: BTreeMap::new(),
        torn_bytes: 0,
        damage: None,
    };
    let read = history(storage, folder, id, &mut |_| {}, &mut |past| {
        let Some((_, body)) = past.kept.written() else {
            summary.entries += 1;
            summary.erased += 1;
            return Ok(());
        };
        let entry = Entry::decode(body, past.sequence)?;
        summary.entries += 1;
        summary.first_time.get_or_insert(entry.time);
        summary.last_time = Some(entry.time);
        for verdict in entry.asked().filter_map(|asked| asked.verdict) {
            *summary.verdicts.entry(verdict.to_owned()).or_default() += 1;
        }
        *summary.acts.entry(entry.act.into_owned()).or_default() += 1;
        Ok(())
    });
    match read {
        Ok(end) => summary.torn_bytes = end.torn_bytes,
        Err(error) => summary.damage = Some(error),
    }
    summary
}
