//! The acts on alerts, each recorded before it is done.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use super::error::AlertingError;
use super::plan::Plan;
use super::policy::AlertPolicy;
use super::record::{record, record_kept};
use super::wish::{Change as How, Deed, Fulfilled, Issue, Wanted, Wish};
use crate::audit::{Act, AuditLog};
use crate::domain::alert::{AlertId, Revision, Statement};
use crate::ground::clock::Clock;
use crate::ground::storage::Storage;
use crate::overlay::{Alerts, Change, Store};
use crate::screening::trusted_now;

/// Where alerts of a site are issued and changed.
pub struct Desk<'d> {
    /// Where files are.
    pub storage: Arc<dyn Storage>,
    /// The site's data directory.
    pub data_dir: PathBuf,
    /// The log that records acts.
    pub log: &'d AuditLog,
    /// The time.
    pub clock: &'d Clock,
    /// The rules.
    pub policy: AlertPolicy,
    /// What was read of the store before.
    pub known: Alerts,
}

impl Desk<'_> {
    /// Does what is wished for, all of it in one opening of the store, each seeing what was done before it; whatever is refused refuses
    /// itself alone. What is done is kept together, or nothing is.
    pub fn fulfil(&mut self, wishes: Vec<Wish>) -> Vec<Result<Fulfilled, AlertingError>> {
        let count = wishes.len();
        self.try_fulfil(wishes).unwrap_or_else(|error| vec![Err(error); count])
    }

    fn try_fulfil(
        &mut self,
        wishes: Vec<Wish>,
    ) -> Result<Vec<Result<Fulfilled, AlertingError>>, AlertingError> {
        let (mut store, now) = self.open()?;
        let mut plan = Plan::new(&self.known, self.policy, now);
        let fates: Vec<_> =
            wishes.into_iter().map(|wish| plan.add(wish, |by, key| name(&store, by, key))).collect();
        let planned = plan.into_planned();
        let kept = self.keep(&mut store, planned)?;
        Ok(fates.into_iter().map(|fate| Ok(fate?.fulfilled(&kept))).collect())
    }

    /// Issues an alert. With a key, the same wish is fulfilled once however often it is told.
    ///
    /// # Errors
    /// [`AlertingError`]; then nothing was done.
    pub fn issue(
        &mut self,
        wanted: impl Into<Wanted>,
        by: &Arc<str>,
        key: Option<&str>,
    ) -> Result<Fulfilled, AlertingError> {
        let issue = Issue { wanted: wanted.into(), key: key.map(Into::into), draft: false };
        self.one(by, Deed::Issue(Box::new(issue)))
    }

    /// Writes an alert down, in force nowhere until it is submitted.
    ///
    /// # Errors
    /// [`AlertingError`]; then nothing was done.
    pub fn draft(
        &mut self,
        wanted: impl Into<Wanted>,
        by: &Arc<str>,
        key: Option<&str>,
    ) -> Result<Fulfilled, AlertingError> {
        let issue = Issue { wanted: wanted.into(), key: key.map(Into::into), draft: true };
        self.one(by, Deed::Issue(Box::new(issue)))
    }

    /// Submits a draft: from then on it waits for approval, or is in force.
    ///
    /// # Errors
    /// [`AlertingError`]; then nothing was done.
    pub fn submit(
        &mut self,
        alert: AlertId,
        by: &Arc<str>,
        expected: Option<u32>,
    ) -> Result<Arc<Revision>, AlertingError> {
        self.change(alert, by, expected, How::Submit)
    }

    /// Approves of an alert that waits for it.
    ///
    /// # Errors
    /// [`AlertingError`]; then nothing was done.
    pub fn approve(
        &mut self,
        alert: AlertId,
        by: &Arc<str>,
        expected: Option<u32>,
    ) -> Result<Arc<Revision>, AlertingError> {
        self.change(alert, by, expected, How::Approve)
    }

    /// Changes what an alert says. Whoever has to approve has to approve anew.
    ///
    /// # Errors
    /// [`AlertingError`]; then nothing was done.
    pub fn amend(
        &mut self,
        alert: AlertId,
        statement: Statement,
        by: &Arc<str>,
        expected: Option<u32>,
    ) -> Result<Arc<Revision>, AlertingError> {
        self.change(alert, by, expected, How::Amend(Box::new(statement)))
    }

    /// Lets an alert hold for longer, or end earlier, or hold again. Where a second issuer has to approve, it is he who lets it hold for
    /// longer, once he has approved of it: what waits is amended instead. One that had expired he has to approve of anew.
    ///
    /// # Errors
    /// [`AlertingError`]; then nothing was done.
    pub fn renew(
        &mut self,
        alert: AlertId,
        to: Timestamp,
        by: &Arc<str>,
        expected: Option<u32>,
    ) -> Result<Arc<Revision>, AlertingError> {
        self.change(alert, by, expected, How::Renew(to))
    }

    /// Takes an alert back, for good.
    ///
    /// # Errors
    /// [`AlertingError`]; then nothing was done.
    pub fn withdraw(
        &mut self,
        alert: AlertId,
        by: &Arc<str>,
        expected: Option<u32>,
    ) -> Result<Arc<Revision>, AlertingError> {
        self.change(alert, by, expected, How::Withdraw)
    }

    fn change(
        &mut self,
        alert: AlertId,
        by: &Arc<str>,
        expected: Option<u32>,
        how: How,
    ) -> Result<Arc<Revision>, AlertingError> {
        self.one(by, Deed::Change { alert, expected, how }).map(Fulfilled::revision)
    }

    fn one(&mut self, by: &Arc<str>, deed: Deed) -> Result<Fulfilled, AlertingError> {
        let done = self.fulfil(vec![Wish { by: by.clone(), deed }]).pop();
        done.expect("one wish has one outcome")
    }

    /// The store, with all that is in it known, and the time.
    pub(super) fn open(&mut self) -> Result<(Store, Timestamp), AlertingError> {
        let now = self.now()?;
        let store = self.store(true)?.expect("where there is none it was made");
        Ok((store, now))
    }

    /// The store, with all that is in it known; if there is none it is made only to `create` it.
    pub(super) fn store(&mut self, create: bool) -> Result<Option<Store>, AlertingError> {
        // None is made in the place of one that has gone, and an older one is not gone on with.
        let floor = self.log.alert_floor()?.max(self.known.floor());
        let store = match Store::open_not_below(&self.storage, &self.data_dir, floor)? {
            None if create => Some(Store::open_or_create(&self.storage, &self.data_dir)?),
            store => store,
        };
        if let Some(store) = &store {
            self.known.follow(store)?;
        }
        Ok(store)
    }

    /// A time that can be trusted.
    pub(super) fn now(&self) -> Result<Timestamp, AlertingError> {
        Ok(trusted_now(self.clock, self.log, None)?.time)
    }

    /// Records what is planned, and keeps it then.
    pub(super) fn keep(
        &mut self,
        store: &mut Store,
        planned: Vec<(Act, Change)>,
    ) -> Result<Vec<Arc<Revision>>, AlertingError> {
        record(self, &planned)?;
        self.keep_recorded(store, planned)
    }

    /// Keeps what is planned, all of it or nothing, once it is recorded.
    pub(super) fn keep_recorded(
        &mut self,
        store: &mut Store,
        planned: Vec<(Act, Change)>,
    ) -> Result<Vec<Arc<Revision>>, AlertingError> {
        if planned.is_empty() {
            return Ok(Vec::new());
        }
        let changes = planned.into_iter().map(|(_, change)| change).collect();
        let kept: Vec<_> = store.append(changes)?.into_iter().map(Arc::new).collect();
        kept.iter().for_each(|revision| self.known.take(revision.clone()));
        kept.last().iter().for_each(|newest| record_kept(self, newest));
        Ok(kept)
    }
}

/// The name of an alert that is to be issued.
pub(super) fn name(store: &Store, by: &str, key: Option<&str>) -> Result<AlertId, AlertingError> {
    match key {
        None => Ok(Store::new_alert()?),
        Some(key) => Ok(store.alert_of_key(by, key)),
    }
}
