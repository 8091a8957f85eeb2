//! A copy of a log as of its newest checkpoint, made also while somebody writes to it.

use std::path::Path;

use super::checkpoints::{self, CHECKPOINTS};
use super::format::{LEAF_BYTES, LEAVES, leaf_offset};
use super::history::TRIES;
use super::journal::JournalFile;
use super::places::PLACE_BYTES;
use super::sealed::{KeyName, SealedName, sealed_folder};
use super::signing::{self, SIGNING, VERIFYING};
use super::tree::{LEVEL_HEIGHT, LEVELS, level_name};
use super::{AuditError, Expected, verify};
use crate::ground::storage::{Storage, copy_file};

/// Copies a log that has signed something into a folder that does not exist yet, and verifies the copy. It can be read, searched and
/// proved from, and not be gone on with: the key that signs is not in it.
///
/// # Errors
/// Those of the file system, and what is wrong with the copy, if the log was not sound.
pub fn copy_log(storage: &dyn Storage, log: &Path, to: &Path) -> Result<(), AuditError> {
    let mut tries = 1..;
    loop {
        match try_copy(storage, log, to) {
            // It was sealed, or erased, or went on in another file, while it was copied.
            Err(_) if tries.next() < Some(TRIES) => remove_all(storage, to)?,
            copied => return copied,
        }
    }
}

/// Copies the folder of a log as it is, whatever is wrong with it.
///
/// # Errors
/// Those of the file system.
pub fn copy_log_as_it_is(storage: &dyn Storage, log: &Path, to: &Path) -> Result<(), AuditError> {
    remove_all(storage, to)?;
    for (from, to) in [(log.to_owned(), to.to_owned()), (sealed_folder(log), sealed_folder(to))] {
        storage.create_dir_all(&to).map_err(AuditError::storage("create", &to))?;
        for path in storage.list(&from).map_err(AuditError::storage("list", &from))? {
            let name = path.file_name().filter(|name| *name != SIGNING && *name != "LOCK");
            if let Some(name) = name.filter(|_| path != sealed_folder(log)) {
                copy_beginning(storage, &path, &to.join(name), u64::MAX)?;
            }
        }
        storage.sync_dir(&to).map_err(AuditError::storage("sync", &to))?;
    }
    Ok(())
}

fn try_copy(storage: &dyn Storage, log: &Path, to: &Path) -> Result<(), AuditError> {
    let sealed_to = sealed_folder(to);
    storage.create_dir_all(&sealed_to).map_err(AuditError::storage("create", &sealed_to))?;
    let unsigned = || AuditError::SigningKey { path: log.join(VERIFYING) };
    let key = signing::public_key(storage, log)?.ok_or_else(unsigned)?;
    let newest = checkpoints::newest(storage, log, &key)?;
    let entries = newest.checkpoint.map_or(0, |checkpoint| checkpoint.size);
    // What is vouched for is there, and synced: only its beginning is wanted of files that grow.
    let whole = u64::MAX;
    let copy = |name: &Path, bytes| copy_beginning(storage, &log.join(name), &to.join(name), bytes);
    copy(Path::new(VERIFYING), whole)?;
    copy(Path::new(CHECKPOINTS), newest.bytes)?;
    copy(Path::new(LEAVES), leaf_offset(entries))?;
    for level in 1..=LEVELS {
        copy(Path::new(&level_name(level)), (entries >> (level * LEVEL_HEIGHT)) * LEAF_BYTES as u64)?;
    }
    let mut journal = JournalFile::list(storage, log)?;
    journal.retain(|file| file.first <= entries);
    for file in &journal {
        copy_beginning(storage, &file.bodies(log), &file.bodies(to), whole)?;
        let places = (entries - file.first.min(entries)) * PLACE_BYTES as u64;
        copy_beginning(storage, &file.places(log), &file.places(to), places)?;
    }
    for name in SealedName::list(storage, log)? {
        if name.first < entries && !journal.contains(&JournalFile { first: name.first }) {
            copy_beginning(storage, &name.path(log), &name.path(to), whole)?;
        }
    }
    for key in KeyName::list(storage, log)? {
        copy_beginning(storage, &key.path(log), &key.path(to), whole)?;
    }
    for folder in [&sealed_to, to] {
        storage.sync_dir(folder).map_err(AuditError::storage("sync", folder))?;
    }
    verify(storage, to, Expected::default(), &mut |_| {})?.faults.into_iter().next().map_or(Ok(()), Err)
}

fn copy_beginning(storage: &dyn Storage, from: &Path, to: &Path, bytes: u64) -> Result<(), AuditError> {
    copy_file(storage, from, to, bytes).map_err(AuditError::storage("copy", from))
}

fn remove_all(storage: &dyn Storage, folder: &Path) -> Result<(), AuditError> {
    for folder in [sealed_folder(folder), folder.to_owned()] {
        for path in storage.list(&folder).map_err(AuditError::storage("list", &folder))? {
            if path != sealed_folder(&folder) {
                storage.remove(&path).map_err(AuditError::storage("remove", &path))?;
            }
        }
    }
    Ok(())
}
