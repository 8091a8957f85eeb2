//! Alerts as people issue them: what is asked for becomes a statement, an act is recorded, and then a revision is kept.
//!
//! [`Desk`] does the acts, one at a time for a site, or those together that wait in a [`Queue`]: it opens the store, sees what there is by
//! now, plans what is going to be done, records it in the audit log, and keeps the next revisions. Services take them up within seconds.

mod cases;
mod desk;
mod error;
mod expiry;
mod export;
pub mod hits;
pub mod import;
mod plan;
mod policy;
mod queue;
mod record;
mod request;
mod wish;

pub use cases::{
    Case, CaseError, CasePolicy, CaseRules, CaseState, Casebook, Cases, Content, GradeRequest,
    OutcomeRequest, Place, Ruling, Seen, SeenVersion,
};
pub use desk::Desk;
pub use error::AlertingError;
pub use expiry::{EXPIRED_AT_ONCE, EXPIRY_REST};
pub use export::{Export, ExportFault, Exported, verify_export};
pub use policy::AlertPolicy;
pub use queue::{Outcome, Queue};
pub use request::{AlertRequest, RequestFault};
pub use wish::{Change, Deed, Fulfilled, Issue, Wanted, Wish};
