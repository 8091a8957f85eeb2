//! Alerts on one document each, by a hash of it, behind a filter.

use std::sync::Arc;

use super::filter::Filter;
use crate::domain::DocumentId;
use crate::domain::alert::Revision;

/// A hash table, at least half of which is free.
#[derive(Debug, Default)]
pub(super) struct Documents {
    filter: Filter,
    places: Vec<Place>,
    /// By hash, then by document.
    listed: Vec<Arc<Revision>>,
}

/// Where the alerts on a document begin.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// The upper half of the document's hash, whose lower half says where the place is.
    tag: u32,
    first: u32,
}

const FREE: Place = Place { tag: 0, first: u32::MAX };

/// An alert with what it is kept by.
pub(super) type Hashed = (u64, DocumentId, Arc<Revision>);

impl Documents {
    pub(super) fn of(mut alerts: Vec<Hashed>) -> Self {
        // Alerts on one document stay in the order in which they are given.
        alerts.sort_by_key(|(hash, document, _)| (*hash, *document));
        let mut documents: Vec<_> =
            (0_u32..).zip(&alerts).map(|(at, (hash, document, _))| (*hash, *document, at)).collect();
        documents.dedup_by_key(|(hash, document, _)| (*hash, *document));
        let hashes: Vec<_> = documents.iter().map(|(hash, ..)| *hash).collect();
        let count = (2 * documents.len()).next_power_of_two();
        let mut places = vec![FREE; count];
        for (hash, _, first) in documents {
            let mut from = (0..count).map(|step| (hash as usize).wrapping_add(step) % count);
            let free = from.find(|at| places[*at].is_free()).expect("half of them are free");
            places[free] = Place { tag: (hash >> 32) as u32, first };
        }
        let listed = alerts.into_iter().map(|(.., revision)| revision).collect();
        Self { filter: Filter::of(&hashes), places, listed }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// Asks for what tells of a hash.
    #[inline]
    pub(super) fn fetch(&self, hash: u64) {
        self.filter.fetch(hash);
    }

    /// False only if there are no alerts on a document with this hash.
    #[inline]
    pub(super) fn may_have(&self, hash: u64) -> bool {
        self.filter.may_have(hash)
    }

    /// The alerts on a document, by its hash.
    pub(super) fn at<'a>(&'a self, hash: u64, document: &DocumentId) -> &'a [Arc<Revision>] {
        if !self.may_have(hash) {
            return &[];
        }
        let concerns = |revision: &Arc<Revision>| revision.statement.subject.concerns(document);
        let tag = (hash >> 32) as u32;
        let from = (0..self.places.len()).map(|step| (hash as usize).wrapping_add(step) % self.places.len());
        let mut taken = from.map(|at| self.places[at]).take_while(|place| !place.is_free());
        let listed = taken.find_map(|place| {
            let listed = &self.listed[place.first as usize..];
            (place.tag == tag && listed.first().is_some_and(concerns)).then_some(listed)
        });
        let count =
            |listed: &[_]| listed.iter().position(|revision| !concerns(revision)).unwrap_or(listed.len());
        listed.map_or(&[], |listed| &listed[..count(listed)])
    }
}

impl Place {
    fn is_free(self) -> bool {
        self.first == FREE.first
    }
}
