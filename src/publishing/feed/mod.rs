//! What a publisher does: changes are gathered, then published as the next list of a signed feed.
//!
//! [`add`] and [`withdraw`] read registers into segments that wait; [`publish`] makes of what waits an increment, a
//! cumulative delta or a new base, signs what every reader needs to prove it, and lets readers see it with one rename.
//! [`heartbeat`] vouches for the list as of later, [`renew`] signs it anew, and a [`Handover`] puts one key in the place of another.
//! [`verify`] and [`reproduce`] are for whoever does not take that on trust.

mod account;
mod anew;
mod error;
mod expiry;
mod folder;
mod gather;
mod handover;
mod heartbeat;
mod make;
mod publish;
mod reproduce;
mod settings;
mod sums;
mod verify;

pub use account::Account;
pub use error::FeedError;
pub use expiry::ends_soon;
pub use folder::{FeedFolder, Pending, PendingKind};
pub use gather::{Gathered, add, purge, withdraw};
pub use handover::{Handover, Signed};
pub use heartbeat::heartbeat;
pub use publish::{Published, publish, renew};
pub use reproduce::reproduce;
pub use settings::{CanaryDocument, FeedSettings};
pub use verify::{Verified, verify};
