//! A whole log looked at again: every byte of it, against what it was signed to be.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::format::LEAF_BYTES;
use super::log_id::LogId;
use super::note::NoteKey;
use super::places::{PLACE_BYTES, PLACES};
use super::scan::{Found, Seen, scan};
use super::signing::VERIFYING;
use super::tree::{Frontier, LEVEL_HEIGHT, LEVELS, level_name};
use super::vouched::{EXPORTED, Vouched};
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
    if key.is_none() && is_known {
        return Err(AuditError::SigningKey { path: folder.join(VERIFYING) });
    }
    // Before the entries: those of a log that somebody is writing are never behind its checkpoints then.
    let mut vouched = Vouched::default();
    let mut signed = 0;
    if let Some(key) = &key {
        let mut signed_before = 0;
        let mut all = Vec::new();
        let path = folder.join(checkpoints::CHECKPOINTS);
        let torn = checkpoints::each(storage, folder, key, &mut |offset, _, checkpoint| {
            if checkpoint.size <= signed_before {
                let (path, fault) = (path.clone(), Fault::CheckpointOrder);
                return Err(AuditError::Damaged(Damage { path, offset, entry: None, fault }));
            }
            signed_before = checkpoint.size;
            examined.newest = Some(checkpoint.clone());
            all.push((checkpoint, path.clone()));
            Ok(())
        })?;
        examined.torn_bytes = torn;
        examined.checkpoints = all.len() as u64;
        signed = signed_before;
        for path in exported_to() {
            all.extend(exported(storage, &path, key)?.map(|checkpoint| (checkpoint, path)));
        }
        vouched = Vouched::all(all);
    }
    let mut computed = Computed::open(storage, folder)?;
    let mut fault = None;
    let each = &mut |seen: &Seen<'_>| {
        examined.entries = seen.sequence + 1;
        vouched.push(seen.leaf);
        if fault.is_none() {
            fault = computed.push(seen).err();
        }
        progress(seen.sequence);
        Ok(())
    };
    let found = scan(storage, folder, id, each);
    examined.faults.extend(fault);
    match found? {
        Found::Unborn(_) => {}
        Found::Sound(sound) => examined.torn_bytes += sound.torn_bytes,
    }
    vouched.check()?;
    computed.check(signed)
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

/// The files that are computed from entries, read beside them.
struct Computed {
    frontier: Frontier,
    places: Option<Reader>,
    levels: Vec<Reader>,
}

struct Reader {
    file: BufReader<File>,
    path: PathBuf,
    read: u64,
    /// It has ended, which it may while somebody writes, or after a crash.
    ended: bool,
}

impl Computed {
    fn open(storage: &dyn Storage, folder: &Path) -> Result<Self, AuditError> {
        let open = |name: &str| {
            let path = folder.join(name);
            match storage.open_read(&path) {
                Ok(file) => Ok(Some(Reader { file: BufReader::new(file), path, read: 0, ended: false })),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(AuditError::storage("open", &path)(error)),
            }
        };
        let levels = (1..=LEVELS).map(|level| open(&level_name(level))).collect::<Result<Vec<_>, _>>()?;
        let levels = levels.into_iter().flatten().collect();
        Ok(Self { frontier: Frontier::default(), places: open(PLACES)?, levels })
    }

    fn push(&mut self, seen: &Seen<'_>) -> Result<(), AuditError> {
        if let Some(places) = &mut self.places {
            places.expect(&seen.offset.to_le_bytes(), seen.sequence, Fault::Place)?;
        }
        let (levels, mut fault) = (&mut self.levels, Ok(()));
        self.frontier.push(seen.leaf, |height, hash| {
            let level = (height / LEVEL_HEIGHT) as usize;
            if height % LEVEL_HEIGHT == 0
                && let Some(reader) = levels.get_mut(level - 1)
                && fault.is_ok()
            {
                fault = reader.expect(hash, seen.sequence >> height << height, Fault::Tree);
            }
        });
        fault
    }

    /// What was synced with a checkpoint is there.
    fn check(&self, signed: u64) -> Result<(), AuditError> {
        let short = |reader: &Reader, needed: u64, fault| {
            let damage = Damage { path: reader.path.clone(), offset: reader.read, entry: None, fault };
            if reader.read < needed { Err(AuditError::Damaged(damage)) } else { Ok(()) }
        };
        for (level, reader) in (1..).zip(&self.levels) {
            short(reader, (signed >> (level * LEVEL_HEIGHT)) * LEAF_BYTES as u64, Fault::Tree)?;
        }
        self.places.as_ref().map_or(Ok(()), |places| short(places, signed * PLACE_BYTES as u64, Fault::Place))
    }
}

impl Reader {
    fn expect(&mut self, right: &[u8], entry: u64, fault: Fault) -> Result<(), AuditError> {
        if self.ended {
            return Ok(());
        }
        let mut there = [0; LEAF_BYTES];
        let there = &mut there[..right.len()];
        match self.file.read_exact(there) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.ended = true;
                return Ok(());
            }
            read => read.map_err(AuditError::storage("read", &self.path))?,
        }
        if *there != *right {
            let (path, offset, entry) = (self.path.clone(), self.read, Some(entry));
            return Err(AuditError::Damaged(Damage { path, offset, entry, fault }));
        }
        self.read += right.len() as u64;
        Ok(())
    }
}
