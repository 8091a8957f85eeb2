//! Checkpoints on their way to other places, in a thread of its own: a place that hangs keeps no answer waiting.

use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use super::AuditError;
use super::elsewhere::Elsewhere;
use super::log_id::LogId;

/// Has places elsewhere keep a log's newest checkpoint.
#[derive(Debug)]
pub(super) struct Exporter {
    notes: Option<mpsc::Sender<String>>,
    thread: Option<JoinHandle<()>>,
}

impl Exporter {
    /// Begins with what is newest already, so that a place that was away gets it.
    pub(super) fn start(
        places: Vec<Box<dyn Elsewhere>>,
        log: LogId,
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

fn export(places: &[Box<dyn Elsewhere>], log: &LogId, queue: &mpsc::Receiver<String>) {
    let mut failing = vec![false; places.len()];
    while let Ok(first) = queue.recv() {
        // Only the newest is wanted.
        let note = queue.try_iter().last().unwrap_or(first);
        for (place, failing) in places.iter().zip(&mut failing) {
            let to = place.path(log);
            match place.put(log, &note) {
                Ok(()) if *failing => {
                    tracing::info!(to = %to.display(), "checkpoints are exported again");
                    *failing = false;
                }
                Err(error) if !*failing => {
                    tracing::warn!(to = %to.display(), %error, "a checkpoint of the audit log is not exported");
                    *failing = true;
                }
                _ => {}
            }
        }
    }
}
