//! A register file that is open.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use encoding_rs::Encoding;
use flate2::bufread::MultiGzDecoder;
use jiff::Timestamp;
use zip::ZipArchive;

use super::bzip2::Parallel;
use super::expansion::Bounded;
use super::part::{Label, Part};
use super::signature::{Signature, read_head, recognise};
use crate::ground::storage::Storage;
use crate::register::{Compression, RegisterError};

/// The most members of an archive that are read.
pub const MEMBERS_MAX: usize = 1000;

/// The greatest zstd window, as a power of two: the reader needs that much memory (128 MiB).
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// A register that is open for reading. Its compression is told by its first bytes, whatever it is called.
pub struct Source {
    path: PathBuf,
    content: Content,
    consumed: Arc<AtomicU64>,
    broken: Arc<AtomicBool>,
    length: Option<u64>,
    modified: Option<Timestamp>,
}

enum Content {
    Text(Compression, Box<dyn Read + Send>),
    Zip(Counted<File>),
}

impl Source {
    /// Opens a register file.
    ///
    /// # Errors
    /// [`RegisterError::Open`], [`Read`](RegisterError::Read) and [`Unsupported`](RegisterError::Unsupported).
    pub fn open(storage: &dyn Storage, path: &Path) -> Result<Self, RegisterError> {
        let fault = |source| RegisterError::Open { path: path.to_owned(), source };
        let mut file = storage.open_read(path).map_err(fault)?;
        let metadata = file.metadata().map_err(fault)?;
        let modified = metadata.modified().ok().filter(|_| metadata.is_file());
        let mut source = Self::empty(path);
        source.length = metadata.is_file().then_some(metadata.len());
        source.modified = modified.and_then(|time| Timestamp::try_from(time).ok());
        let read = |source| RegisterError::Read { path: path.to_owned(), source };
        if metadata.is_file() && recognise(&read_head(&mut file).map_err(read)?) == Signature::Zip {
            source.content = Content::Zip(source.counted(file));
            return Ok(source);
        }
        if metadata.is_file() {
            file.rewind().map_err(read)?;
        }
        source.stream(file)
    }

    /// Reads a register from a stream, which errors call `-`. Neither length nor time are known.
    ///
    /// # Errors
    /// As [`open`](Self::open); an archive cannot be read from a stream.
    pub fn stdin(reader: impl Read + Send + 'static) -> Result<Self, RegisterError> {
        Self::empty(Path::new("-")).stream(reader)
    }

    fn empty(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            content: Content::Text(Compression::Plain, Box::new(io::empty())),
            consumed: Arc::default(),
            broken: Arc::default(),
            length: None,
            modified: None,
        }
    }

    fn stream(mut self, reader: impl Read + Send + 'static) -> Result<Self, RegisterError> {
        let mut counted = self.counted(reader);
        let head = read_head(&mut counted)
            .map_err(|source| RegisterError::Read { path: self.path.clone(), source })?;
        let compression = match recognise(&head) {
            Signature::Text(compression) => compression,
            Signature::Zip => return Err(RegisterError::ArchiveInPipe { path: self.path }),
            Signature::Unread(archive) => {
                return Err(RegisterError::Unsupported { path: self.path, archive });
            }
        };
        self.content = Content::Text(compression, Box::new(Cursor::new(head).chain(counted)));
        Ok(self)
    }

    fn counted<R>(&self, reader: R) -> Counted<R> {
        Counted { reader, consumed: Arc::clone(&self.consumed), broken: Arc::clone(&self.broken) }
    }

    /// The path it was opened by; `-` for a stream.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it is compressed; an archive is not, its members are.
    #[must_use]
    pub fn compression(&self) -> Compression {
        match self.content {
            Content::Text(compression, _) => compression,
            Content::Zip(_) => Compression::Plain,
        }
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

    /// Hands on its texts, one after the other.
    pub(in crate::register) fn parts(
        self,
        encoding: Option<&'static Encoding>,
        visit: &mut dyn FnMut(Part<'_>) -> Result<(), RegisterError>,
    ) -> Result<(), RegisterError> {
        let (path, consumed) = (self.path, self.consumed);
        match self.content {
            Content::Text(compression, stream) => {
                let name = text_name(&path, compression);
                let label = Label { path, name, compression, archive: false, broken: self.broken };
                let plain = decode(compression, stream, consumed).map_err(|error| label.fault(error))?;
                visit(Part::begin(label, plain, encoding)?)
            }
            Content::Zip(file) => members(path, file, consumed, encoding, visit),
        }
    }
}

/// Undoes a compression, within bounds.
fn decode(
    compression: Compression,
    stream: Box<dyn Read + Send>,
    consumed: Arc<AtomicU64>,
) -> io::Result<Box<dyn Read>> {
    let stream = BufReader::with_capacity(128 * 1024, stream);
    Ok(match compression {
        Compression::Plain => Box::new(stream),
        Compression::Gzip => Box::new(Bounded::new(MultiGzDecoder::new(stream), consumed)),
        Compression::Bzip2 => Box::new(Bounded::new(Parallel::new(stream), consumed)),
        Compression::Zstd => {
            let mut decoder = zstd::Decoder::with_buffer(stream)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
            Box::new(Bounded::new(decoder, consumed))
        }
    })
}

/// Hands on the members of an archive, in its order; folders, and what a file manager adds, are no members.
fn members(
    path: PathBuf,
    file: Counted<File>,
    consumed: Arc<AtomicU64>,
    encoding: Option<&'static Encoding>,
    visit: &mut dyn FnMut(Part<'_>) -> Result<(), RegisterError>,
) -> Result<(), RegisterError> {
    let broken = Arc::clone(&file.broken);
    let label = |name: &str| Label {
        path: if name.is_empty() { path.clone() } else { path.join(name) },
        name: name.rsplit('/').next().unwrap_or_default().to_owned(),
        compression: Compression::Plain,
        archive: true,
        broken: Arc::clone(&broken),
    };
    let damaged = |name: &str| {
        let label = label(name);
        move |error: zip::result::ZipError| label.fault(error.into())
    };
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(damaged(""))?;
    if archive.len() > MEMBERS_MAX {
        return Err(RegisterError::MembersTooMany { path });
    }
    for at in 0..archive.len() {
        let member = archive.by_index(at).map_err(damaged(""))?;
        let name = printable(&member.name().map_err(damaged(""))?);
        if member.is_dir() || name.starts_with("__MACOSX/") {
            continue;
        }
        let label = label(&name);
        visit(Part::begin(label, Bounded::new(member, Arc::clone(&consumed)), encoding)?)?;
    }
    Ok(())
}

/// A member's name as errors may show it; it comes from the archive.
fn printable(name: &str) -> String {
    name.chars().map(|char| if char.is_control() { '?' } else { char }).take(200).collect()
}

fn text_name(path: &Path, compression: Compression) -> String {
    let stem = path.file_name().unwrap_or_default().to_string_lossy();
    let end = compression.extension().map(|end| format!(".{end}"));
    end.and_then(|end| stem.strip_suffix(&end)).unwrap_or(&stem).to_owned()
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("path", &self.path)
            .field("compression", &self.compression())
            .field("length", &self.length)
            .finish_non_exhaustive()
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

impl<R: Seek> Seek for Counted<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.reader.seek(to)
    }
}
