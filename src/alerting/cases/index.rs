//! All cases of a site, as the entries of its logs make them, in whatever order logs are read.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use memchr::memmem;

use crate::audit::{Entry, RetentionClass};
use crate::domain::Cleared;
use crate::domain::case::{CaseId, OutcomeKind, Source};
use crate::screening::ClearedTable;

use super::case::{Case, Place, Ruling, Seen};

/// What is in the body of every entry that is about a case, as it is written.
const MARK: &[u8] = b"\"case\":{";

/// All cases of a site.
#[derive(Debug, Default)]
pub struct Cases {
    cases: HashMap<CaseId, Case>,
    /// By when they were opened.
    order: BTreeSet<(Timestamp, CaseId)>,
    outcomes: BTreeMap<(Source, OutcomeKind), u64>,
    /// Those of which somebody said that the bearer is cleared.
    cleared: BTreeSet<CaseId>,
}

impl Cases {
    /// Where entries are kept that may be about a case.
    pub const CLASSES: &[RetentionClass] = &[RetentionClass::Hits, RetentionClass::Acts];

    /// Whether the body of an entry may be about a case.
    #[must_use]
    pub fn concerns(body: &[u8]) -> bool {
        memmem::find(body, MARK).is_some()
    }

    /// Takes an entry of a log. Each is taken once, outcomes as often as one likes.
    pub fn take(&mut self, log: &Arc<str>, entry: &Entry<'_>) {
        let place = |line| Place { log: log.clone(), entry: entry.sequence, line };
        if let (Some(case), Some(mark)) = (&entry.case, &entry.outcome) {
            if let Some(outcome) = mark.outcome() {
                let (by, sources) = ((*entry.principal).into(), mark.sources().collect());
                let proposed = mark.proposed;
                self.rule(
                    case.id,
                    Ruling { place: place(None), at: entry.time, by, outcome, proposed, sources },
                );
            }
            return;
        }
        let text = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().map(Into::into);
        for asked in entry.asked() {
            let Some(mark) = asked.case else { continue };
            let seen = Seen {
                place: place(asked.line),
                at: entry.time,
                principal: (*entry.principal).into(),
                terminal: text(&entry.terminal),
                operator: text(&entry.operator),
                purpose: text(&entry.purpose),
                withheld: asked.verdict != Some("hit"),
                retry_of: text(&mark.retry_of),
            };
            let case = self.cases.entry(mark.id).or_insert_with(|| Case::new(mark.id));
            if let Some(opened_at) = case.opened_at() {
                self.order.remove(&(opened_at, mark.id));
            }
            case.document = case.document.or(asked.digests.first().copied().zip(entry.key_id));
            case.categories
                .extend(mark.categories.iter().chain(&mark.withheld).map(|category| (**category).into()));
            case.see(seen, &[asked.findings, asked.withheld].concat());
            self.order.extend(case.opened_at().map(|opened_at| (opened_at, mark.id)));
        }
    }

    /// Takes what somebody said of a case.
    pub(super) fn rule(&mut self, case: CaseId, ruling: Ruling) {
        if ruling.outcome.kind == OutcomeKind::ClearedUntil {
            self.cleared.insert(case);
        }
        let case = self.cases.entry(case).or_insert_with(|| Case::new(case));
        count(&mut self.outcomes, case, |count| count.saturating_sub(1));
        case.rule(ruling);
        count(&mut self.outcomes, case, |count| count + 1);
    }

    /// Forgets hits of before a time, whose entries are not kept any more, and cases that have no others. Outcomes are counted on.
    pub fn forget_before(&mut self, kept_since: Timestamp) {
        let old: Vec<_> = self.order.range(..(kept_since, CaseId([0; 16]))).copied().collect();
        for (opened_at, id) in old {
            self.order.remove(&(opened_at, id));
            let Some(case) = self.cases.get_mut(&id) else { continue };
            case.forget_before(kept_since);
            match case.opened_at() {
                Some(opened_at) => _ = self.order.insert((opened_at, id)),
                // Nobody is cleared of what nobody can look up any more.
                None => _ = self.cases.remove(&id),
            }
        }
    }

    /// A case, if any of the hits that make it is still kept.
    #[must_use]
    pub fn get(&self, id: CaseId) -> Option<&Case> {
        self.cases.get(&id).filter(|case| !case.seen.is_empty())
    }

    /// Those that were opened after a time, or at that time with a later name, from the oldest.
    pub fn after(&self, after: Option<(Timestamp, CaseId)>) -> impl Iterator<Item = &Case> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = after.map_or(Unbounded, Excluded);
        self.order.range((from, Unbounded)).filter_map(|(_, id)| self.cases.get(id))
    }

    /// How many cases each outcome has, by whose findings they had.
    #[must_use]
    pub fn outcomes(&self) -> &BTreeMap<(Source, OutcomeKind), u64> {
        &self.outcomes
    }

    /// Of which findings bearers are cleared.
    #[must_use]
    pub fn cleared(&self, now: Timestamp) -> ClearedTable {
        let mut table = ClearedTable::default();
        for case in self.cleared.iter().filter_map(|id| self.cases.get(id)) {
            let (Some((document, _)), Some((until, findings))) = (case.document, case.cleared(now)) else {
                continue;
            };
            for finding in findings {
                table.insert(document, finding, Cleared { until, case: case.id });
            }
        }
        table
    }
}

fn count(outcomes: &mut BTreeMap<(Source, OutcomeKind), u64>, case: &Case, change: impl Fn(u64) -> u64) {
    let Some(ruling) = case.decided() else { return };
    for source in &ruling.sources {
        let count = outcomes.entry((source.clone(), ruling.outcome.kind)).or_default();
        *count = change(*count);
    }
}
