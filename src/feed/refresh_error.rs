//! Why nothing that a mirror has is accepted.

use jiff::Timestamp;
use tough::error::Error as Tough;

use super::MetadataError;
use super::mirror::MirrorError;

/// The most newer roots that are followed at once.
pub(super) const ROOTS_MAX: u64 = 64;

/// Why nothing that a mirror has is accepted.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// What the site has accepted is not what it accepted any more.
    #[error(
        "the metadata that this site has accepted cannot be read any more, and nothing is accepted over it: restore the generation from a backup"
    )]
    Kept(#[source] MetadataError),
    /// A root that the site has followed is not what it followed any more.
    #[error(
        "{name}, a root that this site has followed, cannot be read any more or is missing one before it, and no older one is believed: restore the folder roots in sync/FEED of the data directory from a backup; remove it only where the site was set up anew with another root-file"
    )]
    Followed {
        /// The name of its file.
        name: String,
    },
    /// What the site was set up with is no root.
    #[error(
        "the root that this site was set up with cannot be used: set root-file to a root that the publisher handed over"
    )]
    SetUp(#[source] MetadataError),
    /// The mirror cannot be read.
    #[error("the mirror {mirror} cannot be read")]
    Mirror {
        /// Its name.
        mirror: String,
        /// Why.
        source: MirrorError,
    },
    /// A file is missing that must be there.
    #[error("the mirror {mirror} lacks metadata that it must have: is this the address of a feed?")]
    Missing {
        /// Its name.
        mirror: String,
    },
    /// Signatures are missing, wrong, or of the wrong keys.
    #[error(
        "{role} is not signed by enough of the keys that the root names: the mirror or the publisher is not who it should be"
    )]
    Signatures {
        /// The role.
        role: String,
        /// What is wrong.
        source: Box<tough::schema::Error>,
    },
    /// One key has signed twice.
    #[error("{role} is signed twice by one key: it is refused, for one holder must not count as two")]
    DuplicateSignature {
        /// The role.
        role: String,
    },
    /// Older than what was accepted.
    #[error(
        "{role} has version {found}, and version {floor} was accepted before: the mirror is behind or replays old lists"
    )]
    Rollback {
        /// The role.
        role: String,
        /// The version that the mirror has.
        found: u64,
        /// The version that was accepted.
        floor: u64,
    },
    /// Files of different publications.
    #[error(
        "the files of the mirror are not of one publication ({role}): try again, it may be in the middle of an update"
    )]
    MixAndMatch {
        /// The role at which it shows.
        role: String,
    },
    /// A file has another digest than the one that is signed.
    #[error("a file of the metadata has another digest than the one that is signed")]
    WrongDigest,
    /// A file is longer than it is signed to be.
    #[error("a file of the metadata is longer than {bytes_max} bytes, which it is signed to have at most")]
    Endless {
        /// The limit.
        bytes_max: u64,
    },
    /// The signatures have ended.
    #[error(
        "the signatures of {role} ended at {at}: the publisher has stopped, or somebody holds newer ones back; what is in force stays"
    )]
    Expired {
        /// The role.
        role: &'static str,
        /// When they ended.
        at: Timestamp,
    },
    /// It vouches for a time that has not come.
    #[error(
        "the feed vouches for {as_of}, more than ten minutes ahead of this machine's clock: set the clock right, or tell the publisher"
    )]
    FromTheFuture {
        /// The claim.
        as_of: Timestamp,
    },
    /// Two things under one version.
    #[error(
        "{role} says something else under version {version} than before: the publisher's keys are used in two places"
    )]
    Equivocation {
        /// The role.
        role: &'static str,
        /// The version.
        version: u64,
    },
    /// Too many roots.
    #[error("the mirror has more than {ROOTS_MAX} newer roots: set the site up again with a newer root")]
    TooManyRoots,
    /// The metadata was not understood.
    #[error("the mirror's metadata cannot be used")]
    Metadata(#[source] MetadataError),
    /// The metadata was not understood by the library.
    #[error("the mirror's metadata cannot be used")]
    Malformed(#[source] Box<Tough>),
    /// The scratch folder failed.
    #[error("cannot use the folder {}", path.display())]
    Scratch {
        /// The folder.
        path: std::path::PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
}

impl RefreshError {
    /// A stable word for the rule that was broken.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Kept(_) | Self::Followed { .. } => "kept",
            Self::SetUp(_) => "set_up",
            Self::Mirror { source: MirrorError::TooLong { .. }, .. } | Self::Endless { .. } => "endless",
            Self::Mirror { .. } => "line",
            Self::Missing { .. } => "missing",
            Self::Signatures { .. } => "signatures",
            Self::DuplicateSignature { .. } => "duplicate_signature",
            Self::Rollback { .. } => "rollback",
            Self::MixAndMatch { .. } => "mix_and_match",
            Self::WrongDigest => "digest",
            Self::Expired { .. } => "expired",
            Self::FromTheFuture { .. } => "from_the_future",
            Self::Equivocation { .. } => "equivocation",
            Self::TooManyRoots => "too_many_roots",
            Self::Metadata(_) | Self::Malformed(_) => "metadata",
            Self::Scratch { .. } => "disk",
        }
    }
}
