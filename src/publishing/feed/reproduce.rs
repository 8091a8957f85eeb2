//! The list built again from its registers, by whoever has them.

use std::path::PathBuf;

use super::publish::listed;
use super::{FeedError, FeedFolder, FeedSettings};
use crate::domain::Digest;
use crate::index::{self, Builder, Stamp};
use crate::publishing::import::{Inputs, open_sources};
use crate::publishing::reading::{Reading, read};
use crate::publishing::{Progress, Stage};
use crate::register::Adapter;

/// Builds the whole list of registers and gives the SHA-256 of it as one base, then that of the list that is published as one
/// base: the same, if the registers list what is published.
///
/// # Errors
/// [`FeedError`].
pub fn reproduce(
    folder: &FeedFolder,
    settings: &FeedSettings,
    (adapter, inputs, rejects): (Adapter, Inputs, PathBuf),
    memory_bytes_max: u64,
    progress: &mut dyn Progress,
) -> Result<[Digest; 2], FeedError> {
    let publisher = folder.lock()?;
    let metadata = folder.repository.current()?.ok_or(FeedError::NothingPublished)?;
    let publication = metadata.publication();
    let stamp = Stamp { sequence: publication.sequence, as_of: publication.as_of };
    let sources = open_sources(&*folder.storage, inputs)?;
    let mut builder = Builder::within(memory_bytes_max, publisher.stage()?)?;
    let reading = Reading { storage: &*folder.storage, adapter, rejects };
    read(&reading, sources, &mut builder, progress)?;
    settings.canaries.0.iter().try_for_each(|document| builder.push(&listed(document)))?;
    let mut staged = publisher.stage()?;
    let built = builder.finish(stamp, staged.file(), &mut |done, total| {
        progress.at(Stage::Building, done, Some(total));
    })?;
    let mut folded = publisher.stage()?;
    let list = folder.list(&metadata)?;
    let published = index::fold(&list, stamp, folded.file(), &mut |done, total| {
        progress.at(Stage::Publishing, done, Some(total));
    })?;
    Ok([built.segment.digest, published.digest])
}
