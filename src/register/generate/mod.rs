//! Synthetic registers, for load tests, examples and measurements.
//!
//! A [`Generator`] gives the same notices for the same seed and count on every machine and in every version: it has its
//! own source of chance and computes with integers only. Issuers and the shapes of their numbers are those that
//! issuers have been seen to use; persons, of course, there are none.

mod chance;
mod generator;
mod shape;
mod states;

pub use generator::Generator;
