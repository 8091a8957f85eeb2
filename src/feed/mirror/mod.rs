//! Places that have a feed's repository.

mod directory;

pub use directory::{Directory, Mirror, MirrorError, read_small};
