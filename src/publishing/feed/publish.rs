//! Changes that wait become the next publication.

use jiff::Timestamp;

use super::account::Account;
use super::folder::{Pending, PendingKind, name};
use super::settings::CanaryDocument;
use super::{FeedError, FeedFolder, FeedSettings, sums};
use crate::domain::{Digest, Kind, Notice, SegmentRef, SegmentRole, Status};
use crate::feed::{Canaries, Canary, Earlier, File, Increment, Metadata, Publication, Signers};
use crate::ground::platform::Mapping;
use crate::ground::storage::Paced;
use crate::index::{
    self, Amendment, Builder, Edit, IndexError, List, Publisher, READER, Segment, Staged, Stamp,
};
use sha2::{Digest as _, Sha256};

/// What was published.
#[derive(Clone, Debug)]
pub struct Published {
    /// What every reader may know of it.
    pub publication: Publication,
    /// What it changed.
    pub account: Account,
}

/// The most documents that are changed at once, in memory.
const DOCUMENTS_MAX: u64 = 16_000_000;
/// Increments that stay: a site that was away for so many publications pays for what changed and no more.
const INCREMENTS_KEPT: usize = 48;
/// How long a site may be away and still fold its way to the newest base.
const EARLIER_KEPT: jiff::SignedDuration = jiff::SignedDuration::from_hours(90 * 24);

/// Publishes what waits as the list as of a time, and removes it from what waits.
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
    let publisher = folder.lock()?;
    let before = folder.repository.current()?;
    let pending = folder.pending()?;
    if pending.is_empty() {
        return Err(FeedError::NothingPending);
    }
    check_time(as_of, now, before.as_ref())?;
    let sequence = before.as_ref().map_or(Some(1), |before| before.publication().sequence.checked_add(1));
    let stamp = Stamp { sequence: sequence.ok_or(FeedError::NoSequence)?, as_of };
    let work = Work { folder, settings, publisher: &publisher, stamp };
    let canaries = work.canaries()?;
    let made = match &before {
        None => work.first(&pending, &canaries, progress)?,
        Some(before) => work.next(before, &pending, &canaries, now, progress)?,
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
        lineage: before.as_ref().filter(|_| closing.is_some() || delta.is_some()).map_or_else(
            || lineage(&settings.feed, stamp.sequence, base.sha256),
            |before| before.publication().lineage.clone(),
        ),
        seed: 0,
        previous: folder.repository.targets_bytes()?.map(|bytes| Digest(Sha256::digest(&bytes).into())),
        increments: increments(before.as_ref(), increment),
        earlier: earlier(before.as_ref(), closing, now, base.sequence == stamp.sequence),
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
    folder.remove_pending(&pending)?;
    Ok(Published { publication, account })
}

struct Work<'w> {
    folder: &'w FeedFolder,
    settings: &'w FeedSettings,
    publisher: &'w Publisher,
    stamp: Stamp,
}

/// The files of a publication, in their places, and what they list.
struct Made {
    base: File,
    delta: Option<File>,
    increment: Option<Increment>,
    /// What the base before needs to become this one.
    closing: Option<Earlier>,
    list: List<Mapping>,
    account: Account,
    statuses: Statuses,
}

enum Statuses {
    Counted,
    After(crate::feed::Sums, Box<Amendment>),
}

impl Work<'_> {
    /// The first list, or one that has nothing to do with the list before.
    fn first(
        &self,
        pending: &[Pending],
        canaries: &Segment<Mapping>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Made, FeedError> {
        let whole = self.whole(pending, canaries)?;
        let staged = self.fold(&whole, progress)?;
        let base = self.target(staged, &name("base", &self.settings.feed, &[self.stamp.sequence]))?;
        let list = self.open(&base, None)?;
        list.verify().map_err(|_| FeedError::SelfTest)?;
        let difference =
            index::Difference { new: list.state_digest().notices, ..index::Difference::default() };
        let documents = list.base().header().documents();
        let account = Account { difference, unknown: 0, overtaken: 0, documents };
        let (increment, closing) = (None, None);
        Ok(Made { base, delta: None, increment, closing, list, account, statuses: Statuses::Counted })
    }

    fn next(
        &self,
        before: &Metadata,
        pending: &[Pending],
        canaries: &Segment<Mapping>,
        now: Timestamp,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Made, FeedError> {
        let old = self.folder.list(before)?;
        let sums = before.publication().list.clone();
        let amendment = match self.amendment(&old, pending, canaries) {
            // So much is new that a list of its own costs readers less.
            Err(FeedError::Index(IndexError::DeltaTooLarge { .. })) => {
                return self.first(pending, canaries, progress);
            }
            amendment => amendment?,
        };
        let account = Account::of(&amendment, &old, now)?;
        let feed = &self.settings.feed;
        let sequence = self.stamp.sequence;
        let from = before.publication().sequence;
        let mut staged = self.publisher.stage()?;
        let written = amendment.write_increment(&old, self.stamp, &mut Paced::new(staged.file(), None))?;
        let file = self.target(
            (staged, written, amendment.state_digest().sum),
            &name("increment", feed, &[from, sequence]),
        )?;
        let increment = Some(Increment { from, file });
        let mut staged = self.publisher.stage()?;
        let written = amendment.write_cumulative(&old, self.stamp, &mut Paced::new(staged.file(), None))?;
        let old_base = before.publication().base.clone();
        let file = self.target(
            (staged, written, amendment.state_digest().sum),
            &name("delta", feed, &[old_base.sequence, sequence]),
        )?;
        let segment = index::open_segment(
            &*self.folder.storage,
            &self.folder.repository.path_of(&file),
            &file.segment(SegmentRole::Delta),
        )?;
        let documents = segment.header().documents();
        let statuses = Statuses::After(sums, Box::new(amendment));
        if documents <= self.settings.delta_documents_max.min(index::DELTA_DOCUMENTS_MAX) {
            let list = self.open(&old_base, Some(segment))?;
            list.verify_delta().map_err(|_| FeedError::SelfTest)?;
            return Ok(Made {
                base: old_base,
                delta: Some(file),
                increment,
                closing: None,
                list,
                account,
                statuses,
            });
        }
        let base_segment = self.open_base(&old_base)?;
        let list = List::to_fold(base_segment, Some(segment)).map_err(|_| FeedError::SelfTest)?;
        let staged = self.fold(&list, progress)?;
        let base = self.target(staged, &name("base", feed, &[sequence]))?;
        let list = self.open(&base, None)?;
        list.verify().map_err(|_| FeedError::SelfTest)?;
        let closing = Some(Earlier { base: old_base, closing: file });
        Ok(Made { base, delta: None, increment, closing, list, account, statuses })
    }

    /// What the changes that wait make of a list.
    fn amendment(
        &self,
        old: &List<Mapping>,
        pending: &[Pending],
        canaries: &Segment<Mapping>,
    ) -> Result<Amendment, FeedError> {
        if pending.iter().all(|pending| pending.kind != PendingKind::Whole) {
            let segments = self.segments(pending)?;
            let mut edits = edits(pending, &segments);
            edits.push(Edit::Add(canaries));
            return Ok(Amendment::of_edits(old, &edits, DOCUMENTS_MAX)?);
        }
        let whole = self.whole(pending, canaries)?;
        let staged = self.fold(&whole, &mut |_, _| {})?;
        let now = staged.0.segment(&staged.1)?;
        let mut delta = self.publisher.stage()?;
        let mut file = Paced::new(delta.file(), None);
        let written = index::delta(old.base(), &now, self.stamp, DOCUMENTS_MAX, &mut file)?;
        let delta = delta.segment(&written)?;
        Ok(Amendment::between(old, Some(&delta), DOCUMENTS_MAX)?)
    }

    /// The list that the changes make by themselves: from the last whole one on.
    fn whole(&self, pending: &[Pending], canaries: &Segment<Mapping>) -> Result<List<Mapping>, FeedError> {
        let from = pending.iter().rposition(|pending| pending.kind == PendingKind::Whole).unwrap_or(0);
        let (first, rest) = pending[from..].split_first().ok_or(FeedError::NothingPending)?;
        if first.kind == PendingKind::Withdraw {
            return Err(FeedError::NothingToWithdraw);
        }
        let list = |base| List::new(base, None).map_err(|_| FeedError::SelfTest);
        let base = list(self.folder.open(first)?)?;
        let segments = self.segments(rest)?;
        let mut edits = edits(rest, &segments);
        edits.push(Edit::Add(canaries));
        let amendment = Amendment::of_edits(&base, &edits, DOCUMENTS_MAX)?;
        if amendment.is_empty() {
            return Ok(base);
        }
        let mut staged = self.publisher.stage()?;
        let written = amendment.write_cumulative(&base, self.stamp, staged.file())?;
        let delta = staged.segment(&written)?;
        List::to_fold(self.folder.open(first)?, Some(delta)).map_err(|_| FeedError::SelfTest)
    }

    fn segments(&self, pending: &[Pending]) -> Result<Vec<Segment<Mapping>>, FeedError> {
        pending.iter().map(|pending| self.folder.open(pending)).collect()
    }

    fn fold(
        &self,
        list: &List<Mapping>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(Staged, SegmentRef, u128), FeedError> {
        let mut staged = self.publisher.stage()?;
        let written = index::fold(list, self.stamp, &mut Paced::new(staged.file(), None), progress)?;
        Ok((staged, written, list.state_digest().sum))
    }

    fn target(
        &self,
        (staged, written, sum): (Staged, SegmentRef, u128),
        name: &str,
    ) -> Result<File, FeedError> {
        self.folder.target(self.publisher, staged, &written, (self.stamp, sum, name.to_owned()))
    }

    fn open(&self, base: &File, delta: Option<Segment<Mapping>>) -> Result<List<Mapping>, FeedError> {
        List::new(self.open_base(base)?, delta).map_err(|_| FeedError::SelfTest)
    }

    fn open_base(&self, base: &File) -> Result<Segment<Mapping>, FeedError> {
        let path = self.folder.repository.path_of(base);
        Ok(index::open_segment(&*self.folder.storage, &path, &base.segment(SegmentRole::Base))?)
    }

    /// The documents that are to be found, as a segment to be added.
    fn canaries(&self) -> Result<Segment<Mapping>, FeedError> {
        let mut builder = Builder::new();
        self.settings.canaries.0.iter().try_for_each(|document| builder.push(&listed(document)))?;
        let mut staged = self.publisher.stage()?;
        let built = builder.finish(self.stamp, staged.file(), &mut |_, _| {})?;
        Ok(staged.segment(&built.segment)?)
    }
}

fn edits<'s>(pending: &[Pending], segments: &'s [Segment<Mapping>]) -> Vec<Edit<'s, Mapping>> {
    let edit = |(pending, segment): (&Pending, &'s Segment<Mapping>)| match pending.kind {
        PendingKind::Add | PendingKind::Whole => Edit::Add(segment),
        PendingKind::Withdraw => Edit::Withdraw(segment),
    };
    pending.iter().zip(segments).map(edit).collect()
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
