//! Why a case cannot be read, or has no outcome.

use crate::audit::AuditError;
use crate::domain::case::{CaseId, OutcomeFault};
use crate::screening::ActError;

/// Why a case cannot be read, or was given no outcome; then nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// There is none of that name, or its entries were erased.
    #[error("there is no case {0} at this site, or it was kept long enough and erased")]
    Unknown(CaseId),
    /// The outcome breaks rules.
    #[error("the outcome breaks rules: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Outcome(Vec<OutcomeFault>),
    /// The request is no outcome. Never repeats content.
    #[error("{0}")]
    Request(String),
    /// Somebody gave it an outcome meanwhile.
    #[error(
        "the case has {outcomes} outcomes and {findings} findings by now, which is not what was seen: read it again"
    )]
    Changed {
        /// How many outcomes it has.
        outcomes: usize,
        /// How many findings it has.
        findings: usize,
    },
    /// Cases stand in the logs.
    #[error("the cases stand in the audit log, which cannot be read or written; nothing was done")]
    Audit(#[from] AuditError),
    /// The time cannot be trusted.
    #[error(transparent)]
    Act(#[from] ActError),
}
