//! Why there is no backup, or why it is not restored.

use std::path::{Path, PathBuf};

use super::contents::{CONTENTS, FORMAT};
use crate::audit::AuditError;
use crate::index::IndexError;
use crate::overlay::OverlayError;

/// Why there is no backup, or why it is not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A folder that must be new is not.
    #[error("{} has something in it: name a folder that does not exist yet", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// There is no contents.
    #[error("{} is no backup, or was not finished: it has no {CONTENTS} that this program reads", path.display())]
    NoBackup {
        /// The folder.
        path: PathBuf,
    },
    /// A name that no backup has.
    #[error("the backup names {name:?}, which is no file of a site: somebody changed it")]
    Name {
        /// The name.
        name: String,
    },
    /// A newer program made it.
    #[error(
        "the backup has format version {found}: it needs a program that reads it, this one reads {FORMAT}"
    )]
    Newer {
        /// The version it names.
        found: u32,
    },
    /// A file is not what was backed up.
    #[error("{} is not as it was backed up: take another copy of the backup", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// No log of the site is in it.
    #[error("{} is a backup of another site: none of its logs is here. Name one of this site", path.display())]
    OtherSite {
        /// The backup.
        path: PathBuf,
    },
    /// No alert was ever issued when it was made.
    #[error("the backup {} has no alerts: none was issued when it was made. Name a newer one", path.display())]
    NoAlerts {
        /// The backup.
        path: PathBuf,
    },
    /// The alerts were not sound when it was made.
    #[error("the alerts in the backup {} were not sound when it was made ({fault}): use another backup", path.display())]
    AlertsNotSound {
        /// The backup.
        path: PathBuf,
        /// What was wrong with them.
        fault: String,
    },
    /// The file system refused something.
    #[error("cannot {doing} {}", path.display())]
    Storage {
        /// What we were doing, to be followed by the path.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the file system said.
        #[source]
        source: std::io::Error,
    },
    /// A log cannot be copied.
    #[error(transparent)]
    Log(#[from] AuditError),
    /// The generation in force cannot be read.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The alerts cannot be copied.
    #[error(transparent)]
    Alerts(#[from] OverlayError),
}

impl BackupError {
    pub(super) fn storage(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Storage { doing, path: path.to_owned(), source }
    }
}
