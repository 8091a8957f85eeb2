//! How the journal goes on in another file.

use std::io;
use std::path::Path;

use jiff::Timestamp;

use super::AuditError;
use super::alert_floor::AlertFloor;
use super::format::{Before, File, HEADER_BYTES, Header};
use super::journal::JournalFile;
use super::open::Files;
use super::output::Output;
use super::tree_writer::TreeWriter;
use crate::ground::storage::{Storage, publish_file};

/// Begins the next file of a log of which everything is durable and in a checkpoint, and gives the one before. After an error that
/// one goes on, unless `unsure` was asked for the error: then nobody knows which of the two would be found.
pub(super) fn begin(
    storage: &dyn Storage,
    files: &mut Files,
    (highest_time, alert_floor): (Timestamp, AlertFloor),
    unsure: &dyn Fn(&Path, io::Error) -> AuditError,
) -> Result<JournalFile, AuditError> {
    let file = JournalFile { first: files.entries };
    let before = Before { entries: files.entries, highest_time, alert_floor };
    let header = Header { before: Some(before), ..files.header.clone() };
    let places = TreeWriter::places_of(storage, &files.folder, file)?;
    let path = file.bodies(&files.folder);
    let published = publish_file(storage, &path, &header.encode(File::Bodies));
    let opened = match published.and_then(|()| storage.open_append(&path)) {
        Ok(opened) => opened,
        Err(error) => {
            // Entries that still go into the one before must not stand behind it.
            take_back(storage, &files.folder, &path).map_err(|error| unsure(&path, error))?;
            return Err(AuditError::storage("begin", &path)(error));
        }
    };
    files.tree.begin(places);
    files.bodies = Output { file: opened, path, bytes: HEADER_BYTES as u64 };
    files.newest_since = None;
    Ok(std::mem::replace(&mut files.newest, file))
}

fn take_back(storage: &dyn Storage, folder: &Path, path: &Path) -> io::Result<()> {
    match storage.remove(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    storage.sync_dir(folder)
}
