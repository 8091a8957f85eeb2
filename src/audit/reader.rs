//! The logs of a site for whoever audits it while it works.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::body::Entry;
use super::format::LEAVES;
use super::log_id::LogId;
use super::places::{Left, find_entry};
use super::tree::Hashes;
use super::{AuditError, Erased, Recorded, Stored, checkpoints, proof, signing};
use crate::domain::Digest;
use crate::ground::storage::Storage;

/// Reads single entries, proofs and checkpoints, without locks and without changing anything.
#[derive(Debug)]
pub struct LogReader {
    storage: Arc<dyn Storage>,
    data_dir: PathBuf,
}

impl LogReader {
    /// The logs of a site.
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>, data_dir: PathBuf) -> Self {
        Self { storage, data_dir }
    }

    /// Whether the site has a log of that name.
    #[must_use]
    pub fn has(&self, log: &str) -> bool {
        self.folder(log).is_ok()
    }

    /// The newest checkpoint of a log, as it was signed; `None` before the first.
    ///
    /// # Errors
    /// [`AuditError::NoLog`], and those of reading the log.
    pub fn checkpoint(&self, log: &str) -> Result<Option<String>, AuditError> {
        let (folder, _) = self.folder(log)?;
        let Some(key) = signing::public_key(&*self.storage, &folder)? else { return Ok(None) };
        Ok(checkpoints::newest(&*self.storage, &folder, &key)?.note)
    }

    /// The proof of an entry.
    ///
    /// # Errors
    /// [`AuditError::NoLog`], and those of [`prove`](super::prove).
    pub fn prove(&self, log: &str, entry: u64) -> Result<String, AuditError> {
        proof::prove(&*self.storage, &self.folder(log)?.0, entry)
    }

    /// Entries that follow one another, from one on, and at most so many: fewer where the log ends.
    ///
    /// # Errors
    /// [`AuditError::NoLog`], and those of reading the log.
    pub fn entries(&self, log: &str, from: u64, at_most: u64) -> Result<Vec<Recorded>, AuditError> {
        let (folder, id) = self.folder(log)?;
        let failed = || AuditError::storage("read the tree in", &folder);
        let count = Hashes::open(&*self.storage, &folder).map_err(failed())?.count(0).map_err(failed())?;
        let read = |sequence| {
            let found = find_entry(&*self.storage, &folder, &id, sequence)?;
            let leaf = Digest(found.leaf);
            Ok(match found.what {
                Left::Erased { class, day } => Recorded::Erased(Erased { sequence, leaf, class, day }),
                Left::Written { salt, body } => {
                    let invalid = |fault| failed()(io::Error::new(io::ErrorKind::InvalidData, fault));
                    let entry = Entry::decode(&body, sequence).map_err(invalid)?;
                    Recorded::Whole(Box::new(Stored { entry, body, salt, leaf }))
                }
            })
        };
        (from..count.min(from.saturating_add(at_most))).map(read).collect()
    }

    fn folder(&self, log: &str) -> Result<(PathBuf, LogId), AuditError> {
        let audit = self.data_dir.join("audit");
        let is_there = |folder: &PathBuf| self.storage.open_read(&folder.join(LEAVES)).is_ok();
        // A name, and no path that leads elsewhere; one that was restored stands under another.
        let found = LogId::parse(log).and_then(|id| {
            let folders = [audit.join(log), audit.join(id.restored_name())];
            Some((folders.into_iter().find(is_there)?, id))
        });
        found.ok_or(AuditError::NoLog { path: audit })
    }
}
