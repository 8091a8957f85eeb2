//! What can be wrong with a register as a whole.

use std::io;
use std::path::PathBuf;

/// Why a register was not read or not written. Never quotes its content.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The file could not be opened.
    #[error("cannot open the register {}: check that it is there and may be read", .path.display())]
    Open {
        /// The register.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The device or the pipe failed while it was read.
    #[error("cannot read the register {}: nothing of it may be used", .path.display())]
    Read {
        /// The register.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A compressed file ends too early or its content is corrupt.
    #[error(
        "the {archive} archive {} is cut short or damaged: nothing of it may be used, fetch it again",
        .path.display()
    )]
    Damaged {
        /// The register.
        path: PathBuf,
        /// The sort of archive.
        archive: &'static str,
        /// What the decoder says.
        source: io::Error,
    },
    /// A compressed file grows beyond [`EXPANSION_MAX`](super::EXPANSION_MAX) times its size.
    #[error(
        "the {archive} archive {} grows to more than {} times its size, which no register does: check where it comes from",
        .path.display(), super::EXPANSION_MAX
    )]
    ExpandsTooFar {
        /// The register.
        path: PathBuf,
        /// The sort of archive.
        archive: &'static str,
    },
    /// The file is an archive of a sort that is not read.
    #[error("{} is a {archive} archive: unpack it, or use zip, gzip, zstd or bzip2", .path.display())]
    Unsupported {
        /// The register.
        path: PathBuf,
        /// The sort of archive.
        archive: &'static str,
    },
    /// An archive on standard input, which must be read from its end.
    #[error(
        "standard input is a zip archive, which can only be read from a file: save it and import the file"
    )]
    ArchiveInPipe {
        /// The register, `-`.
        path: PathBuf,
    },
    /// An archive inside an archive, or a compressed file inside one.
    #[error("{} holds another archive: unpack it once and import what is in it", .path.display())]
    Nested {
        /// The register, with the member's name.
        path: PathBuf,
    },
    /// An archive with more than [`MEMBERS_MAX`](super::MEMBERS_MAX) members.
    #[error("the archive {} has more than {} members, which no register has: check where it comes from", .path.display(), super::MEMBERS_MAX)]
    MembersTooMany {
        /// The register.
        path: PathBuf,
    },
    /// The text is not of the shape that its format says; a list that has lost its end looks like that.
    #[error("{} cannot be read as this format, {what}: nothing of it may be used", .path.display())]
    Shape {
        /// The register.
        path: PathBuf,
        /// What is wrong, in words of ours.
        what: &'static str,
    },
    /// There is not one line with content in the file.
    #[error("the register {} is empty: an empty file is never taken for a list without entries", .path.display())]
    Empty {
        /// The register.
        path: PathBuf,
    },
    /// The first line cannot be a header: it is too long, not UTF-8, or has an open quote.
    #[error("the first line of {} is no header: it must name the columns, separated by commas", .path.display())]
    HeaderUnreadable {
        /// The register.
        path: PathBuf,
    },
    /// The header names a column that registers don't have.
    #[error("{label} of the header of {} is not known: rename it, map it or take it out", .path.display())]
    ColumnUnknown {
        /// The register.
        path: PathBuf,
        /// Which column.
        label: ColumnLabel,
    },
    /// The header names a column twice.
    #[error("{label} occurs twice in the header of {}: take one out", .path.display())]
    ColumnDuplicate {
        /// The register.
        path: PathBuf,
        /// Which column.
        label: ColumnLabel,
    },
    /// The header lacks a required column.
    #[error("column {name} is missing in the header of {}: every register of this format needs it", .path.display())]
    ColumnMissing {
        /// The register.
        path: PathBuf,
        /// Its name, or its place from 1.
        name: Box<str>,
    },
    /// A file name that says neither the format nor the compression to write.
    #[error("cannot tell what to write to {}: use .csv or .ndjson, alone or with .gz, .zst or .bz2", .path.display())]
    OutputName {
        /// The name as given.
        path: PathBuf,
    },
    /// A register or a list of rejects could not be written; nothing stands under its name.
    #[error("cannot write {}: check the space and the rights there", .path.display())]
    Write {
        /// The file to write.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

/// What a column of a header may be called in an error: by its name only if it looks like one, because the first line
/// of a file without a header is a row of personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnLabel {
    /// 1 to 40 characters of `a-z_`.
    Name(Box<str>),
    /// The position, from 1.
    Position(usize),
}

impl ColumnLabel {
    pub(super) fn new(name: &str, position: usize) -> Self {
        let harmless =
            (1..=40).contains(&name.len()) && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_'));
        if harmless { Self::Name(name.into()) } else { Self::Position(position) }
    }
}

impl std::fmt::Display for ColumnLabel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => write!(f, "column {name}"),
            Self::Position(position) => write!(f, "column {position}"),
        }
    }
}
