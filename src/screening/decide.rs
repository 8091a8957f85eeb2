//! The verdict, from evidence and coverage and nothing else.

use crate::domain::{Coverage, Finding, Reason, ReasonCode, Verdict};

/// Decides.
///
/// A finding in force is a hit, whatever else is in doubt. `NoHit` needs both: no doubt at all, and coverage that is
/// complete in itself. Everything else is inconclusive.
pub fn decide(findings: Vec<Finding>, doubts: &[Reason], coverage: &Coverage) -> Verdict {
    if !findings.is_empty() {
        return Verdict::Hit(findings);
    }
    match coverage.complete() {
        Some(complete) if doubts.is_empty() => Verdict::NoHit(complete),
        _ if doubts.is_empty() => Verdict::Inconclusive(vec![Reason::new(ReasonCode::NothingExpected)]),
        _ => Verdict::Inconclusive(doubts.to_vec()),
    }
}
