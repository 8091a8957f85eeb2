//! Making segments: from notices, from the difference of two lists, from a base and its delta.
//!
//! [`Builder`] deals notices out to parts by the highest bits of their mixed keys, sorts each part by itself, on all
//! cores, and writes the live documents in that order, which is the order of the file. What is beyond its limit of memory
//! waits in a file. [`delta`] says in a segment of its own what a later list changes in a base, and [`fold`] makes of both
//! the base that building the later list would have made, byte for byte.
//!
//! Where only what changes is known, an [`Amendment`] holds it, and only it: a publisher makes one of notices to
//! add and to withdraw, a site of the increments that it fetched. Either writes from it the cumulative delta that
//! [`delta`] would have written of the whole later list, byte for byte, so that one digest vouches for it everywhere.

mod amending;
mod amendment;
mod builder;
mod changes;
mod delta;
mod dictionary;
mod fold;
mod output;
mod part;
mod record;
mod sort;
mod spill;
mod tally;
mod write;

pub use amendment::{Amendment, Edit};
pub(super) use builder::MIXER;
pub use builder::{Builder, Built};
pub use delta::delta;
pub use fold::fold;
pub(super) use tally::Tally;
