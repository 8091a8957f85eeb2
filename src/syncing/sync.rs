//! One feed brought up to date.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::carry::{Carrier, Mismatch};
use super::files::Files;
use super::gates::{check_list, check_publication, check_shrink};
use super::plan::{Held, Plan};
use super::{Activation, GateError, Source, SyncError};
use crate::audit::{Act, AuditLog};
use crate::domain::{Authority, Bulletin, GenerationId, SegmentRef};
use crate::feed::mirror::DownloadError;
use crate::feed::{self, Accepted, File, Publication, Refreshed};
use crate::ground::causes;
use crate::ground::clock::{Clock, Now};
use crate::ground::platform::Mapping;
use crate::ground::storage::Storage;
use crate::index::{self, FeedRecord, Generation, IndexError, List, Publisher, Snapshot};
use crate::screening::{record, trusted_now};

/// The site that is brought up to date.
pub struct Site<'s> {
    /// Where files are.
    pub storage: Arc<dyn Storage>,
    /// The site's data directory; created if need be.
    pub data_dir: &'s Path,
    /// The log that records what is put in force.
    pub log: &'s AuditLog,
    /// The time.
    pub clock: &'s Clock,
    /// Who synchronises, as the log names him.
    pub principal: Arc<str>,
}

/// What an operator wants this time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Tell what would be done, and do nothing.
    pub dry_run: bool,
    /// Accept a list that lost any number of notices, or whole states.
    pub accept_shrink: bool,
    /// Follow the publisher again after a rollback.
    pub release: bool,
    /// Put in force what has come, whatever the settings say of when.
    pub activate: bool,
}

/// What became of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synced {
    /// The sequence of the newest publication.
    pub sequence: u64,
    /// The time as of which its publisher vouches for it.
    pub as_of: jiff::Timestamp,
    /// How its files were to be had; empty if they were in force.
    pub plan: Plan,
    /// Bytes of files that came over the line, without metadata.
    pub line_bytes: u64,
    /// What was made here was not what is signed, so that files were downloaded after all.
    pub mismatch: bool,
    /// How it ended.
    pub outcome: Outcome,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What is in force is the newest, as of the latest time.
    Current,
    /// The same list, as of a later time, is in force in this generation.
    Vouched(GenerationId),
    /// The list is in force in this generation.
    InForce(GenerationId),
    /// The files are here, and the settings say that they wait.
    Waiting,
    /// Nothing was done.
    DryRun,
}

/// Brings a feed up to date. `progress` is told how many bytes of how many have come, or documents of how many are folded, and may
/// end the download.
///
/// # Errors
/// [`SyncError`]; then what is in force is what it was, but after [`SyncError::Uncertain`] either generation may be.
pub fn sync(
    site: &Site<'_>,
    source: &Source,
    wish: Wish,
    progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<Synced, SyncError> {
    if source.mirrors.is_empty() {
        return Err(SyncError::NoMirror(source.feed.clone()));
    }
    let in_force = index::current(&*site.storage, site.data_dir).map_err(index_error(source))?;
    let generation = in_force.as_ref().map(|(generation, _)| generation);
    let now = trusted_now(site.clock, site.log, generation)?;
    check_authority(generation, source, wish)?;
    let files = Files::open(&*site.storage, site.data_dir, &source.feed)?;
    let refreshed = refresh(site, source, generation, &files, now)?;
    let publication = refreshed.metadata.publication();
    let gate = |error| gate_error(source, publication, error);
    check_publication(publication, source).map_err(gate)?;

    let record_before = generation.and_then(|generation| generation.record(&source.feed));
    let held = record_before.and_then(held);
    let same = record_before.is_some_and(|record| {
        record.bulletin.sequence == publication.sequence && record.bulletin.segments == publication.segments()
    });
    let plan = if same {
        Plan { steps: Vec::new(), bytes: 0 }
    } else {
        Plan::of(publication, held, &|digest| files.find(digest).is_some())
    };
    let mut synced = Synced {
        sequence: publication.sequence,
        as_of: refreshed.metadata.as_of(),
        plan,
        line_bytes: 0,
        mismatch: false,
        outcome: Outcome::DryRun,
    };
    if wish.dry_run {
        return Ok(synced);
    }
    // What only older publications need. What this one names stays, whichever way its files are had in the end.
    files.tidy(&publication.targets().collect::<Vec<_>>());
    let carrier = Carrier { site, source, files: &files };
    let has = |file: &File| files.has(file);
    synced.line_bytes = match carrier.fetch(&synced.plan, &has, progress) {
        // A mirror may have the list and not every way to it.
        Err(SyncError::Download { source: DownloadError::Mirrors { .. }, .. }) if uses_held(&synced.plan) => {
            synced.plan = Plan::download(publication, &|digest| files.find(digest).is_some());
            carrier.fetch(&synced.plan, &has, progress)?
        }
        fetched => fetched?,
    };
    if !same && !wish.activate && waits(source.activation, publication, now) {
        synced.outcome = Outcome::Waiting;
        return Ok(synced);
    }
    let work = InForce { site, source, refreshed: &refreshed, carrier: &carrier, wish };
    synced.outcome = if same { work.vouch()? } else { work.replace(&mut synced, progress)? };
    files.tidy(&[]);
    Ok(synced)
}

/// Putting a publication in force, with the index locked.
struct InForce<'i> {
    site: &'i Site<'i>,
    source: &'i Source,
    refreshed: &'i Refreshed,
    carrier: &'i Carrier<'i>,
    wish: Wish,
}

impl InForce<'_> {
    /// The same list, of which more was signed.
    fn vouch(&self) -> Result<Outcome, SyncError> {
        let publisher = self.lock()?;
        let Some((generation, id)) = publisher.current().map_err(index_error(self.source))? else {
            return Err(index_error(self.source)(IndexError::UnknownFeed(self.source.feed.clone())));
        };
        let record = self.record(Some(&generation));
        if generation.record(&self.source.feed) == Some(&record) {
            return Ok(Outcome::Current);
        }
        let now = trusted_now(self.site.clock, self.site.log, Some(&generation))?;
        let next = Generation::with_heartbeat((&generation, id), record, now.time);
        let next = next.map_err(index_error(self.source))?;
        self.publish(&publisher, Some(&generation), &next, now).map(Outcome::Vouched)
    }

    /// Another list.
    fn replace(
        &self,
        synced: &mut Synced,
        progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<Outcome, SyncError> {
        let publisher = self.lock()?;
        let in_force = publisher.current().map_err(index_error(self.source))?;
        let generation = in_force.as_ref().map(|(generation, _)| generation);
        let now = trusted_now(self.site.clock, self.site.log, generation)?;
        let before = generation.and_then(|generation| generation.record(&self.source.feed));
        let open_before = || before.and_then(|record| self.open_before(record));
        let publication = self.refreshed.metadata.publication();

        // The lock has removed what lay in the index and was not in force, which may be what an interrupted act had taken in.
        let files = self.carrier.files;
        synced.line_bytes += self.carrier.fetch(&synced.plan, &|file| files.has(file), progress)?;
        let mut folded = |done, total| {
            // A fold is not interrupted: what came over the line is not thrown away for the last minute.
            let _ = progress(done, total);
        };
        let held_list = if uses_held(&synced.plan) { open_before() } else { None };
        let made = self.carrier.make(&synced.plan, &publisher, held_list, &mut folded)?;
        let list = match made {
            Ok(list) => list,
            Err(Mismatch(error)) => {
                synced.mismatch = true;
                tracing::warn!(
                    feed = %self.source.feed,
                    sequence = publication.sequence,
                    error = %causes(&error),
                    "what was made of increments or by folding is not what is signed: the files are downloaded instead"
                );
                // What is here already is no longer taken on trust either: a disk may have spoilt it.
                let is_here = |file: &File| files.has_sound(file);
                synced.plan = Plan::download(publication, &|digest| files.find(digest).is_some());
                synced.line_bytes += self.carrier.fetch(&synced.plan, &is_here, progress)?;
                let mut folded = |done, total| {
                    // A fold is not interrupted: what came over the line is not thrown away for the last minute.
                    let _ = progress(done, total);
                };
                match self.carrier.make(&synced.plan, &publisher, None, &mut folded)? {
                    Ok(list) => list,
                    Err(Mismatch(error)) => return Err(index_error(self.source)(error)),
                }
            }
        };
        let gate = |error| gate_error(self.source, publication, error);
        let base_before = before.and_then(|record| record.bulletin.segments.first());
        let base_is_new = base_before.map(|base| base.digest) != Some(publication.base.sha256);
        check_list(&list, publication, base_is_new).map_err(gate)?;
        let sums_before = before.and_then(|record| Publication::kept(&record.metadata));
        if let Some(before) = sums_before.filter(|_| !self.wish.accept_shrink) {
            check_shrink(&publication.list, &before.list, self.source.shrink_max).map_err(gate)?;
        }
        drop(list);
        self.carrier.take_in(&publisher, &mut publication.files())?;
        let previous = in_force.as_ref().map(|(generation, id)| (generation, *id));
        let next = Generation::with_feed(previous, self.record(generation), now.time);
        let next = next.map_err(index_error(self.source))?;
        self.publish(&publisher, generation, &next, now).map(Outcome::InForce)
    }

    /// Opens the generation as a service will, records the act, and puts it in force.
    fn publish(
        &self,
        publisher: &Publisher,
        in_force: Option<&Generation>,
        next: &Generation,
        now: Now,
    ) -> Result<GenerationId, SyncError> {
        let locate = |segment: &SegmentRef| index::segment_path(self.site.data_dir, segment.digest);
        let verify = |record: &FeedRecord| {
            let feed = &record.bulletin.feed;
            let in_force = in_force.map_or(&[][..], |generation| generation.segments(feed));
            feed::verify_next(&*self.site.storage, record.bulletin.clone(), record.proof(), in_force, locate)
                .map_err(|source| SyncError::Verify { feed: record.bulletin.feed.clone(), source })
        };
        let bulletins = next.feeds.iter().map(verify).collect::<Result<_, _>>()?;
        let opened = Snapshot::open(&*self.site.storage, self.site.data_dir, next, next.id(), bulletins);
        drop(opened.map_err(index_error(self.source))?);
        let sequence = self.refreshed.metadata.publication().sequence;
        let feed = (self.source.feed.clone(), sequence);
        record(self.site.log, Act::Sync, &self.site.principal, next, feed, now)?;
        publisher.publish(next).map_err(SyncError::Uncertain)
    }

    fn record(&self, generation: Option<&Generation>) -> FeedRecord {
        let publication = self.refreshed.metadata.publication();
        let floor = generation.and_then(|generation| generation.floor(&self.source.feed));
        let [root_version, ..] = self.refreshed.metadata.versions();
        let epoch = floor.map_or(0, |floor| floor.epoch);
        FeedRecord {
            bulletin: Bulletin {
                feed: self.source.feed.clone(),
                sequence: publication.sequence,
                as_of: self.refreshed.metadata.as_of(),
                authority: Authority::Signed,
                segments: publication.segments(),
            },
            metadata: self.refreshed.files.clone(),
            root: Some(self.refreshed.root.clone()),
            epoch: if self.refreshed.begins_anew { root_version } else { epoch },
        }
    }

    fn lock(&self) -> Result<Publisher, SyncError> {
        Publisher::lock(self.site.storage.clone(), self.site.data_dir).map_err(index_error(self.source))
    }

    /// What is in force of the feed. One that cannot be read is replaced, and nothing rests on it. Its digests are not asked
    /// again: what is made of it must have the digest that is signed.
    fn open_before(&self, record: &FeedRecord) -> Option<List<Mapping>> {
        let open = |segment: &SegmentRef| {
            let path = index::segment_path(self.site.data_dir, segment.digest);
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

fn uses_held(plan: &Plan) -> bool {
    !plan
        .steps
        .iter()
        .any(|step| matches!(step, super::Step::Fetch { role: crate::domain::SegmentRole::Base, .. }))
}

/// Asks one mirror after the other for metadata that may be accepted.
fn refresh(
    site: &Site<'_>,
    source: &Source,
    generation: Option<&Generation>,
    files: &Files<'_>,
    now: Now,
) -> Result<Refreshed, SyncError> {
    let record = generation.and_then(|generation| generation.record(&source.feed));
    let kept = generation.and_then(|generation| generation.floors.get(&source.feed));
    // After a rollback what is kept is newer than what is in force.
    let (root, metadata) = match (kept, record) {
        (Some(kept), _) => (kept.root.as_deref(), Some(&kept.metadata)),
        (None, Some(record)) => (record.root.as_deref(), Some(&record.metadata)),
        (None, None) => (None, None),
    };
    let accepted = Accepted { root: root.unwrap_or(&source.root), metadata };
    let times = (now.time, site.clock.source_time());
    let mut failures = Vec::new();
    for mirror in &source.mirrors {
        match feed::refresh(mirror, accepted, &*site.storage, &files.scratch(), times) {
            Ok(refreshed) => {
                for (mirror, error) in failures {
                    tracing::warn!(feed = %source.feed, mirror, error = %causes(&error), "a mirror is passed over for the next");
                }
                return Ok(refreshed);
            }
            Err(error) => failures.push((mirror.name(), error)),
        }
    }
    let failed = failures.len();
    let (_, first) = failures.into_iter().next().ok_or_else(|| SyncError::NoMirror(source.feed.clone()))?;
    Err(SyncError::Refresh { feed: source.feed.clone(), failed, source: Box::new(first) })
}

fn held(record: &FeedRecord) -> Option<Held> {
    let base = record.bulletin.segments.first()?.digest;
    Some(Held { base, sequence: record.bulletin.sequence })
}

fn check_authority(generation: Option<&Generation>, source: &Source, wish: Wish) -> Result<(), SyncError> {
    let Some(generation) = generation else { return Ok(()) };
    if generation.authority(&source.feed) == Some(Authority::Local) {
        return Err(SyncError::Local(source.feed.clone()));
    }
    let (record, kept) = (generation.record(&source.feed), generation.floors.get(&source.feed));
    match (record, kept) {
        (Some(record), Some(_)) if !wish.release => {
            Err(SyncError::RolledBack { feed: source.feed.clone(), sequence: record.bulletin.sequence })
        }
        _ => Ok(()),
    }
}

/// Whether a publication is put in force later. A time of day is that after the publication, so that all sites that have it
/// by then turn together, and one that comes later turns at once.
fn waits(activation: Activation, publication: &Publication, now: Now) -> bool {
    const MINUTES_PER_DAY: i64 = 24 * 60;
    let minute = |time: jiff::Timestamp| time.as_second().div_euclid(60);
    match activation {
        Activation::AtOnce => false,
        Activation::OnCommand => true,
        Activation::At(of_day) => {
            let published = minute(publication.as_of);
            let wait = (i64::from(of_day) - published).rem_euclid(MINUTES_PER_DAY);
            minute(now.time) < published + wait
        }
    }
}

fn gate_error(source: &Source, publication: &Publication, error: GateError) -> SyncError {
    SyncError::Gate { feed: source.feed.clone(), sequence: publication.sequence, source: error }
}

fn index_error(source: &Source) -> impl Fn(IndexError) -> SyncError + '_ {
    |error| SyncError::Index { feed: source.feed.clone(), source: error }
}
