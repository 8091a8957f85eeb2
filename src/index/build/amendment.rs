//! What is changed in a list, known by what changes alone.

use jiff::Timestamp;

use crate::domain::{DocumentId, SegmentRef, SegmentRole};
use crate::ground::storage::StorageFile;
use crate::index::asked::Asked;
use crate::index::{
    Counts, Damaged, Difference, IndexError, List, Segment, SegmentError, Stamp, StateDigest,
};

use super::amending::Amending;
use super::changes::Changes;
use super::tally::Tally;

/// One step of what becomes of a list. The segments are bases that a [`Builder`](super::Builder) made of a register.
#[derive(Debug)]
pub enum Edit<'e, B> {
    /// Puts in each notice of a segment; of those with one identity the latest wins, whether it was listed or is added.
    Add(&'e Segment<B>),
    /// Takes out what has the identity of a notice of a segment (document, kind and whether it is an alias, reference),
    /// whatever status and days either has.
    Withdraw(&'e Segment<B>),
}

/// Documents of which something else is to be said than a list says, each with its whole new set or with none.
///
/// Only they are held in memory, some hundred bytes each; of the list nothing is read but what it says of them, so that an
/// hour's changes take no longer for a long list than for a short one.
///
/// An amendment is of what two lists say and not of how it came about: of the same lists, edits, increments and whole
/// lists make the same amendment, and it writes the same bytes.
pub struct Amendment {
    parent: StateDigest,
    changes: Changes,
    unknown: u64,
    overtaken: u64,
    before: Side,
    after: Side,
    state_digest: StateDigest,
}

/// What one of the two lists says of the documents that are changed.
struct Side {
    tally: Tally,
    counts: Counts,
}

impl Amendment {
    /// What edits, in their order, change in a list.
    ///
    /// # Errors
    /// [`IndexError::DeltaTooLarge`] if more than `documents_max` documents are changed, if only in between;
    /// [`IndexError::Amends`] if a segment is no base, and [`IndexError::Damaged`] if the bytes of one are no longer those that
    /// were checked.
    pub fn of_edits<B: AsRef<[u8]>, E: AsRef<[u8]>>(
        list: &List<B>,
        edits: &[Edit<'_, E>],
        documents_max: u64,
    ) -> Result<Self, IndexError> {
        let mut amending = Amending::of(list, documents_max);
        for (at, edit) in (1..).zip(edits) {
            let (Edit::Add(segment) | Edit::Withdraw(segment)) = edit;
            if segment.header().role != SegmentRole::Base {
                let source = SegmentError::Role { expected: SegmentRole::Base };
                return Err(IndexError::Amends { at, source });
            }
            amending.edit(edit)?;
        }
        Self::of(list, amending)
    }

    /// What increments, in their order, change in a list: the first changes this list, each other one the list that the one
    /// before it makes. Each was [verified](Segment::verify) by itself; that it makes of its list what it sums up
    /// is checked here, but for the lengths of numbers, on which nothing rests.
    ///
    /// # Errors
    /// [`IndexError::Amends`] if one is no delta, if it changes another list, if it does not make the list that it sums up, or
    /// if it says again what is listed; otherwise as [`of_edits`](Self::of_edits).
    pub fn of_increments<B: AsRef<[u8]>, C: AsRef<[u8]>>(
        list: &List<B>,
        increments: &[&Segment<C>],
        documents_max: u64,
    ) -> Result<Self, IndexError> {
        let mut amending = Amending::of(list, documents_max);
        let mut tally = Tally::stated(list.last().view())?;
        for (at, increment) in (1..).zip(increments) {
            tally = amending.step(tally, increment, at)?;
        }
        Self::of(list, amending)
    }

    /// What takes a list to the one that its base makes with another cumulative delta, or is without any: for a list that was
    /// compared as a whole.
    ///
    /// # Errors
    /// [`IndexError::Amends`] if the delta is none of this base, or does not make the list that it sums up; otherwise as
    /// [`of_edits`](Self::of_edits).
    pub fn between<B: AsRef<[u8]>, C: AsRef<[u8]>>(
        list: &List<B>,
        delta: Option<&Segment<C>>,
        documents_max: u64,
    ) -> Result<Self, IndexError> {
        let refused = |source| IndexError::Amends { at: 1, source };
        let base = list.base();
        if let Some(delta) = delta {
            delta.header().check_changes(base.header().state_digest).map_err(refused)?;
        }
        let mut amending = Amending::of(list, documents_max);
        amending.replace(delta)?;
        let amendment = Self::of(list, amending)?;
        let stated = Tally::stated(delta.map_or(base.view(), Segment::view))?;
        amendment.tally(list)?.check(&stated).map_err(refused)?;
        Ok(amendment)
    }

    fn of<B: AsRef<[u8]>>(list: &List<B>, amending: Amending<'_, B>) -> Result<Self, IndexError> {
        let Amending { changes, unknown, overtaken, .. } = amending;
        let (mut before, mut after) = (Side::new(), Side::new());
        for (document, set) in changes.iter() {
            before.add(&document, list.set(&Asked::of(&document))?)?;
            after.add(&document, set)?;
        }
        let [before, after] = [before, after].map(Side::with_states);
        let mut state_digest = list.state_digest();
        state_digest.take_away(before.tally.state_digest);
        state_digest.merge(after.tally.state_digest);
        Ok(Self { parent: list.state_digest(), changes, unknown, overtaken, before, after, state_digest })
    }

    /// Whether both lists say the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.documents() == 0
    }

    /// How many documents are changed.
    #[must_use]
    pub fn documents(&self) -> u64 {
        self.changes.documents()
    }

    /// Withdrawals of what was not listed when it was its turn, without aliases.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        self.unknown
    }

    /// Additions that are not listed, because what is listed under their identity is later. Aliases are not counted.
    #[must_use]
    pub fn overtaken(&self) -> u64 {
        self.overtaken
    }

    /// Digest and count of the notices of the list after it.
    #[must_use]
    pub fn state_digest(&self) -> StateDigest {
        self.state_digest
    }

    /// The notices that the list before it has on the documents that are changed. Whoever keeps the counts of the whole list
    /// [changes](Counts::changed) them by these and [those after it](Self::counts_after).
    #[must_use]
    pub fn counts_before(&self) -> &Counts {
        &self.before.counts
    }

    /// The notices that the list after it has on these documents.
    #[must_use]
    pub fn counts_after(&self) -> &Counts {
        &self.after.counts
    }

    /// What becomes of the notices of the list, and how many of them lapse by it at a time.
    ///
    /// # Errors
    /// [`IndexError::OtherList`] if it was made of another list, and [`IndexError::Damaged`] if the bytes of the list are no
    /// longer those that were checked.
    pub fn difference<B: AsRef<[u8]>>(
        &self,
        list: &List<B>,
        now: Timestamp,
    ) -> Result<Difference, IndexError> {
        self.check_list(list)?;
        let mut difference = Difference::default();
        for (document, set) in self.changes.iter() {
            difference.compare(list.set(&Asked::of(&document))?, set, now)?;
        }
        Ok(difference)
    }

    /// Writes it as an increment: a delta that changes the list, its base and its delta together. Where the list is only a
    /// base, that is the cumulative delta too. The file is not synced.
    ///
    /// # Errors
    /// [`IndexError::OtherList`] if it was made of another list, [`IndexError::Damaged`] if the bytes of the list are no longer
    /// those that were checked, [`IndexError::Write`], and [`IndexError::TooLarge`].
    pub fn write_increment<B: AsRef<[u8]>>(
        &self,
        list: &List<B>,
        stamp: Stamp,
        out: &mut dyn StorageFile,
    ) -> Result<SegmentRef, IndexError> {
        self.check_list(list)?;
        self.changes.write(self.parent.sum, &self.tally(list)?, stamp, out)
    }

    /// Writes what the base of the list needs to become the amended list: the delta that it has and this together, without
    /// documents of which the base says the same again. It is what [`delta`](super::delta) writes of the base and the whole
    /// later list, byte for byte. The file is not synced.
    ///
    /// # Errors
    /// As [`write_increment`](Self::write_increment).
    pub fn write_cumulative<B: AsRef<[u8]>>(
        &self,
        list: &List<B>,
        stamp: Stamp,
        out: &mut dyn StorageFile,
    ) -> Result<SegmentRef, IndexError> {
        self.check_list(list)?;
        let base = list.base();
        let mut changes = Changes::default();
        let before = list.delta().into_iter().flat_map(Segment::documents);
        let before = before.map(|listed| listed.map(|(document, said)| (document, said.set())));
        for changed in before.chain(self.changes.iter().map(Ok)) {
            let (document, set) = changed?;
            let asked = Asked::of(&document);
            changes.put(&asked, base.set(&asked)?, set);
        }
        let mut tally = self.tally(list)?;
        // Of what the list's own delta had, some may be gone.
        tally.digits_lengths.copy_from_slice(base.view().all_digits_lengths()?);
        let listed = changes.iter().filter(|(_, set)| !set.is_empty());
        listed.for_each(|(document, _)| tally.add_document(&document));
        changes.write(base.header().state_digest.sum, &tally, stamp, out)
    }

    /// The tally of the list after it.
    fn tally<B: AsRef<[u8]>>(&self, list: &List<B>) -> Result<Tally, Damaged> {
        Tally::stated(list.last().view())?.changed(&self.before.tally, &self.after.tally)
    }

    fn check_list<B: AsRef<[u8]>>(&self, list: &List<B>) -> Result<(), IndexError> {
        if list.state_digest() == self.parent { Ok(()) } else { Err(IndexError::OtherList) }
    }
}

impl Side {
    fn new() -> Self {
        Self { tally: Tally::new(), counts: Counts::default() }
    }

    fn add(&mut self, document: &DocumentId, set: &[u8]) -> Result<(), Damaged> {
        self.counts.add_set(set, 1);
        self.tally.add_set(document, set)
    }

    /// With the counts by issuing state, which the tally has.
    fn with_states(mut self) -> Self {
        self.counts.merge(Counts::of_states(&self.tally.counts));
        self
    }
}

impl std::fmt::Debug for Amendment {
    /// Shows counts only: the rest is document numbers.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Amendment");
        shown.field("documents", &self.documents()).field("unknown", &self.unknown).finish_non_exhaustive()
    }
}
