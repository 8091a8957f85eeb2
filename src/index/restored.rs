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
) -> Result<Option<Generation>, IndexError> {
    let Some((kept, id)) = current(&**storage, backup)? else { return Ok(None) };
    let _publisher = Publisher::lock(storage.clone(), data_dir)?;
    let next = Generation::of_floors((&kept, id), now);
    put(&**storage, data_dir, &next)?;
    Ok(Some(next))
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
    let folder = Folder::of(backup).generations();
    storage.create_dir_all(&folder).map_err(IndexError::io("create", &folder))?;
    put(&**storage, backup, &generation)?;
    Ok(Some(id))
}

/// The generation's file, then what names it.
fn put(storage: &dyn Storage, data_dir: &Path, generation: &Generation) -> Result<(), IndexError> {
    let folder = Folder::of(data_dir);
    let pointer = pointer_text(Some(generation.id()));
    let files = [
        (folder.generation(generation.number), generation.encode()),
        (folder.current(), pointer.into_bytes()),
    ];
    files.iter().try_for_each(|(path, bytes)| {
        publish_file(storage, path, bytes).map_err(IndexError::io("write", path))
    })
}
