//! From a register to a generation in force.
//!
//! [`import`] reads registers, builds a segment, passes it through gate 1 and puts the next generation in force;
//! [`forget`] takes a feed out. Both plan first, record the act in the audit log, and then publish: one rename commits.

mod error;
mod forget;
mod import;
mod record;

pub use error::PublishingError;
pub use forget::forget;
pub use import::{Import, Imported, Inputs, Progress, Stage, import};
