//! One case, as entries of the log make it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::audit::KeyId;
use crate::domain::FindingId;
use crate::domain::case::{CaseId, Outcome, Source};

/// Of a scan that is sent again and again the first are known, the last, and how many there were.
const SEEN_KEPT: usize = 256;

/// A case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its name.
    pub id: CaseId,
    /// The checks that were hits, in the order of time; of very many the first, and the last.
    pub seen: Vec<Seen>,
    /// How many there were.
    pub seen_total: usize,
    /// What was found: statuses of notices and categories of alerts.
    pub categories: BTreeSet<Box<str>>,
    /// What was said of it, in the order of time. The last one counts.
    pub rulings: Vec<Ruling>,
    /// The document presented, by its digest.
    pub(super) document: Option<[u8; 32]>,
    /// The digest key that made these.
    pub(super) key: Option<KeyId>,
    /// What was found, each once.
    pub(super) findings: BTreeSet<FindingId>,
}

/// Where an entry stands, or a line of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The log's id.
    pub log: Arc<str>,
    /// The entry's sequence.
    pub entry: u64,
    /// The line of a manifest.
    pub line: Option<u64>,
}

/// A check that was a hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The check.
    pub place: Place,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub principal: Box<str>,
    /// The checkpoint's terminal.
    pub terminal: Option<Box<str>>,
    /// The person at the terminal.
    pub operator: Option<Box<str>>,
    /// The purpose that was named.
    pub purpose: Option<Box<str>>,
    /// The asker was not told.
    pub withheld: bool,
    /// The check of which this is the same scan, sent again.
    pub retry_of: Option<Box<str>>,
}

/// What somebody said of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// Its entry.
    pub place: Place,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Box<str>,
    /// What became of it.
    pub outcome: Outcome,
    /// Somebody else has to say the same first.
    pub proposed: bool,
    /// Whose findings the case had.
    pub sources: Vec<Source>,
    /// What it is said of.
    pub findings: Vec<FindingId>,
}

/// How a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseState<'c> {
    /// Nobody has said what became of it.
    Open,
    /// Somebody has, and somebody else has to say the same.
    Proposed(&'c Ruling),
    /// It is known.
    Decided(&'c Ruling),
}

impl Case {
    pub(super) fn new(id: CaseId) -> Self {
        let (seen, rulings, findings) = Default::default();
        Self {
            id,
            seen,
            seen_total: 0,
            categories: BTreeSet::new(),
            rulings,
            document: None,
            key: None,
            findings,
        }
    }

    /// How it stands.
    #[must_use]
    pub fn state(&self) -> CaseState<'_> {
        match self.rulings.last() {
            None => CaseState::Open,
            Some(ruling) if ruling.proposed => CaseState::Proposed(ruling),
            Some(ruling) => CaseState::Decided(ruling),
        }
    }

    /// The newest outcome that needs nobody's word any more.
    #[must_use]
    pub fn decided(&self) -> Option<&Ruling> {
        self.rulings.iter().rfind(|ruling| !ruling.proposed)
    }

    /// What decided it, if that says exactly this, of all that was found: then it need not be said again.
    pub(super) fn decided_as(&self, outcome: &Outcome) -> Option<&Ruling> {
        let CaseState::Decided(decided) = self.state() else { return None };
        // Whoever proposed it may have asked somebody else than whoever seconded it.
        let before = self.rulings.iter().rev().nth(1);
        let seconded = before.filter(|before| before.is_seconded_by(&decided.by, &decided.outcome));
        let is_said = [Some(decided), seconded].into_iter().flatten().any(|said| said.outcome == *outcome);
        let is_of_all = self.findings.iter().all(|finding| decided.findings.contains(finding));
        (is_said && is_of_all).then_some(decided)
    }

    /// When it was opened; `None` if the hits that did are erased.
    #[must_use]
    pub fn opened_at(&self) -> Option<Timestamp> {
        self.seen.first().map(|seen| seen.at)
    }

    /// Which state of it somebody has seen: how many outcomes, and how many findings.
    #[must_use]
    pub fn version(&self) -> (usize, usize) {
        (self.rulings.len(), self.findings.len())
    }

    pub(super) fn see(&mut self, seen: Seen, findings: &[FindingId]) {
        self.findings.extend(findings);
        self.seen_total += 1;
        let at = self.seen.partition_point(|known| (known.at, &known.place) <= (seen.at, &seen.place));
        self.seen.insert(at, seen);
        if self.seen.len() > SEEN_KEPT {
            self.seen.remove(SEEN_KEPT - 1);
        }
    }

    pub(super) fn forget_before(&mut self, kept_since: Timestamp) {
        let forgotten = self.seen.iter().take_while(|seen| seen.at < kept_since).count();
        self.seen.drain(..forgotten);
        self.seen_total -= forgotten;
    }

    pub(super) fn rule(&mut self, ruling: Ruling) {
        if self.rulings.iter().any(|known| known.place == ruling.place) {
            return;
        }
        let key = |ruling: &Ruling| (ruling.at, ruling.place.clone());
        let at = self.rulings.partition_point(|known| key(known) <= key(&ruling));
        self.rulings.insert(at, ruling);
    }
}

impl Ruling {
    /// Whether it is proposed and holds once this person says this.
    pub(super) fn is_seconded_by(&self, by: &str, outcome: &Outcome) -> bool {
        self.proposed && *self.by != *by && self.outcome.agrees(outcome)
    }
}

impl fmt::Display for Place {
    /// As checks are named.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.log, self.entry)?;
        self.line.map_or(Ok(()), |line| write!(f, ".{line}"))
    }
}

impl CaseState<'_> {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Proposed(_) => "proposed",
            Self::Decided(_) => "decided",
        }
    }
}
