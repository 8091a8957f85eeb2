//! The alerts of a backup, in the place of those of its site that are damaged, older than they were, or gone.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::BackupError;
use super::contents::Backup;
use super::files::{copy, create};
use crate::audit;
use crate::ground::causes;
use crate::ground::storage::Storage;
use crate::overlay::{OverlayError, Store};

/// Alerts as they were backed up, beside those of the site: nobody asks them yet. The folder that they are in is where those of the site go.
#[derive(Debug)]
pub struct StagedAlerts {
    storage: Arc<dyn Storage>,
    data_dir: PathBuf,
    folder: PathBuf,
    /// When the backup was begun.
    pub made_at: Timestamp,
    /// Whether the site goes on with a log of the backup. If its logs were put aside, as on a clone or after a restore, the backup may be that
    /// of a twin, whose counters are the same and whose alerts are others.
    pub is_own: bool,
    /// The store, open.
    pub store: Store,
}

impl StagedAlerts {
    /// Copies them out of a backup, which is held against what it says of itself, and reads every record.
    ///
    /// # Errors
    /// [`BackupError`], also if it is a backup of another site; nothing is changed then.
    pub fn copy(storage: &Arc<dyn Storage>, backup: &Path, data_dir: &Path) -> Result<Self, BackupError> {
        let path = || backup.to_owned();
        let contents = Backup::read(&**storage, backup)?;
        let is_own = match kinship(&contents, &**storage, data_dir)? {
            Kinship::None => return Err(BackupError::OtherSite { path: path() }),
            kinship => kinship == Kinship::Own,
        };
        if let Some(fault) = contents.faults.get("alerts") {
            return Err(BackupError::AlertsNotSound { path: path(), fault: fault.clone() });
        }
        contents.verify(&**storage, backup, ALERTS)?;
        let folder = free_folder(&**storage, data_dir)?;
        let alerts = folder.join(ALERTS);
        create(&**storage, &alerts)?;
        empty(&**storage, &alerts)?;
        for name in contents.files.keys().filter(|name| name.starts_with(ALERTS)) {
            copy(&**storage, &backup.join(name), &folder.join(name))?;
        }
        let not_sound = |error| match error {
            OverlayError::Newer { .. } | OverlayError::Io { .. } => BackupError::Alerts(error),
            error => BackupError::AlertsNotSound { path: path(), fault: causes(&error) },
        };
        let store = Store::open(storage, &folder).map_err(not_sound)?;
        let store = store.ok_or_else(|| BackupError::NoAlerts { path: path() })?;
        store.each_after(0, &mut |_| ()).map_err(not_sound)?;
        let (storage, data_dir) = (storage.clone(), data_dir.to_owned());
        Ok(Self { storage, data_dir, folder, made_at: contents.made_at, is_own, store })
    }

    /// Removes the copies.
    ///
    /// # Errors
    /// [`BackupError::Storage`].
    pub fn discard(self) -> Result<(), BackupError> {
        let Self { storage, folder, store, .. } = self;
        drop(store);
        empty(&*storage, &folder.join(ALERTS))
    }

    /// Puts them in the place of those of the site, and gives the folder in which these are now; `None` if there were none.
    ///
    /// # Errors
    /// [`BackupError::Storage`]; the site has the alerts of before then, or none, and it can be done again.
    pub fn put_in_place(self) -> Result<Option<PathBuf>, BackupError> {
        let Self { storage, data_dir, folder, store, .. } = self;
        drop(store);
        let (here, staged, aside) = (data_dir.join(ALERTS), folder.join(ALERTS), folder.join(ASIDE));
        let sync = |folder: &Path| storage.sync_dir(folder).map_err(BackupError::storage("sync", folder));
        let rename =
            |from: &Path, to: &Path| storage.rename(from, to).map_err(BackupError::storage("rename", from));
        [&staged, &folder, &data_dir].into_iter().try_for_each(|folder| sync(folder))?;
        let is_there = list(&*storage, &data_dir)?.contains(&here);
        if is_there {
            rename(&here, &aside)?;
            [&folder, &data_dir].into_iter().try_for_each(|folder| sync(folder))?;
        }
        rename(&staged, &here)?;
        [&data_dir, &folder].into_iter().try_for_each(|folder| sync(folder))?;
        Ok(is_there.then_some(aside))
    }
}

/// The folder of a site's alerts.
const ALERTS: &str = "alerts";
/// What is in the folder in which they were staged once they are in place: the alerts of before.
const ASIDE: &str = "before";

/// What a backup is to a site.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kinship {
    /// The site goes on with a log of it.
    Own,
    /// A log of it was put aside here, or had been there.
    Twin,
    /// They have no log in common.
    None,
}

fn kinship(contents: &Backup, storage: &dyn Storage, data_dir: &Path) -> Result<Kinship, BackupError> {
    let id = |name: &str| name.split('.').next().map(str::to_owned);
    let here = audit::log_folders(storage, data_dir)?;
    let here: Vec<_> = here.iter().filter_map(|log| log.file_name()?.to_str()).collect();
    let is_live = |log: &&String| !log.contains('.');
    if contents.logs.iter().filter(is_live).any(|log| here.contains(&&**log)) {
        return Ok(Kinship::Own);
    }
    let here: Vec<_> = here.into_iter().filter_map(id).collect();
    let is_twin = contents.logs.iter().filter_map(|log| id(log)).any(|log| here.contains(&log));
    Ok(if is_twin { Kinship::Twin } else { Kinship::None })
}

fn empty(storage: &dyn Storage, folder: &Path) -> Result<(), BackupError> {
    let mut left = list(storage, folder)?.into_iter();
    left.try_for_each(|left| storage.remove(&left).map_err(BackupError::storage("remove", &left)))
}

/// A folder that has no alerts of before; perhaps one in which somebody was interrupted.
fn free_folder(storage: &dyn Storage, data_dir: &Path) -> Result<PathBuf, BackupError> {
    for number in 1_u32.. {
        let folder = data_dir.join(format!("alerts.restore-{number}"));
        if !list(storage, &folder)?.contains(&folder.join(ASIDE)) {
            return Ok(folder);
        }
    }
    unreachable!("there are more numbers than folders")
}

fn list(storage: &dyn Storage, folder: &Path) -> Result<Vec<PathBuf>, BackupError> {
    storage.list(folder).map_err(BackupError::storage("list", folder))
}
