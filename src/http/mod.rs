//! HTTP v1.

mod limits;

pub use limits::Limits;
