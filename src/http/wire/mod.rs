//! The words of v1: what answers look like in JSON.
//!
//! The command line prints the same words. v1 only gains optional fields; every enumeration but `verdict` is open.

mod answer;
mod case;
mod change;
mod coverage;
mod imported;
mod listing;
mod manifest;
mod revision;
mod site_coverage;
mod stored;

pub use answer::AnswerBody;
pub use case::{CaseBody, WholeCaseBody};
pub use change::ChangeBody;
pub use coverage::CoverageBody;
pub use imported::ImportBody;
pub use manifest::{write_abort, write_outcome, write_summary};
pub use revision::RevisionBody;
pub use site_coverage::SiteCoverageBody;
pub use stored::write_recorded;

/// Rises with every addition to v1.
pub const API_REVISION: u32 = 3;
