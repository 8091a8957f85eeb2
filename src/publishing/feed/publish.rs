//! Changes that wait become the next publication.

use jiff::Timestamp;

use super::account::Account;
use super::expiry::renewal_is_due;
use super::folder::Pending;
use super::make::{Made, Statuses, Work};
use super::settings::CanaryDocument;
use super::{FeedError, FeedFolder, FeedSettings, sums};
use crate::domain::{Digest, Kind, Notice, Status};
use crate::feed::{Canaries, Canary, Earlier, Increment, Metadata, Publication, Signers, targets_digest};
use crate::ground::platform::Mapping;
use crate::index::{List, Publisher, READER, Stamp};
use sha2::{Digest as _, Sha256};

/// What was published.
#[derive(Clone, Debug)]
pub struct Published {
    /// What every reader may know of it.
    pub publication: Publication,
    /// What it changed.
    pub account: Account,
}

/// Increments that stay: a site that was away for so many publications pays for what changed and no more.
const INCREMENTS_KEPT: usize = 48;
/// How long a site may be away and still fold its way to the newest base.
const EARLIER_KEPT: jiff::SignedDuration = jiff::SignedDuration::from_hours(90 * 24);

/// Publishes what waits as the list as of a time, and removes it from what waits. Where nothing waits the list is
/// [renewed](renew) if it would soon be accepted no more.
///
/// Readers see the publication before or this one. Whatever fails, doing it again is safe.
///
/// # Errors
/// [`FeedError`].
pub fn publish(
    folder: &FeedFolder,
    settings: &FeedSettings,
    signers: &Signers,
    as_of: Timestamp,
    now: Timestamp,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Published, FeedError> {
    let is_due = |before: &Metadata| renewal_is_due(before, &settings.lifetimes, now);
    publish_or(&is_due, folder, settings, signers, (as_of, now), progress)
}

/// Publishes what waits as [`publish`] does, and where nothing waits the same list again, so that it is accepted for longer.
///
/// # Errors
/// [`FeedError`].
pub fn renew(
    folder: &FeedFolder,
    settings: &FeedSettings,
    signers: &Signers,
    as_of: Timestamp,
    now: Timestamp,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Published, FeedError> {
    let published = publish_or(&|_| true, folder, settings, signers, (as_of, now), progress);
    published.map_err(|error| match error {
        // Whatever is published may be published again.
        FeedError::NothingPending => FeedError::NothingPublished,
        error => error,
    })
}

fn publish_or(
    renews: &dyn Fn(&Metadata) -> bool,
    folder: &FeedFolder,
    settings: &FeedSettings,
    signers: &Signers,
    (as_of, now): (Timestamp, Timestamp),
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Published, FeedError> {
    let publisher = folder.lock()?;
    let (before, pending) = (folder.standing()?, folder.pending()?);
    if pending.is_empty() && !before.as_ref().is_some_and(renews) {
        return Err(FeedError::NothingPending);
    }
    let next = Next { folder, settings, publisher: &publisher, before: before.as_ref(), pending: &pending };
    next.publish(signers, as_of, now, progress)
}

/// What becomes the next publication, with the folder locked.
pub(super) struct Next<'n> {
    pub(super) folder: &'n FeedFolder,
    pub(super) settings: &'n FeedSettings,
    pub(super) publisher: &'n Publisher,
    pub(super) before: Option<&'n Metadata>,
    pub(super) pending: &'n [Pending],
}

impl Next<'_> {
    pub(super) fn publish(
        &self,
        signers: &Signers,
        as_of: Timestamp,
        now: Timestamp,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Published, FeedError> {
        let Self { folder, settings, publisher, before, pending } = *self;
        check_time(as_of, now, before)?;
        let sequence = before.map_or(Some(1), |before| before.publication().sequence.checked_add(1));
        let stamp = Stamp { sequence: sequence.ok_or(FeedError::NoSequence)?, as_of };
        let work = Work { folder, settings, publisher, stamp };
        let canaries = work.canaries()?;
        let made = match before {
            None => work.base(None, (pending, &canaries), now, progress)?,
            Some(before) => work.next(before, (pending, &canaries), now, progress)?,
        };
        let Made { base, delta, increment, closing, list, account, statuses } = made;
        check_canaries(&list, settings)?;
        let sums = match statuses {
            Statuses::Counted => sums::of_list(&list)?,
            Statuses::After(before, amendment) => {
                sums::after(&list, &before, (amendment.counts_before(), amendment.counts_after()))?
            }
        };
        if sums.notices == 0 {
            return Err(FeedError::Empty);
        }
        let publication = Publication {
            format: Publication::FORMAT,
            feed: settings.feed.clone(),
            sequence: stamp.sequence,
            as_of,
            lineage: before.filter(|_| closing.is_some() || delta.is_some()).map_or_else(
                || lineage(&settings.feed, stamp.sequence, base.sha256),
                |before| before.publication().lineage.clone(),
            ),
            seed: 0,
            previous: folder.repository.files()?.as_ref().and_then(targets_digest),
            increments: increments(before, increment),
            earlier: earlier(before, closing, now, base.sequence == stamp.sequence),
            base,
            delta,
            list: sums,
            canaries: Canaries {
                hit: settings.canaries.0.iter().map(canary).collect(),
                miss: settings.canaries.1.iter().map(canary).collect(),
            },
            min_reader: READER,
            terms: settings.terms.clone(),
        };
        folder.repository.publish(&publication, as_of, signers, &settings.lifetimes, now)?;
        folder.remove_pending(pending)?;
        folder.end_handover()?;
        Ok(Published { publication, account })
    }
}

pub(super) fn listed(document: &CanaryDocument) -> Notice {
    let (kind, status, reported_on, review_on) = (Kind::Other, Status::Invalid, None, None);
    Notice { document: *document, kind, status, reported_on, review_on, reference: None, alias: false }
}

fn canary(document: &CanaryDocument) -> Canary {
    Canary {
        issuing_state: document.issuing_state.code().to_owned(),
        document_number: document.number.as_str().to_owned(),
    }
}

fn check_time(as_of: Timestamp, now: Timestamp, before: Option<&Metadata>) -> Result<(), FeedError> {
    if as_of > now {
        return Err(FeedError::FromTheFuture { as_of });
    }
    match before.map(Metadata::as_of) {
        Some(before) if as_of < before => Err(FeedError::AsOfEarlier { as_of, before }),
        _ => Ok(()),
    }
}

fn check_canaries(list: &List<Mapping>, settings: &FeedSettings) -> Result<(), FeedError> {
    let listed = |document: &CanaryDocument| {
        list.find(document).map(|found| !found.is_empty()).map_err(|_| FeedError::SelfTest)
    };
    let (hit, miss) = &settings.canaries;
    let hit = hit.iter().map(listed).collect::<Result<Vec<_>, _>>()?;
    let miss = miss.iter().map(listed).collect::<Result<Vec<_>, _>>()?;
    if hit.contains(&false) || miss.contains(&true) { Err(FeedError::Canary) } else { Ok(()) }
}

fn increments(before: Option<&Metadata>, new: Option<Increment>) -> Vec<Increment> {
    let Some(new) = new else { return Vec::new() };
    let kept = before.map(|before| before.publication().increments.as_slice()).unwrap_or_default();
    let from = (kept.len() + 1).saturating_sub(INCREMENTS_KEPT);
    kept[from..].iter().cloned().chain([new]).collect()
}

fn earlier(
    before: Option<&Metadata>,
    closing: Option<Earlier>,
    now: Timestamp,
    is_new_base: bool,
) -> Vec<Earlier> {
    if is_new_base && closing.is_none() {
        return Vec::new();
    }
    let kept = before.map(|before| before.publication().earlier.as_slice()).unwrap_or_default();
    let young = |earlier: &&Earlier| now.duration_since(earlier.closing.as_of) <= EARLIER_KEPT;
    kept.iter().filter(young).cloned().chain(closing).collect()
}

/// Names what bases descend from, by the first of them.
fn lineage(feed: &crate::domain::FeedName, sequence: u64, base: Digest) -> String {
    let digest = Digest(Sha256::digest(format!("{feed} {sequence} {base}")).into()).to_string();
    digest[..32].to_owned()
}
