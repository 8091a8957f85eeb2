//! Alerts as they are asked: exact documents by a hash behind a filter, intervals by the stretches of numbers that they touch.
//!
//! A document is one number of 128 bits: 9 of state, 5 of length, 114 of the value in base 36, so that an interval of numbers of one
//! length is one interval of those. Nearly every document that is asked about is in no alert.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use super::Alerts;
use super::filter::Filter;
use super::intervals::Intervals;
use crate::domain::DocumentId;
use crate::domain::alert::{Revision, Subject};

const STATE_SHIFT: u32 = 119;
const LENGTH_SHIFT: u32 = 114;
/// Digits in base 36 that a word of 64 bits holds.
const DIGITS_PER_WORD: usize = 12;

/// Alerts that concern one document, or touch the same stretch of numbers.
pub(super) type Listed = Vec<Arc<Revision>>;

/// The alerts that may be in force, ready to be asked. It never changes.
#[derive(Debug, Default)]
pub struct Table {
    counter: u64,
    filter: Filter,
    any: Option<Arc<Revision>>,
    exact: HashMap<u128, Listed, BuildHasherDefault<Folded>>,
    intervals: Intervals,
    /// Those on numbers that a zone's field may cut, one by one: they are rare.
    long: Vec<(DocumentId, Arc<Revision>)>,
}

/// Characters of a zone's number field.
const FIELD_LEN: usize = 9;

impl Table {
    /// The table of alerts.
    #[must_use]
    pub fn of(alerts: &Alerts) -> Self {
        let mut exact = HashMap::<u128, Listed, _>::default();
        let (mut intervals, mut long) = (Vec::new(), Vec::new());
        for revision in alerts.living() {
            let issuing_state = revision.statement.subject.issuing_state();
            let number = *match &revision.statement.subject {
                Subject::Document(document) => &document.number,
                Subject::Interval(interval) => interval.from(),
            };
            if number.as_bytes().len() > FIELD_LEN {
                long.push((DocumentId { issuing_state, number }, revision.clone()));
            }
            match &revision.statement.subject {
                Subject::Document(document) => exact.entry(key(document)).or_default().push(revision.clone()),
                Subject::Interval(interval) => {
                    let issuing_state = interval.issuing_state();
                    let place = |number| key(&DocumentId { issuing_state, number });
                    let ends = (place(*interval.from()), place(*interval.to()));
                    intervals.push((ends, revision.clone()));
                }
            }
        }
        let filter = Filter::of(exact.keys().copied(), exact.len());
        let any = alerts.living().next().cloned();
        Self { counter: alerts.counter(), filter, any, exact, intervals: Intervals::of(intervals), long }
    }

    /// The counter of the newest revision that it knows; 0 if no alert was ever issued.
    #[must_use]
    pub fn counter(&self) -> u64 {
        self.counter
    }

    /// Whether there is no alert that may be in force.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.intervals.is_empty()
    }

    /// One of the alerts, if there is any.
    #[must_use]
    pub fn any(&self) -> Option<&Arc<Revision>> {
        self.any.as_ref()
    }

    /// Every alert that concerns a document of the same state whose number is longer than nine characters and begins with this one's.
    #[must_use]
    pub fn longer(&self, document: &DocumentId) -> Vec<(DocumentId, Arc<Revision>)> {
        let begins = document.number.as_bytes();
        let may_begin = |revision: &Revision| {
            let (from, to) = match &revision.statement.subject {
                Subject::Document(one) => (&one.number, &one.number),
                Subject::Interval(interval) => (interval.from(), interval.to()),
            };
            let cut = |number: &'_ [u8]| number[..begins.len().min(number.len())].to_vec();
            from.as_bytes().len() > begins.len()
                && (cut(from.as_bytes())..=cut(to.as_bytes())).contains(&begins.to_vec())
        };
        let of_state = self.long.iter().filter(|(one, _)| one.issuing_state == document.issuing_state);
        of_state.filter(|(_, revision)| may_begin(revision)).cloned().collect()
    }

    /// Every alert that concerns a document, in force or not. Nothing is allocated.
    pub fn find<'t>(&'t self, document: &DocumentId) -> impl Iterator<Item = &'t Arc<Revision>> + use<'t> {
        let (key, document) = (key(document), *document);
        let exact = self.filter.may_have(key).then(|| self.exact.get(&key)).flatten();
        let within =
            self.intervals.at(key).filter(move |revision| revision.statement.subject.concerns(&document));
        exact.into_iter().flatten().chain(within)
    }
}

/// A document in the order of state, length and value.
fn key(document: &DocumentId) -> u128 {
    let number = document.number.as_bytes();
    let value = |part: &[u8]| {
        part.iter().fold(0_u64, |value, byte| {
            let digit = if byte.is_ascii_digit() { byte - b'0' } else { byte - b'A' + 10 };
            value * 36 + u64::from(digit)
        })
    };
    // As many as fit a word at a time: nearly all numbers are one.
    let (first, rest) = number.split_at(number.len().min(DIGITS_PER_WORD));
    let scale = 36_u128.pow(rest.len() as u32);
    let value = u128::from(value(first)) * scale + u128::from(value(rest));
    u128::from(document.issuing_state.number()) << STATE_SHIFT
        | (number.len() as u128) << LENGTH_SHIFT
        | value
}

/// Both halves of a key in one word, in which each bit depends on all of them.
pub(super) fn fold(key: u128) -> u64 {
    let product = (key ^ key >> 64) as u64 as u128 * 0x9e37_79b9_7f4a_7c15;
    let mixed = (product >> 64) as u64 ^ product as u64;
    mixed ^ mixed >> 29
}

/// A hasher of keys, which are mixed well by [`fold`].
#[derive(Debug, Default)]
pub(super) struct Folded(u64);

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
