//! The case that a hit opens or adds to.

use std::collections::{HashMap, VecDeque};
use std::hint::black_box;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::Timestamp;

use crate::audit::{Digester, DraftCase};
use crate::domain::case::CaseId;
use crate::domain::{Finding, Listing, Match};
use crate::overlay::Table;

use super::case_content::CaseContent;
use super::question::Asker;
use super::reading::Reading;

/// For so many cases it is known by which check they were opened: a scan is sent again within seconds.
const CASES_KNOWN: usize = 1 << 16;

/// The checks by which cases were opened lately.
#[derive(Debug, Default)]
pub(super) struct Retries(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    opened_by: HashMap<CaseId, Opener>,
    order: VecDeque<CaseId>,
}

/// A check that has opened a case.
#[derive(Debug)]
enum Opener {
    /// It was read in a log.
    Read(Arc<str>),
    /// It is recorded, or is going to be: a line shares its entry with others.
    Recorded { log: Arc<str>, entry: Arc<OnceLock<u64>>, line: Option<u64> },
}

impl Retries {
    /// A check is being recorded: if it is the first of its case, it opens it.
    pub(super) fn recording(&self, case: &DraftCase, log: &Arc<str>, line: Option<u64>) {
        let (log, entry) = (log.clone(), case.recorded.clone());
        self.note(case.id, Opener::Recorded { log, entry, line });
    }

    /// A case was opened by a check that was read in a log.
    pub(super) fn read(&self, case: CaseId, check: Arc<str>) {
        self.note(case, Opener::Read(check));
    }

    fn note(&self, case: CaseId, opener: Opener) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.opened_by.contains_key(&case) {
            return;
        }
        known.opened_by.insert(case, opener);
        known.order.push_back(case);
        if known.order.len() > CASES_KNOWN
            && let Some(oldest) = known.order.pop_front()
        {
            known.opened_by.remove(&oldest);
        }
    }

    fn opened_by(&self, case: CaseId) -> Option<Arc<str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).opened_by.get(&case)?.check()
    }
}

impl Opener {
    /// The check's name, if it is recorded.
    fn check(&self) -> Option<Arc<str>> {
        match self {
            Self::Read(check) => Some(check.clone()),
            Self::Recorded { log, entry, line: None } => Some(format!("{log}-{}", entry.get()?).into()),
            Self::Recorded { log, entry, line: Some(line) } => {
                Some(format!("{log}-{}.{line}", entry.get()?).into())
            }
        }
    }
}

/// A hit's place in its case; `None` if nothing was found. What the asker is not told of is found all the same.
pub(super) fn draft(
    (digester, retries): (&Digester, &Retries),
    (asker, reading, at): (&Asker, &Reading, Timestamp),
    (told, withheld): (&[Finding], &[Finding]),
) -> Option<DraftCase> {
    let presented = reading.exact.first().filter(|_| !told.is_empty() || !withheld.is_empty())?;
    let reference = asker.idempotency_key.as_deref().or(asker.client_reference.as_deref());
    let id = digester.case(&asker.principal, reference, &presented.id, at);
    let content = CaseContent::of(&presented.id, reading.understood.kind, told, withheld);
    Some(DraftCase {
        id,
        retry_of: reference.and_then(|_| retries.opened_by(id)),
        categories: categories(told),
        withheld: categories(withheld),
        sealed: digester.seal(id, &content.encode()),
        recorded: Arc::default(),
    })
}

/// Does for nothing what a hit of which the asker is not told takes.
pub(super) fn idle(
    (digester, retries): (&Digester, &Retries),
    (asker, reading, at): (&Asker, &Reading, Timestamp),
    alerts: &Table,
) {
    let (Some(revision), Some(presented)) = (alerts.any(), reading.exact.first()) else { return };
    let listing = Listing::Alert { document: presented.id, revision: revision.clone(), unapproved: false };
    let id = digester.alert(revision.alert, revision.number);
    let finding = Finding { id, matched: Match::Exact, listing, cleared: None };
    black_box(draft((digester, retries), (asker, reading, at), (&[], &[finding])));
}

fn categories(findings: &[Finding]) -> Vec<&'static str> {
    let mut categories: Vec<_> = findings.iter().map(category).collect();
    categories.sort_unstable();
    categories.dedup();
    categories
}

fn category(finding: &Finding) -> &'static str {
    match &finding.listing {
        Listing::Notice { notice, .. } => notice.status.word(),
        Listing::Alert { revision, .. } => revision.statement.category.word(),
    }
}
