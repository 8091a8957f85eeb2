//! Alerts as they are asked: exact documents by a hash behind a filter, intervals by the pieces into which they cut the numbers.
//!
//! A document is one number of 128 bits: 9 of state, 5 of length, 114 of the value in base 36, so that an interval of numbers of one
//! length is one interval of those. Intervals that overlap are cut where any of them begins or ends; between two cuts the same alerts
//! concern every number, so that one search finds all. Nearly every document that is asked about is in no alert: a word of the filter
//! and a bit for its state and length tell so.

use std::collections::HashMap;
use std::collections::btree_map::BTreeMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use super::Alerts;
use crate::domain::DocumentId;
use crate::domain::alert::{Revision, Subject};

const STATE_SHIFT: u32 = 119;
const LENGTH_SHIFT: u32 = 114;
/// State and length together.
const GROUPS: usize = 1 << (128 - LENGTH_SHIFT);
/// Bits of the filter for each exact document, of which each sets two in one word.
const FILTER_BITS: usize = 16;

type Listed = Vec<Arc<Revision>>;

/// The alerts that may be in force, ready to be asked. It never changes.
#[derive(Debug)]
pub struct Table {
    counter: u64,
    filter: Vec<u64>,
    exact: HashMap<u128, Listed, BuildHasherDefault<Folded>>,
    /// Whether there is an interval of a state and length.
    groups: Box<[u64]>,
    /// Where each piece begins, ascending; it goes to where the next one begins.
    begins: Vec<u128>,
    /// Which alerts concern each piece.
    pieces: Vec<Listed>,
}

impl Default for Table {
    fn default() -> Self {
        Self::of(&Alerts::default())
    }
}

impl Table {
    /// The table of alerts.
    #[must_use]
    pub fn of(alerts: &Alerts) -> Self {
        let mut exact = HashMap::<u128, Listed, _>::default();
        let mut groups = vec![0_u64; GROUPS / 64].into_boxed_slice();
        let mut cuts = BTreeMap::<u128, (Listed, Listed)>::new();
        for revision in alerts.living() {
            match &revision.statement.subject {
                Subject::Document(document) => exact.entry(key(document)).or_default().push(revision.clone()),
                Subject::Interval(interval) => {
                    let issuing_state = interval.issuing_state();
                    let place = |number| key(&DocumentId { issuing_state, number });
                    let (from, to) = (place(*interval.from()), place(*interval.to()));
                    let group = (from >> LENGTH_SHIFT) as usize;
                    groups[group / 64] |= 1 << (group % 64);
                    cuts.entry(from).or_default().0.push(revision.clone());
                    cuts.entry(to + 1).or_default().1.push(revision.clone());
                }
            }
        }
        let mut filter = vec![0; (exact.len() * FILTER_BITS / 64).next_power_of_two()];
        for key in exact.keys() {
            let (word, bits) = filter_place(*key, filter.len());
            filter[word] |= bits;
        }
        let mut open = Listed::new();
        let (mut begins, mut pieces) = (Vec::with_capacity(cuts.len()), Vec::with_capacity(cuts.len()));
        for (at, (begin, end)) in cuts {
            open.retain(|one| end.iter().all(|ended| !Arc::ptr_eq(one, ended)));
            open.extend(begin);
            begins.push(at);
            pieces.push(open.clone());
        }
        Self { counter: alerts.counter(), filter, exact, groups, begins, pieces }
    }

    /// The counter of the newest revision that it knows; 0 if no alert was ever issued.
    #[must_use]
    pub fn counter(&self) -> u64 {
        self.counter
    }

    /// Whether there is no alert that may be in force.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.pieces.is_empty()
    }

    /// Every alert that concerns a document, in force or not. Nothing is allocated.
    pub fn find<'t>(&'t self, document: &DocumentId) -> impl Iterator<Item = &'t Arc<Revision>> + use<'t> {
        let (key, document) = (key(document), *document);
        let (word, bits) = filter_place(key, self.filter.len());
        let may_be_exact = self.filter[word] & bits == bits;
        let exact = may_be_exact.then(|| self.exact.get(&key)).flatten();
        let group = (key >> LENGTH_SHIFT) as usize;
        let has_intervals = self.groups[group / 64] >> (group % 64) & 1 == 1;
        let piece = has_intervals.then(|| self.begins.partition_point(|begin| *begin <= key));
        let piece = piece.and_then(|after| self.pieces.get(after.checked_sub(1)?));
        let within = piece.into_iter().flatten();
        let within = within.filter(move |revision| revision.statement.subject.concerns(&document));
        exact.into_iter().flatten().chain(within)
    }
}

/// A document in the order of state, length and value.
fn key(document: &DocumentId) -> u128 {
    let number = document.number.as_bytes();
    let value = number.iter().fold(0_u128, |value, byte| {
        let digit = if byte.is_ascii_digit() { byte - b'0' } else { byte - b'A' + 10 };
        value * 36 + u128::from(digit)
    });
    u128::from(document.issuing_state.number()) << STATE_SHIFT
        | (number.len() as u128) << LENGTH_SHIFT
        | value
}

/// The word of the filter that a key sets bits in, and those bits.
fn filter_place(key: u128, words: usize) -> (usize, u64) {
    let mixed = fold(key);
    ((mixed >> 12) as usize & (words - 1), 1 << (mixed & 63) | 1 << (mixed >> 6 & 63))
}

/// Both halves of a key in one word, in which each bit depends on all of them.
fn fold(key: u128) -> u64 {
    let product = (key ^ key >> 64) as u64 as u128 * 0x9e37_79b9_7f4a_7c15;
    let mixed = (product >> 64) as u64 ^ product as u64;
    mixed ^ mixed >> 29
}

/// A hasher of keys, which are mixed well by [`fold`].
#[derive(Debug, Default)]
struct Folded(u64);

impl Hasher for Folded {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = fold(u128::from(self.0) << 8 | u128::from(*byte));
        }
    }

    fn write_u128(&mut self, key: u128) {
        self.0 = fold(key);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
