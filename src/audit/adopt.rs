//! Logs that somebody else may have gone on with: after a restore, or on a clone of a machine.

use std::path::Path;
use std::sync::Arc;

use super::AuditError;
use super::log_id::LogId;
use crate::ground::storage::{LockError, Storage};

/// Puts every log of a site aside, so that whoever writes next begins a log of its own, with another id and another key. What was
/// put aside can be read and verified as before. Gives the ids, and the names of the folders now.
///
/// # Errors
/// [`AuditError::InUse`] if somebody writes one of them; those before it are put aside then. Those of the file system.
pub fn adopt(storage: &dyn Storage, data_dir: &Path) -> Result<Vec<(Arc<str>, String)>, AuditError> {
    let audit = data_dir.join("audit");
    let folders = storage.list(&audit).map_err(AuditError::storage("list", &audit))?;
    let mut adopted = Vec::new();
    for folder in &folders {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(id) = LogId::parse(name) else { continue };
        let lock = folder.join("LOCK");
        let _lock = storage.lock(&lock).map_err(|error| match error {
            LockError::Held => AuditError::InUse { path: folder.clone() },
            LockError::Io(error) => AuditError::storage("lock", &lock)(error),
        })?;
        let aside = free_name(&folders, name);
        storage.rename(folder, &audit.join(&aside)).map_err(AuditError::storage("rename", folder))?;
        storage.sync_dir(&audit).map_err(AuditError::storage("sync", &audit))?;
        adopted.push((id.text().clone(), aside));
    }
    Ok(adopted)
}

fn free_name(folders: &[std::path::PathBuf], name: &str) -> String {
    let is_free = |aside: &String| !folders.iter().any(|folder| folder.ends_with(aside));
    let names = (1_u32..).map(|number| format!("{name}.adopted-{number}"));
    names.into_iter().find(is_free).expect("there are more numbers than folders")
}
