//! Why signed metadata is not believed, or could not be made.

use super::KeyError;

/// Why metadata is not believed, or could not be made.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// A file is not there.
    #[error("the metadata has no {0}")]
    Missing(&'static str),
    /// A file is not JSON of the expected shape.
    #[error("{file} cannot be read")]
    Json {
        /// The file.
        file: &'static str,
        /// What the reader said.
        source: serde_json::Error,
    },
    /// There are too few signatures of the keys that the root names, or one twice.
    #[error("{file} is not signed as the root asks")]
    Signatures {
        /// The file.
        file: &'static str,
        /// What is wrong.
        source: Box<tough::schema::Error>,
    },
    /// The role above names another file.
    #[error("{0} is not the file that the role above it names: files of different publications were mixed")]
    NotNamed(&'static str),
    /// A root that no client should take.
    #[error("the root is not sound: {0}")]
    Root(&'static str),
    /// The targets have no bulletin.
    #[error("targets.json has no bulletin: this is not the repository of a feed")]
    NoBulletin,
    /// The bulletin contradicts itself or the role that holds it.
    #[error("the bulletin is not sound: {0}")]
    Bulletin(&'static str),
    /// The bulletin is of a format that came later.
    #[error("the bulletin has format {format}, and this program reads format 1: install a newer version")]
    Newer {
        /// The format.
        format: u64,
    },
    /// The timestamp vouches for no time.
    #[error("timestamp.json does not say as of which time it vouches for the list")]
    NoAsOf,
    /// The timestamp vouches for a time before the publication.
    #[error("timestamp.json vouches for a time before the publication was complete")]
    AsOfEarlier,
    /// A role cannot be written so that every reader reads the same.
    #[error("the metadata cannot be brought into canonical form")]
    Canonical(#[source] Box<tough::schema::Error>),
    /// A key did not sign.
    #[error(transparent)]
    Key(#[from] KeyError),
}
