//! What is counted in one pass over the live notices.

use crate::domain::{DocumentId, Notice};
use crate::index::StateDigest;
use crate::index::format::{STATES, digits_length};
use crate::index::sets::canonical_bytes;

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

    /// Adds what was counted elsewhere.
    pub(in crate::index) fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(other.counts.iter()).for_each(|(sum, count)| *sum += count);
        self.digits_lengths
            .iter_mut()
            .zip(other.digits_lengths.iter())
            .for_each(|(all, lengths)| *all |= lengths);
        self.state_digest.merge(other.state_digest);
        self.aliases += other.aliases;
    }
}
