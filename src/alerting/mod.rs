//! Alerts as people issue them: what is asked for becomes a statement, an act is recorded, and then a revision is kept.
//!
//! [`Desk`] does the acts, one at a time for a site: it opens the store, sees what there is by now, records what is going to be done in
//! the audit log, and keeps the next revision. Services take it up within seconds.

mod cases;
mod desk;
mod error;
mod policy;
mod request;

pub use cases::{
    Case, CaseError, CasePolicy, CaseState, Casebook, Cases, Content, GradeRequest, OutcomeRequest, Place,
    Ruling, Seen,
};
pub use desk::{Desk, Issued};
pub use error::AlertingError;
pub use policy::AlertPolicy;
pub use request::{AlertRequest, RequestFault};
