//! Files that are small enough for memory.

use std::io::Read as _;

use super::{Mirror, MirrorError};

/// Reads a whole file of one mirror, which may be at most `bytes_max` long. Nobody vouches for its bytes yet.
///
/// # Errors
/// [`MirrorError`]; [`TooLong`](MirrorError::TooLong) as soon as more bytes come than it may have.
pub fn read_small(mirror: &dyn Mirror, path: &str, bytes_max: u64) -> Result<Vec<u8>, MirrorError> {
    let opened = mirror.open(path, 0, None)?;
    let mut bytes = Vec::new();
    opened.bytes.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes).map_err(MirrorError::of_read)?;
    if bytes.len() as u64 > bytes_max {
        return Err(MirrorError::TooLong { bytes_max });
    }
    Ok(bytes)
}
