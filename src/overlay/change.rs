//! What is going to be a revision.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::alert::{AlertId, Life, Origin, Revision, Statement};

/// A revision before it has its place in the store.
#[derive(Clone, Debug)]
pub struct Change {
    /// The alert.
    pub alert: AlertId,
    /// See [`Revision::number`].
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Arc<str>,
    /// See [`Revision::issuer`].
    pub issuer: Arc<str>,
    /// What the alert is since.
    pub life: Life,
    /// See [`Revision::unapproved_until`].
    pub unapproved_until: Option<Timestamp>,
    /// What it says since.
    pub statement: Arc<Statement>,
}

impl Change {
    /// The revision that it is in its place.
    #[must_use]
    pub fn placed(self, origin: Origin) -> Revision {
        let Self { alert, number, at, by, issuer, life, unapproved_until, statement } = self;
        let same_since = number;
        Revision { alert, number, origin, at, by, life, issuer, unapproved_until, statement, same_since }
    }
}
