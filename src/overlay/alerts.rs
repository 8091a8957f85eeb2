//! What revisions come to: each alert by its newest one, and the way there.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use super::{OverlayError, Store};
use crate::domain::DocumentId;
use crate::domain::alert::{AlertId, CallerClass, ChangeKind, Life, Revision, Standing};

/// A revision, and what it did.
pub type Changed = (ChangeKind, Arc<Revision>);

/// How many changes are remembered as such, the newest: whoever follows them is not far behind.
const RECENT_MAX: usize = 1024;

/// Every alert of a site by its newest revision.
#[derive(Clone, Debug, Default)]
pub struct Alerts {
    counter: u64,
    place: u64,
    /// The newest revision that was ever heard of: the store has it, or is not what it was.
    last: Option<Arc<Revision>>,
    newest: HashMap<AlertId, Arc<Revision>>,
    /// Of those whose newest revision waits for approval, the last that was approved of: it stays in force until then.
    approved: HashMap<AlertId, Arc<Revision>>,
    /// Of those that were changed, what they were at first.
    first: HashMap<AlertId, Arc<Revision>>,
    /// Of each class of callers, the newest revision that said anything to it.
    newest_for: BTreeMap<CallerClass, u64>,
    /// What the newest revisions did.
    recent: VecDeque<Changed>,
}

impl Alerts {
    /// What the alerts of a store were when a revision was its newest.
    ///
    /// # Errors
    /// [`OverlayError`], also if the store never had so many.
    pub fn as_of(store: &Store, counter: u64) -> Result<Self, OverlayError> {
        let mut alerts = Self::default();
        store.each_after(0, &mut |revision| {
            if revision.origin.counter <= counter {
                alerts.take(revision);
            }
        })?;
        if alerts.counter == counter { Ok(alerts) } else { Err(store.damaged(counter, "is missing")) }
    }

    /// Takes what a store has that is not here yet; gives whether that was anything.
    ///
    /// # Errors
    /// [`OverlayError`], also if the store is older than what is known, or another; then this is what it was.
    pub fn follow(&mut self, store: &Store) -> Result<bool, OverlayError> {
        self.last.as_ref().map_or(Ok(()), |last| store.must_have(last))?;
        let mut new = Vec::new();
        store.each_after(self.counter, &mut |revision| new.push(Arc::new(revision)))?;
        let is_new = !new.is_empty();
        new.into_iter().for_each(|revision| self.take(revision));
        self.place = store.head().counter;
        Ok(is_new)
    }

    /// Takes the next revision of the store.
    pub fn take(&mut self, revision: impl Into<Arc<Revision>>) {
        let mut revision = revision.into();
        if let Some(before) = self.newest.get(&revision.alert) {
            revision = revision.after(before);
        }
        self.counter = self.counter.max(revision.origin.counter);
        for class in &revision.statement.handling.classes {
            self.newest_for.insert(*class, self.counter);
        }
        self.hear_of(&revision);
        let (alert, waits) = (revision.alert, revision.life == Life::Pending);
        let before = match self.newest.entry(alert) {
            Entry::Occupied(held) if held.get().number >= revision.number => return,
            Entry::Occupied(mut held) => Some(held.insert(revision.clone())),
            Entry::Vacant(free) => {
                free.insert(revision.clone());
                None
            }
        };
        if let Some(first) = before.as_ref().filter(|before| before.number == 1) {
            self.first.insert(alert, first.clone());
        }
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back((ChangeKind::of(before.as_deref(), &revision), revision));
        if !waits {
            self.approved.remove(&alert);
        } else if let Some(before) = before.filter(|before| before.life == Life::Active) {
            self.approved.insert(alert, before);
        }
    }

    /// Somebody else in this process knows a revision: from now on a store without it is not followed.
    pub fn hear_of(&mut self, revision: &Arc<Revision>) {
        if self.floor() < Some(revision.origin.counter) {
            self.last = Some(revision.clone());
        }
    }

    /// The newest revision that was ever heard of.
    #[must_use]
    pub fn last(&self) -> Option<&Arc<Revision>> {
        self.last.as_ref()
    }

    /// The revision that the store has at least; `None` if nothing is known of a store.
    #[must_use]
    pub fn floor(&self) -> Option<u64> {
        self.last.as_ref().map(|last| last.origin.counter)
    }

    /// How far the store was that was followed last: under a new name further than its newest revision.
    #[must_use]
    pub fn place(&self) -> u64 {
        self.place.max(self.counter)
    }

    /// The counters of the newest revisions that classes of callers may know of.
    pub(super) fn newest_for(&self) -> &BTreeMap<CallerClass, u64> {
        &self.newest_for
    }

    /// The counter of the newest revision in it.
    #[must_use]
    pub fn counter(&self) -> u64 {
        self.counter
    }

    /// What came after a revision, so many at most; `None` if that is longer ago than is remembered.
    #[must_use]
    pub fn recent_after(&self, counter: u64, count: usize) -> Option<Vec<Changed>> {
        if counter >= self.counter {
            return Some(Vec::new());
        }
        let first = self.recent.front().map(|(_, revision)| revision.origin.counter);
        first.filter(|first| *first <= counter + 1)?;
        let after = self.recent.iter().filter(|(_, revision)| revision.origin.counter > counter);
        Some(after.take(count).cloned().collect())
    }

    /// An alert by its newest revision.
    #[must_use]
    pub fn get(&self, id: &AlertId) -> Option<&Arc<Revision>> {
        self.newest.get(id)
    }

    /// An alert as it was at first.
    #[must_use]
    pub fn first(&self, id: &AlertId) -> Option<&Arc<Revision>> {
        self.first.get(id).or_else(|| self.get(id).filter(|newest| newest.number == 1))
    }

    /// Those whose time is over at a time, which nobody has put on record yet: neither the newest revision holds on, nor one that was
    /// approved of before it.
    pub fn over(&self, now: Timestamp) -> impl Iterator<Item = &Arc<Revision>> {
        let is_over = move |revision: &Arc<Revision>| revision.statement.to <= now;
        self.iter().filter(move |newest| {
            matches!(newest.life, Life::Active | Life::Pending)
                && is_over(newest)
                && self.approved.get(&newest.alert).is_none_or(is_over)
        })
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Revision>> {
        self.newest.values()
    }

    /// The revision of an alert that is in force at a time: its newest one, or while that waits what was approved of before.
    #[must_use]
    pub fn in_force<'a>(&'a self, newest: &'a Arc<Revision>, now: Timestamp) -> Option<&'a Arc<Revision>> {
        let approved = self.approved.get(&newest.alert);
        [newest].into_iter().chain(approved).find(|revision| revision.standing(now) != Standing::Not)
    }

    /// Those that concern a document, in the order of their revisions: the newest ones, and while those wait what was approved of before.
    #[must_use]
    pub fn concerning(&self, document: &DocumentId) -> Vec<Arc<Revision>> {
        let concerns = |revision: &&Arc<Revision>| revision.statement.subject.concerns(document);
        let mut found: Vec<_> = self.iter().chain(self.approved.values()).filter(concerns).cloned().collect();
        found.sort_unstable_by_key(|revision| revision.origin.counter);
        found
    }

    /// The alerts in force at a time that somebody has approved of, in the order of their revisions.
    #[must_use]
    pub fn approved_at(&self, now: Timestamp) -> Vec<Arc<Revision>> {
        let holds =
            |revision: &&Arc<Revision>| revision.standing(now) == Standing::InForce { unapproved: false };
        let mut alerts: Vec<_> = self.living().filter(holds).cloned().collect();
        alerts.sort_unstable_by_key(|revision| revision.origin.counter);
        alerts
    }

    /// Revisions that may be in force at some time; where there are two of one alert, the newer one if both are.
    pub(super) fn living(&self) -> impl Iterator<Item = &Arc<Revision>> {
        self.iter().chain(self.approved.values()).filter(|revision| match revision.life {
            Life::Active => true,
            Life::Pending => revision.unapproved_until.is_some(),
            Life::Drafted | Life::Expired | Life::Withdrawn => false,
        })
    }
}
