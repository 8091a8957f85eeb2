//! The rules for outcomes.

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
