//! The import itself.

use std::collections::HashMap;
use std::io::{BufRead, ErrorKind};
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use jiff::Timestamp;

use super::lines::Bounded;
use super::tally::row_fault;
use super::{Format, ImportError, Reject, Rows, Tally};
use crate::alerting::desk::name;
use crate::alerting::plan::{Fate, Plan};
use crate::alerting::record::record;
use crate::alerting::{AlertingError, Deed, Desk, Issue, Wish};
use crate::audit::Act;
use crate::domain::alert::AlertId;
use crate::ground::clock::monotonic;
use crate::overlay::{Change, Store};

/// Many alerts that are to be issued.
#[derive(Clone, Debug)]
pub struct Import {
    /// Who issues them.
    pub by: Arc<str>,
    /// What the import as a whole is called: a row without a key of its own has this one, at its line.
    pub key: Option<Box<str>>,
    /// How they are written; without it the first line tells.
    pub format: Option<Format>,
    /// What becomes of the others if there is something wrong with some.
    pub mode: Mode,
    /// Whether nothing is issued, and only said what would be.
    pub dry_run: bool,
    /// The most bytes that are held at once.
    pub bytes_max: u64,
    /// How many are kept in one write, where each is issued for itself.
    pub chunk_rows: usize,
}

/// A good [`Import::chunk_rows`]: the write takes long enough to be worth it, and others do not wait long for it.
pub const CHUNK_ROWS: usize = 1000;

/// What becomes of the others if there is something wrong with some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// None is issued; and what is issued is kept in one write.
    AllOrNothing,
    /// They are issued, [some](Import::chunk_rows) at a time.
    PerRow,
}

/// What became of an import.
#[derive(Debug)]
pub struct Imported {
    /// What became of its rows.
    pub tally: Tally,
    /// What became of it as a whole.
    pub outcome: Result<Outcome, ImportError>,
}

/// What became of an import that came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Alerts were issued.
    Issued,
    /// There was something wrong with some, so that none was.
    Refused,
    /// It was a rehearsal.
    DryRun,
}

/// What an import does at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Rows are read.
    Reading,
    /// Acts are recorded in the log.
    Recording,
    /// Alerts are kept.
    Keeping,
}

/// Who is told how an import goes.
pub trait Observer {
    /// A row was refused.
    ///
    /// # Errors
    /// [`ImportError::Rejects`] ends the import.
    fn rejected(&mut self, reject: &Reject) -> Result<(), ImportError>;

    /// So much is done of a stage; of rows it is not known how many there are.
    fn at(&mut self, stage: Stage, done: u64, total: Option<u64>);
}

/// Lets an import to the desk, a step at a time.
pub trait AtDesk {
    /// Does something there.
    fn at_desk<T>(&mut self, act: impl FnOnce(&mut Desk<'_>) -> T) -> T;
}

impl AtDesk for Desk<'_> {
    fn at_desk<T>(&mut self, act: impl FnOnce(&mut Desk<'_>) -> T) -> T {
        act(self)
    }
}

/// For how long the store may be kept from others, who look for it more often than every [`REST`].
const BUSY_MAX: Duration = Duration::from_secs(1);
const REST: Duration = Duration::from_millis(50);
/// Acts that are synced together: whoever is answered meanwhile waits for the same disk, so that it is used for little, and left to him
/// for twice as long.
const RECORDED_AT_ONCE: usize = 64;

/// What is going to be done, and recorded before.
type Planned = Vec<(Act, Change)>;

impl Import {
    /// Imports what there is to be read.
    pub fn run(&self, input: impl BufRead, desk: &mut impl AtDesk, observer: &mut dyn Observer) -> Imported {
        let mut running = Running { import: self, desk, observer, tally: Tally::default() };
        let outcome = match (self.mode, self.dry_run) {
            (Mode::PerRow, false) => running.per_row(input),
            _ => running.together(input),
        };
        Imported { tally: running.tally, outcome }
    }
}

struct Running<'r, D> {
    import: &'r Import,
    desk: &'r mut D,
    observer: &'r mut dyn Observer,
    tally: Tally,
}

impl<D: AtDesk> Running<'_, D> {
    fn together(&mut self, input: impl BufRead) -> Result<Outcome, ImportError> {
        let bytes_max = self.import.bytes_max;
        let now = self.desk.at_desk(|desk| desk.now())?;
        let mut rows = Rows::new(Bounded::new(input, bytes_max), self.import.format, now);
        let mut read = Vec::new();
        loop {
            match self.read(&mut rows, &mut read) {
                Err(ImportError::Read(error)) if error.kind() == ErrorKind::FileTooLarge => {
                    return Err(ImportError::TooLarge { bytes_max });
                }
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return Err(error),
            }
        }
        drop(rows);
        let (import, mut names) = (self.import, Names::default());
        let dry_run = import.dry_run;
        let planned = self.desk.at_desk(|desk| {
            let store = desk.store(!dry_run)?;
            plan(desk, now, &import.by, read, &mut |by, key| names.of(store.as_ref(), by, key))
        })?;
        let planned = self.account(planned)?;
        if self.tally.rejected_total() > 0 && self.import.mode == Mode::AllOrNothing {
            return Ok(Outcome::Refused);
        }
        if dry_run {
            return Ok(Outcome::DryRun);
        }
        let total = planned.len() as u64;
        let at_once = self.desk.at_desk(|desk| desk.log.entries_at_once()).min(RECORDED_AT_ONCE);
        for (at, some) in (0..).zip(planned.chunks(at_once)) {
            self.observer.at(Stage::Recording, at * at_once as u64, Some(total));
            let took = self.desk.at_desk(|desk| {
                let begun = monotonic();
                record(desk, some).map(|()| begun.elapsed())
            })?;
            sleep((2 * took).min(REST));
        }
        self.observer.at(Stage::Keeping, 0, Some(total));
        self.desk.at_desk(|desk| {
            if planned.is_empty() {
                return Ok(());
            }
            let (mut store, _) = desk.open()?;
            // Others had their turn while this was recorded.
            if planned.iter().any(|(_, change)| desk.known.get(&change.alert).is_some()) {
                return Err(ImportError::Overtaken);
            }
            desk.keep_recorded(&mut store, planned)?;
            Ok(())
        })?;
        self.tally.issued = total;
        self.observer.at(Stage::Keeping, total, Some(total));
        Ok(Outcome::Issued)
    }

    fn per_row(&mut self, input: impl BufRead) -> Result<Outcome, ImportError> {
        let now = self.desk.at_desk(|desk| desk.now())?;
        let mut rows = Rows::new(input, self.import.format, now);
        let mut busy = Duration::ZERO;
        let mut more = true;
        while more {
            let mut read = Vec::new();
            while more && read.len() < self.import.chunk_rows {
                more = self.read(&mut rows, &mut read)?;
            }
            if read.is_empty() {
                continue;
            }
            let (begun, by) = (monotonic(), &self.import.by);
            let planned = self.desk.at_desk(|desk| {
                let (mut store, now) = desk.open()?;
                let planned = plan(desk, now, by, read, &mut |by, key| name(&store, by, key))?;
                let (planned, others) = planned.into_parts();
                let count = planned.len() as u64;
                desk.keep(&mut store, planned)?;
                Ok::<_, AlertingError>((count, others))
            });
            let (count, others) = planned?;
            self.account(others)?;
            self.tally.issued += count;
            busy += begun.elapsed();
            if busy > BUSY_MAX {
                sleep(REST);
                busy = Duration::ZERO;
            }
        }
        Ok(Outcome::Issued)
    }

    /// Reads the next row; gives whether there was one.
    fn read<R: BufRead>(
        &mut self,
        rows: &mut Rows<R>,
        read: &mut Vec<(u64, Box<Issue>)>,
    ) -> Result<bool, ImportError> {
        let Some(row) = rows.next()? else { return Ok(false) };
        self.tally.read += 1;
        if self.tally.read.is_multiple_of(1000) {
            self.observer.at(Stage::Reading, self.tally.read, None);
        }
        match row {
            Ok((line, mut issue)) => {
                let key = &self.import.key;
                issue.key = issue.key.take().or_else(|| key.as_ref().map(|key| key_at(key, line)));
                read.push((line, issue));
            }
            Err(reject) => self.reject(&reject)?,
        }
        Ok(true)
    }

    /// Accounts for rows that make no alert; gives the others.
    fn account(&mut self, considered: Considered) -> Result<Planned, ImportError> {
        self.tally.before += considered.before;
        considered.rejects.iter().try_for_each(|reject| self.reject(reject))?;
        Ok(considered.planned)
    }

    fn reject(&mut self, reject: &Reject) -> Result<(), ImportError> {
        self.tally.reject(reject);
        self.observer.rejected(reject)
    }
}

/// The key of a row by its line. No key that somebody tells has a zero byte: none is the same.
fn key_at(key: &str, line: u64) -> Box<str> {
    format!("{key}\0{line}").into()
}

/// Rows that were held against what there is.
struct Considered {
    planned: Planned,
    before: u64,
    rejects: Vec<Reject>,
}

impl Considered {
    /// What is going to be done, and everything else.
    fn into_parts(mut self) -> (Planned, Self) {
        (std::mem::take(&mut self.planned), self)
    }
}

/// Plans rows, each seeing those before it.
fn plan(
    desk: &Desk<'_>,
    now: Timestamp,
    by: &Arc<str>,
    rows: Vec<(u64, Box<Issue>)>,
    name: &mut Namer<'_>,
) -> Result<Considered, AlertingError> {
    let mut plan = Plan::new(&desk.known, desk.policy, now);
    let (mut before, mut rejects) = (0, Vec::new());
    for (line, issue) in rows {
        let wish = Wish { by: by.clone(), deed: Deed::Issue(issue) };
        match plan.add(wish, &mut *name) {
            Ok(Fate::Planned(_)) => {}
            Ok(Fate::Before(_) | Fate::PlannedBefore(_)) => before += 1,
            Err(error) => {
                let (reason, rule) = row_fault(error)?;
                rejects.push(Reject { line, reason, rule });
            }
        }
    }
    Ok(Considered { planned: plan.into_planned(), before, rejects })
}

/// Names a new alert, by who issues it and his key.
type Namer<'n> = dyn FnMut(&str, Option<&str>) -> Result<AlertId, AlertingError> + 'n;

/// Names of alerts; also where there is no store yet, and none is to be made.
#[derive(Default)]
struct Names(HashMap<Box<str>, AlertId>);

impl Names {
    fn of(&mut self, store: Option<&Store>, by: &str, key: Option<&str>) -> Result<AlertId, AlertingError> {
        match (store, key) {
            (Some(store), key) => name(store, by, key),
            (None, None) => Ok(Store::new_alert()?),
            (None, Some(key)) => match self.0.get(key) {
                Some(known) => Ok(*known),
                None => {
                    let new = Store::new_alert()?;
                    self.0.insert(key.into(), new);
                    Ok(new)
                }
            },
        }
    }
}
