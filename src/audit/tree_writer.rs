//! What is computed from a log that is being written: where entries stand, the files of the tree's levels, and checkpoints over
//! what is durable.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::checkpoint::Checkpoint;
use super::checkpoints::{self, CHECKPOINTS, Newest, framed};
use super::format::LEAF_BYTES;
use super::journal::JournalFile;
use super::log_id::LogId;
use super::note::{NoteKey, NoteSigner};
use super::output::Output;
use super::places::PLACE_BYTES;
use super::tree::{Frontier, Hash, Hashes, LEVEL_HEIGHT, LEVELS, level_name};
use super::{AuditError, signing};
use crate::ground::storage::{Storage, StorageFile, publish_file};

/// The tree of a locked log, in step with its leaves.
#[derive(Debug)]
pub(super) struct TreeWriter {
    log_id: LogId,
    signer: NoteSigner,
    frontier: Frontier,
    /// Of the journal's newest file.
    places: Growing,
    /// The files of the levels above the leaves.
    levels: Vec<Growing>,
    checkpoints: Output,
    /// The size of the newest checkpoint.
    signed: u64,
}

/// The places of a file of the journal.
#[derive(Debug)]
pub(super) struct Places(Growing);

/// A file, and what is not in it yet.
#[derive(Debug)]
struct Growing {
    output: Output,
    pending: Vec<u8>,
}

/// What was found of a log before its entries were read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trusted {
    /// How many entries the newest checkpoint covers: what is computed of them was synced with it.
    signed: u64,
    /// The entry from which on places are to be made again.
    places_end: u64,
}

impl Trusted {
    pub(super) fn of(
        storage: &dyn Storage,
        folder: &Path,
        newest: JournalFile,
        key: &NoteKey,
    ) -> Result<Self, AuditError> {
        let signed = checkpoints::newest(storage, folder, key)?.checkpoint.map_or(0, |newest| newest.size);
        let path = newest.places(folder);
        let places = match storage.open_read(&path) {
            Ok(file) => {
                file.metadata().map_err(AuditError::storage("measure", &path))?.len() / PLACE_BYTES as u64
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
            Err(error) => return Err(AuditError::storage("open", &path)(error)),
        };
        Ok(Self { signed, places_end: newest.first.saturating_add(places).min(signed.max(newest.first)) })
    }

    /// How many entries the newest checkpoint covers.
    pub(super) fn signed(self) -> u64 {
        self.signed
    }

    /// Whether the place of an entry is to be made again.
    pub(super) fn lacks_place(self, entry: u64) -> bool {
        entry >= self.places_end
    }
}

impl TreeWriter {
    /// Opens the tree whose right edge is known and whose leaves are all there, and makes again what a crash has lost of it: at most what came
    /// after the newest checkpoint, with which everything before was synced.
    pub(super) fn open(
        storage: &dyn Storage,
        folder: &Path,
        log_id: &LogId,
        frontier: Frontier,
        (newest_file, trusted, places): (JournalFile, Trusted, &[u64]),
    ) -> Result<Self, AuditError> {
        let signer = signing::signer(storage, folder, log_id)?;
        let size = frontier.size();
        let newest = checkpoints::newest(storage, folder, signer.key())?;
        let Trusted { signed, places_end } = trusted;
        let kept = places_end.saturating_sub(newest_file.first);
        let places = complete_places(storage, newest_file.places(folder), kept, places)?;
        let mut levels = Vec::new();
        for level in 1..=LEVELS {
            levels.push(complete_level(storage, folder, level, (signed, size))?);
        }
        let checkpoints = cut_checkpoints(storage, folder, &newest)?;
        storage.sync_dir(folder).map_err(AuditError::storage("sync", folder))?;
        Ok(Self { log_id: log_id.clone(), signer, frontier, places, levels, checkpoints, signed })
    }

    /// What verifies its checkpoints.
    pub(super) fn key(&self) -> &NoteKey {
        self.signer.key()
    }

    /// The newest checkpoint, as it was signed.
    pub(super) fn newest(&self, storage: &dyn Storage) -> Option<String> {
        let folder = self.checkpoints.path.parent()?;
        checkpoints::newest(storage, folder, self.key()).ok()?.note
    }

    /// How many leaves there are that no checkpoint covers.
    pub(super) fn unsigned(&self) -> u64 {
        self.frontier.size() - self.signed
    }

    /// The places of another file of the journal, which has no entry yet.
    pub(super) fn places_of(
        storage: &dyn Storage,
        folder: &Path,
        file: JournalFile,
    ) -> Result<Places, AuditError> {
        complete_places(storage, file.places(folder), 0, &[]).map(Places)
    }

    /// Goes on with those. Everything of before is in a checkpoint, and so durable.
    pub(super) fn begin(&mut self, places: Places) {
        self.places = places.0;
    }

    /// Adds a leaf that is in its file, and where its entry stands.
    pub(super) fn push(&mut self, leaf: Hash, place: u64) {
        self.places.pending.extend_from_slice(&place.to_le_bytes());
        let levels = &mut self.levels;
        self.frontier.push(leaf, |height, hash| {
            if height % LEVEL_HEIGHT == 0
                && let Some(level) = levels.get_mut((height / LEVEL_HEIGHT) as usize - 1)
            {
                level.pending.extend_from_slice(hash);
            }
        });
    }

    /// Writes what is not in its file yet. What fails stays, and is written the next time.
    pub(super) fn flush(&mut self) -> Result<(), AuditError> {
        for Growing { output, pending } in self.growing().filter(|growing| !growing.pending.is_empty()) {
            append(output, pending)?;
            pending.clear();
        }
        Ok(())
    }

    fn growing(&mut self) -> impl Iterator<Item = &mut Growing> {
        [&mut self.places].into_iter().chain(&mut self.levels)
    }

    /// Signs the tree as it is, if it has grown, and gives the note once it is durable. All leaves are synced.
    pub(super) fn checkpoint(&mut self, time: Timestamp) -> Result<Option<String>, AuditError> {
        if self.unsigned() == 0 {
            return Ok(None);
        }
        self.flush()?;
        for Growing { output, .. } in self.growing() {
            output.file.sync().map_err(AuditError::storage("sync", &output.path))?;
        }
        let (size, root) = (self.frontier.size(), self.frontier.root());
        let note = Checkpoint::new(self.log_id.as_str(), size, root, time).sign(&self.signer);
        append(&mut self.checkpoints, framed(&note).as_bytes())?;
        let Output { file, path, .. } = &mut self.checkpoints;
        file.sync().map_err(AuditError::storage("sync", path))?;
        self.signed = size;
        Ok(Some(note))
    }
}

/// Appends all of it or nothing.
fn append(output: &mut Output, bytes: &[u8]) -> Result<(), AuditError> {
    let appended = output.file.append(bytes);
    if appended.is_err() {
        output.file.truncate(output.bytes).map_err(AuditError::storage("cut back", &output.path))?;
    }
    appended.map_err(AuditError::storage("write", &output.path))?;
    output.bytes += bytes.len() as u64;
    Ok(())
}

fn complete_places(
    storage: &dyn Storage,
    path: PathBuf,
    kept: u64,
    missing: &[u64],
) -> Result<Growing, AuditError> {
    let mut file = open_or_create(storage, &path)?;
    file.truncate(kept * PLACE_BYTES as u64).map_err(AuditError::storage("cut", &path))?;
    let bytes: Vec<u8> = missing.iter().flat_map(|place| place.to_le_bytes()).collect();
    file.append(&bytes).map_err(AuditError::storage("write", &path))?;
    file.sync().map_err(AuditError::storage("sync", &path))?;
    Ok(Growing::new(file, path, (kept + missing.len() as u64) * PLACE_BYTES as u64))
}

/// Brings a level in step with the one below.
fn complete_level(
    storage: &dyn Storage,
    folder: &Path,
    level: u32,
    (signed, size): (u64, u64),
) -> Result<Growing, AuditError> {
    let path = folder.join(level_name(level));
    let height = level * LEVEL_HEIGHT;
    let mut file = open_or_create(storage, &path)?;
    let found = file.len().map_err(AuditError::storage("measure", &path))? / LEAF_BYTES as u64;
    let kept = found.min(signed >> height);
    file.truncate(kept * LEAF_BYTES as u64).map_err(AuditError::storage("cut", &path))?;
    let below = Hashes::open(storage, folder).map_err(AuditError::storage("read the tree in", folder))?;
    let mut bytes = Vec::new();
    for index in kept..size >> height {
        let hash = below.above(level, index).map_err(AuditError::storage("read the tree in", folder))?;
        bytes.extend_from_slice(&hash);
        if bytes.len() >= 1 << 16 {
            file.append(&bytes).map_err(AuditError::storage("write", &path))?;
            bytes.clear();
        }
    }
    file.append(&bytes).map_err(AuditError::storage("write", &path))?;
    file.sync().map_err(AuditError::storage("sync", &path))?;
    Ok(Growing::new(file, path, (size >> height) * LEAF_BYTES as u64))
}

fn open_or_create(storage: &dyn Storage, path: &Path) -> Result<Box<dyn StorageFile>, AuditError> {
    match storage.open_append(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            storage.create(path).map_err(AuditError::storage("create", path))
        }
        opened => opened.map_err(AuditError::storage("write on in", path)),
    }
}

impl Growing {
    fn new(file: Box<dyn StorageFile>, path: PathBuf, bytes: u64) -> Self {
        Self { output: Output { file, path, bytes }, pending: Vec::new() }
    }
}

fn cut_checkpoints(storage: &dyn Storage, folder: &Path, newest: &Newest) -> Result<Output, AuditError> {
    let path = folder.join(CHECKPOINTS);
    let mut file = match storage.open_append(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            publish_file(storage, &path, &[]).map_err(AuditError::storage("create", &path))?;
            storage.open_append(&path).map_err(AuditError::storage("write on in", &path))?
        }
        Err(error) => return Err(AuditError::storage("write on in", &path)(error)),
    };
    let found = file.len().map_err(AuditError::storage("measure", &path))?;
    if found > newest.bytes {
        file.truncate(newest.bytes).map_err(AuditError::storage("cut", &path))?;
        file.sync().map_err(AuditError::storage("sync", &path))?;
    }
    Ok(Output { file, path, bytes: newest.bytes })
}
