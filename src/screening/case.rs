//! The case that a hit opens or adds to.

use std::collections::{HashMap, VecDeque};
use std::hint::black_box;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::audit::{Digester, DraftCase};
use crate::domain::case::CaseId;
use crate::domain::{Finding, Listing, Match, Receipt};
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
    opened_by: HashMap<CaseId, Arc<str>>,
    order: VecDeque<CaseId>,
}

impl Retries {
    /// A check belongs to a case: if it is the first, it has opened it.
    pub(super) fn note(&self, case: CaseId, check: Arc<str>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.opened_by.contains_key(&case) {
            return;
        }
        known.opened_by.insert(case, check);
        known.order.push_back(case);
        if known.order.len() > CASES_KNOWN
            && let Some(oldest) = known.order.pop_front()
        {
            known.opened_by.remove(&oldest);
        }
    }

    fn opened_by(&self, case: CaseId) -> Option<Arc<str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).opened_by.get(&case).cloned()
    }
}

/// Where a check is recorded, as its name says: a line shares its entry with others.
pub(super) fn check_id(receipt: &Receipt, line: Option<u64>) -> Arc<str> {
    let (log, entry) = (&receipt.log_id, receipt.entry_id);
    match line {
        None => format!("{log}-{entry}").into(),
        Some(line) => format!("{log}-{entry}.{line}").into(),
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
    let finding = Finding { id: digester.alert(revision), matched: Match::Exact, listing, cleared: None };
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
