//! Alerts as they are asked: exact documents by a hash, intervals by the pieces into which they cut the numbers.
//!
//! A document is one number of 128 bits: 9 of state, 5 of length, 114 of the value in base 36, so that an interval of numbers of one
//! length is one interval of those. Intervals that overlap are cut where any of them begins or ends; between two cuts the same alerts
//! concern every number, so that one search finds all.

use std::collections::HashMap;
use std::collections::btree_map::BTreeMap;
use std::sync::Arc;

use super::Alerts;
use crate::domain::DocumentId;
use crate::domain::alert::{Revision, Subject};

const STATE_SHIFT: u32 = 119;
const LENGTH_SHIFT: u32 = 114;

/// The alerts that may be in force, ready to be asked. It never changes.
#[derive(Debug, Default)]
pub struct Table {
    counter: u64,
    exact: HashMap<u128, Vec<Arc<Revision>>>,
    /// Where each piece begins, ascending, and which alerts concern it; it goes to where the next one begins.
    pieces: Vec<(u128, Vec<Arc<Revision>>)>,
}

impl Table {
    /// The table of alerts.
    #[must_use]
    pub fn of(alerts: &Alerts) -> Self {
        let mut exact = HashMap::<_, Vec<_>>::new();
        let mut cuts = BTreeMap::<u128, (Vec<Arc<Revision>>, Vec<Arc<Revision>>)>::new();
        for revision in alerts.living() {
            match &revision.statement.subject {
                Subject::Document(document) => exact.entry(key(document)).or_default().push(revision.clone()),
                Subject::Interval(interval) => {
                    let issuing_state = interval.issuing_state();
                    let place = |number| key(&DocumentId { issuing_state, number });
                    cuts.entry(place(*interval.from())).or_default().0.push(revision.clone());
                    cuts.entry(place(*interval.to()) + 1).or_default().1.push(revision.clone());
                }
            }
        }
        let mut open: Vec<Arc<Revision>> = Vec::new();
        let mut pieces = Vec::with_capacity(cuts.len());
        for (at, (begin, end)) in cuts {
            open.retain(|one| end.iter().all(|ended| !Arc::ptr_eq(one, ended)));
            open.extend(begin);
            pieces.push((at, open.clone()));
        }
        Self { counter: alerts.counter(), exact, pieces }
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
        let exact = self.exact.get(&key).into_iter().flatten();
        let after = self.pieces.partition_point(|(begin, _)| *begin <= key);
        let piece = after.checked_sub(1).and_then(|at| self.pieces.get(at));
        let within = piece.into_iter().flat_map(|(_, alerts)| alerts);
        exact.chain(within.filter(move |revision| revision.statement.subject.concerns(&document)))
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
