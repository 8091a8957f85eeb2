//! The files of a publication: a delta beside the base before, or a base.

use jiff::Timestamp;

use super::account::Account;
use super::anew::Unseen;
use super::folder::{Pending, PendingKind, name};
use super::publish::listed;
use super::{FeedError, FeedFolder, FeedSettings};
use crate::domain::{SegmentRef, SegmentRole};
use crate::feed::{Earlier, File, Increment, Metadata};
use crate::ground::platform::Mapping;
use crate::ground::storage::Paced;
use crate::index::{self, Amendment, Builder, Edit, IndexError, List, Publisher, Segment, Staged, Stamp};

/// The making of one publication.
pub(super) struct Work<'w> {
    pub(super) folder: &'w FeedFolder,
    pub(super) settings: &'w FeedSettings,
    pub(super) publisher: &'w Publisher,
    pub(super) stamp: Stamp,
}

/// The files of a publication, in their places, and what they list.
pub(super) struct Made {
    pub(super) base: File,
    pub(super) delta: Option<File>,
    pub(super) increment: Option<Increment>,
    /// What the base before needs to become this one.
    pub(super) closing: Option<Earlier>,
    pub(super) list: List<Mapping>,
    pub(super) account: Account,
    pub(super) statuses: Statuses,
}

pub(super) enum Statuses {
    Counted,
    After(crate::feed::Sums, Box<Amendment>),
}

impl Work<'_> {
    /// The first list, or the next as one that no reader can come to from the list before.
    pub(super) fn base(
        &self,
        before: Option<&List<Mapping>>,
        (pending, canaries): (&[Pending], &Segment<Mapping>),
        now: Timestamp,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Made, FeedError> {
        let from = pending.iter().rposition(|pending| pending.kind == PendingKind::Whole);
        let (staged, unseen) = match before {
            Some(before) if from.is_none() => self.anew(Some(before), pending, canaries, progress)?,
            _ => match self.whole(pending, canaries) {
                Err(FeedError::Index(IndexError::DeltaTooLarge { .. })) => {
                    self.anew(None, &pending[from.unwrap_or(0)..], canaries, progress)?
                }
                whole => (self.fold(&whole?, progress)?, Unseen::default()),
            },
        };
        let base = self.target(staged, &name("base", &self.settings.feed, &[self.stamp.sequence]))?;
        let list = self.open(&base, None)?;
        list.verify().map_err(|_| FeedError::SelfTest)?;
        let all = index::Difference { new: list.state_digest().notices, ..index::Difference::default() };
        let difference = before.map_or(Ok(all), |before| list.difference(before, now));
        let account = Account {
            difference: difference.map_err(|_| IndexError::Damaged)?,
            unknown: unseen.unknown,
            overtaken: unseen.overtaken,
            documents: list.base().header().documents(),
        };
        let (increment, closing) = (None, None);
        Ok(Made { base, delta: None, increment, closing, list, account, statuses: Statuses::Counted })
    }

    /// The list after another. Nothing need wait: the same list is published again, to last longer.
    pub(super) fn next(
        &self,
        before: &Metadata,
        (pending, canaries): (&[Pending], &Segment<Mapping>),
        now: Timestamp,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Made, FeedError> {
        let old = self.folder.list(before)?;
        let sums = before.publication().list.clone();
        let amendment = match self.amendment(&old, pending, canaries) {
            // So much changes that a list of its own costs readers less.
            Err(FeedError::Index(IndexError::DeltaTooLarge { .. })) => {
                return self.base(Some(&old), (pending, canaries), now, progress);
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
            return Ok(Amendment::of_edits(old, &edits, self.settings.changes_max)?);
        }
        let whole = self.whole(pending, canaries)?;
        let staged = self.fold(&whole, &mut |_, _| {})?;
        let now = staged.0.segment(&staged.1)?;
        let mut delta = self.publisher.stage()?;
        let mut file = Paced::new(delta.file(), None);
        let written = index::delta(old.base(), &now, self.stamp, self.settings.changes_max, &mut file)?;
        let delta = delta.segment(&written)?;
        Ok(Amendment::between(old, Some(&delta), self.settings.changes_max)?)
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
        let amendment = Amendment::of_edits(&base, &edits, self.settings.changes_max)?;
        if amendment.is_empty() {
            return Ok(base);
        }
        let mut staged = self.publisher.stage()?;
        let written = amendment.write_cumulative(&base, self.stamp, staged.file())?;
        let delta = staged.segment(&written)?;
        List::to_fold(self.folder.open(first)?, Some(delta)).map_err(|_| FeedError::SelfTest)
    }

    pub(super) fn segments(&self, pending: &[Pending]) -> Result<Vec<Segment<Mapping>>, FeedError> {
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
    pub(super) fn canaries(&self) -> Result<Segment<Mapping>, FeedError> {
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
