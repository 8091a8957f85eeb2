//! Checkpoints on their way to other places, in a thread of its own: a place that hangs keeps no answer waiting.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use super::AuditError;
use super::vouched::EXPORTED;
use crate::ground::storage::{Storage, publish_readable_file};

/// Writes a log's newest checkpoint to folders, each under `<log id>/checkpoint`.
#[derive(Debug)]
pub(super) struct Exporter {
    notes: Option<mpsc::Sender<String>>,
    thread: Option<JoinHandle<()>>,
}

impl Exporter {
    /// Begins with what is newest already, so that a place that was away gets it.
    pub(super) fn start(
        storage: Arc<dyn Storage>,
        folders: &[PathBuf],
        log_id: &str,
        newest: Option<String>,
    ) -> Result<Self, AuditError> {
        if folders.is_empty() {
            return Ok(Self { notes: None, thread: None });
        }
        let folders: Vec<_> = folders.iter().map(|folder| folder.join(log_id)).collect();
        let (notes, queue) = mpsc::channel();
        newest.into_iter().for_each(|note| drop(notes.send(note)));
        let run = move || export(&*storage, &folders, &queue);
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

fn export(storage: &dyn Storage, folders: &[PathBuf], queue: &mpsc::Receiver<String>) {
    let mut failing = vec![false; folders.len()];
    while let Ok(first) = queue.recv() {
        // Only the newest is wanted.
        let note = queue.try_iter().last().unwrap_or(first);
        for (folder, failing) in folders.iter().zip(&mut failing) {
            match write(storage, folder, &note) {
                Ok(()) if *failing => {
                    tracing::info!(folder = %folder.display(), "checkpoints are exported again");
                    *failing = false;
                }
                Err(error) if !*failing => {
                    tracing::warn!(folder = %folder.display(), %error, "a checkpoint of the audit log is not exported");
                    *failing = true;
                }
                _ => {}
            }
        }
    }
}

fn write(storage: &dyn Storage, folder: &Path, note: &str) -> io::Result<()> {
    storage.create_dir_all(folder)?;
    publish_readable_file(storage, &folder.join(EXPORTED), note.as_bytes())
}
