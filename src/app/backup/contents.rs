//! What a backup says of itself.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::BackupError;
use crate::alerting::hits::{CURSOR_ENDING, CURSORS};
use crate::domain::Digest;
use crate::feed::file_digest;
use crate::ground::storage::{Storage, publish_file};

pub(super) const CONTENTS: &str = "backup.json";
/// The version that has cursors; without any it is the one before.
pub(super) const FORMAT: u32 = 2;
const FORMAT_WITHOUT_CURSORS: u32 = 1;
const CONTENTS_BYTES_MAX: u64 = 64 << 20;
/// The settings of the site.
pub(super) const SETTINGS: &str = "portcullis.toml";

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
    pub(super) files: BTreeMap<String, (u64, String)>,
}

impl Backup {
    /// Of the files that were copied into a folder.
    pub(super) fn of(
        storage: &dyn Storage,
        folder: &Path,
        made_at: Timestamp,
        logs: Vec<String>,
        faults: BTreeMap<String, String>,
    ) -> Result<Self, BackupError> {
        let mut files = BTreeMap::new();
        measure(storage, folder, Path::new(""), &mut files)?;
        let has_cursors = files.keys().any(|name| name.starts_with(&format!("{CURSORS}/")));
        let format = if has_cursors { FORMAT } else { FORMAT_WITHOUT_CURSORS };
        Ok(Self { format, made_at, logs, alerts: None, faults, files })
    }

    /// From here on it is a backup.
    pub(super) fn write(&self, storage: &dyn Storage, folder: &Path) -> Result<(), BackupError> {
        let text = serde_json::to_vec_pretty(self).expect("plain fields, written to memory");
        let path = folder.join(CONTENTS);
        publish_file(storage, &path, &text).map_err(BackupError::storage("write", &path))
    }

    /// Reads it; no name in it leads out of the folder of a site.
    pub(super) fn read(storage: &dyn Storage, folder: &Path) -> Result<Self, BackupError> {
        let none = || BackupError::NoBackup { path: folder.to_owned() };
        let bytes = storage.read(&folder.join(CONTENTS), CONTENTS_BYTES_MAX).map_err(|_| none())?;
        let contents: Self =
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
        Ok(contents)
    }

    /// Holds its files below a folder, `""` for all, against what it says of them.
    pub(super) fn verify(
        &self,
        storage: &dyn Storage,
        folder: &Path,
        below: &str,
    ) -> Result<(), BackupError> {
        for (name, (length, sha256)) in self.files.iter().filter(|(name, _)| name.starts_with(below)) {
            let path = folder.join(name);
            if !storage.open_read(&path).and_then(|file| file.metadata()).is_ok_and(|found| found.is_file()) {
                return Err(BackupError::Changed { path });
            }
            let found = file_digest(storage, &path).map_err(BackupError::storage("read", &path))?;
            if found.1 != *length || Digest::from_hex(sha256) != Some(found.0) {
                return Err(BackupError::Changed { path });
            }
        }
        Ok(())
    }
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

fn newer(contents: &[u8]) -> Option<BackupError> {
    #[derive(Deserialize)]
    struct Version {
        format: u32,
    }
    let found = serde_json::from_slice::<Version>(contents).ok()?.format;
    (found > FORMAT).then_some(BackupError::Newer { found })
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
