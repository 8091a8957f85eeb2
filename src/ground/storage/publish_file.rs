//! A small file that is either wholly there or not at all.

use std::io;
use std::path::Path;

use super::Storage;

/// Writes `bytes` under `path` by way of `<path>.tmp`: after a crash the old content or the new is there, never a part.
///
/// # Errors
/// Those of the file system; the temporary file may then be left behind and is replaced by the next call.
pub fn publish_file(storage: &dyn Storage, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(".tmp");
    let temporary = folder.join(name);
    match storage.remove(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = storage.create(&temporary)?;
    file.append(bytes)?;
    file.sync()?;
    drop(file);
    storage.rename(&temporary, path)?;
    storage.sync_dir(folder)
}
