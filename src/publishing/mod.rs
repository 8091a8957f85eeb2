//! From a register to a generation in force.
//!
//! [`import`] reads registers, builds a segment, opens the generation it would make, compares it with the one in force,
//! asks it for what was just read, and puts it in force unless [`Limits`] refuse; [`forget`] takes a feed out, [`fold`] makes
//! one base of a base and its delta, [`rollback`] goes back to what an older generation listed. All record the act in the audit log and then publish: one rename commits.

mod as_delta;
mod error;
pub mod feed;
mod fold;
mod forget;
mod gates;
mod import;
mod imported;
mod reading;
mod rebuild;
mod report;
mod rollback;
mod self_test;

pub use error::{PublishingError, RANGES_MAX};
pub use fold::{Fold, Folded, fold};
pub use forget::forget;
pub use gates::{Change, Limits, Refusal};
pub use import::{Import, Inputs, Progress, Stage, import};
pub use imported::{Imported, Outcome};
pub use rebuild::{Rebuild, Rebuilt, rebuild};
pub use report::report;
pub use rollback::rollback;
