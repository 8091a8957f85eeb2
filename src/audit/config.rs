//! How a log is written.

use crate::domain::Durability;

/// How a log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// How durable an entry is before its answer is given.
    pub durability: Durability,
    /// How many entries may wait for the writing thread; more are refused at once.
    pub queue_entries_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { durability: Durability::Synced, queue_entries_max: 4096 }
    }
}
