//! A backup: everything of a site that nobody else has. Lists are fetched, or imported, again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::alerting::hits::{CURSOR_ENDING, CURSORS};
use crate::audit::{self, AuditError, RESTORED_ENDING};
use crate::domain::Digest;
use crate::domain::alert::NodeId;
use crate::feed::file_digest;
use crate::ground::causes;
use crate::ground::storage::{Storage, copy_file, publish_file};
use crate::index::{self, Generation, IndexError};
use crate::overlay::{OverlayError, Store};

const CONTENTS: &str = "backup.json";
/// The version that has cursors; without any it is the one before.
const FORMAT: u32 = 2;
const FORMAT_WITHOUT_CURSORS: u32 = 1;
const CONTENTS_BYTES_MAX: u64 = 64 << 20;
/// The settings of the site.
const SETTINGS: &str = "portcullis.toml";

/// What a backup has, and when it was made. Written last: without it a backup is none.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    format: u32,
    /// When it was begun.
    pub made_at: Timestamp,
    /// The ids of its logs, or the names of their folders if they were put aside.
    pub logs: Vec<String>,
    /// The newest revision of its alerts when it was begun, if it has any, and they are what they were.
    #[serde(skip)]
    pub alerts: Option<u64>,
    /// What is wrong with those that are not sound, and were copied as they are; so of the alerts.
    pub faults: BTreeMap<String, String>,
    /// Length and SHA-256 of each file.
    files: BTreeMap<String, (u64, String)>,
}

/// Why there is no backup, or why it is not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A folder that must be new is not.
    #[error("{} has something in it: name a folder that does not exist yet", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// There is no contents.
    #[error("{} is no backup, or was not finished: it has no {CONTENTS} that this program reads", path.display())]
    NoBackup {
        /// The folder.
        path: PathBuf,
    },
    /// A name that no backup has.
    #[error("the backup names {name:?}, which is no file of a site: somebody changed it")]
    Name {
        /// The name.
        name: String,
    },
    /// A newer program made it.
    #[error(
        "the backup has format version {found}: it needs a program that reads it, this one reads {FORMAT}"
    )]
    Newer {
        /// The version it names.
        found: u32,
    },
    /// A file is not what was backed up.
    #[error("{} is not as it was backed up: take another copy of the backup", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The file system refused something.
    #[error("cannot {doing} {}", path.display())]
    Storage {
        /// What we were doing, to be followed by the path.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the file system said.
        #[source]
        source: std::io::Error,
    },
    /// A log cannot be copied.
    #[error(transparent)]
    Log(#[from] AuditError),
    /// The generation in force cannot be read.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The alerts cannot be copied.
    #[error(transparent)]
    Alerts(#[from] OverlayError),
}

impl BackupError {
    fn storage(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Storage { doing, path: path.to_owned(), source }
    }
}

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
    let has_cursors = copy_cursors(&**storage, data_dir, to)?;
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
    let mut files = BTreeMap::new();
    measure(&**storage, to, Path::new(""), &mut files)?;
    let format = if has_cursors { FORMAT } else { FORMAT_WITHOUT_CURSORS };
    let backup = Backup { format, made_at: now, logs, alerts, faults, files };
    let text = serde_json::to_vec_pretty(&backup).expect("plain fields, written to memory");
    let path = to.join(CONTENTS);
    publish_file(&**storage, &path, &text).map_err(BackupError::storage("write", &path))?;
    Ok(backup)
}

/// The newest revision of a site's alerts, if they are what its logs say that they were.
fn alerts_on_record(storage: &Arc<dyn Storage>, data_dir: &Path) -> Result<Option<u64>, BackupError> {
    let floor = audit::alert_floor(&**storage, data_dir)?;
    let store = Store::open_not_below(storage, data_dir, floor)?;
    Ok(store.map(|store| store.head().counter))
}

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
    let path = backup.join(CONTENTS);
    let none = || BackupError::NoBackup { path: backup.to_owned() };
    let bytes = storage.read(&path, CONTENTS_BYTES_MAX).map_err(|_| none())?;
    let mut contents: Backup =
        serde_json::from_slice(&bytes).map_err(|_| newer(&bytes).unwrap_or_else(none))?;
    if !(FORMAT_WITHOUT_CURSORS..=FORMAT).contains(&contents.format) {
        return Err(BackupError::Newer { found: contents.format });
    }
    if let Some(name) = contents.files.keys().find(|name| !is_of_a_site(name)) {
        return Err(BackupError::Name { name: name.clone() });
    }
    if let Some(name) = contents.logs.iter().find(|name| !is_of_a_site(&format!("audit/{name}/x"))) {
        return Err(BackupError::Name { name: name.clone() });
    }
    for (name, (length, sha256)) in &contents.files {
        let path = backup.join(name);
        if !storage.open_read(&path).and_then(|file| file.metadata()).is_ok_and(|found| found.is_file()) {
            return Err(BackupError::Changed { path });
        }
        let found = file_digest(&**storage, &path).map_err(BackupError::storage("read", &path))?;
        if found.1 != *length || Digest::from_hex(sha256) != Some(found.0) {
            return Err(BackupError::Changed { path });
        }
    }
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

/// Whether a name is one that a site's files have, and leads nowhere else.
fn is_of_a_site(name: &str) -> bool {
    let is_plain = |part: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        !part.is_empty() && !part.starts_with('.') && part.bytes().all(known)
    };
    let parts: Vec<_> = name.split('/').collect();
    let is_log = |part: &str| part == "keys" || part.starts_with("serve-") || part.starts_with("cli-");
    let is_placed = match &parts[..] {
        [SETTINGS] => true,
        ["index", ..] => parts.len() <= 3,
        ["alerts", _] => true,
        ["hits", cursor] => cursor.ends_with(CURSOR_ENDING),
        ["audit", log, _] => is_log(log),
        ["audit", log, "sealed", _] => is_log(log),
        _ => false,
    };
    is_placed && parts.iter().all(|part| is_plain(part))
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

fn newer(contents: &[u8]) -> Option<BackupError> {
    #[derive(Deserialize)]
    struct Version {
        format: u32,
    }
    let found = serde_json::from_slice::<Version>(contents).ok()?.format;
    (found > FORMAT).then_some(BackupError::Newer { found })
}

fn must_be_new(storage: &dyn Storage, path: &Path) -> Result<(), BackupError> {
    let there = storage.list(path).map_err(BackupError::storage("list", path))?;
    if there.is_empty() { Ok(()) } else { Err(BackupError::NotEmpty { path: path.to_owned() }) }
}

fn create(storage: &dyn Storage, path: &Path) -> Result<(), BackupError> {
    storage.create_dir_all(path).map_err(BackupError::storage("create", path))
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

/// How far each sink was told of hits; false if there is none.
fn copy_cursors(storage: &dyn Storage, data_dir: &Path, to: &Path) -> Result<bool, BackupError> {
    let (from, to) = (data_dir.join(CURSORS), to.join(CURSORS));
    let mut cursors = storage.list(&from).map_err(BackupError::storage("list", &from))?;
    cursors.retain(|path| path.to_str().is_some_and(|path| path.ends_with(CURSOR_ENDING)));
    for path in &cursors {
        create(storage, &to)?;
        copy(storage, path, &to.join(path.file_name().unwrap_or_default()))?;
    }
    Ok(!cursors.is_empty())
}

fn copy(storage: &dyn Storage, from: &Path, to: &Path) -> Result<(), BackupError> {
    copy_file(storage, from, to, u64::MAX).map_err(BackupError::storage("copy", from))
}

/// Length and digest of everything below, whose names are made durable on the way: what lists them must not be there before them.
fn measure(
    storage: &dyn Storage,
    folder: &Path,
    below: &Path,
    files: &mut BTreeMap<String, (u64, String)>,
) -> Result<(), BackupError> {
    let here = folder.join(below);
    storage.sync_dir(&here).map_err(BackupError::storage("sync", &here))?;
    for path in storage.list(&here).map_err(BackupError::storage("list", &here))? {
        let Some(name) = path.file_name() else { continue };
        let name = below.join(name);
        if storage.open_read(&path).and_then(|file| file.metadata()).is_ok_and(|found| found.is_dir()) {
            measure(storage, folder, &name, files)?;
        } else {
            let (digest, length) =
                file_digest(storage, &path).map_err(BackupError::storage("read", &path))?;
            files.insert(name.to_string_lossy().into_owned(), (length, digest.to_string()));
        }
    }
    Ok(())
}
