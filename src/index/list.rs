//! What a feed lists: a base, and a delta that says what is new since.

use std::collections::HashSet;

use crate::domain::{DocumentId, IssuingState, Notice, SegmentRole};
use crate::ground::platform::Work;

use super::asked::{Asked, Group, ask_in_groups};
use super::build::{MIXER, Tally};
use super::filter::Filter;
use super::format::{Header, Stamp};
use super::segment::{Said, notices_of, push_notices};
use super::table::Keys;
use super::view::notices;
use super::{Damaged, Key, LONGER_LEN_MIN, LONGER_MAX, Longer, Segment, SegmentError, StateDigest};

/// One base, with its delta if there is one, over bytes that hold the whole files. Answers are those of the list that
/// both make.
#[derive(Debug)]
pub struct List<B> {
    base: Segment<B>,
    delta: Option<Delta<B>>,
}

#[derive(Debug)]
struct Delta<B> {
    segment: Segment<B>,
    /// Of the documents with keys.
    filter: Filter,
}

/// The most documents that a delta may have to be asked beside its base: with more it is to be folded.
pub const DELTA_DOCUMENTS_MAX: u64 = 1 << 20;

impl<B: AsRef<[u8]>> List<B> {
    /// Puts a base and its delta together.
    ///
    /// # Errors
    /// [`SegmentError`] if one is not what it should be, if the delta is of another base, or if it is too large.
    pub fn new(base: Segment<B>, delta: Option<Segment<B>>) -> Result<Self, SegmentError> {
        check_base(&base)?;
        let delta = delta.map(|segment| Delta::of(segment, base.header())).transpose()?;
        Ok(Self { base, delta })
    }

    /// The same whatever number of documents the delta has, for folding it and for amending. It is never to be served: to
    /// hold no memory for the delta, it asks of it for every document that it is asked about.
    ///
    /// # Errors
    /// [`SegmentError`] if one is not what it should be, or if the delta is of another base.
    pub fn to_fold(base: Segment<B>, delta: Option<Segment<B>>) -> Result<Self, SegmentError> {
        check_base(&base)?;
        let delta = delta.map(|segment| Delta::unfiltered(segment, base.header())).transpose()?;
        Ok(Self { base, delta })
    }

    /// Checks both, and that the delta makes of its base what it says.
    ///
    /// # Errors
    /// [`SegmentError`] says what is wrong.
    pub fn verify(&self) -> Result<(), SegmentError>
    where
        B: Sync,
    {
        self.base.verify()?;
        self.verify_delta()
    }

    /// Checks the delta alone, over a base that was checked before.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_delta(&self) -> Result<(), SegmentError>
    where
        B: Sync,
    {
        let Some(Delta { segment, .. }) = &self.delta else { return Ok(()) };
        segment.verify()?;
        let tallies = || {
            let (before, now) = self.tally_of_changed(segment)?;
            Ok((Tally::stated(self.base.view())?.changed(&before, &now)?, Tally::stated(segment.view())?))
        };
        let (both, stated) = tallies().map_err(|Damaged| SegmentError::Unreadable)?;
        both.check(&stated)?;
        if both.digits_lengths == stated.digits_lengths {
            Ok(())
        } else {
            Err(SegmentError::Sums("lengths of numbers by issuing state"))
        }
    }

    /// What its base and it say of the documents of the delta.
    fn tally_of_changed(&self, delta: &Segment<B>) -> Result<(Tally, Tally), Damaged> {
        let (mut before, mut now) = (Tally::new(), Tally::new());
        for changed in delta.documents() {
            let (document, said) = changed?;
            let base = self.base.said(&Asked::of(&document))?;
            if base == Some(said) || (base.is_none() && said == Said::Gone) {
                return Err(Damaged);
            }
            if let Some(said) = base {
                before.add_set(&document, said.set())?;
            }
            now.add_set(&document, said.set())?;
        }
        Ok((before, now))
    }

    /// Every notice on a document; see [`Segment::find`].
    ///
    /// # Errors
    /// [`Damaged`] if the bytes of one are no longer those that were checked.
    pub fn find(&self, document: &DocumentId) -> Result<Vec<Notice>, Damaged> {
        self.find_asked(document, &Asked::of(document))
    }

    #[inline]
    pub(super) fn find_asked(
        &self,
        document: &DocumentId,
        asked: &Asked<'_>,
    ) -> Result<Vec<Notice>, Damaged> {
        match self.said(asked)? {
            Some(Said::Set(set)) => notices(*document, set).collect(),
            Some(Said::Gone) | None => Ok(Vec::new()),
        }
    }

    /// What is listed of a document; of the delta if it says something of it.
    #[inline]
    pub(super) fn said(&self, asked: &Asked<'_>) -> Result<Option<Said<'_>>, Damaged> {
        if let Some(delta) = &self.delta {
            let changed = if delta.may_have(asked) { delta.segment.said(asked)? } else { None };
            if changed.is_some() {
                return Ok(changed.filter(|said| *said != Said::Gone));
            }
        }
        self.base.said(asked)
    }

    /// The set of a document; empty if it is not listed.
    pub(super) fn set(&self, asked: &Asked<'_>) -> Result<&[u8], Damaged> {
        Ok(self.said(asked)?.map_or(&[], Said::set))
    }

    /// Whether the delta says something of a document.
    pub(super) fn changes(&self, asked: &Asked<'_>) -> Result<bool, Damaged> {
        match &self.delta {
            Some(delta) if delta.may_have(asked) => Ok(delta.segment.said(asked)?.is_some()),
            _ => Ok(false),
        }
    }

    /// Every notice on some documents; see [`Segment::find_batch`].
    ///
    /// # Errors
    /// [`Damaged`] if the bytes of one are no longer those that were checked.
    pub fn find_batch(&self, documents: &[DocumentId]) -> Result<Vec<(usize, Notice)>, Damaged> {
        let (mut found, mut damaged) = (Vec::new(), Ok(()));
        let look = |first: usize, group: &Group<'_>, next: &Group<'_>| {
            damaged = damaged.and(self.find_group((first, group), next, &mut found));
        };
        ask_in_groups(self.base.vectors(), documents, |group| self.fetch(group), look);
        damaged.map(|()| found)
    }

    /// Asks memory for what [`find_group`](Self::find_group) will look at; what it asks of a delta is near.
    #[inline]
    pub(super) fn fetch(&self, group: &Group<'_>) {
        self.base.fetch(group);
    }

    /// Every notice on the documents of a group, of which the first has this place; memory is asked for the next.
    #[inline]
    pub(super) fn find_group(
        &self,
        (first, group): (usize, &Group<'_>),
        next: &Group<'_>,
        found: &mut Vec<(usize, Notice)>,
    ) -> Result<(), Damaged> {
        let mut said = self.base.said_of(group, next)?;
        if let Some(delta) = &self.delta {
            let changed = delta.said_of(group)?;
            if !changed.is_empty() {
                let is_changed = |at: &usize| changed.binary_search_by_key(at, |(at, _)| *at).is_ok();
                said.retain(|(at, _)| !is_changed(at));
                said.extend(changed);
                said.sort_unstable_by_key(|(at, _)| *at);
            }
        }
        said.into_iter().try_for_each(|(at, said)| push_notices(first + at, &group.document(at), said, found))
    }

    /// Every notice on documents with longer numbers; see [`Segment::find_longer`].
    ///
    /// # Errors
    /// [`Damaged`] if the bytes of one are no longer those that were checked.
    pub fn find_longer(&self, document: &DocumentId) -> Result<Longer, Damaged> {
        let too_short = document.number.as_bytes().len() < LONGER_LEN_MIN;
        let Some(delta) = self.delta.as_ref().filter(|_| !too_short) else {
            return self.base.find_longer(document);
        };
        let changed = delta.segment.longer(document, usize::MAX)?;
        let mut found = self.base.longer(document, LONGER_MAX + 1 + changed.len())?;
        let is_changed: HashSet<_> = changed.iter().map(|(document, _)| *document).collect();
        found.retain(|(document, _)| !is_changed.contains(document));
        found.extend(changed);
        // As each of them has it: by key, then those without by their characters.
        found.sort_unstable_by_key(|(document, _)| {
            let key = Key::pack(document).map(Key::bits);
            (key.is_none(), key, document.number)
        });
        let mut longer = Longer::default();
        found.into_iter().try_for_each(|(document, said)| longer.add(document, said))?;
        Ok(longer)
    }

    /// Every notice, those of a document together. After the first [`Damaged`] nothing is to be relied on.
    pub fn notices(&self) -> impl Iterator<Item = Result<Notice, Damaged>> + '_ {
        notices_of(self.documents())
    }

    /// Every document that is listed.
    fn documents(&self) -> impl Iterator<Item = Result<(DocumentId, Said<'_>), Damaged>> + '_ {
        let kept = self.base.documents().filter_map(|said| {
            let kept = said.and_then(|(document, said)| {
                let changed = self.changes(&Asked::of(&document))?;
                Ok((!changed).then_some((document, said)))
            });
            kept.transpose()
        });
        let new = self.delta.iter().flat_map(|delta| delta.segment.documents());
        kept.chain(new.filter(|said| !matches!(said, Ok((_, Said::Gone)))))
    }

    /// How many notices there are on documents of a state.
    #[must_use]
    pub fn reports(&self, state: IssuingState) -> u64 {
        self.last().reports(state)
    }

    /// Digest and count of the live notices.
    #[must_use]
    pub fn state_digest(&self) -> StateDigest {
        self.last().header().state_digest
    }

    /// What its publication is called.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        self.last().header().stamp
    }

    /// The base.
    #[must_use]
    pub fn base(&self) -> &Segment<B> {
        &self.base
    }

    /// The delta.
    #[must_use]
    pub fn delta(&self) -> Option<&Segment<B>> {
        self.delta.as_ref().map(|delta| &delta.segment)
    }

    /// Takes it apart again.
    #[must_use]
    pub fn into_segments(self) -> (Segment<B>, Option<Segment<B>>) {
        (self.base, self.delta.map(|delta| delta.segment))
    }

    /// Its files.
    pub fn segments(&self) -> impl Iterator<Item = &Segment<B>> {
        std::iter::once(&self.base).chain(self.delta())
    }

    /// The one that sums the list up.
    pub(super) fn last(&self) -> &Segment<B> {
        self.delta().unwrap_or(&self.base)
    }
}

fn check_base<B: AsRef<[u8]>>(segment: &Segment<B>) -> Result<(), SegmentError> {
    match segment.header().role {
        SegmentRole::Base => Ok(()),
        SegmentRole::Delta => Err(SegmentError::Role { expected: SegmentRole::Base }),
    }
}

impl<B: AsRef<[u8]>> Delta<B> {
    fn unfiltered(segment: Segment<B>, base: &Header) -> Result<Self, SegmentError> {
        segment.header().check_changes(base.state_digest)?;
        Ok(Self { filter: Filter::of_anything(), segment })
    }

    fn of(segment: Segment<B>, base: &Header) -> Result<Self, SegmentError> {
        let header = segment.header();
        header.check_changes(base.state_digest)?;
        if header.documents() > DELTA_DOCUMENTS_MAX {
            return Err(SegmentError::DeltaTooLarge {
                documents: header.documents(),
                most: DELTA_DOCUMENTS_MAX,
            });
        }
        let view = segment.view();
        let mixer = header.shape.mixer;
        let h = |entry: Result<(u64, _), Damaged>| entry.map(|(h, _)| MIXER.mix(mixer.unmix(h)));
        let keys: Vec<_> =
            view.entries().map(h).collect::<Result<_, _>>().map_err(|_| SegmentError::Unreadable)?;
        Ok(Self { filter: Filter::of(&keys), segment })
    }

    /// False if it says nothing of a document; of those without keys it is asked always.
    #[inline]
    fn may_have(&self, asked: &Asked<'_>) -> bool {
        match *asked {
            Asked::Keyed(h) => self.filter.may_have(h),
            Asked::Long(_) => true,
        }
    }

    #[inline]
    fn said_of(&self, group: &Group<'_>) -> Result<Vec<(usize, Said<'_>)>, Damaged> {
        let mut found = Vec::new();
        let mut asked =
            self.segment.vectors().run(Filtering { filter: &self.filter, keys: group.own_keys() });
        asked |= group.long_bits();
        while asked > 0 {
            let at = asked.trailing_zeros() as usize;
            asked &= asked - 1;
            if at < group.len() {
                let said = self.segment.said(&Asked::of(&group.document(at)))?;
                found.extend(said.map(|said| (at, said)));
            }
        }
        Ok(found)
    }
}

/// Asks a filter about a group, compiled for whatever vectors there are; a bit for each that it may have.
struct Filtering<'g> {
    filter: &'g Filter,
    keys: &'g Keys,
}

impl Work for Filtering<'_> {
    type Output = u64;

    #[inline(always)]
    fn run(self) -> u64 {
        let may_have = |(at, h): (usize, &u64)| u64::from(self.filter.may_have(*h)) << at;
        self.keys.mixed.iter().enumerate().map(may_have).fold(0, |all, one| all | one)
    }
}
