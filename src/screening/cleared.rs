//! Findings of which a document's bearer was cleared for a time. They are findings all the same, and say so.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;
use jiff::Timestamp;

use crate::domain::{Cleared, Finding, FindingId};

/// Whoever is cleared, by the digest of the document presented and the finding: an alert on an interval is cleared of for one document.
#[derive(Debug, Default)]
pub struct ClearedTable(HashMap<([u8; 32], FindingId), Cleared>);

/// The table in force; whoever answers a few questions only has it made once it is wanted.
#[derive(Default)]
pub(super) struct ClearedInForce {
    table: ArcSwapOption<ClearedTable>,
    when_wanted: OnceLock<Box<dyn Fn() -> ClearedTable + Send + Sync>>,
}

impl ClearedTable {
    /// Clears the bearer of a document of a finding. What lasts longer holds.
    pub fn insert(&mut self, document: [u8; 32], finding: FindingId, cleared: Cleared) {
        let held = self.0.entry((document, finding)).or_insert(cleared);
        if held.until < cleared.until {
            *held = cleared;
        }
    }

    /// How many findings are cleared of.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn mark(&self, document: [u8; 32], findings: &mut [Finding], now: Timestamp) {
        for finding in findings {
            let cleared = self.0.get(&(document, finding.id)).copied();
            finding.cleared = cleared.filter(|cleared| now < cleared.until);
        }
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
    pub(super) fn mark(&self, document: [u8; 32], findings: &mut [Finding], now: Timestamp) {
        if findings.is_empty() {
            return;
        }
        if self.table.load().is_none()
            && let Some(make) = self.when_wanted.get()
        {
            self.put_in_force(make());
        }
        if let Some(table) = &*self.table.load() {
            table.mark(document, findings, now);
        }
    }
}

impl std::fmt::Debug for ClearedInForce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClearedInForce").field("table", &self.table).finish_non_exhaustive()
    }
}
