//! From a file or a pipe to the plain text of its parts.
//!
//! A [`Source`] tells compression and archives by their first bytes and undoes them within bounds; its parts are the
//! one text of a plain or compressed file, or the members of a zip archive. UTF-16 with a byte order mark, and whatever
//! encoding a mapping names, become UTF-8.

mod bzip2;
mod expansion;
mod open;
mod part;
mod signature;

pub use expansion::{EXPANDED_BYTES_MAX, EXPANSION_FREE_BYTES, EXPANSION_MAX};
pub use open::{MEMBERS_MAX, Source};
pub(super) use part::Part;
