//! Looks at logs without locks and without changing them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::AuditError;
use super::body::Entry;
use super::log_id::LogId;
use super::scan::{Found, Seen, scan};
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
    /// The time of the first entry.
    pub first_time: Option<Timestamp>,
    /// The time of the last entry.
    pub last_time: Option<Timestamp>,
    /// Entries by what was done.
    pub acts: BTreeMap<String, u64>,
    /// Entries by verdict; those without one are not counted here.
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
    visit: &mut dyn FnMut(Stored),
) -> Result<u64, AuditError> {
    let id = folder.file_name().and_then(|name| LogId::parse_put_aside(name.to_str()?));
    let Some(id) = id else {
        return Err(AuditError::storage("read a log from", folder)(std::io::ErrorKind::InvalidInput.into()));
    };
    let each = &mut |seen: &Seen<'_>| {
        let entry = Entry::decode(seen.body, seen.sequence)?;
        let (body, leaf) = (seen.body.to_vec(), Digest(seen.leaf));
        visit(Stored { entry, body, salt: *seen.salt, leaf });
        Ok(())
    };
    match scan(storage, folder, &id, each)? {
        Found::Unborn(_) => Ok(0),
        Found::Sound(sound) => Ok(sound.entries),
    }
}

fn summary(storage: &dyn Storage, folder: &Path, name: &str, id: &LogId) -> LogSummary {
    let mut summary = LogSummary {
        log_id: id.text().clone(),
        folder: name.to_owned(),
        entries: 0,
        first_time: None,
        last_time: None,
        acts: BTreeMap::new(),
        verdicts: BTreeMap::new(),
        torn_bytes: 0,
        damage: None,
    };
    let found = scan(storage, folder, id, &mut |seen| {
        let entry = Entry::decode(seen.body, seen.sequence)?;
        summary.entries += 1;
        summary.first_time.get_or_insert(entry.time);
        summary.last_time = Some(entry.time);
        *summary.acts.entry(entry.act.into_owned()).or_default() += 1;
        if let Some(verdict) = entry.verdict {
            *summary.verdicts.entry(verdict.into_owned()).or_default() += 1;
        }
        Ok(())
    });
    match found {
        Ok(Found::Unborn(_)) => {}
        Ok(Found::Sound(sound)) => summary.torn_bytes = sound.torn_bytes,
        Err(error) => summary.damage = Some(error),
    }
    summary
}
