//! Why a mirror has not given a file.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::ground::causes;

/// Why one mirror has not given a file. Says nothing of which mirror: whoever asked it knows its name.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// What is asked for cannot be a file of a repository.
    #[error("{path:?} is not the name of a file of a repository: the metadata that names it is wrong")]
    Path {
        /// What was asked for.
        path: Box<str>,
    },
    /// The mirror says that it has no such file: it is not there yet, or no longer.
    #[error("it has no such file")]
    NotFound,
    /// The mirror answers with another status than that of success. Redirects are among them: they are not followed.
    #[error("it answered with HTTP status {status}: check its address, and whether this site may read there")]
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// The mirror does not go on where it was asked to.
    #[error(
        "it did not go on at byte {from}, where it was asked to: its file is shorter, or it knows no ranges"
    )]
    Range {
        /// The byte that was asked for.
        from: u64,
    },
    /// The mirror says of the file that it has another length than was signed.
    #[error("its file has {told} bytes instead of {length}: it has another version, or was tampered with")]
    WrongLength {
        /// What the mirror says.
        told: u64,
        /// What was asked for.
        length: u64,
    },
    /// The file is longer than anybody asked for, or has no end.
    #[error("its file is longer than the {bytes_max} bytes that it may have")]
    TooLong {
        /// How long it may be.
        bytes_max: u64,
    },
    /// The file ended too early.
    #[error("the file ended after {at} of {length} bytes: the next download goes on from there")]
    Cut {
        /// How many bytes there are.
        at: u64,
        /// How many there should be.
        length: u64,
    },
    /// All that came, from its first byte on, is not what was signed.
    #[error("its file has another SHA-256 than was signed: it has another version, or was tampered with")]
    WrongDigest,
    /// No connection came about in time.
    #[error("no connection within {} s: check the line, the proxy, and whether the mirror is up", within.as_secs_f32())]
    Unreachable {
        /// How long it was tried.
        within: Duration,
    },
    /// The line brought nothing for too long.
    #[error("nothing came for {} s", after.as_secs_f32())]
    Stalled {
        /// How long it was waited.
        after: Duration,
    },
    /// The line brought too little for too long.
    #[error("fewer than {bytes_per_second_min} bytes came in each second, over {} s", window.as_secs_f32())]
    TooSlow {
        /// The least that is accepted.
        bytes_per_second_min: u64,
        /// Over how long it was measured.
        window: Duration,
    },
    /// No trusted connection: one side does not accept the other's certificate.
    #[error(
        "no trusted connection: check the certificates of both sides, the authorities in the settings, and the clock"
    )]
    Tls {
        /// What TLS says.
        source: io::Error,
    },
    /// An object store's address cannot be signed.
    #[error("nothing to sign the request with: check the variables AWS_…, or the role of this machine")]
    Unsigned {
        /// What is missing.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The line failed.
    #[error("the line failed")]
    Line {
        /// What the network says.
        source: io::Error,
    },
    /// A file in a folder cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the file system says.
        source: io::Error,
    },
}

impl MirrorError {
    /// What a read from [`Opened::bytes`](super::Opened) failed with.
    #[must_use]
    pub fn of_read(error: io::Error) -> Self {
        error.downcast().unwrap_or_else(|source| Self::Line { source })
    }
}

/// A mirror that has not given a file.
#[derive(Debug)]
pub struct Failure {
    /// The mirror's name.
    pub mirror: Box<str>,
    /// Why.
    pub error: MirrorError,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.mirror, causes(&self.error))
    }
}

/// Why a download has not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// No mirror gave the file. What came of it stays, unless it was wrong.
    #[error("no mirror has given {path}{}", listed(failures))]
    Mirrors {
        /// The file, below the repository.
        path: Box<str>,
        /// What each of them did, in the order in which they were asked.
        failures: Vec<Failure>,
    },
    /// The disk has no room for the rest. What came before stays.
    #[error("no room on the disk for {}: {missing} bytes are missing", path.display())]
    DiskFull {
        /// The file that grows.
        path: PathBuf,
        /// How many bytes were still to come.
        missing: u64,
        /// What the file system says.
        source: io::Error,
    },
    /// The file cannot be written or read back.
    #[error("cannot keep what is downloaded in {}", path.display())]
    Io {
        /// The file that grows.
        path: PathBuf,
        /// What the file system says.
        source: io::Error,
    },
    /// Whoever watches the progress said so. What came stays.
    #[error("the download was stopped: the next one goes on from there")]
    Stopped,
}

fn listed(failures: &[Failure]) -> String {
    if failures.is_empty() {
        return ": none is set".to_owned();
    }
    failures.iter().fold(String::new(), |text, failure| format!("{text}; {failure}"))
}
