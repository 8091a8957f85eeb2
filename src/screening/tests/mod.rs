//! The rules of verdicts as a table: what was presented, what is listed, what is answered.

mod properties;
mod rules;
mod world;
mod zones;
