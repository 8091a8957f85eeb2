//! Puts on record that alerts have expired, some at a time: others have their turn in between.

use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use super::desk::Desk;
use super::error::AlertingError;
use super::plan::Plan;
use crate::audit::ClockBy;
use crate::domain::alert::Revision;
use crate::overlay::Store;

/// So many at a time: the write takes long enough to be worth it, and others do not wait long for it.
pub const EXPIRED_AT_ONCE: usize = 1000;
/// How long others have the store to themselves after that: they look for it more often.
pub const EXPIRY_REST: Duration = Duration::from_millis(50);
/// Who says that an alert's time is over.
const EXPIRY: &str = "expiry";

impl Desk<'_> {
    /// Puts on record that alerts whose time is over have expired, and gives how many.
    ///
    /// # Errors
    /// [`AlertingError`]; then those are not, and are found the next time.
    pub fn expire(&mut self, by: ClockBy) -> Result<u64, AlertingError> {
        let (over, mut expired) = (self.over(by)?, 0);
        for (at, some) in over.chunks(EXPIRED_AT_ONCE).enumerate() {
            if at > 0 {
                sleep(EXPIRY_REST);
            }
            expired += self.expire_some(some)?;
        }
        Ok(expired)
    }

    /// The alerts whose time is over, and of which that is not on record, in the order of their revisions. That an alert has expired is
    /// for good, until somebody renews it, and it is in force no more in any case: so it is not said by a clock that jumped ahead. By
    /// [`ClockBy::Entries`] those are left out since whose end the site's logs have [no entries of other days](crate::audit::DaysOnRecord).
    ///
    /// # Errors
    /// [`AlertingError`].
    pub fn over(&mut self, by: ClockBy) -> Result<Vec<Arc<Revision>>, AlertingError> {
        let now = self.now()?;
        if self.known_store()?.is_none() {
            return Ok(Vec::new());
        }
        let mut over: Vec<_> = self.known.over(now).cloned().collect();
        if by == ClockBy::Entries && !over.is_empty() {
            let days = self.log.days_on_record()?;
            over.retain(|revision| days.bear_out(revision.statement.to, now));
        }
        over.sort_unstable_by_key(|revision| revision.origin.counter);
        Ok(over)
    }

    /// Puts on record that some of [those](Self::over) have expired, but for those that were changed since, and gives how many.
    ///
    /// # Errors
    /// [`AlertingError`]; then none of them is.
    pub fn expire_some(&mut self, over: &[Arc<Revision>]) -> Result<u64, AlertingError> {
        let now = self.now()?;
        let Some(mut store) = self.known_store()? else { return Ok(0) };
        let by = EXPIRY.into();
        let mut plan = Plan::new(&self.known, self.policy, now);
        for before in over {
            let is_newest =
                self.known.get(&before.alert).is_some_and(|newest| newest.origin == before.origin);
            if is_newest {
                plan.expire(before, &by);
            }
        }
        let planned = plan.into_planned();
        Ok(self.keep(&mut store, planned)?.len() as u64)
    }

    /// The store, if there is one, with all that is in it known. An older one is not lifted over what is on record by being written to.
    fn known_store(&mut self) -> Result<Option<Store>, AlertingError> {
        let known = Some(self.known.counter()).filter(|known| *known > 0);
        let floor = self.log.alert_floor()?.max(known);
        let store = Store::open_not_below(&self.storage, &self.data_dir, floor)?;
        if let Some(store) = &store {
            self.known.follow(store)?;
        }
        Ok(store)
    }
}
