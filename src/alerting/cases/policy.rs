//! The rules for outcomes.

use jiff::Timestamp;

use super::case::Case;
use crate::audit::Retention;

/// The rules for outcomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CasePolicy {
    /// Whether somebody else has to say the same before an outcome holds.
    pub four_eyes: bool,
    /// For how many days a bearer may be cleared at a time.
    pub cleared_days_max: usize,
}

impl Default for CasePolicy {
    fn default() -> Self {
        Self { four_eyes: false, cleared_days_max: 90 }
    }
}

/// The rules, and how long hits are kept: nobody is cleared for longer than his case is there.
#[derive(Clone, Copy, Debug, Default)]
pub struct CaseRules {
    /// The rules for outcomes.
    pub policy: CasePolicy,
    /// How long entries are kept.
    pub retention: Retention,
}

impl CaseRules {
    /// For how many days from now the bearer of a case may be cleared.
    pub(super) fn cleared_days_max(&self, case: &Case, now: Timestamp) -> u32 {
        let by_policy = u32::try_from(self.policy.cleared_days_max).unwrap_or(u32::MAX);
        let Some(kept) = self.retention.hits_days else { return by_policy };
        let newest = case.seen.last().map_or(now, |seen| seen.at);
        let gone = u32::try_from(now.duration_since(newest).as_hours() / 24).unwrap_or(0);
        by_policy.min(kept.saturating_sub(gone))
    }
}
