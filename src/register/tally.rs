//! Sums that must add up.

use std::collections::BTreeMap;

use super::{RejectReason, Row};

/// What became of the rows of a register. Every row is counted once under `read` and once under what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows read.
    pub read: u64,
    /// Documents that rows list beyond one each: what intervals of stolen blanks add.
    pub expanded: u64,
    /// Documents whose notice is in force.
    pub accepted: u64,
    /// Documents whose notice has the identity of another row's, which won.
    pub duplicates: u64,
    /// Rows refused, by reason.
    pub rejected: BTreeMap<RejectReason, u64>,
    /// Days that could not be read and were left out of their notices, where the format's mapping says so.
    pub days_left_out: u64,
}

impl Tally {
    /// Counts a row that was accepted.
    pub fn accept(&mut self, row: &Row) {
        self.read += 1;
        self.expanded += row.documents - 1;
        self.accepted += row.documents;
        self.days_left_out += u64::from(row.days_left_out);
    }

    /// Counts a row that was refused.
    pub fn reject(&mut self, reason: RejectReason) {
        self.read += 1;
        *self.rejected.entry(reason).or_default() += 1;
    }

    /// Moves accepted documents to the duplicates, which are known only when all have been compared.
    ///
    /// # Panics
    /// If there are more duplicates than were accepted.
    pub fn found_duplicates(&mut self, count: u64) {
        self.accepted = self.accepted.checked_sub(count).expect("only what was accepted can be a duplicate");
        self.duplicates += count;
    }

    /// Rows refused, for any reason.
    #[must_use]
    pub fn rejected_total(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// Checks that no row is lost.
    ///
    /// # Panics
    /// If what was read, with what intervals add, is not exactly what was accepted, found twice and refused: a defect of
    /// the program, after which nothing may be published.
    pub fn assert_adds_up(&self) {
        assert_eq!(
            self.read + self.expanded,
            self.accepted + self.duplicates + self.rejected_total(),
            "rows of a register are unaccounted for: {self:?}"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DocumentId, DocumentNumber, IssuingState, Kind, Notice, Status};

    fn row(documents: u64) -> Row {
        let document = DocumentId {
            issuing_state: IssuingState::recognise("UTO").unwrap().state,
            number: DocumentNumber::parse("L898902C3").unwrap(),
        };
        let (kind, status) = (Kind::Passport, Status::StolenBlank);
        let notice = Notice {
            document,
            kind,
            status,
            reported_on: None,
            review_on: None,
            reference: None,
            alias: false,
        };
        Row { notice, documents, alias: None, days_left_out: 1 }
    }

    fn tally() -> Tally {
        let mut tally = Tally::default();
        tally.accept(&row(1));
        tally.accept(&row(1));
        tally.reject(RejectReason::KindUnknown);
        tally
    }

    #[test]
    fn rows_move_between_the_sums_and_none_is_lost() {
        let mut tally = tally();
        tally.found_duplicates(1);
        assert_eq!((tally.read, tally.accepted, tally.duplicates, tally.rejected_total()), (3, 1, 1, 1));
        tally.assert_adds_up();
    }

    #[test]
    fn an_interval_is_one_row_and_many_documents() {
        let mut tally = Tally::default();
        tally.accept(&row(50));
        assert_eq!((tally.read, tally.expanded, tally.accepted, tally.days_left_out), (1, 49, 50, 1));
        tally.assert_adds_up();
    }

    #[test]
    #[should_panic(expected = "unaccounted")]
    fn a_lost_row_is_a_defect() {
        let mut tally = tally();
        tally.accepted -= 1;
        tally.assert_adds_up();
    }
}
