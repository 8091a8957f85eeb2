//! The cases of a site, followed as its logs grow, and what is said of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use crate::audit::{
    Act, AuditError, AuditLog, Digester, Draft, DraftOutcome, Follower, LogReader, Position, Recorded, Wanted,
};
use crate::domain::Digest;
use crate::domain::case::{CaseId, Outcome, Source};
use crate::ground::clock::Clock;
use crate::ground::storage::Storage;
use crate::screening::{CaseContent, ClearedTable, trusted_now};

use super::case::{Case, CaseState, Place, Ruling, Seen};
use super::error::CaseError;
use super::index::Cases;
use super::policy::CaseRules;

/// So many entries are looked at before whoever waits for the book has his turn.
const ENTRIES_AT_A_TIME: u64 = 100_000;

/// Of a case with many checks so many are opened, to tell whose findings it has.
const NEWEST_CHECKS: usize = 8;

/// The cases of a site, and where in its logs they were read to.
#[derive(Debug)]
pub struct Casebook {
    storage: Arc<dyn Storage>,
    data_dir: PathBuf,
    follower: Follower,
    cases: Cases,
    /// What was there when it was opened has been read.
    whole: bool,
}

/// Which state of a case somebody has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenVersion {
    /// How many outcomes it had.
    pub outcomes: usize,
    /// How many findings, if that was told.
    pub findings: Option<usize>,
}

/// What a case holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The document and what was found.
    Whole(CaseContent),
    /// It was kept long enough, and was erased.
    Erased,
    /// The digest key was destroyed with which it was sealed.
    Closed,
    /// A later program sealed it.
    Newer,
}

impl Casebook {
    /// A book in which nothing was read yet.
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>, data_dir: PathBuf) -> Self {
        let follower = follow(&storage, &data_dir);
        Self { storage, data_dir, follower, cases: Cases::default(), whole: false }
    }

    /// Whether any bearer was ever cleared, for whoever wants to know no more.
    ///
    /// # Errors
    /// [`CaseError::Audit`] if a log cannot be read.
    pub fn has_cleared(storage: Arc<dyn Storage>, data_dir: PathBuf) -> Result<bool, CaseError> {
        let mut follower = follow(&storage, &data_dir);
        let mut found = false;
        let wanted = Wanted { classes: Cases::OUTCOMES, body: &Cases::clears };
        while follower.poll(wanted, ENTRIES_AT_A_TIME, &mut |_, _, _| found = true)? && !found {}
        Ok(found)
    }

    /// A book in which everything was read that is recorded.
    ///
    /// # Errors
    /// [`CaseError::Audit`] if a log cannot be read.
    pub fn read(storage: Arc<dyn Storage>, data_dir: PathBuf) -> Result<Self, CaseError> {
        let mut book = Self::new(storage, data_dir);
        while book.read_on()? {}
        Ok(book)
    }

    /// Reads on, and gives whether there is more. What a log holds that cannot be read is not passed over; the others are read all the
    /// same, and [`has_more`](Self::has_more) tells of them.
    ///
    /// # Errors
    /// [`CaseError::Audit`].
    pub fn read_on(&mut self) -> Result<bool, CaseError> {
        let cases = &mut self.cases;
        let wanted = Wanted { classes: Cases::CLASSES, body: &Cases::concerns };
        let read = self.follower.poll(wanted, ENTRIES_AT_A_TIME, &mut |log, _, recorded| {
            if let Recorded::Whole(stored) = recorded {
                cases.take(log, &stored.entry);
            }
        });
        // Where nobody can say which logs there are, nothing was read.
        let has_read = read.is_ok() || *self.follower.position() != Position::default();
        self.whole |= has_read && !self.has_more();
        Ok(read?)
    }

    /// Reads all that is recorded by now. A log that cannot be read keeps nobody from cases of the others.
    pub fn read_all(&mut self) {
        while self.read_on().is_ok_and(|more| more) || self.has_more() {}
    }

    /// Whether more can be read at once, also if the last reading gave an error.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.follower.has_more()
    }

    /// Forgets hits whose entries are not kept any more.
    pub fn forget_before(&mut self, kept_since: Timestamp) {
        self.cases.forget_before(kept_since);
    }

    /// Whether everything was read that had been recorded when the book was opened.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// The cases, as far as they were read.
    #[must_use]
    pub fn cases(&self) -> &Cases {
        &self.cases
    }

    /// Of which findings bearers are cleared, under every digest key that is still held.
    ///
    /// # Errors
    /// [`CaseError::Audit`] if the keys cannot be read.
    pub fn cleared(&self, now: Timestamp) -> Result<ClearedTable, CaseError> {
        let table = self.cases.cleared(now);
        if table.is_empty() {
            return Ok(table);
        }
        let held = Digester::held(&*self.storage, &self.data_dir)?;
        let since = self.cases.last_said_without(|key| held.iter().any(|held| held.key_id() == key));
        Ok(table.said_after(since).under(held))
    }

    /// A case.
    ///
    /// # Errors
    /// [`CaseError::Unknown`].
    pub fn case(&self, id: CaseId) -> Result<&Case, CaseError> {
        self.cases.get(id).ok_or(CaseError::Unknown(id))
    }

    /// Opens what a case holds: that of its newest check of which it is still there.
    ///
    /// # Errors
    /// [`CaseError::Audit`] if the log cannot be read.
    pub fn content(&self, case: &Case) -> Result<Content, CaseError> {
        let logs = LogReader::new(self.storage.clone(), self.data_dir.clone());
        let keys = Digester::held(&*self.storage, &self.data_dir)?;
        let mut content = Content::Erased;
        for seen in case.seen.iter().rev() {
            match open(&logs, &keys, case.id, seen)? {
                whole @ Content::Whole(_) => return Ok(whole),
                Content::Erased => {}
                other => content = other,
            }
        }
        Ok(content)
    }

    /// Whose findings a case has, as its first and its newest checks hold them.
    fn sources(&self, case: &Case) -> Result<Vec<Source>, CaseError> {
        let logs = LogReader::new(self.storage.clone(), self.data_dir.clone());
        let keys = Digester::held(&*self.storage, &self.data_dir)?;
        let mut sources = BTreeSet::new();
        let newest = case.seen.iter().rev().take(NEWEST_CHECKS);
        for seen in newest.chain(case.seen.first()) {
            if let Content::Whole(content) = open(&logs, &keys, case.id, seen)? {
                sources.extend(content.sources());
            }
        }
        Ok(sources.into_iter().collect())
    }

    /// Records what became of a case. Where policy wants somebody else to say the same, it is proposed until he does; what was decided before
    /// holds until then. What holds already is not recorded again.
    ///
    /// # Errors
    /// [`CaseError`]; then nothing was done.
    pub fn decide(
        &mut self,
        id: CaseId,
        outcome: Outcome,
        (by, seen): (&Arc<str>, Option<SeenVersion>),
        (log, clock, rules): (&AuditLog, &Clock, CaseRules),
    ) -> Result<&Case, CaseError> {
        let now = trusted_now(clock, log, None)?.time;
        self.read_all();
        let case = self.case(id)?;
        let (outcomes, findings) = case.version();
        let is_other = |seen: SeenVersion| {
            seen.outcomes != outcomes || seen.findings.is_some_and(|seen| seen != findings)
        };
        if seen.is_some_and(is_other) {
            return Err(CaseError::Changed { outcomes, findings });
        }
        outcome.check(rules.cleared_days_max(case, now), now).map_err(CaseError::Outcome)?;
        // A command that is sent again must not open a decided case again.
        if case.decided_as(&outcome).is_some_and(|ruling| self.cases.is_last_word(ruling, case)) {
            return self.case(id);
        }
        let first = seconded(case, &outcome, by);
        // Whoever has proposed it does not decide it by himself, whatever rules he names.
        let waits = matches!(case.state(), CaseState::Proposed(_));
        let proposed = (rules.policy.four_eyes || waits) && first.is_none();
        // What was found since then was not known to whoever proposed it.
        let findings =
            first.map_or_else(|| case.findings.iter().copied().collect(), |first| first.findings.clone());
        let sources = self.sources(case)?;
        let said = DraftOutcome { case: id, outcome, proposed, sources, findings };
        let place = record(log, said.clone(), by, now)?;
        let DraftOutcome { outcome, sources, findings, .. } = said;
        let ruling = Ruling { place, at: now, by: (&**by).into(), outcome, proposed, sources, findings };
        self.cases.rule(id, ruling);
        self.case(id)
    }
}

/// What somebody else has proposed, if it is the same.
fn seconded<'c>(case: &'c Case, outcome: &Outcome, by: &str) -> Option<&'c Ruling> {
    match case.state() {
        CaseState::Proposed(ruling) => Some(ruling).filter(|ruling| ruling.is_seconded_by(by, outcome)),
        CaseState::Open | CaseState::Decided(_) => None,
    }
}

fn record(log: &AuditLog, outcome: DraftOutcome, by: &Arc<str>, now: Timestamp) -> Result<Place, AuditError> {
    // Outcomes depend on no settings.
    let draft = Draft::new(now, Act::CaseOutcome, by.clone(), Digest([0; 32]));
    let recorded = log.submit(Draft { outcome: Some(Box::new(outcome)), ..draft }, ())?.wait()?;
    let receipt = recorded.receipt();
    Ok(Place { log: receipt.log_id.clone(), entry: receipt.entry_id, line: None })
}

/// All logs, also those of before a restore: hits in them are told of, and what was said of them holds.
fn follow(storage: &Arc<dyn Storage>, data_dir: &Path) -> Follower {
    Follower::new(storage.clone(), data_dir.to_owned(), Position::default()).with_restored()
}

fn open(logs: &LogReader, keys: &[Digester], case: CaseId, seen: &Seen) -> Result<Content, CaseError> {
    let Place { log, entry, line } = &seen.place;
    let Some(Recorded::Whole(stored)) = logs.entries(log, *entry, 1)?.pop() else {
        return Ok(Content::Erased);
    };
    let asked = stored.entry.asked().find(|asked| asked.line == *line);
    let mark = asked.and_then(|asked| asked.case).filter(|mark| mark.id == case);
    let key = keys.iter().find(|key| stored.entry.key_id == Some(key.key_id()));
    let opened = mark.and_then(|mark| key?.open_sealed(case, &mark.sealed));
    let Some(opened) = opened else { return Ok(Content::Closed) };
    Ok(CaseContent::decode(&opened).map_or(Content::Newer, Content::Whole))
}
