//! The index: from notices to a checked, memory-mapped file; generations; publishing; snapshots.
//!
//! [`Builder`] turns notices into a segment, an immutable file whose bytes depend on the live notices and their stamp
//! only; [`delta`] says in another what a later list changes in it, [`List`] asks both together, and [`fold`] makes one of
//! them. An [`Amendment`] comes to the same delta by what changes alone, and is handed on as an increment. [`Publisher`] keeps segments under their digest and puts the next [`Generation`] in force: one rename of
//! `CURRENT` commits the data and the floors against rollback together. [`Snapshot`] maps the segments of a
//! generation and checks every byte, so that a lookup cannot fail afterwards. Damage that comes later (a file cut
//! short or rewritten under the map) poisons the snapshot: what was asked of it meanwhile proves nothing.

mod asked;
mod build;
mod code;
mod cores;
mod counts;
mod difference;
mod error;
mod feed_in_force;
mod filter;
mod format;
#[cfg(test)]
mod format_tests;
mod generation;
mod generation_file;
#[cfg(test)]
mod generation_file_tests;
mod inspect;
mod key;
mod layout;
mod list;
mod listed;
mod longs;
mod lookalike_keys;
mod open;
mod publish;
mod restored;
mod scrub;
mod sections;
mod segment;
mod sets;
mod snapshot;
mod state_digest;
pub mod table;
mod verify;
mod view;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod snapshot_tests;
#[cfg(test)]
mod verify_tests;

pub use build::{Amendment, Builder, Built, Edit, delta, fold};
pub use counts::Counts;
pub use difference::Difference;
pub use error::{Damaged, IndexError, SegmentError};
pub use feed_in_force::FeedInForce;
pub use format::{Header, READER, Stamp};
pub use generation::{FeedRecord, Floor, Generation, Kept};
pub use inspect::{FeedInspection, Inspection, SegmentInspection};
pub use key::Key;
pub use layout::{current, generation_at, kept, segment_path};
pub use list::{DELTA_DOCUMENTS_MAX, List};
pub use publish::{Publisher, Staged};
pub use restored::{back_up_floors, restore_floors};
pub use scrub::ScrubFault;
pub use segment::{LONGER_LEN_MIN, LONGER_MAX, Longer, Segment};
pub use snapshot::{Snapshot, open_any_segment, open_segment};
pub use state_digest::StateDigest;
