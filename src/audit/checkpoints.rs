//! The checkpoints of a log: `checkpoints` in its folder, one signed note after another, each with a line of one dot after it.

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

/// Reads every checkpoint in order, with where it stands, and tells how many bytes after the last make none.
pub(super) fn each(
    storage: &dyn Storage,
    folder: &Path,
    key: &NoteKey,
    visit: &mut dyn FnMut(u64, &str, Checkpoint) -> Result<(), AuditError>,
) -> Result<u64, AuditError> {
    let path = folder.join(CHECKPOINTS);
    let failed = |error| AuditError::storage("read", &path)(error);
    let file = match storage.open_read(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(failed(error)),
    };
    let mut reader = BufReader::new(file);
    let (mut note, mut line) = (Vec::new(), Vec::new());
    let (mut at, mut offset) = (0, 0);
    loop {
        line.clear();
        let read =
            reader.by_ref().take(CHECKPOINT_BYTES_MAX as u64).read_until(b'\n', &mut line).map_err(failed)?;
        if read == 0 {
            return Ok(offset - at);
        }
        offset += read as u64;
        if line == END.as_bytes() {
            let text = std::str::from_utf8(&note).ok();
            let opened = text.and_then(|text| Some((text, Checkpoint::open(text, key)?)));
            let Some((text, checkpoint)) = opened else { return Err(damaged(path, at)) };
            visit(at, text, checkpoint)?;
            note.clear();
            at = offset;
            continue;
        }
        note.extend_from_slice(&line);
        if note.len() > CHECKPOINT_BYTES_MAX {
            return Err(damaged(path, at));
        }
    }
}

fn damaged(path: PathBuf, offset: u64) -> AuditError {
    AuditError::Damaged(Damage { path, offset, entry: None, fault: Fault::Checkpoint })
}
