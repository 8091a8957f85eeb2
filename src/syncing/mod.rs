//! From a feed's repository to a generation in force.
//!
//! [`sync`] finds the newest publication that may be accepted, makes a [`Plan`] of the cheapest way to its files, carries it
//! out, and puts the list in force once every gate has let it through. Any failure leaves the generation in force as it
//! is. A site that holds the list before composes increments, and one that holds an earlier base folds: the files come out
//! byte for byte as they were signed, or they are downloaded. A [`Board`] tells how each feed of a service stands.

mod board;
mod carry;
mod commit;
mod error;
mod files;
mod gates;
mod mirror;
mod plan;
mod refresh;
mod source;
mod sync;
mod waiting;

pub use board::{Board, Standing, Woken};
pub use error::{GateError, SyncError};
pub use mirror::{MirrorFault, mirror};
pub use plan::{Held, Plan, Step};
pub use source::{Activation, Source};
pub use sync::{Outcome, Site, Synced, Wish, sync};
