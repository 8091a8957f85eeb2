//! What is left of a site's lists in a backup: how new they were, so that no older ones come after a restore.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::layout::{Folder, current, pointer_text};
use super::{Generation, IndexError, Publisher};
use crate::domain::GenerationId;
use crate::ground::storage::{Storage, publish_file};

/// Puts a generation without lists in force at a site that has none yet. Every floor stays that the generation in a backup had, and so
/// do the roots that were followed. `None` if the backup has none.
///
/// # Errors
/// [`IndexError`] if what the backup has is no generation.
pub fn restore_floors(
    storage: &Arc<dyn Storage>,
    backup: &Path,
    data_dir: &Path,
    now: Timestamp,
) -> Result<Option<GenerationId>, IndexError> {
    let Some((kept, id)) = current(&**storage, backup)? else { return Ok(None) };
    let folder = Folder::of(data_dir);
    let _publisher = Publisher::lock(storage.clone(), data_dir)?;
    let next = Generation::of_floors((&kept, id), now);
    let (path, pointer, id) = (folder.generation(next.number), folder.current(), next.id());
    let write = |path: &Path, bytes: &[u8]| {
        publish_file(&**storage, path, bytes).map_err(IndexError::io("write", path))
    };
    write(&path, &next.encode())?;
    write(&pointer, pointer_text(Some(id)).as_bytes())?;
    Ok(Some(id))
}

/// Copies what [`restore_floors`] needs into the folder of a backup; nothing, if no generation was ever in force.
///
/// # Errors
/// [`IndexError`] if the generation in force cannot be read.
pub fn back_up_floors(
    storage: &Arc<dyn Storage>,
    data_dir: &Path,
    backup: &Path,
) -> Result<Option<GenerationId>, IndexError> {
    let Some((generation, id)) = current(&**storage, data_dir)? else { return Ok(None) };
    let folder = Folder::of(backup);
    let made = folder.generations();
    storage.create_dir_all(&made).map_err(IndexError::io("create", &made))?;
    let (path, pointer) = (folder.generation(id.number), folder.current());
    let write = |path: &Path, bytes: &[u8]| {
        publish_file(&**storage, path, bytes).map_err(IndexError::io("write", path))
    };
    write(&path, &generation.encode())?;
    write(&pointer, pointer_text(Some(id)).as_bytes())?;
    Ok(Some(id))
}
