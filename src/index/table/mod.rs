//! The exact hash table of a segment: one cache line answers for nearly every document that is not listed.
//!
//! A document's [`Key`](super::Key) of 56 bits goes through an invertible [`Mixer`] and becomes `h`. With `n` buckets,
//! `h` is taken apart into a bucket and a remainder ([`Place`]) that determine it together, so that a slot which holds the
//! remainder holds the key: no false hit can exist, and a file enumerates what it lists.
//!
//! A bucket is a line of 64 bytes. Its slots are [`Width::Narrow`] (8 bytes: remainder, then 24 bits of payload) or, where
//! that is too little, [`Width::Wide`] (16 bytes: remainder `u64`, payload `u32`, 0 `u32`). Payloads are never 0. Entries
//! stand at the end of their bucket, ascending, behind free slots of zeros. Of a bucket that has too many the last slot is
//! a descriptor, payload 0, whose remainder is a filter of 32 bits for what overflowed into a second table ([`Marks`]), mixed once
//! more; what overflows there too stands in a short tail, sorted by `h`. A bucket without entries has a descriptor with the
//! bit above the filter: so the last slot of no line is all zeros, and a line that a cut-short file lost is told apart.
//!
//! Entries go in by ascending `h`, which is the order of the buckets: a table is written front to back.

mod build;
mod enumerate;
mod line;
mod mixer;
mod place;
mod read;
mod shape;

pub use build::{Entry, Plan, Planning, Writing};
pub use line::{LINE_LEN, Marks, Width};
pub use mixer::Mixer;
pub use place::Place;
pub use read::{GROUP, Keys, Table};
pub use shape::Shape;
