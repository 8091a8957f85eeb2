//! How a backup is made.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::BackupError;
use super::contents::{Backup, SETTINGS};
use super::files::{copy, create, must_be_new};
use crate::alerting::hits::{CURSOR_ENDING, CURSORS};
use crate::audit;
use crate::ground::causes;
use crate::ground::storage::Storage;
use crate::index;
use crate::overlay::{OverlayError, Store};

/// Backs up a site, also while it works: how far hits were told, each log as of its newest checkpoint, all keys but those that sign, the
/// alerts, the floors of all feeds, and the settings. `told` hears of each log.
///
/// # Errors
/// [`BackupError`]; what is in the folder then is no backup.
pub fn back_up(
    storage: &Arc<dyn Storage>,
    data_dir: &Path,
    settings: Option<&Path>,
    to: &Path,
    (now, told): (Timestamp, &mut dyn FnMut(&str)),
) -> Result<Backup, BackupError> {
    must_be_new(&**storage, to)?;
    create(&**storage, to)?;
    // Before the logs: hits that are told meanwhile are told again after a restore.
    copy_cursors(&**storage, data_dir, to)?;
    let (mut logs, mut faults) = (Vec::new(), BTreeMap::new());
    for log in audit::log_folders(&**storage, data_dir)? {
        let Some(name) = log.file_name().and_then(|name| name.to_str()) else { continue };
        if storage.open_read(&log.join("leaves")).is_err() {
            // It was never born, or is being born: nothing was acknowledged in it.
            continue;
        }
        told(name);
        let copy = to.join("audit").join(name);
        if let Err(fault) = audit::copy_log(&**storage, &log, &copy) {
            // Better as it is than not at all; and no other log is to suffer for it.
            audit::copy_log_as_it_is(&**storage, &log, &copy)?;
            faults.insert(name.to_owned(), causes(&fault));
        }
        logs.push(name.to_owned());
    }
    copy_folder(&**storage, &data_dir.join("audit/keys"), &to.join("audit/keys"))?;
    if let Some(settings) = settings {
        copy(&**storage, settings, &to.join(SETTINGS))?;
    }
    let alerts = match alerts_on_record(storage, data_dir) {
        Err(BackupError::Alerts(locked @ OverlayError::Locked { .. })) => return Err(locked.into()),
        Err(fault) => {
            // What is left of them is better than nothing.
            let left = Store::copy(&**storage, data_dir, to).err().map(|error| causes(&error));
            let also = left.map(|error| format!("; not all is copied: {error}")).unwrap_or_default();
            faults.insert("alerts".to_owned(), causes(&fault) + &also);
            None
        }
        Ok(alerts) => {
            Store::copy(&**storage, data_dir, to)?;
            alerts
        }
    };
    index::back_up_floors(storage, data_dir, to)?;
    let mut backup = Backup::of(&**storage, to, now, logs, faults)?;
    backup.alerts = alerts;
    backup.write(&**storage, to)?;
    Ok(backup)
}

/// The newest revision of a site's alerts, if they are what its logs say that they were, and each record is as it was written.
fn alerts_on_record(storage: &Arc<dyn Storage>, data_dir: &Path) -> Result<Option<u64>, BackupError> {
    let floor = audit::alert_floor(&**storage, data_dir)?;
    let Some(store) = Store::open_not_below(storage, data_dir, floor)? else { return Ok(None) };
    store.each_after(0, &mut |_| ())?;
    Ok(Some(store.head().counter))
}

fn copy_folder(storage: &dyn Storage, from: &Path, to: &Path) -> Result<(), BackupError> {
    create(storage, to)?;
    for path in storage.list(from).map_err(BackupError::storage("list", from))? {
        let is_key = path.extension().is_some_and(|end| end == "key") || path.ends_with("current");
        if let Some(name) = path.file_name().filter(|_| is_key) {
            copy(storage, &path, &to.join(name))?;
        }
    }
    Ok(())
}

/// How far each sink was told of hits.
fn copy_cursors(storage: &dyn Storage, data_dir: &Path, to: &Path) -> Result<(), BackupError> {
    let (from, to) = (data_dir.join(CURSORS), to.join(CURSORS));
    let mut cursors = storage.list(&from).map_err(BackupError::storage("list", &from))?;
    cursors.retain(|path| path.to_str().is_some_and(|path| path.ends_with(CURSOR_ENDING)));
    for path in &cursors {
        create(storage, &to)?;
        copy(storage, path, &to.join(path.file_name().unwrap_or_default()))?;
    }
    Ok(())
}
