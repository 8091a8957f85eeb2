//! A whole log, from its first entry to its last, wherever its entries are by now. Changes nothing and takes no lock: what is moved
//! from the journal under the sealed files meanwhile is found there.

use std::io;
use std::path::Path;

use super::body::BodyFault;
use super::journal::JournalFile;
use super::log_id::LogId;
use super::scan::{Found, Seen, scan};
use super::sealed::{Kept, Past, Range, SealedFile, SealedName};
use super::{AuditError, Damage, Fault};
use crate::ground::storage::Storage;

/// How often what is not found where it was is looked for again.
pub(super) const TRIES: usize = 3;

/// What is done with each entry.
pub(super) type VisitPast<'a> = &'a mut dyn FnMut(&Past<'_>) -> Result<(), BodyFault>;

/// How a log ended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct End {
    /// How many entries there are.
    pub(super) entries: u64,
    /// What stands after the last.
    pub(super) torn_bytes: u64,
}

/// Reads a log. `files` hears of each sealed file before its entries come.
pub(super) fn history(
    storage: &dyn Storage,
    folder: &Path,
    id: &LogId,
    files: &mut dyn FnMut(&SealedFile),
    visit: VisitPast,
) -> Result<End, AuditError> {
    let (mut next, mut tries) = (0, 0);
    loop {
        let begun_at = next;
        let read = go_on(storage, folder, id, &mut next, (files, &mut *visit));
        tries = if next == begun_at { tries + 1 } else { 0 };
        match read {
            Err(error) if was_moved(&error) && tries < TRIES => {}
            read => return read,
        }
    }
}

fn go_on(
    storage: &dyn Storage,
    folder: &Path,
    id: &LogId,
    next: &mut u64,
    (files, visit): (&mut dyn FnMut(&SealedFile), VisitPast),
) -> Result<End, AuditError> {
    let journal = JournalFile::list(storage, folder)?;
    let names = SealedName::list(storage, folder)?;
    // What stands in both is in the journal: only what is sealed whole is taken out of it.
    while !journal.contains(&JournalFile { first: *next })
        && let Some(range) = Range::open(storage, folder, id, (&names, *next))?
    {
        range.files().for_each(&mut *files);
        *next = range.walk(storage, folder, visit)?;
    }
    let from = *next;
    let each = &mut |seen: &Seen<'_>| {
        let kept = Kept::Journal { file: seen.file, offset: seen.offset, salt: seen.salt, body: seen.body };
        visit(&Past { sequence: seen.sequence, leaf: seen.leaf, kept })?;
        *next = seen.sequence + 1;
        Ok(())
    };
    match scan(storage, folder, id, Some(from), each)? {
        Found::Unborn(_) => Ok(End::default()),
        Found::Sound(_, sound) => Ok(End { entries: sound.entries, torn_bytes: sound.torn_bytes }),
    }
}

/// Whether a file is not there any more that was there a moment ago.
pub(super) fn was_moved(error: &AuditError) -> bool {
    match error {
        AuditError::Storage { source, .. } => source.kind() == io::ErrorKind::NotFound,
        AuditError::Damaged(Damage { fault, .. }) => matches!(fault, Fault::Missing | Fault::Unaccounted),
        AuditError::SealingKey { .. } => true,
        _ => false,
    }
}
