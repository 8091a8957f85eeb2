//! What became of the rows of an import.

use std::collections::BTreeMap;

use crate::alerting::{AlertingError, RequestFault};

/// What became of rows: read = issued + issued before + rejected + held back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows there were.
    pub read: u64,
    /// Alerts that were issued.
    pub issued: u64,
    /// Rows whose wish, by its key, was fulfilled before.
    pub before: u64,
    /// Rows that were refused, by reason.
    pub rejected: BTreeMap<RejectReason, u64>,
}

impl Tally {
    /// Rows that were refused.
    #[must_use]
    pub fn rejected_total(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// Rows that nothing is wrong with and that were not issued: for others there was something wrong with, or because it was a rehearsal.
    #[must_use]
    pub fn held_back(&self) -> u64 {
        self.read - self.issued - self.before - self.rejected_total()
    }

    pub(super) fn reject(&mut self, reject: &Reject) {
        *self.rejected.entry(reject.reason).or_default() += 1;
    }
}

/// A row that was refused. Says where and by which rule, never what stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The line, from 1; a CSV header and blank lines count.
    pub line: u64,
    /// Why.
    pub reason: RejectReason,
    /// The rule that it breaks, in words.
    pub rule: String,
}

/// Why a row was refused. The words are a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RejectReason {
    /// The line is longer than [`LINE_BYTES_MAX`](super::LINE_BYTES_MAX).
    RowTooLong,
    /// NDJSON: not the JSON of an alert. CSV: a quote left open, or another number of fields than the header.
    MalformedRow,
    /// Fields break their rules.
    InvalidField,
    /// The alert as a whole breaks rules, such as that for how long it may hold.
    AlertRefused,
    /// Its key was used for another alert.
    KeyReused,
}

impl RejectReason {
    /// Every reason.
    pub const ALL: [Self; 5] =
        [Self::RowTooLong, Self::MalformedRow, Self::InvalidField, Self::AlertRefused, Self::KeyReused];

    /// The word in reports and lists of rejects.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::RowTooLong => "row_too_long",
            Self::MalformedRow => "malformed_row",
            Self::InvalidField => "invalid_field",
            Self::AlertRefused => "alert_refused",
            Self::KeyReused => "idempotency_key_reused",
        }
    }
}

/// Why a row was refused, and the rule.
pub(super) type Fault = (RejectReason, String);

pub(super) fn request_fault(fault: &RequestFault) -> Fault {
    match fault {
        RequestFault::Json { column, .. } => {
            (RejectReason::MalformedRow, format!("it is not an alert in JSON: column {column}"))
        }
        RequestFault::Fields(_) => (RejectReason::InvalidField, fault.to_string()),
    }
}

/// The fault of a row, or what is wrong with more than it.
pub(super) fn row_fault(error: AlertingError) -> Result<Fault, AlertingError> {
    let rule = error.to_string();
    match error {
        AlertingError::Statement(_) => Ok((RejectReason::AlertRefused, rule)),
        AlertingError::KeyReused => Ok((RejectReason::KeyReused, rule)),
        error => Err(error),
    }
}
