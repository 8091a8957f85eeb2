//! What the writing thread does between groups: it signs checkpoints, and goes on in another file of the journal.

use std::path::Path;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use jiff::tz::Offset;

use super::{SYNC_EVERY, Writer};
use crate::audit::journal::JournalFile;
use crate::audit::output::stop;
use crate::audit::{AuditError, next_file};
use crate::ground::causes;
use crate::ground::clock::monotonic;

impl Writer {
    /// Signs what is in the log. Entries wait for nothing of it: what fails is tried again.
    pub(super) fn sign(&mut self) {
        self.checkpoint_due = None;
        if self.shared.stopped.get().is_some() {
            return;
        }
        if let Err(error) = self.checkpoint() {
            tracing::warn!(error = %causes(&error), "the audit log has no new checkpoint yet");
            self.checkpoint_due = Some(monotonic() + SYNC_EVERY.max(self.config.checkpoint_every / 8));
        }
    }

    fn checkpoint(&mut self) -> Result<(), AuditError> {
        self.settle_all()?;
        let note = self.files.tree.checkpoint(self.newest_time())?;
        note.into_iter().for_each(|note| self.exporter.send(note));
        Ok(())
    }

    /// Begins the journal's next file where the newest one is long, or of a day before, and has the newest one sealed.
    pub(super) fn begin_file_if_due(&mut self, now: Timestamp) {
        let day = |time| Offset::UTC.to_datetime(time).date();
        let is_old = self.files.newest_since.is_some_and(|since| day(since) < day(now));
        let is_due = is_old || self.files.bodies.bytes >= self.config.journal_bytes_max;
        let may = self.file_not_before.is_none_or(|not_before| not_before <= monotonic());
        if !is_due || !may || self.files.entries == self.files.newest.first {
            return;
        }
        self.file_not_before = None;
        match self.begin_file() {
            Ok(closed) => self.sealer.send(closed),
            Err(error) => {
                tracing::warn!(error = %causes(&error), "the audit log's journal has no new file yet");
                self.file_not_before = Some(monotonic() + SYNC_EVERY * 60);
            }
        }
    }

    /// Gives the file that was the newest one, of which everything is durable.
    fn begin_file(&mut self) -> Result<JournalFile, AuditError> {
        self.ready()?;
        self.checkpoint()?;
        let before = (self.newest_time(), self.shared.alert_floor());
        let unsure = |path: &Path, error| stop(&self.shared, "taking back", path, error);
        next_file::begin(&*self.storage, &mut self.files, before, &unsure)
    }

    fn newest_time(&self) -> Timestamp {
        let time = Timestamp::from_microsecond(self.shared.highest_us.load(Ordering::Relaxed));
        time.unwrap_or(Timestamp::UNIX_EPOCH)
    }
}
