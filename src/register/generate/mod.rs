//! Synthetic registers, for load tests, examples and measurements.
//!
//! A [`Generator`] gives the same notices for the same seed and count on every machine and in every version: it has its
//! own source of chance and computes with integers only. Issuers and the shapes of their numbers are those that
//! issuers have been seen to use; persons, of course, there are none. A [`Sower`] writes rows as a format has them, our
//! own or a publisher's, and sows faults of every class among them.

mod chance;
mod fault;
mod form;
mod generator;
mod publisher;
mod shape;
mod sower;
mod states;

pub use form::Form;
pub use generator::Generator;
pub use sower::{Sower, Sown};
