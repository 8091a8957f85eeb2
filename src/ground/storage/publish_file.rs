//! A small file that is either wholly there or not at all.

use std::io;
use std::path::Path;

use super::Storage;

/// Writes `bytes` under `path` by way of `<path>.tmp`: after a crash the old content or the new is there, never a part.
///
/// # Errors
/// Those of the file system; nothing is left behind then, unless the process ends: the next call replaces that.
pub fn publish_file(storage: &dyn Storage, path: &Path, bytes: &[u8]) -> io::Result<()> {
    put(storage, path, |temporary| write(storage, temporary, bytes))
}

/// The same, for every user of the machine to read.
///
/// # Errors
/// As [`publish_file`].
pub fn publish_readable_file(storage: &dyn Storage, path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Before it has its name, under which nobody is to find it closed.
    put(storage, path, |temporary| write(storage, temporary, bytes).and_then(|()| storage.share(temporary)))
}

fn put(storage: &dyn Storage, path: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let folder = match path.parent().ok_or(io::ErrorKind::InvalidInput)? {
        // A bare name stands in the working directory.
        nowhere if nowhere.as_os_str().is_empty() => Path::new("."),
        folder => folder,
    };
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(".tmp");
    let temporary = folder.join(name);
    match storage.remove(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let written = write(&temporary).and_then(|()| storage.rename(&temporary, path));
    if written.is_err() {
        // On a full disk it would take the room that is missing.
        let _ = storage.remove(&temporary);
    }
    written?;
    storage.sync_dir(folder)
}

fn write(storage: &dyn Storage, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = storage.create(path)?;
    file.append(bytes)?;
    file.sync()
}
