//! A file, or its beginning, under another name.

use std::io::{self, Read as _};
use std::path::Path;

use super::Storage;

const PIECE_BYTES: usize = 1 << 20;

/// Copies at most so many bytes of a file into one that does not exist yet, durably but for its name.
///
/// # Errors
/// Those of the file system.
pub fn copy_file(storage: &dyn Storage, from: &Path, to: &Path, bytes_max: u64) -> io::Result<()> {
    let (mut source, mut target) = (storage.open_read(from)?.take(bytes_max), storage.create(to)?);
    let mut piece = Vec::with_capacity(PIECE_BYTES);
    loop {
        piece.clear();
        let length = source.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut piece)?;
        if length == 0 {
            return target.sync();
        }
        target.append(&piece)?;
        target.write_behind(length as u64)?;
    }
}
