//! A register that is being written, compressed as its name says.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use bzip2::write::BzEncoder;
use flate2::GzBuilder;
use flate2::write::GzEncoder;

use super::format::{self, Compression, Format};
use super::{PartFile, RegisterError, write};
use crate::domain::Notice;
use crate::ground::storage::Storage;

/// A register file in the making: `.csv` or `.ndjson`, alone or with `.gz`, `.zst` or `.bz2`. It appears under its name
/// when it is [finished](Self::finish) and leaves nothing behind otherwise. The same content gives the same bytes.
pub struct Output<'s> {
    path: std::path::PathBuf,
    format: Option<Format>,
    encoder: Encoder<BufWriter<PartFile<'s>>>,
}

impl<'s> Output<'s> {
    /// Begins a register in a format of our own.
    ///
    /// # Errors
    /// [`RegisterError::OutputName`] if the name does not say what to write, and [`RegisterError::Write`].
    pub fn create(storage: &'s dyn Storage, path: &Path) -> Result<Self, RegisterError> {
        let (format, compression) =
            format::from_path(path).ok_or_else(|| RegisterError::OutputName { path: path.to_owned() })?;
        Self::begin(storage, path, Some(format), compression)
    }

    /// Begins a text in a publisher's format, compressed as the end of its name says.
    ///
    /// # Errors
    /// [`RegisterError::Write`].
    pub fn create_text(storage: &'s dyn Storage, path: &Path) -> Result<Self, RegisterError> {
        Self::begin(storage, path, None, Compression::from_path(path))
    }

    fn begin(
        storage: &'s dyn Storage,
        path: &Path,
        format: Option<Format>,
        compression: Compression,
    ) -> Result<Self, RegisterError> {
        let file = BufWriter::with_capacity(256 * 1024, PartFile::create(storage, path)?);
        let encoder = Encoder::new(compression, file)
            .map_err(|source| RegisterError::Write { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), format, encoder })
    }

    /// The format that the name says; `None` for a publisher's.
    #[must_use]
    pub fn format(&self) -> Option<Format> {
        self.format
    }

    /// Writes a whole register (CSV: with its header) and gives the number of rows. To be called once.
    ///
    /// # Errors
    /// [`RegisterError::Write`].
    pub fn write_notices(&mut self, notices: impl IntoIterator<Item = Notice>) -> Result<u64, RegisterError> {
        write(notices, self.format.unwrap_or(Format::Csv), &mut self.encoder)
            .map_err(|source| RegisterError::Write { path: self.path.clone(), source })
    }

    /// Ends the archive, makes it durable and gives it its name.
    ///
    /// # Errors
    /// [`RegisterError::Write`].
    pub fn finish(self) -> Result<(), RegisterError> {
        let file =
            self.encoder.finish().and_then(|buffer| buffer.into_inner().map_err(|error| error.into_error()));
        file.map_err(|source| RegisterError::Write { path: self.path, source })?.commit()
    }
}

impl std::fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output")
            .field("path", &self.path)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.encoder.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.encoder.flush()
    }
}

enum Encoder<W: Write> {
    Plain(W),
    Gzip(GzEncoder<W>),
    Zstd(zstd::Encoder<'static, W>),
    Bzip2(BzEncoder<W>),
}

impl<W: Write> Encoder<W> {
    fn new(compression: Compression, out: W) -> io::Result<Self> {
        Ok(match compression {
            Compression::Plain => Self::Plain(out),
            // No time and no operating system in the header (RFC 1952, 2.3.1: 255 is "unknown").
            Compression::Gzip => Self::Gzip(
                GzBuilder::new().mtime(0).operating_system(255).write(out, flate2::Compression::default()),
            ),
            Compression::Zstd => {
                let mut encoder = zstd::Encoder::new(out, 3)?;
                encoder.include_checksum(true)?;
                Self::Zstd(encoder)
            }
            Compression::Bzip2 => Self::Bzip2(BzEncoder::new(out, bzip2::Compression::best())),
        })
    }

    fn finish(self) -> io::Result<W> {
        match self {
            Self::Plain(out) => Ok(out),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
            Self::Bzip2(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
            Self::Bzip2(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
            Self::Bzip2(encoder) => encoder.flush(),
        }
    }
}
