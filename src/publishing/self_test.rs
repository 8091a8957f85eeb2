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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
        let neighbours = self.neighbours();
        let force = snapshot.feeds().find(|force| force.bulletin().feed == *feed);
        let listed = force.and_then(|force| force.list().listed_of(&neighbours).ok());
        let Some(listed) = listed else { return Err(Failed { missing: 0, wrong: neighbours.len() }) };
        let find = |document: &DocumentId| {
            let found = snapshot.find(document).into_iter().filter(|(of, _)| *of == feed);
            found.map(|(_, notice)| notice).collect()
        };
        let failed = self.compare(&neighbours, &listed, &find);
        if failed == Failed::default() && !snapshot.poisoned() { Ok(()) } else { Err(failed) }
    }

    /// `listed` are those of the neighbours that the file lists.
    fn compare(
        &self,
        neighbours: &[DocumentId],
        listed: &[DocumentId],
        find: &dyn Fn(&DocumentId) -> Vec<Notice>,
    ) -> Failed {
        let same =
            |a: &Notice, b: &Notice| (a.kind, &a.reference, a.alias) == (b.kind, &b.reference, b.alias);
        let is_missing = |notice: &&Notice| !find(&notice.document).iter().any(|found| same(found, notice));
        let is_wrong = |document: &&DocumentId| find(document).is_empty() == listed.contains(document);
        Failed {
            missing: self.notices.iter().filter(is_missing).count(),
            wrong: neighbours.iter().filter(is_wrong).count(),
        }
    }

    fn neighbours(&self) -> Vec<DocumentId> {
        let mut neighbours: Vec<_> = self.notices.iter().map(|notice| neighbour(&notice.document)).collect();
        neighbours.sort_unstable();
        neighbours.dedup();
        neighbours
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DocumentNumber, IssuingState, Kind, Status};

    fn notice(number: &str) -> Notice {
        let issuing_state = IssuingState::recognise("UTO").unwrap().state;
        let document = DocumentId { issuing_state, number: DocumentNumber::parse(number).unwrap() };
        let (kind, status) = (Kind::Passport, Status::Lost);
        Notice { document, kind, status, reported_on: None, review_on: None, reference: None, alias: false }
    }

    fn failed(list: &[Notice], find: &dyn Fn(&DocumentId) -> Vec<Notice>) -> Failed {
        let mut sample = Sample::new();
        list.iter().for_each(|notice| sample.offer(notice));
        let neighbours = sample.neighbours();
        let is_listed = |document: &&DocumentId| list.iter().any(|notice| notice.document == **document);
        let listed: Vec<_> = neighbours.iter().filter(is_listed).copied().collect();
        sample.compare(&neighbours, &listed, find)
    }

    #[test]
    fn an_index_that_loses_rows_or_finds_others_fails() {
        let list = ["A8", "A9", "B1"].map(notice);
        let sound = |document: &DocumentId| {
            list.iter().filter(|notice| notice.document == *document).cloned().collect::<Vec<_>>()
        };
        assert_eq!(failed(&list, &sound), Failed::default());
        // A9 is a row, and a neighbour of A8.
        let loses = |document: &DocumentId| sound(document).into_iter().filter(|n| *n != list[1]).collect();
        assert_eq!(failed(&list, &loses), Failed { missing: 1, wrong: 1 });
        let finds_all = |_: &DocumentId| list.to_vec();
        assert_eq!(failed(&list, &finds_all), Failed { missing: 0, wrong: 2 });
        let other_kind = |document: &DocumentId| {
            sound(document).into_iter().map(|notice| Notice { kind: Kind::Visa, ..notice }).collect()
        };
        assert_eq!(failed(&list, &other_kind), Failed { missing: 3, wrong: 0 });
    }

    #[test]
    fn a_sample_of_a_long_list_is_taken_from_all_of_it() {
        let mut sample = Sample::new();
        (0..50_000).for_each(|at| sample.offer(&notice(&format!("A{at:06}"))));
        assert!((SAMPLE_MAX / 2..=SAMPLE_MAX).contains(&sample.notices.len()), "{}", sample.notices.len());
        let places: Vec<u64> = sample
            .notices
            .iter()
            .map(|notice| notice.document.number.as_str()[1..].parse().unwrap())
            .collect();
        let step = places[1];
        assert!(places.iter().zip(0..).all(|(place, at)| *place == at * step), "{step}");
    }
}
