//! A register becomes a feed's list.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use crate::audit::{Act, AuditLog};
use crate::domain::{Authority, Bulletin, FeedName, GenerationId, SegmentRef, Verified};
use crate::feed::{self, VerifyError};
use crate::ground::clock::{Clock, Now};
use crate::ground::storage::{Paced, Storage};
use crate::index::{
    self, Builder, Built, FeedInForce, FeedRecord, Generation, IndexError, Publisher, Snapshot, Staged, Stamp,
};
use crate::register::{Adapter, Source, Tally};
use crate::screening::{record, trusted_now};

use super::as_delta::{New, as_delta};
use super::error::PublishingError;
use super::gates::{Change, Limits};
use super::imported::{Imported, Outcome};
use super::reading::{Read, Reading, read};
use super::self_test::Failed;

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
    pub adapter: Adapter,
    /// The time as of which the list is complete; `None` takes the oldest modification time of the files.
    pub as_of: Option<Timestamp>,
    /// Where rejected rows are listed.
    pub rejects: PathBuf,
    /// What is allowed.
    pub limits: Limits,
    /// Bytes of notices that are held in memory; what is beyond waits in a file of the data directory.
    pub memory_bytes_max: u64,
    /// Keep the base in force, if there is one, and publish what changed as its delta.
    pub delta: bool,
    /// Do everything but put the list in force.
    pub dry_run: bool,
}

/// The registers.
pub enum Inputs {
    /// Files.
    Files(Vec<PathBuf>),
    /// Standard input or another stream, whose age nobody knows.
    Stream(Box<dyn std::io::Read + Send>),
}

/// How far an import is.
pub trait Progress {
    /// `done` of `total` bytes or steps of a stage; `total` is `None` where nobody knows.
    fn at(&mut self, stage: Stage, done: u64, total: Option<u64>);

    /// True once somebody wants the import to stop, which it does soon and without a trace.
    fn stopped(&self) -> bool {
        false
    }
}

/// What an import is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Reading registers, in bytes.
    Reading,
    /// Building the index file, in notices.
    Building,
    /// Verifying what was written, comparing it with what is in force, and putting it in force.
    Publishing,
}

/// Imports registers as the whole list of a feed and puts the next generation in force.
///
/// Every row is accounted for. A list that [`Limits`] refuse, one that says nothing new, and a dry run change nothing and
/// are told all the same. On an error nothing has changed, but for the side file of rejected rows; after
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
    let sources = open_sources(&*import.storage, inputs)?;
    let as_of = as_of(import, &sources, now)?;
    let floor = in_force.and_then(|generation| generation.floor(&import.feed));
    if let Some(floor) = floor.filter(|floor| as_of < floor.as_of) {
        let feed = import.feed.clone();
        return Err(IndexError::AsOfEarlier { feed, as_of, floor: floor.as_of }.into());
    }

    let mut builder = Builder::within(import.memory_bytes_max, publisher.stage()?)?;
    let Read { mut tally, sample } = {
        let reading = Reading {
            storage: &*import.storage,
            adapter: import.adapter.clone(),
            rejects: import.rejects.clone(),
        };
        read(&reading, sources, &mut builder, progress)?
    };
    if tally.read == tally.rejected_total() {
        let (read, rejected) = (tally.read, tally.rejected_total());
        return Err(PublishingError::Empty { read, rejected, rejects: import.rejects.clone() });
    }
    let mut imported = Imported::new(tally.clone(), as_of);
    if let Some(refusal) = import.limits.rows(&tally) {
        imported.outcome = Outcome::Refused(refusal);
        return Ok(imported);
    }
    let sequence = floor.map_or(0, |floor| floor.sequence) + 1;
    let mut staged = publisher.stage()?;
    let stamp = Stamp { sequence, as_of };
    let built = build(builder, stamp, &mut staged, &mut tally, progress)?;
    if progress.stopped() {
        return Err(PublishingError::Interrupted);
    }

    progress.at(Stage::Publishing, 0, None);
    let before = in_force.and_then(|generation| generation.record(&import.feed));
    let new = New { staged, segments: vec![built.segment.clone()] };
    let new = if import.delta { as_delta(import, &publisher, new, before, stamp)? } else { new };
    let segments = new.segments.clone();
    let feed = import.feed.clone();
    let bulletin = Bulletin { feed, sequence, as_of, authority: Authority::Local, segments };
    let record_of_feed =
        FeedRecord { bulletin: bulletin.clone(), metadata: BTreeMap::new(), root: None, epoch: 0 };
    let previous = current.as_ref().map(|(generation, id)| (generation, *id));
    let next = Generation::with_feed(previous, record_of_feed, now.time)?;
    let snapshot = open_next(import, &next, &new)?;
    verify(&snapshot, &import.feed, &new)?;
    let same = compare(import, &snapshot, &built, before, now.time, &mut imported)?;
    imported.take(tally, &built, bulletin);
    let refusal = import.limits.change(&import.feed, &imported.change);
    imported.outcome = match (refusal, previous.filter(|_| same)) {
        (Some(refusal), _) => Outcome::Refused(refusal),
        (None, Some((_, id))) => Outcome::Unchanged(id),
        (None, None) => Outcome::DryRun,
    };
    sample
        .check(&snapshot, &import.feed)
        .map_err(|Failed { missing, wrong }| PublishingError::SelfTest { missing, wrong })?;
    drop(snapshot);
    if import.dry_run || imported.outcome != Outcome::DryRun {
        return Ok(imported);
    }
    if progress.stopped() {
        return Err(PublishingError::Interrupted);
    }
    imported.outcome = Outcome::Published(publish(import, &publisher, new, &next, now)?);
    Ok(imported)
}

fn build(
    builder: Builder,
    stamp: Stamp,
    staged: &mut Staged,
    tally: &mut Tally,
    progress: &mut dyn Progress,
) -> Result<Built, PublishingError> {
    let mut file = Paced::new(staged.file(), None);
    let built = builder.finish(stamp, &mut file, &mut |done, total| {
        progress.at(Stage::Building, done, Some(total));
    })?;
    tally.found_duplicates(built.duplicates);
    tally.assert_adds_up();
    assert_eq!(tally.accepted, built.segment.notices, "everything accepted is a notice in the index");
    Ok(built)
}

/// Opens the generation as a service will, but for the new segment, which is not in its place yet.
///
/// One with a file that cannot be verified could not be opened by anybody, whatever feed the file is of.
fn open_next(import: &Import<'_>, next: &Generation, new: &New) -> Result<Snapshot, PublishingError> {
    let locate = |segment: &SegmentRef| {
        if segment.digest == new.written().digest {
            new.staged.path().to_owned()
        } else {
            index::segment_path(import.data_dir, segment.digest)
        }
    };
    let verify = |record: &FeedRecord| {
        feed::verify(&*import.storage, record.bulletin.clone(), record.proof(), locate)
            .map_err(|source| PublishingError::Verify { feed: record.bulletin.feed.clone(), source })
    };
    let bulletins = next.feeds.iter().map(verify).collect::<Result<_, _>>()?;
    Ok(Snapshot::open_located(&*import.storage, &locate, next, next.id(), bulletins)?)
}

/// Checks the new list as nobody will again: what is in force was checked when it was put there.
fn verify(snapshot: &Snapshot, feed: &FeedName, new: &New) -> Result<(), PublishingError> {
    let in_force = snapshot.feeds().find(|in_force| in_force.bulletin().feed == *feed);
    let list = in_force.expect("the generation has the feed that is imported").list();
    let verified = if list.delta().is_some() { list.verify_delta() } else { list.verify() };
    let path = new.staged.path().to_owned();
    verified.map_err(|source| IndexError::Segment { path, source }.into())
}

/// Says what changes; gives whether nothing does, not even the time as of which the list is complete.
fn compare(
    import: &Import<'_>,
    snapshot: &Snapshot,
    built: &Built,
    before: Option<&FeedRecord>,
    time: Timestamp,
    imported: &mut Imported,
) -> Result<bool, PublishingError> {
    let Some(before) = before else {
        imported.change = Change::by_number(built.segment.notices, 0);
        return Ok(false);
    };
    let now = snapshot.feeds().find(|feed| feed.bulletin().feed == import.feed);
    let now = now.expect("the generation has the feed that is imported");
    match open_before(import, before) {
        Ok(old) => {
            imported.change =
                Change::of(now, &built.counts, &old, time).map_err(|_| PublishingError::Damaged)?;
            let same_content = old.list().state_digest() == built.state_digest;
            Ok(same_content && before.bulletin.as_of == imported.as_of)
        }
        // Importing it again is the way out of a damaged list, so that this stops nobody.
        Err(error) => {
            tracing::warn!(%error, "the list in force cannot be read: only the numbers of notices are compared");
            let notices = before.bulletin.segments.last().map_or(0, |last| last.notices);
            imported.change = Change::by_number(built.segment.notices, notices);
            Ok(false)
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error(transparent)]
    Verify(#[from] VerifyError),
    #[error(transparent)]
    Open(#[from] IndexError),
}

pub(super) fn open_before(import: &Import<'_>, before: &FeedRecord) -> Result<FeedInForce, Unreadable> {
    let locate = |segment: &SegmentRef| index::segment_path(import.data_dir, segment.digest);
    let verified: Verified<Bulletin> =
        feed::verify(&*import.storage, before.bulletin.clone(), before.proof(), locate)?;
    Ok(FeedInForce::open(&*import.storage, import.data_dir, &verified)?)
}

fn publish(
    import: &Import<'_>,
    publisher: &Publisher,
    new: New,
    next: &Generation,
    now: Now,
) -> Result<GenerationId, PublishingError> {
    let written = new.written().clone();
    publisher.keep(new.staged, &written)?;
    let sequence = next.record(&import.feed).map_or(0, |record| record.bulletin.sequence);
    record(import.log, Act::Import, &import.principal, next, (import.feed.clone(), sequence), now)?;
    publisher.publish(next).map_err(PublishingError::Uncertain)
}

pub(super) fn open_sources(storage: &dyn Storage, inputs: Inputs) -> Result<Vec<Source>, PublishingError> {
    let opened = match inputs {
        Inputs::Stream(stream) => vec![Source::stdin(stream)?],
        Inputs::Files(paths) => {
            let open = |path: &PathBuf| Source::open(storage, path);
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
