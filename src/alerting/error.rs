//! Why an alert was not issued or changed.

use std::sync::Arc;

use crate::audit::AuditError;
use crate::domain::alert::{AlertFault, AlertId, LifeFault};
use crate::overlay::OverlayError;
use crate::screening::ActError;

/// Why an alert was not issued or changed; nothing was done.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AlertingError {
    /// What it says breaks rules.
    #[error("the alert breaks rules: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Statement(Vec<AlertFault>),
    /// There is none of that name.
    #[error("there is no alert {0} at this site")]
    Unknown(AlertId),
    /// It is not one with which that is done.
    #[error(transparent)]
    Life(#[from] LifeFault),
    /// The key of a request was used for another alert.
    #[error("the same idempotency key was used for another alert: use a new key for a new alert")]
    KeyReused,
    /// The store cannot be used.
    #[error("the alerts of this site cannot be read or changed; nothing was done")]
    Store(#[source] Arc<OverlayError>),
    /// It could not be recorded.
    #[error("the act cannot be recorded in the audit log, so it was not done")]
    Audit(#[from] AuditError),
    /// The time cannot be trusted.
    #[error(transparent)]
    Act(#[from] ActError),
    /// Whoever did it, together with others, came to grief.
    #[error("the program failed while this was done: read the alert before trying again")]
    Unfinished,
}

impl From<OverlayError> for AlertingError {
    fn from(error: OverlayError) -> Self {
        Self::Store(Arc::new(error))
    }
}
