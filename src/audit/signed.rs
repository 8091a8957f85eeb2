//! What a log has signed of itself, compared with its leaves as they go by: however many checkpoints there are, one is held at a time.

use super::checkpoint::Checkpoint;
use super::checkpoints::{self, Notes};
use super::note::NoteKey;
use super::tree::Frontier;
use super::{AuditError, Damage, Fault};

/// The checkpoints of a log, in order.
#[derive(Debug)]
pub(super) struct Signed<'k> {
    notes: Option<Notes>,
    key: &'k NoteKey,
    /// The next that leaves come to.
    next: Option<Checkpoint>,
    /// How many are signed, and cover more each than the one before.
    pub(super) count: u64,
    /// The newest of them.
    pub(super) newest: Option<Checkpoint>,
}

impl<'k> Signed<'k> {
    pub(super) fn of(notes: Option<Notes>, key: &'k NoteKey) -> Result<Self, AuditError> {
        let mut signed = Self { notes, key, next: None, count: 0, newest: None };
        signed.advance()?;
        Ok(signed)
    }

    /// One more leaf went by.
    pub(super) fn passed(&mut self, frontier: &Frontier) -> Result<(), AuditError> {
        while let Some(next) = self.next.as_ref().filter(|next| next.size == frontier.size()) {
            if next.root != frontier.root() {
                return Err(self.forked(next.size));
            }
            self.advance()?;
        }
        Ok(())
    }

    /// All leaves went by, of which there are so many. Gives how many bytes after the last checkpoint make none.
    pub(super) fn end(&mut self, entries: u64) -> Result<u64, AuditError> {
        let beyond = self.next.as_ref().map(|next| next.size);
        while self.next.is_some() {
            self.advance()?;
        }
        match (beyond, &self.notes) {
            (Some(size), Some(notes)) => Err(AuditError::CutOff { path: notes.path.clone(), size, entries }),
            (_, notes) => Ok(notes.as_ref().map_or(0, Notes::torn)),
        }
    }

    fn forked(&self, size: u64) -> AuditError {
        let path = self.notes.as_ref().map(|notes| notes.path.clone()).unwrap_or_default();
        AuditError::Forked { path, size }
    }

    fn advance(&mut self) -> Result<(), AuditError> {
        self.next = None;
        let Some(notes) = &mut self.notes else { return Ok(()) };
        let offset = notes.at;
        let Some(note) = notes.next()? else { return Ok(()) };
        let read = Checkpoint::open(&note, self.key);
        let checkpoint = read.ok_or_else(|| checkpoints::damaged(notes.path.clone(), offset))?;
        if checkpoint.size <= self.newest.as_ref().map_or(0, |newest| newest.size) {
            let (path, fault) = (notes.path.clone(), Fault::CheckpointOrder);
            return Err(AuditError::Damaged(Damage { path, offset, entry: None, fault }));
        }
        self.count += 1;
        self.newest = Some(checkpoint.clone());
        self.next = Some(checkpoint);
        Ok(())
    }
}
