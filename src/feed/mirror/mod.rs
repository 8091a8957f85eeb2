//! Where a feed's repository is fetched from: over a line that is thin, breaks, and lies.
//!
//! A repository has small signed files, `metadata/<name>`, and large ones that those name by length and SHA-256,
//! `targets/<digest>.<name>`. [`read_small`] reads the first kind, [`Download`] the second. Nothing that comes from here
//! is true yet: whoever asked checks signatures and digests. What is held here is that asking *ends*: each file has a
//! length it may not exceed, and a line that brings nothing, or too little, is given up.
//!
//! Everything blocks its thread.

mod connect;
mod directory;
mod download;
mod error;
mod https;
mod limits;
mod pace;
mod part;
mod path;
mod range;
mod small;
mod throttle;
mod watch;

use std::io::Read;

#[cfg(feature = "object-store")]
pub(super) use connect::agent;
pub use connect::{HttpsError, HttpsSettings};
pub use directory::Directory;
pub use download::{Download, Downloaded, Progress};
pub use error::{DownloadError, Failure, MirrorError};
pub use https::Https;
#[cfg(feature = "object-store")]
pub(super) use https::Sign;
pub use limits::Limits;
pub use small::read_small;

/// A place that has a feed's repository.
///
/// Paths are `metadata/<name>` and `targets/<name>`; a name has letters, digits, `.`, `_` and `-`, and begins with no dot.
pub trait Mirror: Send + Sync + std::fmt::Debug {
    /// Opens a file of the repository, such as `metadata/timestamp.json`, from a byte on.
    ///
    /// `length` is that of the whole file where somebody vouches for it: a mirror that tells another one is refused
    /// before anything is taken from it. What is read may still be shorter, longer or endless. Reading ends with an
    /// error, [`MirrorError::of_read`], if the line fails, stalls, or is too slow.
    ///
    /// # Errors
    /// [`MirrorError`].
    fn open(&self, path: &str, from: u64, length: Option<u64>) -> Result<Opened, MirrorError>;

    /// The mirror, for people: a folder, or a URL without credentials and query.
    fn name(&self) -> &str;
}

/// A file of a mirror that is being read.
pub struct Opened {
    /// The byte that comes first: the one that was asked for, or 0 if the mirror gives files only whole.
    pub from: u64,
    /// The file from there on.
    pub bytes: Box<dyn Read + Send>,
}
