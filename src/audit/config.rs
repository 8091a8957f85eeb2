//! How a log is written.

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::Durability;

/// How a log is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// How durable an entry is before its answer is given.
    pub durability: Durability,
    /// How many entries may wait for the writing thread; more are refused at once.
    pub queue_entries_max: usize,
    /// How long a file of the journal may become before the next one is begun and it is sealed. At the end of a day it is anyway.
    pub journal_bytes_max: u64,
    /// How long an entry may be in the log without a checkpoint that covers it.
    pub checkpoint_every: Duration,
    /// Folders, and addresses of web servers that take files, to which each newest checkpoint is exported, so that it shows if the log is
    /// cut off.
    pub checkpoints_to: Vec<String>,
    /// A file with what it takes to be let in there, `user:password` in one line.
    pub checkpoints_credentials: Option<PathBuf>,
    /// A file with the certificate authorities that vouch for those servers, as PEM, instead of the machine's.
    pub checkpoints_authorities: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            durability: Durability::Synced,
            queue_entries_max: 4096,
            journal_bytes_max: 64 << 20,
            checkpoint_every: Duration::from_secs(60),
            checkpoints_to: Vec::new(),
            checkpoints_credentials: None,
            checkpoints_authorities: None,
        }
    }
}
