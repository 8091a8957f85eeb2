//! Findings of which a document's bearer was cleared for a time. They are findings all the same, and say so.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;
use jiff::Timestamp;

use crate::audit::Digester;
use crate::domain::{Cleared, DocumentId, Finding, FindingId, Listing};

/// Whoever is cleared, by the digest of the document presented and the finding: an alert on an interval is cleared of for one document. Of
/// digest keys that follow one another each makes digests of its own.
#[derive(Debug, Default)]
pub struct ClearedTable {
    said: HashMap<[u8; 32], HashMap<FindingId, LastWord>>,
    keys: Vec<Digester>,
}

/// What was said last of a document's finding, under one digest key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastWord {
    /// When.
    pub at: Timestamp,
    /// That the bearer is cleared of it; `None` if something else was.
    pub cleared: Option<Cleared>,
}

/// The table in force; whoever answers a few questions only has it made once it is wanted.
#[derive(Default)]
pub(super) struct ClearedInForce {
    table: ArcSwapOption<ClearedTable>,
    when_wanted: OnceLock<Box<dyn Fn() -> ClearedTable + Send + Sync>>,
}

impl ClearedTable {
    /// Takes what was said last of a document's finding.
    pub fn insert(&mut self, document: [u8; 32], finding: FindingId, said: LastWord) {
        self.said.entry(document).or_default().insert(finding, said);
    }

    /// Takes the digest keys under which anything was said. What was said under another is not found, unless it is the key of whoever asks.
    #[must_use]
    pub fn under(self, keys: Vec<Digester>) -> Self {
        Self { keys, ..self }
    }

    /// Clears of nothing that was said before a time: it may have been taken back then.
    #[must_use]
    pub fn said_after(mut self, at: Option<Timestamp>) -> Self {
        for words in self.said.values_mut() {
            words.retain(|_, said| said.cleared.is_none() || at < Some(said.at));
        }
        self
    }

    /// How many findings are cleared of.
    #[must_use]
    pub fn len(&self) -> usize {
        self.said.values().flat_map(HashMap::values).filter(|said| said.cleared.is_some()).count()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn mark(&self, digester: &Digester, document: &DocumentId, findings: &mut [Finding], now: Timestamp) {
        let others = self.keys.iter().filter(|key| key.key_id() != digester.key_id());
        let of_document = |key| Some((key, self.said.get(&Digester::document(key, document))?));
        let of_document: Vec<_> = others.chain([digester]).filter_map(of_document).collect();
        for finding in findings {
            // The last word holds, under whichever key it was said.
            let said = of_document.iter().flat_map(|(key, words)| {
                finding_ids(key, &finding.listing).into_iter().filter_map(|id| words.get(&id))
            });
            let said = said.max_by_key(|said| (said.at, said.cleared.is_none()));
            finding.cleared = said.and_then(|said| said.cleared).filter(|cleared| now < cleared.until);
        }
    }
}

/// The id of a finding under a digest key.
pub(super) fn finding_id(digester: &Digester, listing: &Listing) -> FindingId {
    match listing {
        Listing::Notice { feed, notice } => digester.finding(feed, notice),
        Listing::Alert { revision, .. } => digester.alert(revision.alert, revision.number),
    }
}

/// The same, with those that the finding had before: an alert that was renewed or approved of says what it said.
fn finding_ids(digester: &Digester, listing: &Listing) -> Vec<FindingId> {
    match listing {
        Listing::Notice { .. } => vec![finding_id(digester, listing)],
        Listing::Alert { revision, .. } => (revision.same_since..=revision.number)
            .map(|number| digester.alert(revision.alert, number))
            .collect(),
    }
}

impl ClearedInForce {
    pub(super) fn put_in_force(&self, table: ClearedTable) {
        self.table.store(Some(Arc::new(table)));
    }

    pub(super) fn make_when_wanted(&self, make: impl Fn() -> ClearedTable + Send + Sync + 'static) {
        // Whoever comes second would make the same.
        let _ = self.when_wanted.set(Box::new(make));
    }

    /// Says of findings of which its bearer is cleared.
    pub(super) fn mark(
        &self,
        digester: &Digester,
        document: &DocumentId,
        findings: &mut [Finding],
        now: Timestamp,
    ) {
        if findings.is_empty() {
            return;
        }
        if self.table.load().is_none()
            && let Some(make) = self.when_wanted.get()
        {
            self.put_in_force(make());
        }
        if let Some(table) = &*self.table.load() {
            table.mark(digester, document, findings, now);
        }
    }
}

impl std::fmt::Debug for ClearedInForce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClearedInForce").field("table", &self.table).finish_non_exhaustive()
    }
}
