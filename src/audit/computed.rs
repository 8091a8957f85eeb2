//! The files that are computed from entries, read beside them.

use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::{Path, PathBuf};

use super::format::LEAF_BYTES;
use super::journal::JournalFile;
use super::places::PLACE_BYTES;
use super::sealed::{Kept, Past};
use super::tree::{Frontier, LEVEL_HEIGHT, LEVELS, level_name};
use super::{AuditError, Damage, Fault};
use crate::ground::storage::Storage;

/// What should be in them, as a log goes by.
pub(super) struct Computed {
    frontier: Frontier,
    /// Of the journal's file that goes by.
    places: Option<(JournalFile, Option<Reader>)>,
    levels: Vec<Reader>,
}

struct Reader {
    file: BufReader<File>,
    path: PathBuf,
    read: u64,
    /// It has ended, which it may while somebody writes, or after a crash.
    ended: bool,
}

impl Computed {
    pub(super) fn open(storage: &dyn Storage, folder: &Path) -> Result<Self, AuditError> {
        let open = |level| Reader::open(storage, folder.join(level_name(level)));
        let levels = (1..=LEVELS).map(open).collect::<Result<Vec<_>, _>>()?;
        let levels = levels.into_iter().flatten().collect();
        Ok(Self { frontier: Frontier::default(), places: None, levels })
    }

    /// The next entry.
    pub(super) fn push(
        &mut self,
        storage: &dyn Storage,
        folder: &Path,
        past: &Past<'_>,
    ) -> Result<(), AuditError> {
        if let Kept::Journal { file, offset, .. } = past.kept {
            if self.places.as_ref().is_none_or(|(of, _)| *of != file) {
                self.places = Some((file, Reader::open(storage, file.places(folder))?));
            }
            if let Some((_, Some(places))) = &mut self.places {
                places.expect(&offset.to_le_bytes(), past.sequence, Fault::Place)?;
            }
        }
        let (levels, mut fault) = (&mut self.levels, Ok(()));
        self.frontier.push(past.leaf, |height, hash| {
            let level = (height / LEVEL_HEIGHT) as usize;
            if height % LEVEL_HEIGHT == 0
                && let Some(reader) = levels.get_mut(level - 1)
                && fault.is_ok()
            {
                fault = reader.expect(hash, past.sequence >> height << height, Fault::Tree);
            }
        });
        fault
    }

    /// What was synced with a checkpoint is there.
    pub(super) fn check(&self, signed: u64) -> Result<(), AuditError> {
        let short = |reader: &Reader, needed: u64, fault| {
            let damage = Damage { path: reader.path.clone(), offset: reader.read, entry: None, fault };
            if reader.read < needed { Err(AuditError::Damaged(damage)) } else { Ok(()) }
        };
        for (level, reader) in (1..).zip(&self.levels) {
            short(reader, (signed >> (level * LEVEL_HEIGHT)) * LEAF_BYTES as u64, Fault::Tree)?;
        }
        match &self.places {
            Some((newest, Some(places))) => {
                short(places, signed.saturating_sub(newest.first) * PLACE_BYTES as u64, Fault::Place)
            }
            _ => Ok(()),
        }
    }
}

impl Reader {
    /// `None` if there is no such file.
    fn open(storage: &dyn Storage, path: PathBuf) -> Result<Option<Self>, AuditError> {
        match storage.open_read(&path) {
            Ok(file) => Ok(Some(Self { file: BufReader::new(file), path, read: 0, ended: false })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(AuditError::storage("open", &path)(error)),
        }
    }

    fn expect(&mut self, right: &[u8], entry: u64, fault: Fault) -> Result<(), AuditError> {
        if self.ended {
            return Ok(());
        }
        let mut there = [0; LEAF_BYTES];
        let there = &mut there[..right.len()];
        match self.file.read_exact(there) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.ended = true;
                return Ok(());
            }
            read => read.map_err(AuditError::storage("read", &self.path))?,
        }
        if *there != *right {
            let (path, offset, entry) = (self.path.clone(), self.read, Some(entry));
            return Err(AuditError::Damaged(Damage { path, offset, entry, fault }));
        }
        self.read += right.len() as u64;
        Ok(())
    }
}
