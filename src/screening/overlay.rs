//! The alerts in force at this site, beside its lists.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use crate::ground::causes;
use crate::ground::storage::Storage;
use crate::overlay::{Alerts, OverlayError, Store, Table};

/// The alerts of a site, followed as they change.
#[derive(Debug)]
pub struct Overlay {
    storage: Arc<dyn Storage>,
    data_dir: PathBuf,
    in_force: ArcSwap<AlertsInForce>,
    /// What was read of the store so far.
    alerts: Mutex<Alerts>,
}

/// The alerts at one moment.
#[derive(Debug, Default)]
pub struct AlertsInForce {
    /// What is asked. After a fault it is the last that could be read: its hits are still found.
    pub table: Arc<Table>,
    /// Why there may be others.
    pub fault: Option<Arc<OverlayError>>,
}

impl Overlay {
    /// Reads the alerts of a site. Those that cannot be read are a matter of coverage.
    #[must_use]
    pub fn open(storage: Arc<dyn Storage>, data_dir: PathBuf) -> Self {
        let (in_force, alerts) = (ArcSwap::from_pointee(AlertsInForce::default()), Mutex::default());
        let overlay = Self { storage, data_dir, in_force, alerts };
        overlay.refresh(true);
        overlay
    }

    /// What is asked now. Hold it for one question or one chunk, then ask again.
    #[must_use]
    pub fn in_force(&self) -> Arc<AlertsInForce> {
        self.in_force.load_full()
    }

    /// Looks whether something is new, and takes it; with `whole` in the store itself, where somebody who was killed may have left what
    /// he could not tell of. Returns true if other alerts, or another fault, are known than before.
    pub fn refresh(&self, whole: bool) -> bool {
        // Held until what was read is in force: an older reading must not take its place.
        let mut alerts = self.alerts.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.in_force();
        let next = match self.follow(&before, &mut alerts, whole) {
            Ok(None) => return false,
            Ok(Some(table)) => AlertsInForce { table: Arc::new(table), fault: None },
            Err(fault) => {
                let known = before.fault.as_ref().is_some_and(|known| causes(&**known) == causes(&fault));
                if known {
                    return false;
                }
                AlertsInForce { table: before.table.clone(), fault: Some(Arc::new(fault)) }
            }
        };
        self.in_force.store(Arc::new(next));
        true
    }

    fn follow(
        &self,
        before: &AlertsInForce,
        alerts: &mut Alerts,
        whole: bool,
    ) -> Result<Option<Table>, OverlayError> {
        let (newest, known) = (Store::newest(&*self.storage, &self.data_dir)?, before.table.counter());
        let is_same = newest == known && before.fault.is_none();
        if is_same && !whole {
            return Ok(None);
        }
        match Store::open(&self.storage, &self.data_dir)? {
            Some(store) => {
                let is_new = alerts.follow(&store)?;
                Ok((is_new || !is_same).then(|| Table::of(alerts)))
            }
            // What was there is not forgotten because it has gone.
            None if known > 0 => Err(OverlayError::Gone { path: self.data_dir.join("alerts") }),
            None => Ok(before.fault.is_some().then(Table::default)),
        }
    }
}
