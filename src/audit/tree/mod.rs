//! The Merkle tree over a log's leaves (RFC 6962, section 2.1): what makes a log's past provable.
//!
//! The tree is never held: its right edge is ([`Frontier`]), and everything left of that is read from files of hashes
//! ([`Hashes`]) when somebody wants a proof. Memory does not grow with the number of entries.

mod frontier;
mod hashes;
mod node;
mod proof;
mod subtrees;
#[cfg(test)]
mod tests;

pub(super) use frontier::Frontier;
pub(super) use hashes::{Hashes, LEVEL_HEIGHT, LEVELS, level_name};
pub(super) use node::{Hash, empty_root, node};
pub(super) use proof::{inclusion, root_of_inclusion};
pub(super) use subtrees::Subtrees;
