//! Whole passenger lists.

mod limits;

pub use limits::Limits;
