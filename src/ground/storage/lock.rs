//! Locks between processes.

use std::fs::File;
use std::io;

/// A lock that is held until dropped; the operating system ends it with the process.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "the open file is the lock")] pub(super) File);

/// Why a lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error("another process holds the lock")]
    Held,
    /// The lock file could not be opened or locked.
    #[error("cannot use the lock file")]
    Io(#[from] io::Error),
}
