//! Cases: what follows a hit, until somebody says what became of it.
//!
//! A case has no store of its own. What opens it, what adds to it and what became of it are entries of the audit log; [`Cases`] is what
//! these come to, and [`Casebook`] follows the logs of a site and records outcomes. Document and findings stand sealed in the hits'
//! entries, and are opened for whoever asks for one case.

mod book;
mod case;
mod error;
mod index;
mod policy;
mod request;
#[cfg(test)]
mod tests;

pub use book::{Casebook, Content, SeenVersion};
pub use case::{Case, CaseState, Place, Ruling, Seen};
pub use error::CaseError;
pub use index::Cases;
pub use policy::{CasePolicy, CaseRules};
pub use request::{GradeRequest, OutcomeRequest};
