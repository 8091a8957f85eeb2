//! What a revision did to an alert.

use jiff::Timestamp;
use serde::Serialize;

use super::RevisionBody;
use crate::domain::alert::{ChangeKind, Revision};

/// What a revision did to an alert, without its number.
#[derive(Serialize)]
pub struct ChangeBody<'a> {
    change: &'static str,
    alert: RevisionBody<'a>,
}

impl<'a> ChangeBody<'a> {
    /// What a revision did, and the alert as it is since.
    #[must_use]
    pub fn of(kind: ChangeKind, revision: &'a Revision, now: Timestamp) -> Self {
        Self { change: kind.word(), alert: RevisionBody::without_number(revision, now) }
    }
}
