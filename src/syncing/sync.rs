//! One feed brought up to date.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::carry::Carrier;
use super::commit::{Basis, Commit};
use super::files::Files;
use super::gates::{check_previous, check_publication, check_shrink};
use super::plan::{Held, Plan};
use super::refresh::refresh;
use super::waiting::Waiting;
use super::{Activation, GateError, Source, SyncError};
use crate::audit::{Act, AuditLog};
use crate::domain::{Authority, GenerationId};
use crate::feed::mirror::DownloadError;
use crate::feed::{File, Publication};
use crate::ground::causes;
use crate::ground::clock::{Clock, Now};
use crate::ground::storage::Storage;
use crate::index::{self, FeedRecord, Generation, IndexError, segment_path};
use crate::screening::trusted_now;

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
    /// Read the files in force, and fetch again what the disk has spoilt.
    pub repair: bool,
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
    /// The same list, of which a file was spoilt and has come again, is in force in this generation.
    Repaired(GenerationId),
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
    let files = Files::open(&*site.storage, site.data_dir, &source.feed)?;
    let waiting = Waiting::new(site, files.waiting());
    let turned = if wish.dry_run { None } else { turn(site, source, wish, (&files, &waiting), progress)? };
    let synced = bring(site, source, wish, (&files, &waiting), progress);
    match (turned, synced) {
        (Some(turned), Err(error @ SyncError::Refresh { .. })) => {
            tracing::warn!(feed = %source.feed, error = %causes(&error), "what waited is in force; nothing newer came");
            Ok(turned)
        }
        (Some(turned), Ok(synced)) if synced.outcome == Outcome::Current => Ok(turned),
        (_, synced) => synced,
    }
}

/// Puts in force what waits, if its time has come: `None` if it has not.
fn turn(
    site: &Site<'_>,
    source: &Source,
    wish: Wish,
    (files, waiting): (&Files<'_>, &Waiting),
    progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<Option<Synced>, SyncError> {
    let Some(mirror) = waiting.mirror() else { return Ok(None) };
    let here = Source { mirrors: vec![mirror], ..source.clone() };
    match bring(site, &here, wish, (files, waiting), progress) {
        Ok(synced) if synced.outcome == Outcome::Waiting => Ok(None),
        Ok(synced) => Ok(Some(synced)),
        Err(error @ SyncError::Refresh { .. }) => {
            tracing::warn!(feed = %source.feed, error = %causes(&error), "what waited is not put in force");
            waiting.forget()?;
            Ok(None)
        }
        Err(stopped @ SyncError::Interrupted(_)) => Err(stopped),
        // Whatever keeps it from being in force is met again, and told, by what the mirrors have.
        Err(_) => Ok(None),
    }
}

fn bring(
    site: &Site<'_>,
    source: &Source,
    wish: Wish,
    (files, waiting): (&Files<'_>, &Waiting),
    progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<Synced, SyncError> {
    let in_force = index::current(&*site.storage, site.data_dir).map_err(index_error(source))?;
    let generation = in_force.as_ref().map(|(generation, _)| generation);
    let now = trusted_now(site.clock, site.log, generation)?;
    check_authority(generation, source, wish)?;
    let refreshed = refresh(site, source, generation, files, now)?;
    let publication = refreshed.metadata.publication();
    let gate = |error| gate_error(source, publication, error);
    let record = generation.and_then(|generation| generation.record(&source.feed));
    let before = record.and_then(|record| Publication::kept(&record.metadata));
    check_publication(publication, before.as_ref(), source).map_err(gate)?;
    check_previous(&refreshed, record).map_err(gate)?;

    let same = record.is_some_and(|record| {
        record.bulletin.sequence == publication.sequence && record.bulletin.segments == publication.segments()
    });
    let repairs = same && wish.repair && !record.is_some_and(|record| opens(site, record));
    let basis = Basis::of(generation, source);
    let act = if same {
        Act::Sync
    } else {
        basis.check_follows(&refreshed, source)?;
        shrunk(publication, before.as_ref(), source, wish).map_err(gate)?
    };
    let plan = match (repairs, same) {
        (true, _) => Plan::download(publication, &|_| false),
        (false, true) => Plan { steps: Vec::new(), bytes: 0 },
        (false, false) => {
            Plan::of(publication, record.and_then(held), &|digest| files.find(digest).is_some())
        }
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
    // What only older publications need. What this one and the one that waits name stays, whichever way files are had in the end.
    let waits_too = waiting.publication();
    let of_waiting = waits_too.iter().flat_map(Publication::targets);
    files.tidy(&publication.targets().chain(of_waiting).collect::<Vec<_>>());
    let carrier = Carrier { site, source, files };
    let is_here = |file: &File| if repairs { files.has_sound(file) } else { files.has(file) };
    synced.line_bytes = match carrier.fetch(&synced.plan, &is_here, progress) {
        // A mirror may have the list and not every way to it.
        Err(SyncError::Download { source: DownloadError::Mirrors { .. }, .. })
            if synced.plan.rests_on_held() =>
        {
            synced.plan = Plan::download(publication, &|digest| files.find(digest).is_some());
            carrier.fetch(&synced.plan, &is_here, progress)?
        }
        fetched => fetched?,
    };
    if !same && !wish.activate && waits(source.activation, publication, now) {
        waiting.keep(&refreshed)?;
        files.tidy(&publication.targets().collect::<Vec<_>>());
        synced.outcome = Outcome::Waiting;
        return Ok(synced);
    }
    let work = Commit { site, source, refreshed: &refreshed, carrier: &carrier, basis, act };
    synced.outcome = match (repairs, same) {
        (true, _) => work.repair(&synced)?,
        (false, true) => work.vouch()?,
        (false, false) => work.replace(&mut synced, progress)?,
    };
    waiting.forget()?;
    files.tidy(&[]);
    Ok(synced)
}

fn held(record: &FeedRecord) -> Option<Held> {
    let base = record.bulletin.segments.first()?.digest;
    Some(Held { base, sequence: record.bulletin.sequence })
}

/// Whether every byte of the files in force is what it was.
fn opens(site: &Site<'_>, record: &FeedRecord) -> bool {
    record.bulletin.segments.iter().all(|segment| {
        let path = segment_path(site.data_dir, segment.digest);
        let opened = index::open_segment(&*site.storage, &path, segment);
        opened
            .inspect_err(|error| tracing::warn!(error = %causes(error), "a file in force is fetched again"))
            .is_ok()
    })
}

/// What the log calls the act: a list that lost more than the settings allow is an operator's.
fn shrunk(
    publication: &Publication,
    before: Option<&Publication>,
    source: &Source,
    wish: Wish,
) -> Result<Act, GateError> {
    let Some(before) = before else { return Ok(Act::Sync) };
    match check_shrink(&publication.list, &before.list, source.shrink_max) {
        Ok(()) => Ok(Act::Sync),
        Err(_) if wish.accept_shrink => Ok(Act::SyncShrunk),
        Err(error) => Err(error),
    }
}

fn check_authority(generation: Option<&Generation>, source: &Source, wish: Wish) -> Result<(), SyncError> {
    let Some(generation) = generation else { return Ok(()) };
    if generation.authority(&source.feed) == Some(Authority::Local) {
        return Err(SyncError::Local(source.feed.clone()));
    }
    if wish.release || !generation.is_held(&source.feed) {
        return Ok(());
    }
    Err(match generation.record(&source.feed) {
        Some(record) => {
            SyncError::RolledBack { feed: source.feed.clone(), sequence: record.bulletin.sequence }
        }
        None => SyncError::RolledBackAway(source.feed.clone()),
    })
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

pub(super) fn gate_error(source: &Source, publication: &Publication, error: GateError) -> SyncError {
    SyncError::Gate { feed: source.feed.clone(), sequence: publication.sequence, source: error }
}

pub(super) fn index_error(source: &Source) -> impl Fn(IndexError) -> SyncError + '_ {
    |error| SyncError::Index { feed: source.feed.clone(), source: error }
}
