//! Checkpoints on their way to other places, in a thread of its own: a place that hangs keeps no answer waiting.
//!
//! A place may have been away when the log was opened. Before it is given anything it is asked what it keeps: a log that was cut off or
//! put back must not write over what shows that.

use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use super::AuditError;
use super::checkpoint::Checkpoint;
use super::elsewhere::Elsewhere;
use super::log::Shared;
use super::log_id::LogId;
use super::note::NoteKey;
use super::tree::{Frontier, Hashes};
use crate::ground::causes;
use crate::ground::storage::Storage;

/// Has places elsewhere keep a log's newest checkpoint.
#[derive(Debug)]
pub(super) struct Exporter {
    notes: Option<mpsc::Sender<String>>,
    thread: Option<JoinHandle<()>>,
}

/// The log that is exported.
pub(super) struct Exported {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) folder: PathBuf,
    pub(super) id: LogId,
    pub(super) key: NoteKey,
    pub(super) shared: Arc<Shared>,
}

impl Exporter {
    /// Begins with what is newest already, so that a place that was away gets it.
    pub(super) fn start(
        places: Vec<Box<dyn Elsewhere>>,
        log: Exported,
        newest: Option<String>,
    ) -> Result<Self, AuditError> {
        if places.is_empty() {
            return Ok(Self { notes: None, thread: None });
        }
        let (notes, queue) = mpsc::channel();
        newest.into_iter().for_each(|note| drop(notes.send(note)));
        let run = move || export(&places, &log, &queue);
        let thread = std::thread::Builder::new().name("audit-export".to_owned()).spawn(run);
        let thread = thread.map_err(|error| AuditError::Thread(Arc::new(error)))?;
        Ok(Self { notes: Some(notes), thread: Some(thread) })
    }

    /// Hands in the newest checkpoint. Never blocks.
    pub(super) fn send(&self, note: String) {
        // A thread that is gone has told so.
        let _ = self.notes.as_ref().map(|notes| notes.send(note));
    }
}

impl Drop for Exporter {
    /// Waits until the last one is exported.
    fn drop(&mut self) {
        self.notes = None;
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// How a place stands with the log.
#[derive(Clone, Copy, Default)]
struct Standing {
    compared: bool,
    failing: bool,
}

fn export(places: &[Box<dyn Elsewhere>], log: &Exported, queue: &mpsc::Receiver<String>) {
    let mut standings = vec![Standing::default(); places.len()];
    while let Ok(first) = queue.recv() {
        // Only the newest is wanted.
        let note = queue.try_iter().last().unwrap_or(first);
        for (place, standing) in places.iter().zip(&mut standings) {
            let to = place.path(&log.id);
            match log.put(&**place, &note, standing) {
                Ok(()) if standing.failing => {
                    tracing::info!(to = %to.display(), "checkpoints are exported again");
                    standing.failing = false;
                }
                Err(error) if !standing.failing => {
                    tracing::warn!(to = %to.display(), error = %causes(&error), "a checkpoint of the audit log is not exported");
                    standing.failing = true;
                }
                _ => {}
            }
        }
    }
}

impl Exported {
    fn put(&self, place: &dyn Elsewhere, note: &str, standing: &mut Standing) -> Result<(), AuditError> {
        let failed = |error| AuditError::storage("export to", &place.path(&self.id))(error);
        if !standing.compared {
            self.compare(place).inspect_err(|error| {
                if matches!(error, AuditError::CutOff { .. } | AuditError::Forked { .. }) {
                    tracing::error!(error = %causes(error), "nothing more is recorded: the audit log was cut off or put back");
                    self.shared.stopped.get_or_init(|| error.clone());
                }
            })?;
            standing.compared = true;
        }
        place.put(&self.id, note).map_err(failed)
    }

    /// Holds the log against what a place keeps of it.
    fn compare(&self, place: &dyn Elsewhere) -> Result<(), AuditError> {
        let path = || place.path(&self.id);
        let kept = place.newest(&self.id).map_err(|error| AuditError::storage("read", &path())(error))?;
        let Some(kept) = kept else { return Ok(()) };
        let note = std::str::from_utf8(&kept).ok().and_then(|note| Checkpoint::open(note, &self.key));
        let kept = note.ok_or_else(|| AuditError::Exported { path: path() })?;
        let failed = |error| AuditError::storage("read the tree in", &self.folder)(error);
        let hashes = Hashes::open(&*self.storage, &self.folder).map_err(failed)?;
        let entries = hashes.count(0).map_err(failed)?;
        if kept.size > entries {
            return Err(AuditError::CutOff { path: path(), size: kept.size, entries });
        }
        let root = Frontier::of(&hashes, kept.size).map_err(failed)?.root();
        if root == kept.root { Ok(()) } else { Err(AuditError::Forked { path: path(), size: kept.size }) }
    }
}
