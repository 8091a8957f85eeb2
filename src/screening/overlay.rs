//! The alerts in force at this site, beside its lists.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use jiff::Timestamp;

use super::looks::Looks;
use super::pace::Pace;
use crate::audit::AuditError;
use crate::domain::alert::Revision;
use crate::ground::causes;
use crate::ground::storage::Storage;
use crate::overlay::{Alerts, Changed, OverlayError, Store, Table};

/// The alerts of a site, followed as they change.
#[derive(Debug)]
pub struct Overlay {
    storage: Arc<dyn Storage>,
    data_dir: PathBuf,
    floor: Floor,
    in_force: ArcSwap<AlertsInForce>,
    /// The newest revision that was ever read, for those who do not wait until a table is made.
    last: ArcSwapOption<Revision>,
    /// The newest revision that somebody in this process has kept.
    kept: AtomicU64,
    followed: Mutex<Followed>,
    /// Whether the last table was made in no time.
    is_quick: AtomicBool,
    /// Those that found the table in force to be what the store has.
    looks: Looks,
    /// Whether every record is read anew at the next look.
    reads_all: AtomicBool,
}

/// How long a table in force may be older than the store: far longer than it takes to make the largest.
const LOOK_OVERDUE: Duration = Duration::from_secs(120);
/// For how long the store is waited for while there is a table.
const WAIT: Duration = Duration::from_secs(10);
/// The same at first.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// How often somebody who can do nothing else waits for the store.
const WAITS_MAX: u32 = 12;

/// Reads the revision that the store had at least, as entries say.
struct Floor(Box<dyn Fn() -> Result<Option<u64>, AuditError> + Send + Sync>);

impl fmt::Debug for Floor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Floor")
    }
}

/// The alerts at one moment.
#[derive(Debug, Default)]
pub struct AlertsInForce {
    /// What is asked. After a fault it is the last that could be read: its hits are still found.
    pub table: Arc<Table>,
    /// Why there may be others.
    pub fault: Option<Arc<OverlayError>>,
}

#[derive(Debug, Default)]
struct Followed {
    /// What was read of the store so far.
    alerts: Alerts,
    /// What entries said of the store at the last whole look.
    floor: Option<Result<Option<u64>, AuditError>>,
    pace: Pace,
    /// What was in force before. To let go of a large table takes long: that is done here, and not by a question that has it last.
    retired: Vec<Arc<AlertsInForce>>,
}

impl Overlay {
    /// Reads the alerts of a site, whose store had a revision at least, as the logs say: they are asked at each whole look. Those that cannot
    /// be read, or are older, are a matter of coverage.
    #[must_use]
    pub fn open(
        storage: Arc<dyn Storage>,
        data_dir: PathBuf,
        floor: impl Fn() -> Result<Option<u64>, AuditError> + Send + Sync + 'static,
    ) -> Self {
        let (in_force, followed) = (ArcSwap::from_pointee(AlertsInForce::default()), Mutex::default());
        let is_quick = AtomicBool::new(true);
        let (floor, last, kept) = (Floor(Box::new(floor)), ArcSwapOption::empty(), AtomicU64::new(0));
        let (looks, reads_all) = (Looks::default(), AtomicBool::new(false));
        let overlay =
            Self { storage, data_dir, floor, in_force, last, kept, followed, is_quick, looks, reads_all };
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
    ///
    /// A large table is made anew after a pause only that is ten times as long as making it took: until then what is new waits.
    pub fn refresh(&self, whole: bool) -> bool {
        // Held until what was read is in force: an older reading must not take its place.
        let mut followed = self.followed();
        followed.retired.retain(|retired| Arc::strong_count(retired) > 1);
        let before = self.in_force();
        let is_damaged = before.fault.as_ref().is_some_and(|fault| fault.is_damage());
        if is_damaged && !whole && self.reads_all.load(Ordering::Relaxed) {
            // It is not read anew each second.
            return false;
        }
        let next = match self.follow(&before, &mut followed, whole) {
            Ok(()) => {
                let is_same = followed.alerts.counter() == before.table.counter();
                let table = match is_same {
                    true => before.table.clone(),
                    false if !followed.pace.is_due() => return false,
                    false => {
                        let Followed { alerts, pace, .. } = &mut *followed;
                        let table = pace.time(|| Table::of(alerts));
                        self.is_quick.store(pace.is_quick(), Ordering::Relaxed);
                        Arc::new(table)
                    }
                };
                self.looks.look();
                if is_same && before.fault.is_none() {
                    return false;
                }
                AlertsInForce { table, fault: None }
            }
            Err(fault) => {
                let known = before.fault.as_ref().is_some_and(|known| causes(&**known) == causes(&fault));
                if known {
                    return false;
                }
                AlertsInForce { table: before.table.clone(), fault: Some(Arc::new(fault)) }
            }
        };
        self.in_force.store(Arc::new(next));
        followed.retired.push(before);
        true
    }

    /// Looks until nobody else holds the store, for two minutes at most: a service says meanwhile that it is not ready, and looks again; a
    /// command has one answer to give.
    pub fn wait_for_store(&self) {
        let is_held = || matches!(self.in_force().fault.as_deref(), Some(OverlayError::Locked { .. }));
        (0..WAITS_MAX).take_while(|_| is_held()).for_each(|_| {
            self.refresh(true);
        });
    }

    /// Has the next look read every record anew, also those that are in force already: what was sound when it was read may be so no more.
    pub fn read_all(&self) {
        self.reads_all.store(true, Ordering::Relaxed);
    }

    /// The same if somebody found damage.
    pub fn doubt(&self, error: &OverlayError) {
        if error.is_damage() {
            self.read_all();
        }
    }

    /// Promises to look again within seconds, time after time: from now on no `no_hit` is given once that is overdue, for nobody would know
    /// of newer alerts.
    pub fn watched(&self) {
        self.looks.promise();
    }

    /// True if a look was promised, and none has found the table in force to be what the store has for minutes.
    #[must_use]
    pub fn look_overdue(&self) -> bool {
        self.looks.overdue(LOOK_OVERDUE)
    }

    /// How long ago the table in force was known last to be what the store has.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.looks.age()
    }

    /// Takes what was just kept, up to a revision, so that it is in force at once; of a store so large that this takes a while, it is left to whoever
    /// [looks](Self::refresh) each second.
    pub fn take_up(&self, kept: u64) {
        // Known here, whether or not the file that tells of it could be written.
        self.kept.fetch_max(kept, Ordering::Relaxed);
        if self.is_quick.load(Ordering::Relaxed) {
            self.refresh(false);
        }
    }

    /// What was read of the store so far, for whoever else wants to know it: revisions are shared.
    #[must_use]
    pub fn known(&self) -> Alerts {
        self.followed().alerts.clone()
    }

    /// The newest revision that was ever read of the store. Waits for nobody.
    #[must_use]
    pub fn last(&self) -> Option<Arc<Revision>> {
        self.last.load_full()
    }

    /// The newest revision that was read of the store, whether or not it is in force already.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.followed().alerts.counter()
    }

    /// Whether there are alerts whose time is over at a time, which nobody has put on record.
    #[must_use]
    pub fn has_over(&self, now: Timestamp) -> bool {
        self.followed().alerts.over(now).next().is_some()
    }

    /// What revisions after one did, so many at most; `None` if that is longer ago than is remembered.
    #[must_use]
    pub fn recent_after(&self, counter: u64, count: usize) -> Option<Vec<Changed>> {
        self.followed().alerts.recent_after(counter, count)
    }

    fn follow(
        &self,
        before: &AlertsInForce,
        followed: &mut Followed,
        whole: bool,
    ) -> Result<(), OverlayError> {
        let Followed { alerts, floor, .. } = followed;
        let kept = self.kept.load(Ordering::Relaxed);
        let newest = || Store::newest(&*self.storage, &self.data_dir).map(|told| told.max(kept));
        let (known, is_sound) = (alerts.place(), before.fault.is_none());
        let reads_all = self.reads_all.load(Ordering::Relaxed);
        if is_sound && !whole && !reads_all && newest()? == known {
            return Ok(());
        }
        let wait = if floor.is_none() { FIRST_WAIT } else { WAIT };
        if whole || floor.is_none() {
            // A log that could not be read may have been mended.
            *floor = Some((self.floor.0)());
        }
        let on_record = floor.clone().unwrap_or(Ok(None));
        let on_record = on_record.map_err(|error| OverlayError::Unknown(Box::new(error)))?;
        // What was there is not forgotten because it has gone.
        let floor = on_record.max(alerts.floor());
        match Store::open_within_not_below(&self.storage, &self.data_dir, floor, wait) {
            Ok(Some(store)) => {
                if self.reads_all.swap(false, Ordering::Relaxed) {
                    store.each_after(0, &mut |_| ()).inspect_err(|_| self.read_all())?;
                }
                alerts.follow(&store)?;
                self.last.store(alerts.last().cloned());
                Ok(())
            }
            Ok(None) => Ok(()),
            // Whoever has it for so long has acknowledged nothing that is not known, if neither the store nor a log tells of more.
            Err(OverlayError::Locked { .. }) if is_sound && newest()? == known && floor <= Some(known) => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn followed(&self) -> MutexGuard<'_, Followed> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
