//! A few of the rows that were read, asked for again through the index that was built of them.

use crate::domain::{DocumentId, FeedName, Notice};
use crate::index::Snapshot;

/// How many rows are kept at most, and half as many at least of a long list.
const SAMPLE_MAX: usize = 2048;

/// Rows taken at equal distances, while nobody knows yet how many there will be.
#[derive(Debug)]
pub(super) struct Sample {
    notices: Vec<Notice>,
    every: u64,
    seen: u64,
}

/// What did not come out as it must.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failed {
    /// Rows that are not found.
    pub(super) missing: usize,
    /// Neighbours of rows that are found and not listed, or listed and not found.
    pub(super) wrong: usize,
}

impl Sample {
    pub(super) fn new() -> Self {
        Self { notices: Vec::new(), every: 1, seen: 0 }
    }

    pub(super) fn offer(&mut self, notice: &Notice) {
        if self.seen.is_multiple_of(self.every) {
            if self.notices.len() == SAMPLE_MAX {
                let mut at = 0;
                self.notices.retain(|_| {
                    at += 1;
                    at % 2 == 1
                });
                self.every *= 2;
            }
            self.notices.push(notice.clone());
        }
        self.seen += 1;
    }

    /// Asks for every row of the sample, which must be found, and for a neighbour of each, which must be found exactly if
    /// the feed's file, read from end to end, lists it.
    pub(super) fn check(&self, snapshot: &Snapshot, feed: &FeedName) -> Result<(), Failed> {
        let found = |document: &DocumentId| {
            snapshot.find(document).into_iter().filter(|(of, _)| *of == feed).map(|(_, notice)| notice)
        };
        let same = |a: &Notice, b: &Notice| {
            (a.document, a.kind, &a.reference, a.alias) == (b.document, b.kind, &b.reference, b.alias)
        };
        let is_missing = |notice: &&Notice| !found(&notice.document).any(|other| same(&other, notice));
        let missing = self.notices.iter().filter(is_missing).count();
        let mut neighbours: Vec<_> = self.notices.iter().map(|notice| neighbour(&notice.document)).collect();
        neighbours.sort_unstable();
        neighbours.dedup();
        let force = snapshot.feeds().find(|force| force.bulletin().feed == *feed);
        let listed = force.and_then(|force| force.segment().listed_of(&neighbours).ok());
        let Some(listed) = listed else { return Err(Failed { missing, wrong: neighbours.len() }) };
        let is_wrong = |document: &&DocumentId| {
            found(document).next().is_some() != listed.binary_search(document).is_ok()
        };
        let wrong = neighbours.iter().filter(is_wrong).count();
        if missing + wrong == 0 && !snapshot.poisoned() { Ok(()) } else { Err(Failed { missing, wrong }) }
    }
}

/// A document whose number differs in the last character.
fn neighbour(document: &DocumentId) -> DocumentId {
    let last = document.number.as_bytes().len() - 1;
    let other = match document.number.as_bytes()[last] {
        b'9' => b'0',
        b'Z' => b'A',
        byte => byte + 1,
    };
    DocumentId { number: document.number.with([(last, other)]), ..*document }
}
