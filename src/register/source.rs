//! A register file that is open, with its compression undone.

use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use jiff::Timestamp;

use super::expansion::{Bounded, ExpandsTooFar};
use super::lines::{Line, Lines};
use super::{Compression, RegisterError};
use crate::ground::storage::Storage;

/// The greatest zstd window, as a power of two: the reader needs that much memory (128 MiB).
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// A register that is open for reading. Its compression is told by its first bytes, whatever it is called.
pub struct Source {
    origin: Origin,
    lines: Lines,
    consumed: Arc<AtomicU64>,
    length: Option<u64>,
    modified: Option<Timestamp>,
}

impl Source {
    /// Opens a register file.
    ///
    /// # Errors
    /// [`RegisterError::Open`], [`Read`](RegisterError::Read), [`Unsupported`](RegisterError::Unsupported) and
    /// [`Damaged`](RegisterError::Damaged).
    pub fn open(storage: &dyn Storage, path: &Path) -> Result<Self, RegisterError> {
        let fault = |source| RegisterError::Open { path: path.to_owned(), source };
        let file = storage.open_read(path).map_err(fault)?;
        let metadata = file.metadata().map_err(fault)?;
        let length = metadata.is_file().then_some(metadata.len());
        let modified = metadata
            .modified()
            .ok()
            .filter(|_| metadata.is_file())
            .and_then(|time| Timestamp::try_from(time).ok());
        Self::new(path, file, length, modified)
    }

    /// Reads a register from a stream, which errors call `-`. Neither length nor time are known.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn stdin(reader: impl Read + Send + 'static) -> Result<Self, RegisterError> {
        Self::new(Path::new("-"), reader, None, None)
    }

    fn new(
        path: &Path,
        reader: impl Read + Send + 'static,
        length: Option<u64>,
        modified: Option<Timestamp>,
    ) -> Result<Self, RegisterError> {
        let consumed = Arc::new(AtomicU64::new(0));
        let broken = Arc::new(AtomicBool::new(false));
        let mut counted = Counted { reader, consumed: Arc::clone(&consumed), broken: Arc::clone(&broken) };
        let path = path.to_owned();
        let head = match read_head(&mut counted) {
            Ok(head) => head,
            Err(source) => return Err(RegisterError::Read { path, source }),
        };
        let compression = match recognise(&head) {
            Ok(compression) => compression,
            Err(archive) => return Err(RegisterError::Unsupported { path, archive }),
        };
        let origin = Origin { path, compression, broken };
        let whole = io::Cursor::new(head).chain(BufReader::with_capacity(128 * 1024, counted));
        let plain: Box<dyn Read + Send> = match compression {
            Compression::Plain => Box::new(whole),
            Compression::Gzip => Box::new(Bounded::new(MultiGzDecoder::new(whole), Arc::clone(&consumed))),
            Compression::Bzip2 => Box::new(Bounded::new(MultiBzDecoder::new(whole), Arc::clone(&consumed))),
            Compression::Zstd => {
                let mut decoder = zstd::Decoder::with_buffer(whole).map_err(|error| origin.fault(error))?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(|error| origin.fault(error))?;
                Box::new(Bounded::new(decoder, Arc::clone(&consumed)))
            }
        };
        Ok(Self { origin, lines: Lines::new(plain), consumed, length, modified })
    }

    /// The path it was opened by; `-` for a stream.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.origin.path
    }

    /// How it is compressed.
    #[must_use]
    pub fn compression(&self) -> Compression {
        self.origin.compression
    }

    /// Bytes of the file (not of what is in it) read so far: grows towards [`length`](Self::length) while somebody reads.
    #[must_use]
    pub fn progress(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.consumed)
    }

    /// The file's length in bytes; `None` for what is not a regular file.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// When the file that is open was last modified; `None` for a stream.
    #[must_use]
    pub fn modified(&self) -> Option<Timestamp> {
        self.modified
    }

    /// The next line and its number, from 1.
    pub(super) fn next_line(&mut self) -> Result<Option<(u64, Line<'_>)>, RegisterError> {
        self.lines.next().map_err(|error| self.origin.fault(error))
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("path", &self.origin.path)
            .field("compression", &self.origin.compression)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

/// Where the bytes come from: what errors say.
struct Origin {
    path: PathBuf,
    compression: Compression,
    broken: Arc<AtomicBool>,
}

impl Origin {
    fn fault(&self, source: io::Error) -> RegisterError {
        let path = self.path.clone();
        let compression = self.compression;
        if source.get_ref().is_some_and(|reason| reason.is::<ExpandsTooFar>()) {
            RegisterError::ExpandsTooFar { path, compression }
        } else if compression == Compression::Plain || self.broken.load(Ordering::Relaxed) {
            RegisterError::Read { path, source }
        } else {
            RegisterError::Damaged { path, compression, source }
        }
    }
}

/// Counts what is read, and remembers if reading failed: a decoder's errors look the same.
struct Counted<R> {
    reader: R,
    consumed: Arc<AtomicU64>,
    broken: Arc<AtomicBool>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.reader.read(buffer) {
            Ok(count) => {
                self.consumed.fetch_add(count as u64, Ordering::Relaxed);
                Ok(count)
            }
            Err(error) => {
                let fatal = error.kind() != io::ErrorKind::Interrupted;
                self.broken.fetch_or(fatal, Ordering::Relaxed);
                Err(error)
            }
        }
    }
}

/// The first bytes, as many as the longest signature has; fewer only if the file has no more.
fn read_head(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(6);
    reader.take(6).read_to_end(&mut head)?;
    Ok(head)
}

/// Tells the compression by its signature; archives that are not read give their name.
fn recognise(head: &[u8]) -> Result<Compression, &'static str> {
    match head {
        [0x1F, 0x8B, ..] => Ok(Compression::Gzip),
        // A frame, or a frame to skip, with which parallel compressors begin (RFC 8878, 3.1.1 and 3.1.2).
        [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Ok(Compression::Zstd),
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Ok(Compression::Bzip2),
        [b'P', b'K', 3, 4, ..] => Err("zip"),
        [0xFD, b'7', b'z', b'X', b'Z', 0] => Err("xz"),
        [b'7', b'z', 0xBC, 0xAF, 0x27, 0x1C] => Err("7z"),
        _ => Ok(Compression::Plain),
    }
}
