//! A whole log looked at again: every byte of it, against what it was signed to be.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::body::Entry;
use super::checkpoints::Notes;
use super::computed::Computed;
use super::elsewhere::EXPORTED;
use super::erasures::{RecordedErasures, Stubs};
use super::history::history;
use super::journal::JournalFile;
use super::log_id::LogId;
use super::note::NoteKey;
use super::sealed::{Kept, SealedFile, SealedName};
use super::signed::Signed;
use super::signing::VERIFYING;
use super::vouched::Vouched;
use super::{AuditError, Checkpoint, Damage, Fault, checkpoints, signing};
use crate::ground::storage::Storage;

/// What was found of a log.
#[derive(Clone, Debug)]
pub struct Examined {
    /// The log's id.
    pub log_id: Arc<str>,
    /// The folder's name: the log's id, or with an ending after it if the log was put aside.
    pub folder: String,
    /// Sound entries, up to the first fault.
    pub entries: u64,
    /// How many of them were erased when their time was over: of these the leaves are sound.
    pub erased: u64,
    /// Checkpoints of which every one is signed, and of these entries, up to the first fault.
    pub checkpoints: u64,
    /// The newest of them.
    pub newest: Option<Checkpoint>,
    /// The log's public key; `None` if it never signed anything.
    pub key: Option<NoteKey>,
    /// Bytes after the last entry, and the last checkpoint, that make none: left by a crash, or being written at this moment.
    pub torn_bytes: u64,
    /// What is not as it was written. Nothing, if the log is sound.
    pub faults: Vec<AuditError>,
}

/// What a log is held to that does not stand in its folder.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expected<'a> {
    /// Keys that logs have, as somebody noted them elsewhere. Where there are any, a log with another key has a fault.
    pub keys: &'a [NoteKey],
    /// Folders to which checkpoints are exported.
    pub exported_to: &'a [PathBuf],
}

/// Verifies the log in a folder, also while somebody writes to it. `progress` hears of each entry.
///
/// # Errors
/// If the folder is none of a log. Whatever is wrong with the log is in [`Examined::faults`].
pub fn verify(
    storage: &dyn Storage,
    folder: &Path,
    expected: Expected<'_>,
    progress: &mut dyn FnMut(u64),
) -> Result<Examined, AuditError> {
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let id = LogId::parse_put_aside(name).ok_or_else(|| AuditError::NoLog { path: folder.to_owned() })?;
    let mut examined = Examined {
        log_id: id.text().clone(),
        folder: name.to_owned(),
        entries: 0,
        erased: 0,
        checkpoints: 0,
        newest: None,
        key: None,
        torn_bytes: 0,
        faults: Vec::new(),
    };
    if let Err(fault) = examine(storage, folder, &id, expected, &mut examined, progress) {
        examined.faults.push(fault);
    }
    Ok(examined)
}

/// The folders of a site's logs, also of those that were put aside.
///
/// # Errors
/// If the folder of logs cannot be listed.
pub fn log_folders(storage: &dyn Storage, data_dir: &Path) -> Result<Vec<PathBuf>, AuditError> {
    let audit = data_dir.join("audit");
    let mut folders = storage.list(&audit).map_err(AuditError::storage("list", &audit))?;
    folders.retain(|path| {
        path.file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| LogId::parse_put_aside(name).is_some())
    });
    Ok(folders)
}

/// The ids of logs that have exported checkpoints and are in none of the folders: somebody took the whole log away.
///
/// # Errors
/// If a folder of exported checkpoints cannot be listed.
pub fn missing_logs(
    storage: &dyn Storage,
    folders: &[PathBuf],
    exported_to: &[PathBuf],
) -> Result<BTreeSet<String>, AuditError> {
    fn names(paths: &[PathBuf]) -> impl Iterator<Item = &str> {
        paths.iter().filter_map(|path| path.file_name()?.to_str())
    }
    let there: BTreeSet<_> =
        names(folders).filter_map(LogId::parse_put_aside).map(|id| id.as_str().to_owned()).collect();
    let mut missing = BTreeSet::new();
    for to in exported_to {
        let exported = storage.list(to).map_err(AuditError::storage("list", to))?;
        let ids = names(&exported).filter(|name| LogId::parse(name).is_some());
        missing.extend(ids.filter(|id| !there.contains(*id)).map(str::to_owned));
    }
    Ok(missing)
}

fn examine(
    storage: &dyn Storage,
    folder: &Path,
    id: &LogId,
    expected: Expected<'_>,
    examined: &mut Examined,
    progress: &mut dyn FnMut(u64),
) -> Result<(), AuditError> {
    let key = signing::public_key(storage, folder)?;
    let is_right = |key: &NoteKey| {
        key.name() == Checkpoint::origin(id.as_str())
            && (expected.keys.is_empty() || expected.keys.contains(key))
    };
    if let Some(key) = key.as_ref().filter(|key| !is_right(key)) {
        return Err(AuditError::OtherKey { path: folder.to_owned(), found: key.to_string().into() });
    }
    examined.key.clone_from(&key);
    let exported_to = || expected.exported_to.iter().map(|to| to.join(id.as_str()).join(EXPORTED));
    let is_known = !expected.keys.is_empty() || exported_to().any(|path| storage.open_read(&path).is_ok());
    let has_signed = || Ok(Notes::open(storage, folder)?.is_some_and(|notes| notes.length() > 0));
    if key.is_none() && (is_known || has_signed()?) {
        return Err(AuditError::SigningKey { path: folder.join(VERIFYING) });
    }
    // Before the entries: those of a log that somebody is writing are never behind its checkpoints then.
    let mut vouched = Vouched::default();
    let mut checkpoints = match &key {
        None => None,
        Some(key) => {
            let exported = exported_to().map(|path| Ok(exported(storage, &path, key)?.zip(Some(path))));
            let exported = exported.collect::<Result<Vec<_>, AuditError>>()?;
            vouched = Vouched::all(exported.into_iter().flatten().collect());
            Some(Signed::of(Notes::open(storage, folder)?, key)?)
        }
    };
    let mut computed = Computed::open(storage, folder)?;
    let (mut stubs, mut erasures) = (Stubs::default(), RecordedErasures::default());
    let (mut fault, mut forked) = (None, None);
    let (mut ranges, mut journal) = (BTreeSet::new(), BTreeSet::new());
    let files = &mut |file: &SealedFile| {
        ranges.insert(file.name().first);
        stubs.push(file);
    };
    let read = history(storage, folder, id, files, &mut |past| {
        examined.entries = past.sequence + 1;
        vouched.push(past.leaf);
        if let Some(signed) = checkpoints.as_mut().filter(|_| forked.is_none()) {
            forked = signed.passed(vouched.frontier()).err();
        }
        if fault.is_none() {
            fault = computed.push(storage, folder, past).err();
        }
        if let Kept::Journal { file, .. } = past.kept {
            journal.insert(file.first);
        }
        match past.kept.written() {
            None => examined.erased += 1,
            Some((_, body)) if RecordedErasures::may_be_one(body) => {
                erasures.push(&Entry::decode(body, past.sequence)?);
            }
            Some(_) => {}
        }
        progress(past.sequence);
        Ok(())
    });
    examined.faults.extend(forked);
    examined.faults.extend(fault);
    let mut ended = Ok(0);
    if let Some(signed) = &mut checkpoints {
        ended = signed.end(examined.entries);
        examined.checkpoints = signed.count;
        examined.newest.clone_from(&signed.newest);
    }
    let signed = examined.newest.as_ref().map_or(0, |newest| newest.size);
    examined.torn_bytes += read?.torn_bytes;
    match ended {
        Ok(torn) => examined.torn_bytes += torn,
        Err(fault) => examined.faults.push(fault),
    }
    let listed = JournalFile::list(storage, folder)?;
    let newest = listed.iter().map(|file| file.first).filter(|first| *first <= examined.entries).max();
    let newest = newest.unwrap_or(0);
    let unsigned = || Damage {
        path: folder.join(checkpoints::CHECKPOINTS),
        offset: 0,
        entry: None,
        fault: Fault::Unsigned,
    };
    let is_signed = if signed < newest { Err(AuditError::Damaged(unsigned())) } else { Ok(()) };
    ranges.extend(journal);
    let checks = [
        vouched.check().map(drop),
        computed.check(signed),
        erasures.check(stubs),
        is_signed,
        no_strays(storage, folder, &ranges, examined.entries),
    ];
    examined.faults.extend(checks.into_iter().filter_map(Result::err));
    Ok(())
}

/// Every file of entries is one that was read.
fn no_strays(
    storage: &dyn Storage,
    folder: &Path,
    read: &BTreeSet<u64>,
    entries: u64,
) -> Result<(), AuditError> {
    let is_stray = |first: u64| first < entries && !read.contains(&first);
    let sealed = SealedName::list(storage, folder)?;
    let sealed = sealed.iter().find(|name| is_stray(name.first)).map(|name| name.path(folder));
    let journal = JournalFile::list(storage, folder)?;
    let journal = journal.iter().find(|file| is_stray(file.first)).map(|file| file.bodies(folder));
    sealed.or(journal).map_or(Ok(()), |path| {
        Err(AuditError::Damaged(Damage { path, offset: 0, entry: None, fault: Fault::Stray }))
    })
}

fn exported(storage: &dyn Storage, path: &Path, key: &NoteKey) -> Result<Option<Checkpoint>, AuditError> {
    match storage.read(path, checkpoints::NOTE_BYTES_MAX) {
        Ok(bytes) => {
            let note = std::str::from_utf8(&bytes).ok().and_then(|note| Checkpoint::open(note, key));
            note.map(Some).ok_or_else(|| AuditError::Exported { path: path.to_owned() })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(AuditError::storage("read", path)(error)),
    }
}
