//! The checkpoints of a log: `checkpoints` in its folder, one signed note after another, each with a line of one dot after it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::checkpoint::{CHECKPOINT_BYTES_MAX, Checkpoint};
use super::note::NoteKey;
use super::{AuditError, Damage, Fault};
use crate::ground::storage::Storage;

pub(super) const CHECKPOINTS: &str = "checkpoints";
/// The longest file with one note.
pub(super) const NOTE_BYTES_MAX: u64 = CHECKPOINT_BYTES_MAX as u64;
const END: &str = ".\n";

/// A note as it stands in the file.
pub(super) fn framed(note: &str) -> String {
    format!("{note}{END}")
}

/// The newest checkpoint of a log, and how long the file is without what a power cut left half-written.
#[derive(Debug, Default)]
pub(super) struct Newest {
    pub(super) checkpoint: Option<Checkpoint>,
    /// As it was signed.
    pub(super) note: Option<String>,
    pub(super) bytes: u64,
}

/// Reads the end of the file; one that is not there is empty.
pub(super) fn newest(storage: &dyn Storage, folder: &Path, key: &NoteKey) -> Result<Newest, AuditError> {
    let path = folder.join(CHECKPOINTS);
    let failed = |error| AuditError::storage("read", &path)(error);
    let mut file = match storage.open_read(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Newest::default()),
        Err(error) => return Err(failed(error)),
    };
    let length = file.metadata().map_err(failed)?.len();
    // Two of the longest, of which the second may be torn.
    let from = length.saturating_sub(2 * CHECKPOINT_BYTES_MAX as u64);
    file.seek(SeekFrom::Start(from)).map_err(failed)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(failed)?;
    let ends = |bytes: &[u8]| bytes.windows(3).rposition(|window| window == b"\n.\n");
    let Some(end) = ends(&bytes) else {
        // Nothing but a first one that was not written whole.
        return if from == 0 { Ok(Newest::default()) } else { Err(damaged(path, from)) };
    };
    let before = ends(&bytes[..end]).map_or(0, |before| before + 3);
    let note = std::str::from_utf8(&bytes[before..=end]).ok();
    let checkpoint = note.and_then(|note| Checkpoint::open(note, key));
    let checkpoint = checkpoint.ok_or_else(|| damaged(path.clone(), from + before as u64))?;
    let note = note.map(str::to_owned);
    Ok(Newest { checkpoint: Some(checkpoint), note, bytes: from + end as u64 + 3 })
}

/// The notes that are in the file when it is opened, one after another.
#[derive(Debug)]
pub(super) struct Notes {
    reader: io::Take<BufReader<File>>,
    pub(super) path: PathBuf,
    /// Where the next one begins.
    pub(super) at: u64,
    /// How much was read.
    read: u64,
}

impl Notes {
    /// `None` if there is no such file.
    pub(super) fn open(storage: &dyn Storage, folder: &Path) -> Result<Option<Self>, AuditError> {
        let path = folder.join(CHECKPOINTS);
        match storage.open_read(&path) {
            Ok(file) => {
                let length = file.metadata().map_err(AuditError::storage("measure", &path))?.len();
                Ok(Some(Self { reader: BufReader::new(file).take(length), path, at: 0, read: 0 }))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(AuditError::storage("read", &path)(error)),
        }
    }

    /// How much is left to be read.
    pub(super) fn length(&self) -> u64 {
        self.reader.limit()
    }

    /// How many bytes make no note, once there is none any more.
    pub(super) fn torn(&self) -> u64 {
        self.read - self.at
    }

    /// The next note; `None` if there is no whole one any more.
    pub(super) fn next(&mut self) -> Result<Option<String>, AuditError> {
        let mut note = Vec::new();
        loop {
            let before = note.len();
            let mut line = self.reader.by_ref().take(CHECKPOINT_BYTES_MAX as u64);
            let line = line.read_until(b'\n', &mut note);
            let read = line.map_err(AuditError::storage("read", &self.path))?;
            if read == 0 {
                return Ok(None);
            }
            self.read += read as u64;
            if &note[before..] == END.as_bytes() {
                note.truncate(before);
                let at = std::mem::replace(&mut self.at, self.read);
                let note = String::from_utf8(note).map_err(|_| damaged(self.path.clone(), at))?;
                return Ok(Some(note));
            }
            if note.len() > CHECKPOINT_BYTES_MAX {
                return Err(damaged(self.path.clone(), self.at));
            }
        }
    }
}

pub(super) fn damaged(path: PathBuf, offset: u64) -> AuditError {
    AuditError::Damaged(Damage { path, offset, entry: None, fault: Fault::Checkpoint })
}
