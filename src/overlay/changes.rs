//! What revisions did, for whoever was away for long: what each alert was before is in the store and nowhere else.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::alerts::Changed;
use super::{OverlayError, Store};
use crate::domain::alert::{AlertId, ChangeKind, Revision};

/// What each revision after one did.
#[derive(Debug)]
pub struct Changes(Vec<(u64, ChangeKind)>);

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
            let counter = revision.origin.counter;
            if counter > after {
                kinds.push((counter, ChangeKind::of(before.get(&revision.alert), &revision)));
            }
            if changed.contains(&revision.alert) {
                before.insert(revision.alert, revision);
            }
        })?;
        Ok(Self(kinds))
    }

    /// Those after a revision, so many at most: none once all that were there then were given. Never less than what it was read after.
    ///
    /// # Errors
    /// [`OverlayError`].
    pub fn page(&self, store: &Store, after: u64, count: usize) -> Result<Vec<Changed>, OverlayError> {
        let from = self.0.partition_point(|(counter, _)| *counter <= after);
        let kinds: Vec<_> = self.0[from..].iter().take(count).collect();
        let Some((until, _)) = kinds.last() else { return Ok(Vec::new()) };
        let (mut kinds, mut page) = (kinds.iter(), Vec::new());
        store.each_between(after, *until, &mut |revision| {
            page.extend(kinds.next().map(|(_, kind)| (*kind, Arc::new(revision))));
        })?;
        Ok(page)
    }
}
