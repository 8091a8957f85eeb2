//! What became of an import of alerts.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::alerting::import::{Outcome, Reject, Tally};

/// What became of an import: `read` = `issued` + `issued_before` + `rejected` + `held_back`.
#[derive(Serialize)]
pub struct ImportBody<'a> {
    outcome: &'static str,
    read: u64,
    issued: u64,
    issued_before: u64,
    rejected: u64,
    held_back: u64,
    rejected_by_reason: BTreeMap<&'static str, u64>,
    rejects: Vec<RejectBody<'a>>,
    rejects_left_out: u64,
}

#[derive(Serialize)]
struct RejectBody<'a> {
    line: u64,
    reason: &'static str,
    rule: &'a str,
}

impl<'a> ImportBody<'a> {
    /// What became of rows; an import without an outcome came to an early end.
    #[must_use]
    pub fn of(tally: &Tally, outcome: Option<Outcome>, rejects: &'a [Reject], left_out: u64) -> Self {
        let told = |reject: &'a Reject| RejectBody {
            line: reject.line,
            reason: reject.reason.word(),
            rule: &reject.rule,
        };
        Self {
            outcome: match outcome {
                Some(Outcome::Issued) => "issued",
                Some(Outcome::Refused) => "refused",
                Some(Outcome::DryRun) => "dry_run",
                None => "ended",
            },
            read: tally.read,
            issued: tally.issued,
            issued_before: tally.before,
            rejected: tally.rejected_total(),
            held_back: tally.held_back(),
            rejected_by_reason: tally
                .rejected
                .iter()
                .map(|(reason, count)| (reason.word(), *count))
                .collect(),
            rejects: rejects.iter().map(told).collect(),
            rejects_left_out: left_out,
        }
    }
}
