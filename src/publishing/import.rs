//! A register becomes a feed's list.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;

use crate::audit::{Act, AuditLog};
use crate::domain::{Authority, Bulletin, FeedName, GenerationId};
use crate::feed::verify_local;
use crate::ground::clock::{Clock, Now};
use crate::ground::storage::Storage;
use crate::index::{self, Builder, FeedRecord, Generation, IndexError, Publisher, Stamp};
use crate::register::{self, Format, RejectFile, Source, Tally};

use super::error::PublishingError;
use super::record::{record, trusted_now};

/// What is imported, and where to.
pub struct Import<'a> {
    /// Where files are.
    pub storage: Arc<dyn Storage>,
    /// The site's data directory; created if need be.
    pub data_dir: &'a Path,
    /// The log that records the import.
    pub log: &'a AuditLog,
    /// The time.
    pub clock: &'a Clock,
    /// Who imports, as the log names him.
    pub principal: Arc<str>,
    /// The feed whose list is replaced.
    pub feed: FeedName,
    /// How the registers are written.
    pub format: Format,
    /// The time as of which the list is complete; `None` takes the oldest modification time of the files.
    pub as_of: Option<Timestamp>,
    /// Where rejected rows are listed.
    pub rejects: PathBuf,
}

/// The registers.
pub enum Inputs {
    /// Files.
    Files(Vec<PathBuf>),
    /// Standard input or another stream, whose age nobody knows.
    Stream(Box<dyn std::io::Read + Send>),
}

/// What an import came to.
#[derive(Debug)]
pub struct Imported {
    /// What became of every row.
    pub tally: Tally,
    /// The generation that the import put in force.
    pub generation: GenerationId,
    /// What was published.
    pub bulletin: Bulletin,
}

/// How far an import is.
pub trait Progress {
    /// `done` of `total` bytes or steps of a stage; `total` is `None` where nobody knows.
    fn at(&mut self, stage: Stage, done: u64, total: Option<u64>);
}

/// What an import is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Reading registers, in bytes.
    Reading,
    /// Building the index file, in notices.
    Building,
    /// Verifying what was written and putting it in force.
    Publishing,
}

/// Rows between two reports of progress.
const ROWS_PER_REPORT: u64 = 1 << 14;

/// Imports registers as the whole list of a feed and puts the next generation in force.
///
/// Every row is accounted for. On an error nothing has changed, but for the side file of rejected rows; after
/// [`PublishingError::Uncertain`] either generation may be in force.
///
/// # Errors
/// [`PublishingError`].
///
/// # Panics
/// If the accounting does not add up, which is a defect of this program: nothing is published then.
pub fn import(
    import: &Import<'_>,
    inputs: Inputs,
    progress: &mut dyn Progress,
) -> Result<Imported, PublishingError> {
    let publisher = Publisher::lock(import.storage.clone(), import.data_dir)?;
    let current = publisher.current()?;
    let in_force = current.as_ref().map(|(generation, _)| generation);
    let now = trusted_now(import.clock, import.log, in_force)?;
    let sources = open(import, inputs)?;
    let as_of = as_of(import, &sources, now)?;
    let floor = current.as_ref().and_then(|(generation, _)| generation.floor(&import.feed));
    if let Some(floor) = floor.filter(|floor| as_of < floor.as_of) {
        let feed = import.feed.clone();
        return Err(IndexError::AsOfEarlier { feed, as_of, floor: floor.as_of }.into());
    }

    let mut builder = Builder::new();
    let mut tally = read(import, sources, &mut builder, progress)?;
    if tally.read == tally.rejected_total() {
        let (read, rejected) = (tally.read, tally.rejected_total());
        return Err(PublishingError::Empty { read, rejected, rejects: import.rejects.clone() });
    }
    let sequence = floor.map_or(0, |floor| floor.sequence) + 1;
    let mut staged = publisher.stage()?;
    let built = builder.finish(Stamp { sequence, as_of }, staged.file(), &mut |done, total| {
        progress.at(Stage::Building, done, Some(total));
    })?;
    tally.found_duplicates(built.duplicates);
    tally.assert_adds_up();
    assert_eq!(tally.accepted, built.segment.notices, "every accepted row is a notice in the index");

    progress.at(Stage::Publishing, 0, None);
    publisher.keep(staged, &built.segment)?;
    let feed = import.feed.clone();
    let bulletin =
        Bulletin { feed, sequence, as_of, authority: Authority::Local, segments: vec![built.segment] };
    let record_of_feed = FeedRecord { bulletin: bulletin.clone(), metadata: BTreeMap::new(), root: None };
    let previous = current.as_ref().map(|(generation, id)| (generation, *id));
    let next = Generation::with_feed(previous, record_of_feed, now.time)?;
    verify(import, &next)?;
    let act = (import.feed.clone(), sequence);
    record(import.log, Act::Import, &import.principal, &next, act, now)?;
    let generation = publisher.publish(&next).map_err(PublishingError::Uncertain)?;
    Ok(Imported { tally, generation, bulletin })
}

/// A generation with one file that cannot be verified could not be opened by anybody, whatever feed the file is of.
fn verify(import: &Import<'_>, next: &Generation) -> Result<(), PublishingError> {
    for feed in &next.feeds {
        verify_local(&*import.storage, feed.bulletin.clone(), |file| {
            index::segment_path(import.data_dir, file.digest)
        })
        .map_err(|source| PublishingError::Verify { feed: feed.bulletin.feed.clone(), source })?;
    }
    Ok(())
}

fn open(import: &Import<'_>, inputs: Inputs) -> Result<Vec<Source>, PublishingError> {
    let opened = match inputs {
        Inputs::Stream(stream) => vec![Source::stdin(stream)?],
        Inputs::Files(paths) => {
            let open = |path: &PathBuf| Source::open(&*import.storage, path);
            paths.iter().map(open).collect::<Result<_, _>>()?
        }
    };
    Ok(opened)
}

fn as_of(import: &Import<'_>, sources: &[Source], now: Now) -> Result<Timestamp, PublishingError> {
    let modified = || sources.iter().map(Source::modified).min().flatten();
    let as_of = import.as_of.or_else(modified).ok_or(PublishingError::AgeUnknown)?;
    if as_of > now.time { Err(PublishingError::FromTheFuture { as_of }) } else { Ok(as_of) }
}

/// Reads every row into the builder and lists the rejected ones. Duplicates show only once the index is built.
fn read(
    import: &Import<'_>,
    sources: Vec<Source>,
    builder: &mut Builder,
    progress: &mut dyn Progress,
) -> Result<Tally, PublishingError> {
    let mut rejects = RejectFile::create(&*import.storage, &import.rejects)?;
    let mut tally = Tally::default();
    let total = sources.iter().map(Source::length).sum::<Option<u64>>();
    let mut done = 0;
    for source in sources {
        let (path, length, consumed) = (source.path().to_owned(), source.length(), source.progress());
        register::read(source, import.format, &mut |_, row| -> Result<(), PublishingError> {
            match row {
                Ok(notice) => {
                    builder.push(&notice);
                    tally.accept();
                }
                Err(reject) => {
                    rejects.write(&path, &reject)?;
                    tally.reject(reject.reason);
                }
            }
            if tally.read.is_multiple_of(ROWS_PER_REPORT) {
                progress.at(Stage::Reading, done + consumed.load(Ordering::Relaxed), total);
            }
            Ok(())
        })?;
        done += length.unwrap_or_default();
    }
    rejects.finish()?;
    Ok(tally)
}
