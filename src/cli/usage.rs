//! What was said wrongly, as against what went wrong.

/// The arguments make no sense together or one of them breaks its rule: exit code 2, and nothing was done.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Usage(pub(super) String);

impl Usage {
    /// Arguments that break a rule.
    pub(super) fn because(rule: impl std::fmt::Display) -> Self {
        Self(rule.to_string())
    }
}
