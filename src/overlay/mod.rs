//! What this site knows itself: every revision of every alert, durably, and in memory a table of those that may be in force.
//!
//! [`Store`] keeps revisions in one file of pages (`redb`), each with a MAC, and is opened by one process at a time for as long as an act
//! takes. [`Alerts`] is what the revisions come to. [`Table`] is made of that, never changes, and cannot fail: it is asked beside the
//! lists, without a lock.

mod alerts;
#[cfg(test)]
mod append_tests;
mod change;
mod changes;
mod documents;
mod error;
mod files;
mod filter;
mod head;
mod intervals;
mod key;
mod last_seen;
mod naming;
mod on_record;
mod pages;
mod rank;
mod record;
mod store;
mod table;

pub use alerts::{Alerts, Changed};
pub use change::Change;
pub use changes::Changes;
pub use error::OverlayError;
pub use last_seen::{LastSeen, LastSeenFault};
pub use naming::NewName;
pub use store::Store;
pub use table::Table;
