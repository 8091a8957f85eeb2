//! What keeps a list from being replaced by one that cannot be right.

use jiff::Timestamp;

use crate::domain::{FeedName, IssuingState};
use crate::index::{Counts, Damaged, Difference, FeedInForce};
use crate::register::Tally;

/// What an operator allows. Shares are of 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The greatest share of rows that may be rejected.
    pub rejects_max: f64,
    /// The greatest share of the notices in force that may be gone; `None` allows any, and whole states as well.
    pub shrink_max: Option<f64>,
}

impl Default for Limits {
    /// 5 % of rows rejected, 1 % of notices gone.
    fn default() -> Self {
        Self { rejects_max: 0.05, shrink_max: Some(0.01) }
    }
}

/// What a list would change in the one in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Notices in force of the feed; 0 if it has none.
    pub before: u64,
    /// Notice by notice.
    pub difference: Difference,
    /// Issuing states of which nothing would be listed any more.
    pub states_gone: Vec<IssuingState>,
}

/// Why a list was read to its end and is not put in force.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Most of the file is wrong, or it is another file than was meant.
    #[error(
        "{rejected} of {read} rows were rejected, more than the {:.1} % that --max-rejects allows: see why, and whether --format is right; if the list is so, allow more",
        .allowed * 100.0
    )]
    Rejects {
        /// Rows rejected.
        rejected: u64,
        /// Rows read.
        read: u64,
        /// The share that is allowed.
        allowed: f64,
    },
    /// A list that lost so much was probably cut short.
    #[error(
        "{gone} of the {before} notices in force of feed {feed} would be gone or lapse, more than the {:.1} % that --max-shrink allows: is the file whole, and are its dates read as they are meant? If its publisher withdrew them, say --accept-shrink",
        .allowed * 100.0
    )]
    Shrinks {
        /// The feed.
        feed: FeedName,
        /// Notices that would be gone.
        gone: u64,
        /// Notices in force.
        before: u64,
        /// The share that is allowed.
        allowed: f64,
    },
    /// A list that lost a whole state was probably cut short.
    #[error(
        "nothing would be listed any more of {}: is the file whole? If its publisher withdrew it, say --accept-shrink",
        words(.states)
    )]
    StatesGone {
        /// The states.
        states: Vec<IssuingState>,
    },
}

fn words(states: &[IssuingState]) -> String {
    states.iter().map(|state| state.code()).collect::<Vec<_>>().join(", ")
}

impl Change {
    /// Compares a list with the one in force, if there is one that can be read.
    pub(super) fn of(
        now: &FeedInForce,
        counts: &Counts,
        before: &FeedInForce,
        time: Timestamp,
    ) -> Result<Self, Damaged> {
        let gone = |state: &IssuingState| before.reports(*state) && !counts.states.contains_key(state);
        Ok(Self {
            before: before.notices(),
            difference: now.list().difference(before.list(), time)?,
            states_gone: IssuingState::all().filter(gone).collect(),
        })
    }

    /// What can be said without reading the list in force, of which only the number of notices is known.
    pub(super) fn by_number(now: u64, before: u64) -> Self {
        let (new, gone) = (now.saturating_sub(before), before.saturating_sub(now));
        Self {
            before,
            difference: Difference { new, gone, ..Difference::default() },
            states_gone: Vec::new(),
        }
    }
}

impl Limits {
    /// What refuses a file for its rejected rows.
    pub(super) fn rows(&self, tally: &Tally) -> Option<Refusal> {
        let (rejected, read, allowed) = (tally.rejected_total(), tally.read, self.rejects_max);
        exceeds(rejected, read, allowed).then_some(Refusal::Rejects { rejected, read, allowed })
    }

    /// What refuses a list for what it has lost.
    pub(super) fn change(&self, feed: &FeedName, change: &Change) -> Option<Refusal> {
        let allowed = self.shrink_max?;
        // What lapses by the new list is as much out of force as what it does not have.
        let (gone, before) = (change.difference.gone + change.difference.lapsed, change.before);
        if exceeds(gone, before, allowed) {
            return Some(Refusal::Shrinks { feed: feed.clone(), gone, before, allowed });
        }
        let states = change.states_gone.clone();
        (!states.is_empty()).then_some(Refusal::StatesGone { states })
    }
}

/// Whether a part is more than a share of the whole.
fn exceeds(part: u64, whole: u64, share: f64) -> bool {
    part as f64 > whole as f64 * share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_allowed_and_one_more_is_not() {
        assert!(!exceeds(5, 100, 0.05));
        assert!(exceeds(6, 100, 0.05));
        assert!(!exceeds(0, 0, 0.0));
        assert!(exceeds(1, 1_000_000, 0.0));
        assert!(!exceeds(7, 7, 1.0));
    }
}
