//! How far a sink has got, in a file: what it is and its version, the position, and xxh3-64 of both, a line each.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use crate::audit::Position;
use crate::ground::storage::{Lock, LockError, Storage, publish_file};

/// The folder of a site's cursors.
pub const CURSORS: &str = "hits";
/// What the file of a cursor is called after its sink.
pub const CURSOR_ENDING: &str = ".cursor";
const TAG: &str = "portcullis-hits-cursor";
const VERSION: u32 = 1;
/// A site has some logs, and a position some bytes for each.
const BYTES_MAX: u64 = 1 << 20;

/// The file of a sink.
#[derive(Debug)]
pub struct Cursor {
    storage: Arc<dyn Storage>,
    path: PathBuf,
}

/// Why nobody knows how far a sink has got. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum CursorError {
    /// The file system refused something.
    #[error("cannot {doing} {}: see that this account may use it, and that the disk has room", path.display())]
    Storage {
        /// What we were doing, to be followed by the path.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// It is not as it was written.
    #[error(
        "{} does not say how far hits were told: it is spoilt. `portcullis hits` shows them with their positions, and with --from and \
         --webhook says where to go on",
        path.display()
    )]
    Spoilt {
        /// The file.
        path: PathBuf,
    },
    /// A newer program wrote it.
    #[error("{} has version {version}: it needs a program that reads it, this one is older", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version it names.
        version: u32,
    },
}

impl Cursor {
    /// That of a sink of a site, by its name.
    #[must_use]
    pub fn of(storage: Arc<dyn Storage>, data_dir: &Path, sink: &str) -> Self {
        Self { storage, path: data_dir.join(CURSORS).join(format!("{sink}{CURSOR_ENDING}")) }
    }

    /// Takes the lock of whoever delivers to a sink, or says where to go on.
    ///
    /// # Errors
    /// [`LockError::Held`], and those of the file system.
    pub fn lock(storage: &dyn Storage, data_dir: &Path, sink: &str) -> Result<Lock, LockError> {
        let folder = data_dir.join(CURSORS);
        let made = storage.create_dir_all(&folder).and_then(|()| storage.sync_dir(data_dir));
        made.map_err(LockError::Io)?;
        storage.lock(&folder.join(format!("{sink}.lock")))
    }

    /// How far the sink has got; `None` if it has never begun.
    ///
    /// # Errors
    /// [`CursorError`].
    pub fn read(&self) -> Result<Option<Position>, CursorError> {
        let bytes = match self.storage.read(&self.path, BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(self.storage_error("read", source)),
        };
        match decoded(&bytes) {
            Ok(position) => Ok(Some(position)),
            Err(Some(version)) => Err(CursorError::Newer { path: self.path.clone(), version }),
            Err(None) => Err(CursorError::Spoilt { path: self.path.clone() }),
        }
    }

    /// The position in a cursor's bytes; `None` if they are spoilt, or of a newer program.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Position> {
        decoded(bytes).ok()
    }

    /// Says how far it has got, durably.
    ///
    /// # Errors
    /// [`CursorError::Storage`]; what was said before stands then.
    pub fn write(&self, position: &Position) -> Result<(), CursorError> {
        let publish = || publish_file(&*self.storage, &self.path, encoded(position).as_bytes());
        let written = match publish() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.make_folder().and_then(|()| publish())
            }
            written => written,
        };
        written.map_err(|source| self.storage_error("write", source))
    }

    fn make_folder(&self) -> io::Result<()> {
        let folder = self.path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        self.storage.create_dir_all(folder)?;
        self.storage.sync_dir(folder.parent().ok_or(io::ErrorKind::InvalidInput)?)
    }

    fn storage_error(&self, doing: &'static str, source: io::Error) -> CursorError {
        CursorError::Storage { doing, path: self.path.clone(), source }
    }
}

/// The position, or the version if that is a newer one.
fn decoded(bytes: &[u8]) -> Result<Position, Option<u32>> {
    let text = std::str::from_utf8(bytes).map_err(|_| None)?;
    let sum_at = text.trim_end_matches('\n').rfind('\n').map_or(0, |at| at + 1);
    let (said, sum) = text.split_at(sum_at);
    let (first, rest) = said.split_once('\n').filter(|_| sum == sum_line(said)).ok_or(None)?;
    let version = first.strip_prefix(TAG).and_then(|rest| rest.strip_prefix(' ')?.parse().ok());
    if version.is_some_and(|version| version > VERSION) {
        return Err(version);
    }
    let position = rest.strip_suffix('\n').and_then(Position::parse);
    position.filter(|position| encoded(position) == text).ok_or(None)
}

fn encoded(position: &Position) -> String {
    let said = format!("{TAG} {VERSION}\n{position}\n");
    format!("{said}{}", sum_line(&said))
}

fn sum_line(said: &str) -> String {
    format!("{:016x}\n", xxh3_64(said.as_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ground::storage::Disk;

    fn cursor(folder: &Path) -> Cursor {
        Cursor::of(Arc::new(Disk), folder, "north")
    }

    fn position() -> Position {
        Position::parse("cli-00000001:7,serve-00c0ffee:17").unwrap()
    }

    #[test]
    fn cursors_of_version_1_stay_what_they_are() {
        assert_eq!(encoded(&position()), include_str!("golden/cursor-v1.txt"));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let cursor = cursor(folder.path());
        assert_eq!(cursor.read().unwrap(), None);
        for position in [Position::default(), position()] {
            cursor.write(&position).unwrap();
            assert_eq!(cursor.read().unwrap(), Some(position));
        }
    }

    proptest! {
        #[test]
        fn there_is_one_way_to_write_it(text in "(portcullis-hits-cursor ?[0-2] ?\\r?\\n)?(cli-0000000[01]:[0-9]\\n?){0,2}") {
            let text = format!("{text}{}", sum_line(&text));
            if let Some(position) = Cursor::decode(text.as_bytes()) {
                prop_assert_eq!(encoded(&position), text);
            }
        }

        #[test]
        fn no_bytes_make_reading_panic(bytes: Vec<u8>) {
            let _ = Cursor::decode(&bytes);
        }
    }

    #[test]
    fn a_cursor_that_is_spoilt_anywhere_or_cut_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let cursor = cursor(folder.path());
        cursor.write(&position()).unwrap();
        let whole = encoded(&position()).into_bytes();
        let refused = |bytes: &[u8]| {
            publish_file(&Disk, &cursor.path, bytes).unwrap();
            assert!(matches!(cursor.read(), Err(CursorError::Spoilt { .. })), "{bytes:?}");
        };
        for at in 0..whole.len() {
            refused(&whole[..at]);
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            refused(&flipped);
        }
    }

    #[test]
    fn a_cursor_of_a_newer_program_is_refused_with_its_version() {
        let folder = tempfile::tempdir().unwrap();
        let cursor = cursor(folder.path());
        cursor.write(&position()).unwrap();
        let said = format!("{TAG} 2\nsomething else\n");
        publish_file(&Disk, &cursor.path, format!("{said}{}", sum_line(&said)).as_bytes()).unwrap();
        assert!(matches!(cursor.read(), Err(CursorError::Newer { version: 2, .. })));
    }
}
