//! How registers are written down.

use std::path::Path;

/// The formats of a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Comma-separated values with a header; a row is a line.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

/// How a register file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not at all.
    Plain,
    /// RFC 1952, one member or several.
    Gzip,
    /// RFC 8878, one frame or several.
    Zstd,
    /// One stream or several.
    Bzip2,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 2] = [Self::Csv, Self::Ndjson];

    /// The word on the command line, which is also the file extension.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    /// The format with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }

    /// The format that a file name says, with or without a compression behind it: `list.csv`, `list.ndjson.gz`.
    #[must_use]
    pub fn from_path(path: &Path) -> Option<Self> {
        from_path(path).map(|(format, _)| format)
    }
}

impl Compression {
    /// Every compression.
    pub const ALL: [Self; 4] = [Self::Plain, Self::Gzip, Self::Zstd, Self::Bzip2];

    /// The word in errors.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
        }
    }

    /// The file extension; a plain file has none of its own.
    #[must_use]
    pub fn extension(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Gzip => Some("gz"),
            Self::Zstd => Some("zst"),
            Self::Bzip2 => Some("bz2"),
        }
    }
}

impl Compression {
    /// What the end of a file name says; a name that says nothing is a plain file's.
    #[must_use]
    pub fn from_path(path: &Path) -> Self {
        let end = path.extension().and_then(|word| word.to_str());
        let said = |packed: &Self| packed.extension().is_some() && packed.extension() == end;
        Self::ALL.into_iter().find(said).unwrap_or(Self::Plain)
    }
}

/// What a file name says of format and compression.
pub(super) fn from_path(path: &Path) -> Option<(Format, Compression)> {
    let compression = Compression::from_path(path);
    let text = if compression == Compression::Plain { path.to_owned() } else { path.with_extension("") };
    Some((Format::from_word(text.extension()?.to_str()?)?, compression))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_says_format_and_compression_or_nothing() {
        let said = |name: &str| from_path(Path::new(name));
        assert_eq!(said("a.csv"), Some((Format::Csv, Compression::Plain)));
        assert_eq!(said("d.x/a.b.ndjson.zst"), Some((Format::Ndjson, Compression::Zstd)));
        assert_eq!(said("a.csv.bz2"), Some((Format::Csv, Compression::Bzip2)));
        for name in ["a", "a.gz", "a.txt", "a.csv.zip", "a.csv.gz.gz", ".csv", ""] {
            assert_eq!(said(name), None, "{name}");
        }
    }
}
