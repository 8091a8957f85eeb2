//! Why a feed was not changed.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::feed::{PublicKey, RepositoryError};
use crate::index::IndexError;
use crate::publishing::PublishingError;

/// Why a feed was not changed.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The registers were not read.
    #[error(transparent)]
    Reading(#[from] PublishingError),
    /// Segments cannot be built or read.
    #[error("the feed's files cannot be made; readers see what they saw before")]
    Index(#[from] IndexError),
    /// The repository cannot be read or written.
    #[error("the feed's repository cannot be used; readers see what they saw before")]
    Repository(#[from] RepositoryError),
    /// There is nothing to vouch for.
    #[error(
        "the feed has published nothing yet: `portcullis feed add` gathers registers, `portcullis feed publish` publishes them"
    )]
    NothingPublished,
    /// Nothing waits.
    #[error(
        "nothing waits to be published: `portcullis feed add` gathers registers, `portcullis feed heartbeat` vouches for the list as it is, `portcullis feed publish --renew` signs it anew"
    )]
    NothingPending,
    /// The first list cannot be made by taking something out.
    #[error(
        "the first publication needs a list: `portcullis feed add` comes before `portcullis feed withdraw`"
    )]
    NothingToWithdraw,
    /// A list must not be older than the one before.
    #[error(
        "the list would be as of {as_of:.0}, before the one published, which is as of {before:.0}: give a later --as-of"
    )]
    AsOfEarlier {
        /// What was given.
        as_of: Timestamp,
        /// What is published.
        before: Timestamp,
    },
    /// The list claims to be from the future.
    #[error("the list would be as of {as_of:.0}, which is in the future: readers would refuse it")]
    FromTheFuture {
        /// What was given.
        as_of: Timestamp,
    },
    /// Changes wait, without which the list is not complete as of now.
    #[error(
        "{waiting} changes wait, without which the list is not complete as of now: `portcullis feed publish` comes first, or --as-of says as of when it was complete"
    )]
    ChangesWait {
        /// How many.
        waiting: usize,
    },
    /// What is published is accepted by nobody any more, whatever is said of it.
    #[error(
        "the signatures of the role {role} ended at {at:.0}: no reader would accept a heartbeat; `portcullis feed publish --renew` signs the list anew, `portcullis feed rotate-key root` the root"
    )]
    Expired {
        /// The role.
        role: &'static str,
        /// When.
        at: Timestamp,
    },
    /// One root after the other.
    #[error(
        "{} is being signed already: `portcullis feed sign-root` brings it to its end, or remove it to begin anew", .0.display()
    )]
    HandoverUnderWay(PathBuf),
    /// No root is being signed.
    #[error("there is no {}: `portcullis feed rotate-key` makes one", .0.display())]
    NoHandover(PathBuf),
    /// The root does not name the key that is to go.
    #[error("the root does not name the key {key} for the role {role}: another was put in its place before")]
    KeyNotNamed {
        /// The role.
        role: &'static str,
        /// The key.
        key: PublicKey,
    },
    /// Nothing would be listed.
    #[error("nothing would be listed any more: no reader accepts an empty list")]
    Empty,
    /// A canary that must not be found is listed.
    #[error(
        "a document of canaries-miss in feed.toml is listed, or one of canaries-hit is not: readers would refuse the list"
    )]
    Canary,
    /// What was built is not what it was built of.
    #[error(
        "what was built does not verify; nothing was published: check this machine's memory and disk, and report it"
    )]
    SelfTest,
    /// The sequence would not rise.
    #[error("the last number of a publication there is was used")]
    NoSequence,
    /// A file cannot be read, written or moved.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// A file of the repository is not what is signed.
    #[error("{} is not the file that was signed: restore it from a mirror, or publish the whole list anew with `portcullis feed add --whole`", .0.display())]
    Altered(PathBuf),
}

impl FeedError {
    pub(super) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
