//! The cases of a site, followed as its logs grow, and what is said of them.

use std::path::PathBuf;
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
use super::policy::CasePolicy;

/// So many entries are looked at before whoever waits for the book has his turn.
const ENTRIES_AT_A_TIME: u64 = 100_000;

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

/// What a case holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The document and what was found.
    Whole(CaseContent),
    /// It was kept long enough, and was erased.
    Erased,
    /// The digest key was destroyed with which it was sealed.
    Closed,
}

impl Casebook {
    /// A book in which nothing was read yet.
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>, data_dir: PathBuf) -> Self {
        let follower = Follower::new(storage.clone(), data_dir.clone(), Position::default());
        Self { storage, data_dir, follower, cases: Cases::default(), whole: false }
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

    /// Reads on, and gives whether there is more. What a log holds that cannot be read is not passed over.
    ///
    /// # Errors
    /// [`CaseError::Audit`].
    pub fn read_on(&mut self) -> Result<bool, CaseError> {
        let cases = &mut self.cases;
        let wanted = Wanted { classes: Cases::CLASSES, body: &Cases::concerns };
        let more = self.follower.poll(wanted, ENTRIES_AT_A_TIME, &mut |log, _, recorded| {
            if let Recorded::Whole(stored) = recorded {
                cases.take(log, &stored.entry);
            }
        })?;
        self.whole |= !more;
        Ok(more)
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

    /// Of which findings bearers are cleared.
    #[must_use]
    pub fn cleared(&self, now: Timestamp) -> ClearedTable {
        self.cases.cleared(now)
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
                Content::Closed => content = Content::Closed,
                Content::Erased => {}
            }
        }
        Ok(content)
    }

    /// Records what became of a case. Where policy wants somebody else to say the same, it is proposed until he does.
    ///
    /// # Errors
    /// [`CaseError`]; then nothing was done.
    pub fn decide(
        &mut self,
        id: CaseId,
        outcome: Outcome,
        (by, expected): (&Arc<str>, Option<usize>),
        (log, clock, policy): (&AuditLog, &Clock, CasePolicy),
    ) -> Result<&Case, CaseError> {
        let now = trusted_now(clock, log, None)?.time;
        while self.read_on()? {}
        let case = self.case(id)?;
        if let Some(expected) = expected.filter(|expected| *expected != case.rulings.len()) {
            return Err(CaseError::Changed { expected, current: case.rulings.len() });
        }
        let days_max = u32::try_from(policy.cleared_days_max).unwrap_or(u32::MAX);
        outcome.check(days_max, now).map_err(CaseError::Outcome)?;
        let proposed = policy.four_eyes && !is_second(case, &outcome, by);
        let sources = match self.content(case)? {
            Content::Whole(content) => content.sources(),
            Content::Erased | Content::Closed => Vec::new(),
        };
        let place = record(log, (id, &outcome, proposed, &sources), by, now)?;
        let ruling = Ruling { place, at: now, by: (&**by).into(), outcome, proposed, sources };
        self.cases.rule(id, ruling);
        self.case(id)
    }
}

/// Whether somebody else has proposed the same.
fn is_second(case: &Case, outcome: &Outcome, by: &str) -> bool {
    match case.state() {
        CaseState::Proposed(ruling) => *ruling.by != *by && ruling.outcome.agrees(outcome),
        CaseState::Open | CaseState::Decided(_) => false,
    }
}

fn record(
    log: &AuditLog,
    (case, outcome, proposed, sources): (CaseId, &Outcome, bool, &[Source]),
    by: &Arc<str>,
    now: Timestamp,
) -> Result<Place, AuditError> {
    let outcome = DraftOutcome { case, outcome: outcome.clone(), proposed, sources: sources.to_vec() };
    // Outcomes depend on no settings.
    let draft = Draft::new(now, Act::CaseOutcome, by.clone(), Digest([0; 32]));
    let recorded = log.submit(Draft { outcome: Some(Box::new(outcome)), ..draft }, ())?.wait()?;
    let receipt = recorded.receipt();
    Ok(Place { log: receipt.log_id.clone(), entry: receipt.entry_id, line: None })
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
    Ok(opened.and_then(|opened| CaseContent::decode(&opened)).map_or(Content::Closed, Content::Whole))
}
