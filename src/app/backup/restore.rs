//! How a site is restored from a backup.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::BackupError;
use super::contents::Backup;
use super::files::{copy, create, must_be_new};
use crate::audit::{self, RESTORED_ENDING};
use crate::domain::alert::NodeId;
use crate::ground::causes;
use crate::ground::storage::Storage;
use crate::index::{self, Generation};
use crate::overlay::Store;

/// Restores a site into a folder that does not exist yet. Every file is held against what the backup says of itself first. The logs are put aside: to be
/// read, and not gone on with; hits in them that were not told are told. No list is in force, and none is accepted that is older than those that were.
///
/// # Errors
/// [`BackupError`]; nothing is at the place of the site then, and `<data>.restoring` may be removed.
pub fn restore(
    storage: &Arc<dyn Storage>,
    backup: &Path,
    data_dir: &Path,
    now: Timestamp,
) -> Result<(Backup, Option<Generation>), BackupError> {
    must_be_new(&**storage, data_dir)?;
    let mut contents = Backup::read(&**storage, backup)?;
    contents.verify(&**storage, backup, "")?;
    // Half of a site must not pass for a site: one without floors would take older lists.
    let mut made = data_dir.as_os_str().to_owned();
    made.push(".restoring");
    let made = PathBuf::from(made);
    must_be_new(&**storage, &made)?;
    create(&**storage, &made)?;
    let mut folders = BTreeSet::from([made.clone()]);
    let is_kept =
        |name: &&String| ["audit/", "alerts/", "hits/"].iter().any(|folder| name.starts_with(folder));
    for name in contents.files.keys().filter(is_kept) {
        let to = made.join(restored_name(name));
        for folder in to.ancestors().skip(1).take_while(|folder| **folder != made) {
            folders.insert(folder.to_owned());
        }
        create(&**storage, to.parent().unwrap_or(&made))?;
        copy(&**storage, &backup.join(name), &to)?;
    }
    let generation = index::restore_floors(storage, backup, &made, now)?;
    if let Err(fault) = name_alerts(storage, &made) {
        // They are as they were backed up, and what is wrong with them takes every `no_hit` away here too.
        contents.faults.entry("alerts".to_owned()).or_insert_with(|| causes(&fault));
    }
    let above = data_dir.parent().filter(|above| !above.as_os_str().is_empty());
    for folder in folders.iter().rev() {
        storage.sync_dir(folder).map_err(BackupError::storage("sync", folder))?;
    }
    storage.rename(&made, data_dir).map_err(BackupError::storage("rename", &made))?;
    let above = above.unwrap_or(Path::new("."));
    storage.sync_dir(above).map_err(BackupError::storage("sync", above))?;
    Ok((contents, generation))
}

/// Gives the alerts of a site that came from elsewhere a new name, if it has any. There they may go on: what is issued there and what is
/// issued here are not to be taken for one another.
///
/// # Errors
/// [`BackupError::Alerts`] and [`BackupError::Log`]; they stay as they are then.
pub fn name_alerts(storage: &Arc<dyn Storage>, data_dir: &Path) -> Result<Option<NodeId>, BackupError> {
    let floor = audit::alert_floor(&**storage, data_dir)?;
    let Some(mut store) = Store::open_not_below(storage, data_dir, floor)? else { return Ok(None) };
    store.rename(store.new_name(0)?)?;
    Ok(Some(store.head().node))
}

/// Where a file of a backup goes: a log's folder has an ending, by which it is put aside.
fn restored_name(name: &str) -> String {
    let mut parts: Vec<_> = name.split('/').map(str::to_owned).collect();
    if let [audit, log, _, ..] = &mut parts[..]
        && audit == "audit"
        && log != "keys"
        && !log.contains('.')
    {
        log.push_str(RESTORED_ENDING);
    }
    parts.join("/")
}
