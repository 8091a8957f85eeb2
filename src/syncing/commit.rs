//! Putting a publication in force, with the index locked.

use std::ops::ControlFlow;
use std::path::PathBuf;

use super::carry::{Carrier, Mismatch};
use super::gates::check_list;
use super::plan::Plan;
use super::sync::{gate_error, index_error};
use super::{Outcome, Site, Source, SyncError, Synced};
use crate::audit::Act;
use crate::domain::{Authority, Bulletin, FeedName, GenerationId, SegmentRef, SegmentRole};
use crate::feed::{self, File, Refreshed};
use crate::ground::causes;
use crate::ground::clock::Now;
use crate::ground::platform::Mapping;
use crate::index::{self, FeedRecord, Floor, Generation, IndexError, Kept, List, Publisher, Snapshot};
use crate::screening::{record, trusted_now};

/// What was in force of a feed when its publication was accepted. Whoever goes on to something else meanwhile, back to an
/// older list or to another root, is not to be overruled by what was judged before.
#[derive(Debug, PartialEq)]
pub(super) struct Basis {
    record: Option<FeedRecord>,
    kept: Option<Kept>,
    floor: Option<Floor>,
}

impl Basis {
    pub(super) fn of(generation: Option<&Generation>, source: &Source) -> Self {
        let feed = &source.feed;
        Self {
            record: generation.and_then(|generation| generation.record(feed)).cloned(),
            kept: generation.and_then(|generation| generation.floors.get(feed)).cloned(),
            floor: generation.and_then(|generation| generation.floor(feed)),
        }
    }

    /// The next list, before anything is fetched: whether it may follow what was ever accepted.
    pub(super) fn check_follows(&self, refreshed: &Refreshed, source: &Source) -> Result<(), SyncError> {
        let Some(floor) = self.floor else { return Ok(()) };
        self.record(refreshed, &source.feed).check_above(floor).map_err(index_error(source))
    }

    /// What a publication is recorded as.
    fn record(&self, refreshed: &Refreshed, feed: &FeedName) -> FeedRecord {
        let publication = refreshed.metadata.publication();
        let [root_version, ..] = refreshed.metadata.versions();
        let epoch = self.floor.map_or(0, |floor| floor.epoch);
        FeedRecord {
            bulletin: Bulletin {
                feed: feed.clone(),
                sequence: publication.sequence,
                as_of: refreshed.metadata.as_of(),
                authority: Authority::Signed,
                segments: publication.segments(),
            },
            metadata: refreshed.files.clone(),
            root: Some(refreshed.root.clone()),
            epoch: if refreshed.begins_anew { root_version } else { epoch },
        }
    }
}

/// A publication that is put in force.
pub(super) struct Commit<'i> {
    pub(super) site: &'i Site<'i>,
    pub(super) source: &'i Source,
    pub(super) refreshed: &'i Refreshed,
    pub(super) carrier: &'i Carrier<'i>,
    pub(super) basis: Basis,
    pub(super) act: Act,
}

/// The index, locked, and what is in force.
struct Locked {
    publisher: Publisher,
    in_force: Option<(Generation, GenerationId)>,
    now: Now,
}

impl Locked {
    fn generation(&self) -> Option<&Generation> {
        self.in_force.as_ref().map(|(generation, _)| generation)
    }
}

impl Commit<'_> {
    /// The same list, of which more was signed.
    pub(super) fn vouch(&self) -> Result<Outcome, SyncError> {
        // The lock removes what an interrupted act left.
        let locked = self.lock()?;
        let record = self.basis.record(self.refreshed, &self.source.feed);
        // One that was released is to be held no more, though nothing is new.
        if self.basis.record.as_ref() == Some(&record) && self.basis.kept.is_none() {
            return Ok(Outcome::Current);
        }
        let next = self.with_heartbeat(&locked, record)?;
        self.publish(&locked, &next).map(Outcome::Vouched)
    }

    /// The same list, of which a file was spoilt.
    pub(super) fn repair(&self, synced: &Synced) -> Result<Outcome, SyncError> {
        let locked = self.lock()?;
        let list = self.carrier.make(&synced.plan, &locked.publisher, None, &mut |_, _| {})?;
        let list = list.map_err(|Mismatch(error)| index_error(self.source)(error))?;
        self.check_list(&list, true)?;
        drop(list);
        let record = self.basis.record(self.refreshed, &self.source.feed);
        // A service takes up what has another number.
        let next = self.with_heartbeat(&locked, record)?;
        self.publish(&locked, &next).map(Outcome::Repaired)
    }

    fn with_heartbeat(&self, locked: &Locked, record: FeedRecord) -> Result<Generation, SyncError> {
        let unknown = || index_error(self.source)(IndexError::UnknownFeed(self.source.feed.clone()));
        let (generation, id) = locked.in_force.as_ref().ok_or_else(unknown)?;
        Generation::with_heartbeat((generation, *id), record, locked.now.time)
            .map_err(index_error(self.source))
    }

    /// Another list.
    pub(super) fn replace(
        &self,
        synced: &mut Synced,
        progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<Outcome, SyncError> {
        let locked = self.lock()?;
        let publication = self.refreshed.metadata.publication();
        let list = self.made(&locked.publisher, synced, progress)?;
        let before = self.basis.record.as_ref().and_then(|record| record.bulletin.segments.first());
        let base_is_new = before.map(|base| base.digest) != Some(publication.base.sha256);
        self.check_list(&list, base_is_new)?;
        drop(list);
        let previous = locked.in_force.as_ref().map(|(generation, id)| (generation, *id));
        let record = self.basis.record(self.refreshed, &self.source.feed);
        let next =
            Generation::with_feed(previous, record, locked.now.time).map_err(index_error(self.source))?;
        self.publish(&locked, &next).map(Outcome::InForce)
    }

    fn made(
        &self,
        publisher: &Publisher,
        synced: &mut Synced,
        progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<List<Mapping>, SyncError> {
        let publication = self.refreshed.metadata.publication();
        // The lock has removed what lay in the index and was not in force, which may be what an interrupted act had taken in.
        let files = self.carrier.files;
        synced.line_bytes += self.carrier.fetch(&synced.plan, &|file| files.has(file), progress)?;
        let before = self.basis.record.as_ref().filter(|_| synced.plan.rests_on_held());
        let held = before.and_then(|record| self.open_before(record));
        let mismatch = match self.make(&synced.plan, publisher, held, progress)? {
            Ok(list) => return Ok(list),
            Err(Mismatch(error)) => error,
        };
        synced.mismatch = true;
        tracing::warn!(
            feed = %self.source.feed,
            sequence = publication.sequence,
            error = %causes(&mismatch),
            "what was made of increments or by folding is not what is signed: the files are downloaded instead"
        );
        // What is here already is no longer taken on trust either: a disk may have spoilt it.
        let is_here = |file: &File| files.has_sound(file);
        synced.plan = Plan::download(publication, &|digest| files.find(digest).is_some());
        synced.line_bytes += self.carrier.fetch(&synced.plan, &is_here, progress)?;
        let made = self.make(&synced.plan, publisher, None, progress)?;
        made.map_err(|Mismatch(error)| index_error(self.source)(error))
    }

    /// A fold is not interrupted: what came over the line is not thrown away for the last minute.
    fn make(
        &self,
        plan: &Plan,
        publisher: &Publisher,
        held: Option<List<Mapping>>,
        progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<Result<List<Mapping>, Mismatch>, SyncError> {
        self.carrier.make(plan, publisher, held, &mut |done, total| {
            let _ = progress(done, total);
        })
    }

    fn check_list(&self, list: &List<Mapping>, base_is_new: bool) -> Result<(), SyncError> {
        let publication = self.refreshed.metadata.publication();
        let checked = check_list(list, publication, base_is_new);
        checked.map_err(|error| gate_error(self.source, publication, error))
    }

    /// Opens the generation as a service will, records the act, and puts it in force. What came stays where it is until nothing
    /// but the last step is left to fail, so that it need not come again.
    fn publish(&self, locked: &Locked, next: &Generation) -> Result<GenerationId, SyncError> {
        let files = self.carrier.files;
        let locate = |segment: &SegmentRef| {
            let in_index = || index::segment_path(self.site.data_dir, segment.digest);
            files.find(&segment.digest).unwrap_or_else(in_index)
        };
        let verify = |record: &FeedRecord| {
            let feed = &record.bulletin.feed;
            let in_force = locked.generation().map_or(&[][..], |generation| generation.segments(feed));
            feed::verify_next(&*self.site.storage, record.bulletin.clone(), record.proof(), in_force, locate)
                .map_err(|source| SyncError::Verify { feed: record.bulletin.feed.clone(), source })
        };
        let bulletins = next.feeds.iter().map(verify).collect::<Result<_, _>>()?;
        let opened = Snapshot::open_located(&*self.site.storage, &locate, next, next.id(), bulletins);
        drop(opened.map_err(index_error(self.source))?);
        let publication = self.refreshed.metadata.publication();
        let feed = (self.source.feed.clone(), publication.sequence);
        record(self.site.log, self.act, &self.site.principal, next, feed, locked.now)?;
        self.carrier.take_in(&locked.publisher, &mut publication.files())?;
        locked.publisher.publish(next).map_err(SyncError::Uncertain)
    }

    /// Locks the index, in which the feed must be as it was.
    fn lock(&self) -> Result<Locked, SyncError> {
        let publisher = Publisher::lock(self.site.storage.clone(), self.site.data_dir);
        let publisher = publisher.map_err(index_error(self.source))?;
        let in_force = publisher.current().map_err(index_error(self.source))?;
        let generation = in_force.as_ref().map(|(generation, _)| generation);
        if Basis::of(generation, self.source) != self.basis {
            return Err(SyncError::Overtaken(self.source.feed.clone()));
        }
        let now = trusted_now(self.site.clock, self.site.log, generation)?;
        Ok(Locked { publisher, in_force, now })
    }

    /// What is in force of the feed. One that cannot be read is replaced, and nothing rests on it. Its digests are not asked
    /// again: what is made of it must have the digest that is signed.
    fn open_before(&self, record: &FeedRecord) -> Option<List<Mapping>> {
        let open = |segment: &SegmentRef| {
            let path: PathBuf = index::segment_path(self.site.data_dir, segment.digest);
            index::open_segment(&*self.site.storage, &path, segment)
        };
        let list = || {
            let (base, delta) = record.bulletin.segments.split_first().ok_or(IndexError::Damaged)?;
            let delta = delta.first().map(open).transpose()?;
            List::to_fold(open(base)?, delta).map_err(|_| IndexError::Damaged)
        };
        list()
            .inspect_err(|error: &IndexError| {
                let error = causes(error);
                tracing::warn!(error, "the list in force cannot be read: another takes its place");
            })
            .ok()
    }
}

impl Plan {
    /// Whether it begins with what is in force.
    pub(super) fn rests_on_held(&self) -> bool {
        let whole = |step: &super::Step| matches!(step, super::Step::Fetch { role: SegmentRole::Base, .. });
        !self.steps.iter().any(whole)
    }
}
