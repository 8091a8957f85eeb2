//! What can go wrong with the store of alerts.

use std::io;
use std::path::{Path, PathBuf};

/// Why alerts cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum OverlayError {
    /// The file system refused something.
    #[error("cannot {doing} {}: see that this account may use it and that the disk has room", path.display())]
    Io {
        /// What we were doing, to be followed by the path.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// Another process has held the store for too long.
    #[error("another process has held {} for long, as an import of very many alerts does: try again, or see what it does", path.display())]
    Locked {
        /// The lock.
        path: PathBuf,
    },
    /// A newer program wrote it.
    #[error("{} has format version {found}: it needs a newer program, this one reads {reads}", path.display())]
    Newer {
        /// The store.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// What this program reads.
        reads: u32,
    },
    /// The pages of the store are damaged, or cannot be read or written.
    #[error(
        "the store of alerts {} cannot be read or written. Nothing was changed: if it is damaged, stop the service and `portcullis alert restore BACKUP`",
        path.display()
    )]
    Pages {
        /// The store.
        path: PathBuf,
        /// What its pages say.
        source: Box<redb::Error>,
    },
    /// A record is not as it was written, or is missing.
    #[error(
        "the store of alerts {} is damaged: revision {counter} {what}. Nothing was changed: stop the service and `portcullis alert restore BACKUP`; if there is no backup, move `alerts` aside and `portcullis alert accept-loss`",
        path.display()
    )]
    Damaged {
        /// The store.
        path: PathBuf,
        /// The revision's number in the store.
        counter: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The file that tells of the newest revision tells nothing.
    #[error(
        "{} names no revision. The store has that as well, and is not harmed by this: remove this file, and it is written anew",
        path.display()
    )]
    Mark {
        /// The file.
        path: PathBuf,
    },
    /// Everything is gone.
    #[error("the alerts in {} were there, and are gone: bring the folder back, or stop the service and `portcullis alert restore BACKUP`; if they are lost for good, `portcullis alert accept-loss`", path.display())]
    Gone {
        /// The folder.
        path: PathBuf,
    },
    /// The store is an older one, or another.
    #[error(
        "the alerts in {} are older than they were: they have revision {found}, and {floor} is on record. Bring the newer folder back, or stop the service and `portcullis alert restore BACKUP`; if they are lost for good, `portcullis alert accept-loss`",
        path.display()
    )]
    Older {
        /// The folder.
        path: PathBuf,
        /// The revision of the store.
        found: u64,
        /// The revision that it had at least.
        floor: u64,
    },
    /// The store is another, or has another past.
    #[error(
        "the alerts in {} are not those that were there: revision {counter} is another one. It is another store, or an older copy that was gone on with. Bring the folder back, or stop the service and `portcullis alert restore BACKUP`; if they are lost for good, `portcullis alert accept-loss`",
        path.display()
    )]
    Replaced {
        /// The folder.
        path: PathBuf,
        /// The revision that is another one.
        counter: u64,
    },
    /// Nobody knows whether there were alerts.
    #[error(
        "what the audit logs of this site know of alerts cannot be read, so that some may be missing unseen: `portcullis audit verify` names the log. Mend it, or put it aside: rename its folder to end in \".damaged\""
    )]
    Unknown(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The key with which records are vouched for is gone, or is none.
    #[error(
        "the key {} is missing or is no key, so that no alert can be believed: bring it back, or stop the service and `portcullis alert restore BACKUP`",
        path.display()
    )]
    Key {
        /// The key's file.
        path: PathBuf,
    },
    /// The operating system gave no randomness.
    #[error("the operating system gives no random numbers")]
    Random(#[source] getrandom::Error),
}

impl OverlayError {
    /// Whether what was written is not what is there.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Pages { .. } | Self::Damaged { .. } | Self::Key { .. })
    }

    /// For `map_err`.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_owned(), source }
    }

    /// For `map_err`.
    pub(super) fn pages<E: Into<redb::Error>>(path: &Path) -> impl Fn(E) -> Self {
        move |error| Self::Pages { path: path.to_owned(), source: Box::new(error.into()) }
    }
}
