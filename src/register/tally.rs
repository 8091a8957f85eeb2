//! Sums that must add up.

use std::collections::BTreeMap;

use super::RejectReason;

/// What became of the rows of a register. Every row is counted once under `read` and once under what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows read.
    pub read: u64,
    /// Rows that became a notice in force of this register.
    pub accepted: u64,
    /// Rows whose notice has the identity of another row's, which won.
    pub duplicates: u64,
    /// Rows refused, by reason.
    pub rejected: BTreeMap<RejectReason, u64>,
}

impl Tally {
    /// Counts a row that was accepted.
    pub fn accept(&mut self) {
        self.read += 1;
        self.accepted += 1;
    }

    /// Counts a row that was refused.
    pub fn reject(&mut self, reason: RejectReason) {
        self.read += 1;
        *self.rejected.entry(reason).or_default() += 1;
    }

    /// Moves accepted rows to the duplicates, which are known only when all rows have been compared.
    ///
    /// # Panics
    /// If more rows are duplicates than were accepted.
    pub fn found_duplicates(&mut self, count: u64) {
        self.accepted = self.accepted.checked_sub(count).expect("only accepted rows can be duplicates");
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
    /// If rows read are not exactly those accepted, found twice and refused: a defect of the program, after which
    /// nothing may be published.
    pub fn assert_adds_up(&self) {
        assert_eq!(
            self.read,
            self.accepted + self.duplicates + self.rejected_total(),
            "rows of a register are unaccounted for: {self:?}"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally() -> Tally {
        let mut tally = Tally::default();
        tally.accept();
        tally.accept();
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
    #[should_panic(expected = "unaccounted")]
    fn a_lost_row_is_a_defect() {
        let mut tally = tally();
        tally.accepted -= 1;
        tally.assert_adds_up();
    }
}
