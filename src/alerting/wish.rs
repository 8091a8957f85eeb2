//! What people want done with alerts, and what became of it.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::alert::{AlertId, Revision, Statement};

/// What somebody wants done with alerts.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Who.
    pub by: Arc<str>,
    /// What.
    pub deed: Deed,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Deed {
    /// There is to be another alert.
    Issue(Box<Issue>),
    /// An alert is to change.
    Change {
        /// Which.
        alert: AlertId,
        /// Only if it still has this revision.
        expected: Option<u32>,
        /// How.
        how: Change,
    },
}

/// An alert to be issued.
#[derive(Clone, Debug)]
pub struct Issue {
    /// What it is to say.
    pub wanted: Wanted,
    /// The same wish is fulfilled once, however often it is told with the same key.
    pub key: Option<Box<str>>,
    /// Whether it is written down only.
    pub draft: bool,
}

/// What an alert is to say, as somebody told it.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What it is to say.
    pub statement: Statement,
    /// Whether somebody told since when it holds, and not just when he said so.
    pub from_is_told: bool,
}

/// How an alert is to change.
#[derive(Clone, Debug)]
pub enum Change {
    /// A draft leaves its desk.
    Submit,
    /// A second issuer approves.
    Approve,
    /// It says something else.
    Amend(Box<Statement>),
    /// It holds until another time.
    Renew(Timestamp),
    /// It is taken back, for good.
    Withdraw,
}

/// What became of a wish.
#[derive(Clone, Debug)]
pub enum Fulfilled {
    /// It is what the alert is since.
    New(Arc<Revision>),
    /// The same wish, by its key, was fulfilled before: this is what became of the alert.
    Before(Arc<Revision>),
}

impl Fulfilled {
    /// What the alert is since.
    #[must_use]
    pub fn revision(self) -> Arc<Revision> {
        match self {
            Self::New(revision) | Self::Before(revision) => revision,
        }
    }
}

impl From<Statement> for Wanted {
    fn from(statement: Statement) -> Self {
        Self { statement, from_is_told: false }
    }
}
