//! What revisions did, for whoever was away for long: what each alert was before is in the store and nowhere else.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::alerts::Changed;
use super::{OverlayError, Store};
use crate::domain::alert::{AlertId, ChangeKind, Revision};

/// What each revision after one did.
#[derive(Debug)]
pub struct Changes {
    after: u64,
    kinds: Vec<ChangeKind>,
}

impl Changes {
    /// Reads it of a store. Only those alerts are held meanwhile that were changed after they were issued.
    ///
    /// # Errors
    /// [`OverlayError`].
    pub fn after(store: &Store, after: u64) -> Result<Self, OverlayError> {
        let mut changed = HashSet::new();
        store.each_after(after, &mut |revision| {
            changed.extend((revision.number > 1).then_some(revision.alert));
        })?;
        let (mut before, mut kinds) = (HashMap::<AlertId, Revision>::new(), Vec::new());
        let from = if changed.is_empty() { after } else { 0 };
        store.each_after(from, &mut |revision| {
            if revision.origin.counter > after {
                kinds.push(ChangeKind::of(before.get(&revision.alert), &revision));
            }
            if changed.contains(&revision.alert) {
                before.insert(revision.alert, revision);
            }
        })?;
        Ok(Self { after, kinds })
    }

    /// Those after a revision, so many at most: none once all that were there then were given. Never less than what it was read after.
    ///
    /// # Errors
    /// [`OverlayError`].
    pub fn page(&self, store: &Store, after: u64, count: u64) -> Result<Vec<Changed>, OverlayError> {
        let all = self.after + self.kinds.len() as u64;
        let mut page = Vec::new();
        store.each_between(after, all.min(after.saturating_add(count)), &mut |revision| {
            let at =
                revision.origin.counter.checked_sub(self.after + 1).and_then(|at| usize::try_from(at).ok());
            let kind = at.and_then(|at| self.kinds.get(at));
            page.extend(kind.map(|kind| (*kind, Arc::new(revision))));
        })?;
        Ok(page)
    }
}
