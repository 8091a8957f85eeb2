//! All logs of a site as they grow, for whoever acts on what is recorded: by any process, without locks, while they are written.
//!
//! Only what is durable is told: an entry that has a leaf; no leaf is taken back while its log is written. What a reader has seen is vouched
//! for by the checksum of its frame, or by what seals it; that it is what was signed is for those who verify logs.

mod journal_tail;
mod open_log;
mod sealed_stretch;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::journal_tail::JournalTail;
use self::open_log::open_log;
use self::sealed_stretch::read_sealed;
use super::format::{LEAVES, SALT_BYTES, leaf, leaf_offset};
use super::history::{TRIES, was_moved};
use super::log_id::LogId;
use super::tree::Hashes;
use super::{AuditError, Damage, Entry, Fault, Position, Recorded, RetentionClass, Stored};
use crate::audit::body::BodyFault;
use crate::domain::Digest;
use crate::ground::causes;
use crate::ground::storage::Storage;

/// Which entries a reader wants.
#[derive(Clone, Copy)]
pub struct Wanted<'w> {
    /// The classes that can have them: what is sealed of others is not even opened.
    pub classes: &'w [RetentionClass],
    /// Whether an entry with such a body is to be decoded. It is asked of every entry that goes by, and must be quick.
    pub body: &'w dyn Fn(&[u8]) -> bool,
}

/// What is done with an entry: its log, where to go on after it, and the entry.
pub type VisitNew<'v> = &'v mut dyn FnMut(&Arc<str>, &Position, Recorded);

/// The same, which says whether to go on.
pub type VisitSome<'v> = &'v mut dyn FnMut(&Arc<str>, &Position, Recorded) -> bool;

/// Reads the logs of a site, those of the service and those of commands, each in its order, and goes on where it was.
#[derive(Debug)]
pub struct Follower {
    storage: Arc<dyn Storage>,
    data_dir: PathBuf,
    position: Position,
    /// Logs that a restore has put aside are read too.
    restored_too: bool,
    logs: BTreeMap<Arc<str>, Log>,
    /// Those that could not be opened when it last looked.
    closed: BTreeMap<Arc<str>, AuditError>,
    /// Those that were restored and cannot be read: nobody mends what a backup has.
    passed_over: BTreeSet<Arc<str>>,
    /// The log at which a visit had enough: the next poll begins after it.
    enough_at: Option<Arc<str>>,
    /// The last poll has left something that can be read.
    more: bool,
    erased: u64,
}

impl Follower {
    /// Goes on from a position.
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>, data_dir: PathBuf, from: Position) -> Self {
        Self {
            storage,
            data_dir,
            position: from,
            restored_too: false,
            logs: BTreeMap::new(),
            closed: BTreeMap::new(),
            passed_over: BTreeSet::new(),
            enough_at: None,
            more: false,
            erased: 0,
        }
    }

    /// Reads logs too that a restore from a backup has put aside, as far as the backup has them.
    #[must_use]
    pub fn with_restored(self) -> Self {
        Self { restored_too: true, ..self }
    }

    /// Begins after all that is recorded by now, also in logs that a restore has put aside. Of a log that cannot be opened nobody knows where
    /// that is: it is read from its beginning once it can be, for what was told too often does less harm than what was not told.
    ///
    /// # Errors
    /// If nobody can say which logs there are.
    pub fn at_end(storage: Arc<dyn Storage>, data_dir: PathBuf) -> Result<Self, AuditError> {
        let mut follower = Self::new(storage, data_dir, Position::default()).with_restored();
        follower.look_for_logs()?;
        for (name, log) in &follower.logs {
            follower.position.set(name, log.files.recorded()?);
        }
        Ok(follower)
    }

    /// Where it stands: after all that it visited, and what nobody wanted.
    #[must_use]
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// How many entries of the classes that were wanted were erased before they were read.
    #[must_use]
    pub fn erased(&self) -> u64 {
        self.erased
    }

    /// Whether more can be read at once than the last poll has read, also if that gave an error.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.more
    }

    /// Whether it can go on from where it stands, as far as logs can be opened: of the others [`poll`](Self::poll) tells.
    ///
    /// # Errors
    /// [`AuditError::ReadFurther`] if a log has less than was read of it. If nobody can say which logs there are.
    pub fn check(&mut self) -> Result<(), AuditError> {
        self.look_for_logs()?;
        self.logs.iter().try_for_each(|(name, log)| log.files.check(self.position.next(name)).map(drop))
    }

    /// Logs of which something was read that are not there any more: they were put aside, or are another site's. One that is there and
    /// cannot be opened is none of them.
    ///
    /// # Errors
    /// If nobody can say which logs there are.
    pub fn gone(&mut self) -> Result<Vec<Arc<str>>, AuditError> {
        self.look_for_logs()?;
        let is_there = |log| self.logs.contains_key(log) || self.closed.contains_key(log);
        let gone = self.position.logs().filter(|(log, _)| !is_there(*log));
        Ok(gone.map(|(log, _)| log.clone()).collect())
    }

    /// How many entries were recorded that it has not looked at, in logs that can be opened.
    ///
    /// # Errors
    /// If nobody can say which logs there are, or how long one is.
    pub fn behind(&mut self) -> Result<u64, AuditError> {
        self.look_for_logs()?;
        let behind = |(name, log): (&Arc<str>, &Log)| {
            log.files.recorded().map(|recorded| recorded.saturating_sub(self.position.next(name)))
        };
        self.logs.iter().map(behind).sum()
    }

    /// Visits what was recorded since and is wanted, and gives whether there is more. At most about `entries_max` are looked at. What
    /// was erased meanwhile is passed over and counted.
    ///
    /// # Errors
    /// If a log is not as it was written, or cannot be opened or read: the reader stands before what is wrong, looks again each time, and
    /// says the same as long as it is. The other logs are read all the same: what they have was visited before the error comes, as much of
    /// it as without one, and [`has_more`](Self::has_more) says whether there is more.
    pub fn poll(
        &mut self,
        wanted: Wanted<'_>,
        entries_max: u64,
        visit: VisitNew<'_>,
    ) -> Result<bool, AuditError> {
        self.poll_while(wanted, entries_max, &mut |log, position, recorded| {
            visit(log, position, recorded);
            true
        })
    }

    /// The same, until a visit says that it has enough: what comes after that entry is left for the next time, which begins with the
    /// next log, so that one that always has enough keeps none of the others waiting.
    ///
    /// # Errors
    /// As [`poll`](Self::poll).
    pub fn poll_while(
        &mut self,
        wanted: Wanted<'_>,
        entries_max: u64,
        visit: VisitSome<'_>,
    ) -> Result<bool, AuditError> {
        self.more = false;
        self.look_for_logs()?;
        // Each has its share, so that one that is always busy keeps none of the others waiting.
        let share = (entries_max / self.logs.len().max(1) as u64).max(1);
        let (mut more, mut fault, mut enough) = (false, self.closed.values().next().cloned(), false);
        let begin_at = self.enough_at.take().map_or(0, |name| self.logs.range(..=name).count());
        let mut logs: Vec<_> = self.logs.iter_mut().collect();
        logs.rotate_left(begin_at);
        for (name, log) in logs {
            let (position, erased) = (&mut self.position, &mut self.erased);
            let visit = &mut *visit;
            let mut pass =
                Pass { storage: &*self.storage, wanted, position, erased, left: share, visit, enough };
            match log.poll(&mut pass) {
                Ok(has_more) => more |= has_more,
                Err(error) if log.files.is_restored => {
                    pass_over(&mut self.passed_over, name, &error);
                }
                Err(error) => fault = fault.or(Some(error)),
            }
            enough = pass.enough;
            if enough {
                more = true;
                self.enough_at = Some(name.clone());
                break;
            }
        }
        self.more = more;
        fault.map_or(Ok(more), Err)
    }

    /// Logs appear, and are put aside. One that cannot be opened keeps none of the others from being read.
    fn look_for_logs(&mut self) -> Result<(), AuditError> {
        let audit = self.data_dir.join("audit");
        let there = self.storage.list(&audit).map_err(AuditError::storage("list", &audit))?;
        let passed_over = &self.passed_over;
        self.logs.retain(|name, log| there.contains(&log.files.folder) && !passed_over.contains(name));
        self.closed.clear();
        for folder in there {
            let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let restored = LogId::parse_restored(name).filter(|_| self.restored_too);
            let is_restored = restored.is_some();
            let id = restored.or_else(|| LogId::parse(name));
            let is_known =
                |id: &LogId| self.logs.contains_key(id.text()) || self.passed_over.contains(id.text());
            let Some(id) = id.filter(|id| !is_known(id)) else { continue };
            match open_log(&*self.storage, &id, (folder, is_restored)) {
                Ok(log) => self.logs.extend(log.map(|log| (id.text().clone(), log))),
                Err(error) if is_restored => pass_over(&mut self.passed_over, id.text(), &error),
                Err(error) => drop(self.closed.insert(id.text().clone(), error)),
            }
        }
        Ok(())
    }
}

fn pass_over(passed_over: &mut BTreeSet<Arc<str>>, log: &Arc<str>, error: &AuditError) {
    tracing::warn!(
        log = &**log, error = %causes(error),
        "a log that was restored cannot be read on: what follows in it is told to nobody, and no case; portcullis audit verify says what is wrong with it"
    );
    passed_over.insert(log.clone());
}

/// One log.
#[derive(Debug)]
struct Log {
    files: LogFiles,
    /// The journal's file that is being read; `None` before it is looked for.
    tail: Option<JournalTail>,
}

/// Where a log is.
#[derive(Debug)]
struct LogFiles {
    id: LogId,
    folder: PathBuf,
    leaves: Hashes,
    /// It was put aside by a restore, and has what the backup has of it.
    is_restored: bool,
}

/// What a look at a log needs and leaves.
struct Pass<'p, 'v> {
    storage: &'p dyn Storage,
    wanted: Wanted<'p>,
    position: &'p mut Position,
    erased: &'p mut u64,
    /// How many entries may still be looked at.
    left: u64,
    visit: &'p mut (dyn FnMut(&Arc<str>, &Position, Recorded) -> bool + 'v),
    /// A visit has said so.
    enough: bool,
}

impl LogFiles {
    /// How many entries are durable.
    fn recorded(&self) -> Result<u64, AuditError> {
        self.leaves.count(0).map_err(AuditError::storage("read the tree in", &self.folder))
    }

    /// The same, which is not less than was read, unless that is what a backup has.
    fn check(&self, next: u64) -> Result<u64, AuditError> {
        let entries = self.recorded()?;
        if self.is_restored {
            return Ok(entries.max(next));
        }
        if next > entries {
            return Err(AuditError::ReadFurther { path: self.folder.clone(), next, entries });
        }
        Ok(entries)
    }
}

impl Log {
    fn poll(&mut self, pass: &mut Pass<'_, '_>) -> Result<bool, AuditError> {
        let recorded = self.files.check(pass.position.next(self.files.id.as_str()))?;
        let mut tries = 0;
        loop {
            let next = pass.position.next(self.files.id.as_str());
            if next == recorded || pass.left == 0 {
                return Ok(next < recorded);
            }
            match self.go_on(next, recorded, pass) {
                Ok(()) => tries = 0,
                // What is sealed or erased at this moment is found where it is by then.
                Err(error) if was_moved(&error) && tries < TRIES => {
                    self.tail = None;
                    tries += 1;
                }
                Err(error) => {
                    self.tail = None;
                    return Err(error);
                }
            }
        }
    }

    /// Reads on in the file that has the next entry.
    fn go_on(&mut self, next: u64, recorded: u64, pass: &mut Pass<'_, '_>) -> Result<(), AuditError> {
        let files = &self.files;
        if self.tail.is_none() {
            self.tail = JournalTail::open(pass.storage, &files.folder, &files.id, next)?;
        }
        let Some(tail) = &mut self.tail else {
            return read_sealed(files, next, recorded, pass);
        };
        let has_ended = tail.read(recorded, &mut |place, salt, body| {
            pass.look(files, place, salt, body)?;
            Ok(pass.left > 0)
        })?;
        if has_ended {
            self.tail = None;
        }
        Ok(())
    }
}

/// Where an entry stands.
#[derive(Clone, Copy)]
struct Place<'p> {
    sequence: u64,
    path: &'p Path,
    offset: u64,
}

impl Place<'_> {
    fn damage(&self, fault: Fault) -> AuditError {
        let (path, entry) = (self.path.to_owned(), Some(self.sequence));
        AuditError::Damaged(Damage { path, offset: self.offset, entry, fault })
    }
}

impl Pass<'_, '_> {
    /// Looks at an entry and moves on past it.
    fn look(
        &mut self,
        log: &LogFiles,
        place: Place<'_>,
        salt: &[u8; SALT_BYTES],
        body: &[u8],
    ) -> Result<(), AuditError> {
        let after = place.sequence + 1;
        self.left = self.left.saturating_sub(1);
        if !(self.wanted.body)(body) {
            self.position.set(log.id.text(), after);
            return Ok(());
        }
        let entry = Entry::decode(body, place.sequence).map_err(|fault| match fault {
            BodyFault::Newer(version) => AuditError::Newer { path: place.path.to_owned(), version },
            fault => place.damage(Fault::Body(fault)),
        })?;
        let leaf = leaf(salt, body);
        let there = log.leaves.read(0, place.sequence, 1);
        let there = there.map_err(AuditError::storage("read the tree in", &log.folder))?;
        // One that a power cut took is made again of its entry, by whoever writes the log.
        if there != [leaf] && there != [[0; 32]] {
            let (path, offset) = (&log.folder.join(LEAVES), leaf_offset(place.sequence));
            return Err(Place { path, offset, ..place }.damage(Fault::Leaf));
        }
        self.position.set(log.id.text(), after);
        let stored = Stored { entry, body: body.to_vec(), salt: *salt, leaf: Digest(leaf) };
        if !(self.visit)(log.id.text(), self.position, Recorded::Whole(Box::new(stored))) {
            (self.left, self.enough) = (0, true);
        }
        Ok(())
    }

    /// Moves on past entries that are not there any more, or that nobody wants.
    fn pass_over(&mut self, log: &LogId, next: u64, erased: u64) {
        *self.erased += erased;
        self.position.set(log.text(), next);
    }
}
