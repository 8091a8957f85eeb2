//! The store, held against what is on record of it elsewhere.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::record::encode;
use super::{OverlayError, Store};
use crate::domain::alert::Revision;
use crate::ground::storage::Storage;

impl Store {
    /// Opens the store of a site that is on record to have had a revision at least; without a record, `None` if it never had one.
    ///
    /// # Errors
    /// [`OverlayError::Gone`], [`OverlayError::Older`] and [`OverlayError::Replaced`] if it is not what is on record, and those of [`open`](Self::open).
    pub fn open_not_below(
        storage: &Arc<dyn Storage>,
        data_dir: &Path,
        floor: Option<u64>,
    ) -> Result<Option<Self>, OverlayError> {
        not_below(Self::open(storage, data_dir)?, data_dir, floor)
    }

    /// The same for whoever has something to go on with while another process holds the store, and waits only so long.
    ///
    /// # Errors
    /// As [`open_not_below`](Self::open_not_below).
    pub fn open_within_not_below(
        storage: &Arc<dyn Storage>,
        data_dir: &Path,
        floor: Option<u64>,
        wait: Duration,
    ) -> Result<Option<Self>, OverlayError> {
        not_below(Self::open_within(storage, data_dir, wait)?, data_dir, floor)
    }

    /// Fails if this is not what a revision was made in: an older copy of it, another store, or a copy from before that revision in which
    /// others were made since.
    pub(super) fn must_have(&self, newest: &Revision) -> Result<(), OverlayError> {
        let (found, floor, path) = (self.head(), newest.origin.counter, self.folder());
        if found.counter < floor {
            return Err(OverlayError::Older { path, found: found.counter, floor });
        }
        let mut is_it = self.node_of(floor) == Some(newest.origin.node);
        if is_it {
            self.each_between(floor - 1, floor, &mut |there| {
                is_it &= there.origin.counter != floor || encode(&there) == encode(newest);
            })?;
        }
        if is_it { Ok(()) } else { Err(OverlayError::Replaced { path, counter: floor }) }
    }
}

fn not_below(
    store: Option<Store>,
    data_dir: &Path,
    floor: Option<u64>,
) -> Result<Option<Store>, OverlayError> {
    let path = data_dir.join("alerts");
    match (store, floor) {
        (None, Some(_)) => Err(OverlayError::Gone { path }),
        (Some(store), Some(floor)) if store.head().counter < floor => {
            Err(OverlayError::Older { path, found: store.head().counter, floor })
        }
        // It is further only because it has another name.
        (Some(store), Some(floor)) if !store.was_at(floor) => {
            Err(OverlayError::Replaced { path, counter: floor })
        }
        (store, _) => Ok(store),
    }
}
