//! Why what is in force stays as it is.

use std::path::PathBuf;

use crate::domain::{FeedName, IssuingState};
use crate::feed::mirror::DownloadError;
use crate::feed::{RefreshError, VerifyError};
use crate::index::IndexError;
use crate::screening::ActError;

/// Why a feed is not brought up to date. What is in force stays in force.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// Nobody says where the feed is.
    #[error("feed {0} has no mirror: name one in its settings, or a folder with --from")]
    NoMirror(FeedName),
    /// No mirror has metadata that may be accepted.
    #[error("feed {feed}: nothing may be accepted of what its mirrors have ({failed} asked); of {mirror}")]
    Refresh {
        /// The feed.
        feed: FeedName,
        /// How many were asked.
        failed: usize,
        /// The one that tells most.
        mirror: String,
        /// What is wrong with what it has: rather that than a line that is down.
        source: Box<RefreshError>,
    },
    /// Somebody else is at it.
    #[error(
        "feed {0} is being brought up to date by two other processes, such as a service and another `portcullis sync`: wait for one of them"
    )]
    Busy(FeedName),
    /// What is in force of the feed is not what it was.
    #[error(
        "feed {0} was changed while it was brought up to date, by a rollback or another act: nothing was put in force; synchronise again to begin from what is in force now"
    )]
    Overtaken(FeedName),
    /// A file did not come.
    #[error("feed {feed}: a file did not come; what came of it is kept and continued the next time")]
    Download {
        /// The feed.
        feed: FeedName,
        /// Why.
        source: DownloadError,
    },
    /// The publication must not be put in force.
    #[error("feed {feed}, sequence {sequence}, is not put in force")]
    Gate {
        /// The feed.
        feed: FeedName,
        /// The publication.
        sequence: u64,
        /// Which gate it does not pass.
        source: GateError,
    },
    /// The operator has gone back.
    #[error(
        "feed {feed} was rolled back to sequence {sequence} and is held there: `portcullis sync --release {feed}` lets it follow its publisher again"
    )]
    RolledBack {
        /// The feed.
        feed: FeedName,
        /// What is in force.
        sequence: u64,
    },
    /// The operator has gone back to before the feed.
    #[error(
        "feed {0} was taken out of force by a rollback, or a restore, and is held there: `portcullis sync --release {0}` lets it follow its publisher again"
    )]
    RolledBackAway(FeedName),
    /// The feed at this site is an import of the operator's.
    #[error(
        "feed {0} was imported at this site by its operator, and a signed feed cannot take its place, also after it was forgotten: give one of them another name in the settings"
    )]
    Local(FeedName),
    /// The index cannot be read or written.
    #[error("feed {feed}: the index cannot be brought up to date")]
    Index {
        /// The feed.
        feed: FeedName,
        /// What is wrong.
        source: IndexError,
    },
    /// Files of another feed are not what was accepted.
    #[error("a generation with feed {feed} cannot be opened, so nothing was changed: repair it first")]
    Verify {
        /// The feed whose files they are.
        feed: FeedName,
        /// What is wrong.
        source: VerifyError,
    },
    /// The act must not be done now.
    #[error(transparent)]
    Act(#[from] ActError),
    /// A folder cannot be used.
    #[error("cannot use {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// The last step failed.
    #[error(
        "the last step failed: the new generation may or may not be in force; synchronising again is safe"
    )]
    Uncertain(#[source] IndexError),
    /// Somebody asked to stop.
    #[error("feed {0}: interrupted; nothing was changed, and what came is kept and continued the next time")]
    Interrupted(FeedName),
}

impl SyncError {
    /// A stable word for what went wrong, for metrics and programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoMirror(_) => "no_mirror",
            Self::Refresh { source, .. } => source.code(),
            Self::Busy(_) => "busy",
            Self::Overtaken(_) => "overtaken",
            Self::Download { .. } => "download",
            Self::Gate { source, .. } => source.code(),
            Self::RolledBack { .. } | Self::RolledBackAway(_) => "rolled_back",
            Self::Local(_) => "local",
            Self::Index { .. } | Self::Uncertain(_) => "index",
            Self::Verify { .. } => "verify",
            Self::Act(_) => "act",
            Self::Io { .. } => "disk",
            Self::Interrupted(_) => "interrupted",
        }
    }
}

impl GateError {
    /// A stable word for the gate.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::OtherFeed { .. } => "other_feed",
            Self::BelowFloor { .. } => "below_floor",
            Self::Reader { .. } => "min_reader",
            Self::Seed => "seed",
            Self::Lineage => "lineage",
            Self::Forked => "forked",
            Self::Segment(_) => "segment",
            Self::Sums(_) => "sums",
            Self::CanaryMissing | Self::CanaryFound => "canary",
            Self::Shrinks { .. } | Self::StatesGone(_) => "shrink",
        }
    }
}

/// Which gate a publication does not pass.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum GateError {
    /// It is of another feed.
    #[error("the mirror has feed {found}, and not the one that was asked for")]
    OtherFeed {
        /// What it says.
        found: FeedName,
    },
    /// It is older than the settings allow.
    #[error(
        "its sequence is below {floor}, which the settings ask for (sequence-min): the mirror is behind, or this is another repository"
    )]
    BelowFloor {
        /// The floor.
        floor: u64,
    },
    /// It needs a newer program.
    #[error("its files have format {needs}, and this program reads {reads}: install a newer version")]
    Reader {
        /// The format.
        needs: u32,
        /// What this program reads.
        reads: u32,
    },
    /// It is mixed in a way that this program does not know.
    #[error("its files are mixed with another seed than this program's: install a newer version")]
    Seed,
    /// The base in force under another name.
    #[error(
        "it has the base that is in force and says that it descends from others: its publisher must look into it"
    )]
    Lineage,
    /// It follows on another list than the one in force.
    #[error(
        "it follows on another publication than the one in force, which has the same sequence: its publisher has two histories, such as after a copy was restored; sites follow again once the timestamp's key is rotated"
    )]
    Forked,
    /// A file is not what its metadata says.
    #[error("a file does not verify: {0}")]
    Segment(String),
    /// The list does not add up to what is signed.
    #[error("its list does not add up to the {0} that is signed: its publisher must look into it")]
    Sums(&'static str),
    /// Canaries that must be found are not.
    #[error(
        "a document that proves the list to be this one is not found in it: its publisher must look into it"
    )]
    CanaryMissing,
    /// Canaries that must not be found are.
    #[error("a document that is on no list is found in it: its publisher must look into it")]
    CanaryFound,
    /// Too much is gone.
    #[error(
        "{gone} of {before} notices would be gone, more than the share of {allowed} that the settings allow (shrink-max): if its publisher withdrew them, `portcullis sync --accept-shrink=FEED` puts it in force"
    )]
    Shrinks {
        /// Notices that would be gone at least.
        gone: u64,
        /// Notices in force.
        before: u64,
        /// What is allowed, of 1.
        allowed: f64,
    },
    /// Whole states are gone.
    #[error(
        "nothing would be listed any more of {}: if its publisher withdrew it, `portcullis sync --accept-shrink=FEED` puts it in force",
        .0.iter().map(|state| state.code()).collect::<Vec<_>>().join(", ")
    )]
    StatesGone(Vec<IssuingState>),
}
