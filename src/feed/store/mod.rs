//! Object stores that hand out a feed's repository: S3 and what speaks like it, and web servers that take WebDAV's `PUT`.
//!
//! The repository in the publisher's folder stays the one that counts; [`push`] makes a store's like it. Whoever reads there
//! finds one publication or the next, as in the folder: what a timestamp names is there before the timestamp is, and
//! nothing is deleted. Stores come with the cargo feature `object-store`; a program without it says so.

#[cfg(feature = "object-store")]
mod line;
#[cfg(feature = "object-store")]
mod objects;
#[cfg(feature = "object-store")]
mod order;
#[cfg(feature = "object-store")]
mod place;
#[cfg(not(feature = "object-store"))]
mod without;

use crate::feed::RepositoryError;
use crate::feed::mirror::HttpsError;

#[cfg(feature = "object-store")]
pub use objects::signed_mirror;
#[cfg(feature = "object-store")]
pub use order::push;
#[cfg(not(feature = "object-store"))]
pub use without::{push, signed_mirror};

/// Where a store is and how it is reached. Has secrets in it, and therefore no `Debug`.
pub struct StoreAccess<'s> {
    /// `s3://bucket/folder`, or the `https://` address of a folder to which files may be put.
    pub url: &'s str,
    /// The address of the service, if it is not Amazon's.
    pub endpoint: Option<&'s str>,
    /// Its region; services of one's own mostly have none, and take any.
    pub region: Option<&'s str>,
    /// `user:password`, for a web server; S3's keys are in the usual variables of the environment, `AWS_ACCESS_KEY_ID` and
    /// `AWS_SECRET_ACCESS_KEY`, or come from the machine's role.
    pub credentials: Option<&'s str>,
    /// As for mirrors: authorities, the client's certificate, a proxy.
    pub roots_pem: Option<&'s [u8]>,
    /// How this machine shows the store who it is.
    pub identity: Option<crate::ground::web::Identity<'s>>,
    /// The URL of a proxy.
    pub proxy: Option<&'s str>,
}

/// What a push made of a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pushed {
    /// Files that were written.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Why a store is not as the repository is. What readers find there is as sound as before.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The program was built without.
    #[error(
        "this portcullis was built without object stores: build it with `--features object-store`, or copy the repository with another tool, the folder `targets` first and `metadata/timestamp.json` last"
    )]
    NotBuilt,
    /// Not the address of a store.
    #[error("the store's address is not like s3://bucket/folder or https://feeds.example/national")]
    Url,
    /// The settings of the line cannot work.
    #[error("the line to the store cannot be set up")]
    Https(#[from] HttpsError),
    /// The settings of the store cannot work.
    #[error("the store cannot be set up: check its region, its endpoint and the variables AWS_…")]
    Settings {
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is nothing to hand out.
    #[error("nothing is published yet: `portcullis feed publish` comes first")]
    NothingPublished,
    /// Another feed is there.
    #[error(
        "the store has another feed, or the same with other keys: its {path} is not ours. Nothing was written; check the address"
    )]
    AnotherFeed {
        /// The root that differs.
        path: String,
    },
    /// Somebody else published there, or the folder is an old copy.
    #[error(
        "the store is ahead: its timestamp has version {there}, and this folder's {here}. Nothing was written; publish from the folder that wrote it, or, if that is lost, begin with a new feed"
    )]
    Ahead {
        /// The version that readers find.
        there: u64,
        /// The version that would take its place.
        here: u64,
    },
    /// Two folders published the same version.
    #[error(
        "the store has another timestamp of version {version}: two folders publish this feed. Nothing was written"
    )]
    Forked {
        /// The version.
        version: u64,
    },
    /// What is there is no timestamp.
    #[error("the store's metadata/timestamp.json is not one: check the address. Nothing was written")]
    NoTimestamp,
    /// The folder cannot be read.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// A file of the folder cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: std::path::PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// The store failed, or the line to it.
    #[error("cannot {action} {path} in the store: {said}")]
    Store {
        /// What was done.
        action: &'static str,
        /// The file, in the repository.
        path: String,
        /// What the store, or the line, said.
        said: String,
    },
}
