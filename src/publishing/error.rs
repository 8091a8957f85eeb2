//! Why nothing was published.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::domain::{Digest, FeedName};
use crate::feed::VerifyError;
use crate::index::IndexError;
use crate::register::RegisterError;
use crate::screening::ActError;

/// The most documents that the intervals of one import may add.
pub const RANGES_MAX: u64 = 50_000_000;

/// Why nothing was published. But for [`Uncertain`](Self::Uncertain), the generation in force is what it was.
#[derive(Debug, thiserror::Error)]
pub enum PublishingError {
    /// A register cannot be read to its end.
    #[error("the register cannot be used; nothing was changed")]
    Register(#[from] RegisterError),
    /// Index or generation cannot be written or read.
    #[error("the index cannot be published; nothing was changed")]
    Index(#[from] IndexError),
    /// A feed's file is not what was published.
    #[error(
        "the files of feed {feed} cannot be verified, so no generation with it can be put in force; nothing was changed: import its list again, or `portcullis feed forget {feed}`"
    )]
    Verify {
        /// The feed.
        feed: FeedName,
        /// What is wrong with it.
        source: VerifyError,
    },
    /// Putting the generation in force failed halfway.
    #[error(
        "the last step failed: the new generation may or may not be in force; `portcullis inspect index` tells, and doing it again is safe"
    )]
    Uncertain(#[source] IndexError),
    /// Nothing to go back to.
    #[error(
        "generation {number} cannot be put in force again: {}",
        if .kept.is_empty() { "none before the one in force is kept here".to_owned() }
        else { format!("those kept before the one in force are {}", .kept.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")) }
    )]
    NotKept {
        /// What was asked for.
        number: u64,
        /// What is kept, newest first.
        kept: Vec<u64>,
    },
    /// A file of a generation of before is gone, and there is nothing to build it of.
    #[error(
        "the index file {digest} of feed {feed} is gone: give the folder that still has it, or the register that it was built of"
    )]
    NoRegister {
        /// The feed.
        feed: FeedName,
        /// The file.
        digest: Digest,
    },
    /// A register is not the one that was in force.
    #[error(
        "the register given for feed {feed} makes another index file than {digest}, which was in force: it is another list, or the generation in which its base was new is not known"
    )]
    OtherList {
        /// The feed.
        feed: FeedName,
        /// The file that was in force.
        digest: Digest,
    },
    /// Going back would change nothing.
    #[error(
        "generation {0} lists the same as the one in force: to go back to other lists, name one of the generations before it that `portcullis inspect index` calls kept"
    )]
    SameLists(u64),
    /// The act must not be done now.
    #[error(transparent)]
    Act(#[from] ActError),
    /// The list has no row that can be used.
    #[error("the register has no usable row ({rejected} of {read} rejected): nothing was changed; {} says why", rejects.display())]
    Empty {
        /// Rows read.
        read: u64,
        /// Rows rejected.
        rejected: u64,
        /// The side file.
        rejects: PathBuf,
    },
    /// Intervals of stolen blanks add up to more than any publisher lists.
    #[error(
        "intervals of stolen blanks list more than {RANGES_MAX} documents: check document_number_to; nothing was changed"
    )]
    RangesTooMany,
    /// What was read is not found in what was built of it.
    #[error(
        "the self-test failed: {missing} of the rows just read are not found in the new index, {wrong} of their neighbours come out wrong. Nothing was changed; this is a defect of this program or of the machine's memory or disk: check those and report it"
    )]
    SelfTest {
        /// Rows that are not found.
        missing: usize,
        /// Neighbours that come out wrong.
        wrong: usize,
    },
    /// A file of the index changed while it was read.
    #[error(
        "a file of the index changed while it was compared; nothing was changed: check the disk and try again"
    )]
    Damaged,
    /// Somebody asked to stop.
    #[error("interrupted: nothing was changed")]
    Interrupted,
    /// The list claims to be from the future.
    #[error(
        "the list is as of {as_of:.0}, which is in the future: give the time at which its publisher made it with --as-of"
    )]
    FromTheFuture {
        /// The claim.
        as_of: Timestamp,
    },
    /// Nobody said how old the list is.
    #[error("nothing says how old the list is: give the time at which its publisher made it with --as-of")]
    AgeUnknown,
    /// There is no such feed.
    #[error("there is no feed {0} at this site: `portcullis inspect index` lists those there are")]
    NoSuchFeed(FeedName),
    /// The list of rejected rows cannot be written.
    #[error("cannot write the rejected rows to {}", path.display())]
    Rejects {
        /// The side file.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
}
