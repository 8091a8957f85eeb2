//! What is counted in one pass over the live notices.

use crate::domain::{DocumentId, Notice};
use crate::index::format::{STATES, digits_length};
use crate::index::sets::{Bodies, canonical_bytes};
use crate::index::view::View;
use crate::index::{Damaged, SegmentError, StateDigest};

/// Counts of live notices, by what a segment says of itself.
#[derive(Clone, Debug)]
pub(in crate::index) struct Tally {
    pub(in crate::index) counts: Box<[u64; STATES]>,
    pub(in crate::index) digits_lengths: Box<[u8; STATES]>,
    pub(in crate::index) state_digest: StateDigest,
    pub(in crate::index) aliases: u64,
    canonical: Vec<u8>,
}

impl Tally {
    pub(in crate::index) fn new() -> Self {
        Self {
            counts: Box::new([0; STATES]),
            digits_lengths: Box::new([0; STATES]),
            state_digest: StateDigest::default(),
            aliases: 0,
            canonical: Vec::new(),
        }
    }

    /// What a segment says of the list that it is, or makes of another; it does not tell aliases.
    pub(in crate::index) fn stated(view: View<'_>) -> Result<Self, Damaged> {
        let (counts, state_digest) = (view.counts()?, view.header.state_digest);
        let mut tally = Self { counts, state_digest, ..Self::new() };
        tally.add_digits_lengths(view.all_digits_lengths()?);
        Ok(tally)
    }

    /// Counts a document once.
    #[inline]
    pub(in crate::index) fn add_document(&mut self, document: &DocumentId) {
        let state = usize::from(document.issuing_state.number());
        self.digits_lengths[state] |= digits_length(&document.number);
    }

    /// Counts a notice on it, by its body.
    #[inline]
    pub(in crate::index) fn add_body(&mut self, document: &DocumentId, body: &[u8]) {
        let alias = body.first().is_some_and(|kind| kind & Notice::ALIAS != 0);
        canonical_bytes(document, body, &mut self.canonical);
        self.state_digest.add(&self.canonical, alias);
        self.counts[usize::from(document.issuing_state.number())] += u64::from(!alias);
        self.aliases += u64::from(alias);
    }

    /// Counts a document with its whole set; nothing if the set is empty.
    pub(in crate::index) fn add_set(&mut self, document: &DocumentId, set: &[u8]) -> Result<(), Damaged> {
        if set.is_empty() {
            return Ok(());
        }
        self.add_document(document);
        for body in Bodies::new(set) {
            self.add_body(document, body?.bytes());
        }
        Ok(())
    }

    pub(in crate::index) fn add_digits_lengths(&mut self, lengths: &[u8]) {
        self.digits_lengths.iter_mut().zip(lengths).for_each(|(all, own)| *all |= own);
    }

    /// Adds what was counted elsewhere.
    pub(in crate::index) fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(other.counts.iter()).for_each(|(sum, count)| *sum += count);
        self.add_digits_lengths(&*other.digits_lengths);
        self.state_digest.merge(other.state_digest);
        self.aliases += other.aliases;
    }

    /// What a list of this tally comes to when some of its documents, counted before and after, are changed. No length of
    /// numbers goes, and aliases are not told. [`Damaged`] if more was counted of them than of all.
    pub(in crate::index) fn changed(mut self, before: &Self, after: &Self) -> Result<Self, Damaged> {
        let changes = before.counts.iter().zip(after.counts.iter());
        for (count, (before, after)) in self.counts.iter_mut().zip(changes) {
            let others = count.checked_sub(*before).ok_or(Damaged)?;
            *count = others.checked_add(*after).ok_or(Damaged)?;
        }
        self.add_digits_lengths(&*after.digits_lengths);
        self.state_digest.take_away(before.state_digest);
        self.state_digest.merge(after.state_digest);
        Ok(self)
    }

    /// Compares with what a segment states, but for the lengths of numbers.
    pub(in crate::index) fn check(&self, stated: &Self) -> Result<(), SegmentError> {
        if self.state_digest != stated.state_digest {
            return Err(SegmentError::Sums("count and state digest"));
        }
        // Of all numbers that a state may have, those without a state too: equal lists are equal files.
        if self.counts != stated.counts {
            return Err(SegmentError::Sums("counts by issuing state"));
        }
        Ok(())
    }
}
