//! The pages of `redb` on a storage of ours.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use redb::StorageBackend;

use crate::ground::storage::{BlockFile, Rate};

/// After so many bytes they go on their way to the disk: an import writes hundreds of megabytes at once, and whoever syncs another file
/// of the disk waits for what is on its way.
const PIECE_BYTES: u64 = 64 << 10;
/// Whoever is answered meanwhile waits for the same disk.
const MIB_PER_SECOND: u32 = 12;

#[derive(Debug)]
pub(super) struct Pages {
    file: Box<dyn BlockFile>,
    behind: Mutex<Behind>,
    given_up: GivenUp,
}

/// What was written and is not on its way to the disk yet.
#[derive(Debug)]
struct Behind {
    bytes: u64,
    rate: Rate,
}

/// Lets nothing more be written to pages: what is not durable by then never is.
#[derive(Clone, Debug, Default)]
pub(super) struct GivenUp(Arc<AtomicBool>);

impl GivenUp {
    pub(super) fn give_up(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn check(&self) -> io::Result<()> {
        let given_up = self.0.load(Ordering::SeqCst);
        if given_up { Err(io::Error::other("what was begun has failed")) } else { Ok(()) }
    }
}

impl Pages {
    pub(super) fn new(file: Box<dyn BlockFile>) -> (Self, GivenUp) {
        let (behind, given_up) =
            (Behind { bytes: 0, rate: Rate::new(Some(MIB_PER_SECOND)) }, GivenUp::default());
        (Self { file, behind: Mutex::new(behind), given_up: given_up.clone() }, given_up)
    }
}

impl StorageBackend for Pages {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read_at(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.given_up.check()?;
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.given_up.check()?;
        self.file.sync()
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.given_up.check()?;
        self.file.write_at(offset, bytes)?;
        let mut behind = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        behind.bytes += bytes.len() as u64;
        if behind.bytes < PIECE_BYTES {
            return Ok(());
        }
        let piece = std::mem::take(&mut behind.bytes);
        behind.rate.wait_for(piece);
        self.file.write_behind()
    }
}
