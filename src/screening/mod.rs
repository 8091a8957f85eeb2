//! From a question to an audited verdict.

mod policy;

pub use policy::{FeedPolicy, IssuerNotReported, KindDiffers, Policy};
