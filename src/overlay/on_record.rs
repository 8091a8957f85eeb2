//! The store, held against what is on record of it elsewhere.

use std::path::Path;
use std::sync::Arc;

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
        let (store, path) = (Self::open(storage, data_dir)?, data_dir.join("alerts"));
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
