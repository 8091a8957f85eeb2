//! The sealed files of one range of a log, read as if they still were the journal's file that they come from.

use std::iter::Peekable;
use std::path::Path;

use jiff::civil::Date;

use super::file::{BLOCK_ENTRIES, Block, SealedFile, damage};
use super::{RetentionClass, SealedName, sealed_folder};
use crate::audit::body::{BodyFault, Sorting};
use crate::audit::format::{LEAVES, SALT_BYTES, leaf, leaf_offset};
use crate::audit::journal::JournalFile;
use crate::audit::log_id::LogId;
use crate::audit::tree::{Hash, Hashes};
use crate::audit::{AuditError, Fault};
use crate::ground::storage::Storage;

const LEAVES_AT_ONCE: u64 = 4096;

/// An entry as a whole log goes by.
pub(in crate::audit) struct Past<'p> {
    pub(in crate::audit) sequence: u64,
    pub(in crate::audit) leaf: Hash,
    pub(in crate::audit) kept: Kept<'p>,
}

/// What is left of an entry.
#[derive(Clone, Copy)]
pub(in crate::audit) enum Kept<'p> {
    /// All of it, at a place of the journal.
    Journal { file: JournalFile, offset: u64, salt: &'p [u8; SALT_BYTES], body: &'p [u8] },
    /// All of it, sealed.
    Sealed { salt: &'p [u8; SALT_BYTES], body: &'p [u8] },
    /// Its leaf.
    Erased { class: RetentionClass, day: Date },
}

impl<'p> Kept<'p> {
    /// Salt and body, if they are still there.
    pub(in crate::audit) fn written(self) -> Option<(&'p [u8; SALT_BYTES], &'p [u8])> {
        match self {
            Self::Journal { salt, body, .. } | Self::Sealed { salt, body } => Some((salt, body)),
            Self::Erased { .. } => None,
        }
    }
}

/// All sealed files of a range.
pub(in crate::audit) struct Range {
    first: u64,
    end: u64,
    files: Vec<Reading>,
}

/// A file that is read member by member.
pub(super) struct Reading {
    file: SealedFile,
    members: Peekable<Box<dyn Iterator<Item = u64>>>,
    rank: u64,
    block: Option<Block>,
}

impl Range {
    /// Opens those of the names that belong to the range that begins with `first`; `None` if none does.
    pub(in crate::audit) fn open(
        storage: &dyn Storage,
        log: &Path,
        log_id: &LogId,
        (names, first): (&[SealedName], u64),
    ) -> Result<Option<Self>, AuditError> {
        let names = names.iter().filter(|name| name.first == first);
        let files = names.map(|name| SealedFile::open(storage, log, log_id, *name));
        let files = files.collect::<Result<Vec<_>, _>>()?;
        let Some(end) = end_of(log, &files)? else { return Ok(None) };
        Ok(Some(Self {
            first,
            end,
            files: files.into_iter().map(|file| Reading::from(file, first)).collect(),
        }))
    }

    /// Whether sealed files take up a log from its first entry to another without a gap, by what stands in them in clear.
    pub(in crate::audit) fn check_joined(
        storage: &dyn Storage,
        log: &Path,
        log_id: &LogId,
        end: u64,
    ) -> Result<(), AuditError> {
        let names = SealedName::list(storage, log)?;
        let mut next = 0;
        while next < end {
            let of_range = names.iter().filter(|name| name.first == next);
            let files = of_range.map(|name| SealedFile::open_stub(storage, log, log_id, *name));
            let files = files.collect::<Result<Vec<_>, _>>()?;
            let ended = end_of(log, &files)?.filter(|ended| *ended <= end);
            next = ended.ok_or_else(|| unaccounted(log, next))?;
        }
        Ok(())
    }

    /// What its files say of themselves.
    pub(in crate::audit) fn files(&self) -> impl Iterator<Item = &SealedFile> {
        self.files.iter().map(|reading| &reading.file)
    }

    /// Reads every entry, holds it against its leaf, and gives the entry after the last.
    pub(in crate::audit) fn walk(
        mut self,
        storage: &dyn Storage,
        log: &Path,
        visit: &mut dyn FnMut(&Past<'_>) -> Result<(), BodyFault>,
    ) -> Result<u64, AuditError> {
        let failed = |error| AuditError::storage("read the tree in", log)(error);
        let hashes = Hashes::open(storage, log).map_err(failed)?;
        let there = hashes.count(0).map_err(failed)?;
        if there < self.end {
            return Err(damage(&log.join(LEAVES), leaf_offset(there), Some(there), Fault::Leaf));
        }
        let mut leaves = Vec::new();
        for sequence in self.first..self.end {
            let at = (sequence - self.first) % LEAVES_AT_ONCE;
            if at == 0 {
                let count = LEAVES_AT_ONCE.min(self.end - sequence) as usize;
                leaves = hashes.read(0, sequence, count).map_err(failed)?;
            }
            self.entry(log, sequence, leaves[at as usize], visit)?;
        }
        let left = self.files.iter_mut().find_map(|reading| reading.members.peek().map(|_| &reading.file));
        left.map_or(Ok(self.end), |file| Err(damage(file.path(), 0, None, Fault::Stub)))
    }

    fn entry(
        &mut self,
        log: &Path,
        sequence: u64,
        right: Hash,
        visit: &mut dyn FnMut(&Past<'_>) -> Result<(), BodyFault>,
    ) -> Result<(), AuditError> {
        let mut own = None;
        for reading in &mut self.files {
            if reading.members.next_if_eq(&sequence).is_some() && own.replace(reading).is_some() {
                return Err(damage(
                    &JournalFile { first: self.first }.bodies(log),
                    0,
                    Some(sequence),
                    Fault::Stub,
                ));
            }
        }
        let Some(reading) = own else { return Err(unaccounted(log, sequence)) };
        let name = reading.file.name();
        reading.open_block()?;
        let kept = reading.kept();
        if kept.written().is_some_and(|(salt, body)| leaf(salt, body) != right) {
            return Err(damage(&log.join(LEAVES), leaf_offset(sequence), Some(sequence), Fault::Leaf));
        }
        let sorted = match kept.written() {
            None => Ok(true),
            Some((_, body)) => Sorting::of(body, sequence).map(|entry| name.is_of(&entry)),
        };
        let visited = sorted.and_then(|sorted| {
            visit(&Past { sequence, leaf: right, kept })?;
            Ok(sorted)
        });
        let path = reading.file.path();
        match visited {
            Ok(true) => Ok(()),
            Ok(false) => Err(damage(path, 0, Some(sequence), Fault::Stub)),
            Err(BodyFault::Newer(version)) => Err(AuditError::Newer { path: path.to_owned(), version }),
            Err(fault) => Err(damage(path, 0, Some(sequence), Fault::Body(fault))),
        }
    }
}

/// Where a range ends that some files take up whole; `None` if there are none.
pub(super) fn end_of(log: &Path, files: &[SealedFile]) -> Result<Option<u64>, AuditError> {
    let Some(file) = files.first() else { return Ok(None) };
    let (first, end) = (file.name().first, file.stub.end);
    if let Some(other) = files.iter().find(|other| other.stub.end != end) {
        return Err(damage(other.path(), 0, None, Fault::Stub));
    }
    let members: u64 = files.iter().map(|file| file.stub.entries()).sum();
    if members == end - first { Ok(Some(end)) } else { Err(unaccounted(log, first)) }
}

pub(super) fn unaccounted(log: &Path, entry: u64) -> AuditError {
    damage(&sealed_folder(log), 0, Some(entry), Fault::Unaccounted)
}

impl Reading {
    /// Reads a file from its first member on that is not below an entry.
    pub(super) fn from(file: SealedFile, entry: u64) -> Self {
        let before = file.stub.members.below(entry);
        let members: Box<dyn Iterator<Item = u64>> =
            Box::new(file.stub.members.clone().into_iter().skip_while(move |member| *member < entry));
        Self { file, members: members.peekable(), rank: before, block: None }
    }

    /// The next member.
    pub(super) fn peek(&mut self) -> Option<u64> {
        self.members.peek().copied()
    }

    /// Moves on past the next member, and gives what is left of it.
    pub(super) fn next(&mut self) -> Result<(&Path, Kept<'_>), AuditError> {
        self.members.next();
        self.open_block()?;
        Ok((self.file.path(), self.kept()))
    }

    /// Opens the block that has the member that was passed last.
    fn open_block(&mut self) -> Result<(), AuditError> {
        if self.rank.is_multiple_of(BLOCK_ENTRIES) || self.block.is_none() {
            self.block = self.file.block(self.rank / BLOCK_ENTRIES)?;
        }
        self.rank += 1;
        Ok(())
    }

    fn kept(&self) -> Kept<'_> {
        let name = self.file.stub.name;
        match &self.block {
            None => Kept::Erased { class: name.class, day: name.day },
            Some(block) => {
                let (salt, body) = block.entry(((self.rank - 1) % BLOCK_ENTRIES) as usize);
                Kept::Sealed { salt, body }
            }
        }
    }
}
