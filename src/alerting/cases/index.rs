//! All cases of a site, as the entries of its logs make them, in whatever order logs are read.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use memchr::memmem;

use crate::audit::{Entry, KeyId, RetentionClass};
use crate::domain::case::{CaseId, OutcomeKind, Source};
use crate::domain::{Cleared, FindingId};
use crate::screening::{ClearedTable, LastWord};

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
    by_document: HashMap<[u8; 32], Vec<CaseId>>,
    /// Those of which something was said, by when that was.
    ruled: BTreeSet<(Timestamp, CaseId)>,
    /// Every digest key that names a case.
    keys: HashSet<KeyId>,
}

/// More of them are not kept in memory: the oldest are in the log only.
const CASES_MAX: usize = 500_000;

impl Cases {
    /// Where entries are kept that may be about a case.
    pub const CLASSES: &[RetentionClass] = &[RetentionClass::Hits, RetentionClass::Acts];

    /// Where entries of outcomes are kept.
    pub const OUTCOMES: &[RetentionClass] = &[RetentionClass::Acts];

    /// Whether the body of an entry may clear a bearer.
    #[must_use]
    pub fn clears(body: &[u8]) -> bool {
        memmem::find(body, b"\"kind\":\"cleared_until\"").is_some()
    }

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
                let (proposed, findings) = (mark.proposed, mark.findings.clone());
                let (place, at) = (place(None), entry.time);
                self.rule(case.id, Ruling { place, at, by, outcome, proposed, sources, findings });
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
            if let Some(document) = asked.digests.first().filter(|_| case.document.is_none()) {
                case.document = Some(*document);
                case.key = entry.key_id;
                self.keys.extend(entry.key_id);
                self.by_document.entry(*document).or_default().push(mark.id);
            }
            case.categories
                .extend(mark.categories.iter().chain(&mark.withheld).map(|category| (**category).into()));
            case.see(seen, &[asked.findings, asked.withheld].concat());
            self.order.extend(case.opened_at().map(|opened_at| (opened_at, mark.id)));
        }
        while self.order.len() > CASES_MAX
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.forget(oldest);
        }
    }

    /// Takes what somebody said of a case.
    pub(super) fn rule(&mut self, case: CaseId, ruling: Ruling) {
        if ruling.outcome.kind == OutcomeKind::ClearedUntil {
            self.cleared.insert(case);
        }
        self.ruled.insert((ruling.at, case));
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
                None => self.forget(id),
            }
        }
    }

    /// A case, if any of the hits that make it is still kept.
    #[must_use]
    pub fn get(&self, id: CaseId) -> Option<&Case> {
        self.cases.get(&id).filter(|case| !case.seen.is_empty())
    }

    /// Whether nothing was decided of the same document since, in another of its cases. Under another digest key it may be the same.
    pub(super) fn is_last_word(&self, ruling: &Ruling, of: &Case) -> bool {
        let ruled_since = self.ruled.range((ruling.at, CaseId([0; 16]))..);
        let others = ruled_since.filter_map(|(_, id)| self.cases.get(id)).filter(|other| other.id != of.id);
        let may_be_same = |other: &Case| other.key != of.key || other.document == of.document;
        others
            .filter(|other| may_be_same(other))
            .all(|other| other.decided().is_none_or(|decided| decided.at < ruling.at))
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

    /// Of which findings bearers are cleared: of each, what was said last of that document, in whichever of its cases. Where digest keys
    /// followed one another it is not known here which documents are the same: then it has whatever was said of any since.
    #[must_use]
    pub fn cleared(&self, now: Timestamp) -> ClearedTable {
        let (mut table, mut since) = (ClearedTable::default(), None::<Timestamp>);
        for document in self.documents(&self.cleared) {
            let words = self.last_words(&document);
            let clears = |word: &&LastWord| word.cleared.is_some_and(|cleared| now < cleared.until);
            let Some(first) = words.values().filter(clears).map(|word| word.at).min() else { continue };
            since = Some(since.map_or(first, |since| since.min(first)));
            // What else was said may be of the same alert, renewed.
            for (finding, word) in words {
                table.insert(document, finding, word);
            }
        }
        if let Some(since) = since.filter(|_| self.keys.len() > 1) {
            let ruled_since = self.ruled.range((since, CaseId([0; 16]))..).map(|(_, case)| case);
            for document in self.documents(ruled_since) {
                for (finding, word) in self.last_words(&document) {
                    table.insert(document, finding, word);
                }
            }
        }
        table
    }

    /// When anything was said last of a case whose digest key is not held any more: of which document nobody can say.
    #[must_use]
    pub fn last_said_without(&self, is_held: impl Fn(KeyId) -> bool) -> Option<Timestamp> {
        if self.keys.iter().all(|key| is_held(*key)) {
            return None;
        }
        let is_closed = |case: &CaseId| self.cases.get(case)?.key.map(|key| !is_held(key));
        self.ruled.iter().rev().find(|(_, case)| is_closed(case) == Some(true)).map(|(at, _)| *at)
    }

    fn documents<'c>(&self, cases: impl IntoIterator<Item = &'c CaseId>) -> BTreeSet<[u8; 32]> {
        cases.into_iter().filter_map(|id| self.cases.get(id)?.document).collect()
    }

    fn last_words(&self, document: &[u8; 32]) -> BTreeMap<FindingId, LastWord> {
        let cases = self.by_document.get(document).into_iter().flatten().filter_map(|id| self.cases.get(id));
        let mut rulings: Vec<_> = cases.filter_map(|case| Some((case.decided()?, case.id))).collect();
        rulings.sort_by_key(|(ruling, _)| (ruling.at, ruling.place.clone()));
        let mut words = BTreeMap::new();
        for (ruling, case) in rulings {
            let cleared = ruling.outcome.until.map(|until| Cleared { until, case });
            words.extend(
                ruling.findings.iter().map(|finding| (*finding, LastWord { at: ruling.at, cleared })),
            );
        }
        words
    }

    fn forget(&mut self, id: CaseId) {
        let Some(case) = self.cases.remove(&id) else { return };
        self.cleared.remove(&id);
        case.rulings.iter().for_each(|ruling| _ = self.ruled.remove(&(ruling.at, id)));
        if let Some(document) = case.document
            && let Some(of_document) = self.by_document.get_mut(&document)
        {
            of_document.retain(|other| *other != id);
            if of_document.is_empty() {
                self.by_document.remove(&document);
            }
        }
    }
}

fn count(outcomes: &mut BTreeMap<(Source, OutcomeKind), u64>, case: &Case, change: impl Fn(u64) -> u64) {
    let Some(ruling) = case.decided() else { return };
    for source in &ruling.sources {
        let count = outcomes.entry((source.clone(), ruling.outcome.kind)).or_default();
        *count = change(*count);
    }
}
