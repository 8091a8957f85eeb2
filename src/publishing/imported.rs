//! What an import came to.

use jiff::Timestamp;

use crate::domain::{Bulletin, GenerationId};
use crate::index::{Built, Counts};
use crate::register::Tally;

use super::gates::{Change, Refusal};

/// What an import came to.
#[derive(Debug)]
pub struct Imported {
    /// What became of every row.
    pub tally: Tally,
    /// The time as of which the list is complete.
    pub as_of: Timestamp,
    /// The notices, counted by what they say; nothing if the list was refused for its rejected rows.
    pub counts: Counts,
    /// Second spellings, listed beside the notices.
    pub aliases: u64,
    /// What it changes, or would have changed, in the list in force.
    pub change: Change,
    /// What was built; `None` if the list was refused for its rejected rows.
    pub bulletin: Option<Bulletin>,
    /// Whether it is in force, and why not.
    pub outcome: Outcome,
}

/// What became of a list that was read to its end.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It is in force, in this generation.
    Published(GenerationId),
    /// The same list, as of the same time, is in force already, in this generation.
    Unchanged(GenerationId),
    /// It would have been put in force.
    DryRun,
    /// It is not put in force.
    Refused(Refusal),
}

impl Imported {
    pub(super) fn new(tally: Tally, as_of: Timestamp) -> Self {
        Self {
            tally,
            as_of,
            counts: Counts::default(),
            aliases: 0,
            change: Change::default(),
            bulletin: None,
            outcome: Outcome::DryRun,
        }
    }

    pub(super) fn take(&mut self, tally: Tally, built: &Built, bulletin: Bulletin) {
        self.tally = tally;
        self.counts = built.counts.clone();
        self.aliases = built.aliases;
        self.bulletin = Some(bulletin);
    }
}
