//! Why an import came to an end.

use std::io;

use crate::alerting::AlertingError;

/// Why an import came to an end. Of all or none, nothing was issued; row by row, what the tally says.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The rows cannot be read.
    #[error("the rows cannot be read to their end")]
    Read(#[source] io::Error),
    /// The CSV header cannot be used.
    #[error(
        "the header cannot be used: it needs issuing_state, number (or from and to, or prefix and length), category, action, originator, contact, grade_scheme, grade_code, classes and valid_to, and may have reference, instruction, language, purposes, release_to, valid_from and idempotency_key, each once and nothing else"
    )]
    Header,
    /// There is more than is taken at once.
    #[error(
        "more than {bytes_max} bytes are not taken at once as all or none: import them row by row, or in parts"
    )]
    TooLarge {
        /// The most.
        bytes_max: u64,
    },
    /// The list of rejects cannot be written.
    #[error("the list of rejects cannot be written")]
    Rejects(#[source] io::Error),
    /// Alerts were issued by the same keys meanwhile.
    #[error("somebody has issued alerts with the same idempotency keys meanwhile: import again")]
    Overtaken,
    /// The desk cannot act.
    #[error(transparent)]
    Desk(#[from] AlertingError),
}
