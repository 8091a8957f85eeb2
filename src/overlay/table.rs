//! Alerts as they are asked. Nearly every document that is asked about is in no alert.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Alerts;
use super::documents::Documents;
use super::intervals::Intervals;
use super::rank::Rank;
use crate::domain::DocumentId;
use crate::domain::alert::{CallerClass, Revision, Subject};

/// The alerts that may be in force, ready to be asked. It never changes.
#[derive(Debug, Default)]
pub struct Table {
    counter: u64,
    /// Of each class of callers, the newest revision of an alert that is for it.
    newest: BTreeMap<CallerClass, u64>,
    any: Option<Arc<Revision>>,
    documents: Documents,
    intervals: Intervals,
    /// Those on numbers that a zone's field may cut, one by one: they are rare.
    long: Vec<(DocumentId, Arc<Revision>)>,
}

/// Characters of a zone's number field.
const FIELD_LEN: usize = 9;
/// Documents whose lines of memory are on their way at once.
const GROUP: usize = 32;

impl Table {
    /// The table of alerts.
    #[must_use]
    pub fn of(alerts: &Alerts) -> Self {
        let (mut documents, mut intervals, mut long) = (Vec::new(), Vec::new(), Vec::new());
        for revision in alerts.living() {
            let issuing_state = revision.statement.subject.issuing_state();
            let number = *match &revision.statement.subject {
                Subject::Document(document) => &document.number,
                Subject::Interval(interval) => interval.from(),
            };
            if number.as_bytes().len() > FIELD_LEN {
                long.push((DocumentId { issuing_state, number }, revision.clone()));
            }
            match revision.statement.subject {
                Subject::Document(document) => {
                    documents.push((Rank::of(&document).hash(&document), document, revision.clone()));
                }
                Subject::Interval(interval) => intervals.push((interval, revision.clone())),
            }
        }
        let newest = alerts.newest_for().clone();
        let any = alerts.living().next().cloned();
        let (documents, intervals) = (Documents::of(documents), Intervals::of(intervals));
        Self { counter: alerts.counter(), newest, any, documents, intervals, long }
    }

    /// The counter of the newest revision that it knows; 0 if no alert was ever issued.
    #[must_use]
    pub fn counter(&self) -> u64 {
        self.counter
    }

    /// The counter of the newest revision that a class of callers may know of; officers may know of all.
    #[must_use]
    pub fn newest_for(&self, class: CallerClass) -> u64 {
        match class {
            CallerClass::Officer => self.counter,
            class => self.newest.get(&class).copied().unwrap_or_default(),
        }
    }

    /// Whether there is no alert that may be in force.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty() && self.intervals.is_empty()
    }

    /// One of the alerts, if there is any.
    #[must_use]
    pub fn any(&self) -> Option<&Arc<Revision>> {
        self.any.as_ref()
    }

    /// Every alert that concerns a document of the same state whose number is longer than nine characters and begins with this one's.
    #[must_use]
    pub fn longer(&self, document: &DocumentId) -> Vec<(DocumentId, Arc<Revision>)> {
        let begins = document.number.as_bytes();
        let may_begin = |revision: &Revision| {
            let (from, to) = match &revision.statement.subject {
                Subject::Document(one) => (&one.number, &one.number),
                Subject::Interval(interval) => (interval.from(), interval.to()),
            };
            let cut = |number: &'_ [u8]| number[..begins.len().min(number.len())].to_vec();
            from.as_bytes().len() > begins.len()
                && (cut(from.as_bytes())..=cut(to.as_bytes())).contains(&begins.to_vec())
        };
        let of_state = self.long.iter().filter(|(one, _)| one.issuing_state == document.issuing_state);
        of_state.filter(|(_, revision)| may_begin(revision)).cloned().collect()
    }

    /// Every alert that concerns a document, in force or not. Hardly ever is anything allocated if there is none.
    #[must_use]
    pub fn find(&self, document: &DocumentId) -> Vec<Arc<Revision>> {
        let asked = Asked::of(document);
        if self.may_have(&asked) { self.at(&asked).cloned().collect() } else { Vec::new() }
    }

    /// The same of many documents, by their order, each alert with the place of its document: faster than one by one, since memory is
    /// waited for once for many.
    #[must_use]
    pub fn find_batch(&self, documents: &[DocumentId]) -> Vec<(usize, Arc<Revision>)> {
        let mut found = Vec::new();
        let mut asked = Vec::with_capacity(GROUP.min(documents.len()));
        for (group, documents) in documents.chunks(GROUP).enumerate() {
            asked.clear();
            asked.extend(documents.iter().map(Asked::of).inspect(|asked| self.documents.fetch(asked.hash)));
            for (at, asked) in asked.iter().enumerate().filter(|(_, asked)| self.may_have(asked)) {
                found.extend(self.at(asked).map(|revision| (group * GROUP + at, revision.clone())));
            }
        }
        found
    }

    /// False only if there is none.
    #[inline]
    fn may_have(&self, asked: &Asked<'_>) -> bool {
        self.documents.may_have(asked.hash) | self.intervals.may_have(asked.document, asked.rank)
    }

    fn at<'t>(&'t self, asked: &Asked<'_>) -> impl Iterator<Item = &'t Arc<Revision>> {
        let on_document = self.documents.at(asked.hash, asked.document);
        on_document.iter().chain(self.intervals.at(asked.document, asked.rank))
    }
}

/// A document with what it is looked for by.
struct Asked<'d> {
    document: &'d DocumentId,
    rank: Rank,
    hash: u64,
}

impl<'d> Asked<'d> {
    #[inline]
    fn of(document: &'d DocumentId) -> Self {
        let rank = Rank::of(document);
        Self { document, rank, hash: rank.hash(document) }
    }
}
