//! What checkpoints say of a log, compared with its leaves as they go by.

use std::io;
use std::path::{Path, PathBuf};

use super::checkpoint::Checkpoint;
use super::elsewhere::Elsewhere;
use super::format::{LEAVES, leaf_offset};
use super::log_id::LogId;
use super::note::NoteKey;
use super::signing::SIGNING;
use super::tree::{Frontier, Hash, Hashes};
use super::{AuditError, Damage, Fault, checkpoints};
use crate::ground::storage::Storage;

/// Checkpoints that a log must agree with.
#[derive(Debug, Default)]
pub(super) struct Vouched {
    frontier: Frontier,
    /// From the smallest; with where each was found.
    expected: Vec<(Checkpoint, PathBuf)>,
    /// How many of them were reached.
    reached: usize,
    forked: Option<AuditError>,
}

impl Vouched {
    /// The newest checkpoint of a log, and those that were exported; none are there of a log without a key. A place that cannot be reached,
    /// such as a folder that is not mounted, says nothing, and is told of.
    pub(super) fn of(
        storage: &dyn Storage,
        folder: &Path,
        id: &LogId,
        key: Option<&NoteKey>,
        exported_to: &[Box<dyn Elsewhere>],
    ) -> Result<Self, AuditError> {
        let Some(key) = key else { return unsigned(folder, id, exported_to) };
        let newest = checkpoints::newest(storage, folder, key)?.checkpoint;
        let mut expected: Vec<_> =
            newest.map(|newest| (newest, folder.join(checkpoints::CHECKPOINTS))).into_iter().collect();
        for place in exported_to {
            let path = place.path(id);
            let bytes = match place.newest(id) {
                Ok(Some(bytes)) => bytes,
                Ok(None) => continue,
                Err(error) => {
                    tracing::warn!(path = %path.display(), %error, "an exported checkpoint cannot be read, and is not compared");
                    continue;
                }
            };
            let note = std::str::from_utf8(&bytes).ok().and_then(|note| Checkpoint::open(note, key));
            let note = note.ok_or_else(|| AuditError::Exported { path: path.clone() })?;
            expected.push((note, path));
        }
        Ok(Self::all(expected))
    }

    /// Any checkpoints.
    pub(super) fn all(mut expected: Vec<(Checkpoint, PathBuf)>) -> Self {
        expected.sort_by_key(|(checkpoint, _)| checkpoint.size);
        Self { expected, ..Self::default() }
    }

    /// Goes on where leaves are left out of which everything is in the files of hashes: what was vouched for below is compared with
    /// those.
    pub(super) fn begin_at(
        &mut self,
        storage: &dyn Storage,
        folder: &Path,
        first: u64,
    ) -> Result<(), AuditError> {
        if first == 0 {
            return Ok(());
        }
        let failed = |error| AuditError::storage("read the tree in", folder)(error);
        let hashes = Hashes::open(storage, folder).map_err(failed)?;
        let there = hashes.count(0).map_err(failed)?;
        if there < first {
            let (path, offset, fault) = (folder.join(LEAVES), leaf_offset(there), Fault::Leaf);
            return Err(AuditError::Damaged(Damage { path, offset, entry: Some(there), fault }));
        }
        let mut agree = self.agree(&hashes, first).map_err(failed)?;
        let mut hashes = hashes;
        if !agree {
            // What is computed may be spoilt, while the leaves are not.
            hashes = hashes.leaves_alone();
            agree = self.agree(&hashes, first).map_err(failed)?;
        }
        self.frontier = Frontier::of(&hashes, first).map_err(failed)?;
        self.reached = self.expected.partition_point(|(checkpoint, _)| checkpoint.size <= first);
        if !agree && let Some((checkpoint, path)) = self.expected.get(self.reached.saturating_sub(1)) {
            self.forked = Some(AuditError::Forked { path: path.clone(), size: checkpoint.size });
        }
        Ok(())
    }

    /// Whether hashes are those that were vouched for up to an entry.
    fn agree(&self, hashes: &Hashes, first: u64) -> io::Result<bool> {
        let below = self.expected.iter().filter(|(checkpoint, _)| checkpoint.size <= first);
        for (checkpoint, _) in below {
            if Frontier::of(hashes, checkpoint.size)?.root() != checkpoint.root {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The edge of the tree so far.
    pub(super) fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// The next leaf.
    pub(super) fn push(&mut self, leaf: Hash) {
        self.frontier.push(leaf, |_, _| {});
        while let Some((checkpoint, path)) = self.expected.get(self.reached)
            && checkpoint.size == self.frontier.size()
        {
            if checkpoint.root != self.frontier.root() {
                let error = AuditError::Forked { path: path.clone(), size: checkpoint.size };
                self.forked.get_or_insert(error);
            }
            self.reached += 1;
        }
    }

    /// The edge of the tree, now that all leaves went by.
    ///
    /// # Errors
    /// [`AuditError::Forked`] if other leaves were vouched for, and [`AuditError::CutOff`] if more were.
    pub(super) fn check(self) -> Result<Frontier, AuditError> {
        if let Some(forked) = self.forked {
            return Err(forked);
        }
        match self.expected.into_iter().nth(self.reached) {
            None => Ok(self.frontier),
            Some((checkpoint, path)) => {
                let (size, entries) = (checkpoint.size, self.frontier.size());
                Err(AuditError::CutOff { path, size, entries })
            }
        }
    }
}

/// A log that never signed anything has exported nothing either: else somebody took its key and its checkpoints away.
fn unsigned(folder: &Path, id: &LogId, exported_to: &[Box<dyn Elsewhere>]) -> Result<Vouched, AuditError> {
    match exported_to.iter().find(|place| matches!(place.newest(id), Ok(Some(_)))) {
        None => Ok(Vouched::default()),
        Some(_) => Err(AuditError::SigningKey { path: folder.join(SIGNING) }),
    }
}
