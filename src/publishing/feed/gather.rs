//! Registers become changes that wait.

use std::path::PathBuf;

use jiff::civil::Date;

use super::folder::PendingKind;
use super::{FeedError, FeedFolder};
use crate::ground::storage::Paced;
use crate::index::{Builder, Counts, IndexError, Stamp};
use crate::publishing::import::{Inputs, open_sources};
use crate::publishing::reading::{Reading, read};
use crate::publishing::{Limits, Progress, PublishingError, Refusal, Stage};
use crate::register::{Adapter, Tally};

/// What was gathered.
#[derive(Debug)]
pub struct Gathered {
    /// What became of each row.
    pub tally: Tally,
    /// What its notices say.
    pub counts: Counts,
    /// Why nothing waits, if too many rows were rejected.
    pub refusal: Option<Refusal>,
}

/// Reads registers whose notices are to be listed: too, or as the `whole` list.
///
/// # Errors
/// [`FeedError`]; then nothing waits that did not before.
pub fn add(
    folder: &FeedFolder,
    (adapter, inputs, rejects): (Adapter, Inputs, PathBuf),
    whole: bool,
    limits: Limits,
    memory_bytes_max: u64,
    progress: &mut dyn Progress,
) -> Result<Gathered, FeedError> {
    let kind = if whole { PendingKind::Whole } else { PendingKind::Add };
    gather(folder, (adapter, inputs, rejects), kind, limits, memory_bytes_max, progress)
}

/// Reads registers whose notices are to be listed no more; status and days of a row say nothing.
///
/// # Errors
/// [`FeedError`]; then nothing waits that did not before.
pub fn withdraw(
    folder: &FeedFolder,
    input: (Adapter, Inputs, PathBuf),
    limits: Limits,
    memory_bytes_max: u64,
    progress: &mut dyn Progress,
) -> Result<Gathered, FeedError> {
    gather(folder, input, PendingKind::Withdraw, limits, memory_bytes_max, progress)
}

/// Has every notice of the published list withdrawn that was to be looked at again before a day, and was not renewed since. Gives how
/// many they are; nothing waits if there are none.
///
/// # Errors
/// [`FeedError`]; then nothing waits that did not before.
pub fn purge(folder: &FeedFolder, before: Date, memory_bytes_max: u64) -> Result<u64, FeedError> {
    let publisher = folder.lock()?;
    let published = folder.repository.current()?.ok_or(FeedError::NothingPublished)?;
    let list = folder.list(&published)?;
    let mut builder = Builder::within(memory_bytes_max, publisher.stage()?)?;
    let mut lapsed = 0;
    for notice in list.notices() {
        let notice = notice.map_err(|_| IndexError::Damaged)?;
        if notice.review_on.is_some_and(|day| day < before) {
            lapsed += u64::from(!notice.alias);
            builder.push(&notice)?;
        }
    }
    if lapsed == 0 {
        return Ok(0);
    }
    let mut staged = publisher.stage()?;
    let built = builder.finish(UNPUBLISHED, &mut Paced::new(staged.file(), None), &mut |_, _| {})?;
    folder.wait(&publisher, staged, &built.segment, PendingKind::Withdraw)?;
    Ok(lapsed)
}

/// What waits has no publication yet; it is stamped when it becomes one.
const UNPUBLISHED: Stamp = Stamp { sequence: 1, as_of: jiff::Timestamp::UNIX_EPOCH };

fn gather(
    folder: &FeedFolder,
    (adapter, inputs, rejects): (Adapter, Inputs, PathBuf),
    kind: PendingKind,
    limits: Limits,
    memory_bytes_max: u64,
    progress: &mut dyn Progress,
) -> Result<Gathered, FeedError> {
    folder.repository.root()?;
    let publisher = folder.lock()?;
    let sources = open_sources(&*folder.storage, inputs)?;
    let mut builder = Builder::within(memory_bytes_max, publisher.stage()?)?;
    let reading = Reading { storage: &*folder.storage, adapter, rejects };
    let mut tally = read(&reading, sources, &mut builder, progress)?.tally;
    if tally.read == tally.rejected_total() {
        let (read, rejected) = (tally.read, tally.rejected_total());
        return Err(PublishingError::Empty { read, rejected, rejects: reading.rejects }.into());
    }
    if let Some(refusal) = limits.rows(&tally) {
        return Ok(Gathered { tally, counts: Counts::default(), refusal: Some(refusal) });
    }
    let mut staged = publisher.stage()?;
    let built = builder.finish(UNPUBLISHED, &mut Paced::new(staged.file(), None), &mut |done, total| {
        progress.at(Stage::Building, done, Some(total));
    })?;
    tally.found_duplicates(built.duplicates);
    tally.assert_adds_up();
    if progress.stopped() {
        return Err(PublishingError::Interrupted.into());
    }
    folder.wait(&publisher, staged, &built.segment, kind)?;
    Ok(Gathered { tally, counts: built.counts, refusal: None })
}
