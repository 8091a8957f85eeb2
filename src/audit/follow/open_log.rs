//! Opens a log that is there, to be followed.

use std::io;
use std::path::PathBuf;

use super::{Log, LogFiles};
use crate::audit::format::LEAVES;
use crate::audit::journal::JournalFile;
use crate::audit::log_id::LogId;
use crate::audit::tree::Hashes;
use crate::audit::{AuditError, Damage, Fault};
use crate::ground::storage::Storage;

/// The log in a folder; `None` if it is about to be made, or was put aside at this moment.
pub(super) fn open_log(
    storage: &dyn Storage,
    id: &LogId,
    (folder, is_restored): (PathBuf, bool),
) -> Result<Option<Log>, AuditError> {
    let open = || match Hashes::open(storage, &folder) {
        Ok(hashes) => Ok(Some(hashes.leaves_alone())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(AuditError::storage("read the tree in", &folder)(error)),
    };
    let mut leaves = open()?;
    if leaves.is_none() && !JournalFile::list(storage, &folder)?.is_empty() {
        // Leaves are made before entries: where they still are not there, they were taken away.
        leaves = Some(open()?.ok_or_else(|| {
            let (path, fault) = (folder.join(LEAVES), Fault::Missing);
            AuditError::Damaged(Damage { path, offset: 0, entry: None, fault })
        })?);
    }
    let files = |leaves| LogFiles { id: id.clone(), folder: folder.clone(), leaves, is_restored };
    Ok(leaves.map(|leaves| Log { files: files(leaves), tail: None }))
}
