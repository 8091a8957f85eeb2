//! The acts on alerts, each recorded before it is done.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::audit::{Act, AuditLog, Digester, Draft};
use crate::domain::Digest;
use crate::domain::alert::{AlertId, Life, LifeFault, Revision, Statement, Subject};
use crate::ground::clock::Clock;
use crate::ground::storage::Storage;
use crate::overlay::{Alerts, Change, Store};
use crate::screening::trusted_now;

use super::error::AlertingError;
use super::policy::AlertPolicy;

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

/// What became of a wish for an alert.
#[derive(Clone, Debug)]
pub enum Issued {
    /// It is a new one.
    New(Arc<Revision>),
    /// The same wish, by its key, was fulfilled before: this is what became of the alert.
    Before(Arc<Revision>),
}

impl Desk<'_> {
    /// Issues an alert. With a key, the same wish is fulfilled once however often it is told.
    ///
    /// # Errors
    /// [`AlertingError`]; then nothing was done.
    pub fn issue(
        &mut self,
        statement: Statement,
        by: &Arc<str>,
        key: Option<&str>,
    ) -> Result<Issued, AlertingError> {
        let (mut store, now) = self.open()?;
        let alert = match key {
            None => Store::new_alert()?,
            Some(key) => store.alert_of_key(by, key),
        };
        if let Some(known) = self.known.get(&alert) {
            let mut first = None;
            store.each_after(0, &mut |revision| {
                if revision.alert == alert && revision.number == 1 {
                    first = Some(revision.statement);
                }
            })?;
            // Without a beginning it holds from whenever it was told first.
            let same = first.is_some_and(|first| Statement { from: first.from, ..statement } == *first);
            return if same { Ok(Issued::Before(known.clone())) } else { Err(AlertingError::KeyReused) };
        }
        statement.check(self.policy.days(), now).map_err(AlertingError::Statement)?;
        let (life, unapproved_until) = self.begins(now);
        let change = Change {
            alert,
            number: 1,
            at: now,
            by: by.clone(),
            issuer: by.clone(),
            life,
            unapproved_until,
            statement: Arc::new(statement),
        };
        self.keep(&mut store, Act::AlertIssued, change).map(Issued::New)
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
        self.change(Act::AlertApproved, alert, by, expected, |before, change, _| {
            before.check_approval(by)?;
            Ok(Change { life: Life::Active, unapproved_until: None, ..change })
        })
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
        let policy = self.policy;
        self.change(Act::AlertAmended, alert, by, expected, |before, change, now| {
            statement.check(policy.days(), now).map_err(AlertingError::Statement)?;
            let (life, mut unapproved_until) = begins(&policy, now);
            if before.life == Life::Pending {
                // Nobody keeps an alert in force by himself for longer by changing it again and again.
                unapproved_until = unapproved_until.min(before.unapproved_until);
            }
            let statement = Arc::new(statement);
            Ok(Change { life, unapproved_until, issuer: by.clone(), statement, ..change })
        })
    }

    /// Lets an alert hold for longer, or end earlier. Where a second issuer has to approve, it is he who lets it hold for longer.
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
        let (days_max, four_eyes) = (self.policy.days(), self.policy.four_eyes);
        self.change(Act::AlertRenewed, alert, by, expected, |before, change, now| {
            if four_eyes && before.issuer == *by && to > before.statement.to {
                return Err(LifeFault::OwnApproval.into());
            }
            let statement = Statement { to, ..(*before.statement).clone() };
            statement.check(days_max, now).map_err(AlertingError::Statement)?;
            // Nobody approves of an end that he has set himself.
            let issuer = if before.life == Life::Pending { by.clone() } else { before.issuer.clone() };
            Ok(Change { statement: Arc::new(statement), issuer, ..change })
        })
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
        self.change(Act::AlertWithdrawn, alert, by, expected, |_, change, _| {
            Ok(Change { life: Life::Withdrawn, unapproved_until: None, ..change })
        })
    }

    /// The next revision of an alert, made of what it is.
    fn change(
        &mut self,
        act: Act,
        alert: AlertId,
        by: &Arc<str>,
        expected: Option<u32>,
        make: impl FnOnce(&Revision, Change, Timestamp) -> Result<Change, AlertingError>,
    ) -> Result<Arc<Revision>, AlertingError> {
        let (mut store, now) = self.open()?;
        let before = self.known.get(&alert).cloned().ok_or(AlertingError::Unknown(alert))?;
        before.check_change(expected)?;
        let as_it_is = Change {
            alert,
            number: before.number + 1,
            at: now,
            by: by.clone(),
            issuer: before.issuer.clone(),
            life: before.life,
            unapproved_until: before.unapproved_until,
            statement: before.statement.clone(),
        };
        let change = make(&before, as_it_is, now)?;
        self.keep(&mut store, act, change)
    }

    /// The store, with all that is in it known, and the time.
    fn open(&mut self) -> Result<(Store, Timestamp), AlertingError> {
        let now = trusted_now(self.clock, self.log, None)?.time;
        let store = Store::open_or_create(&self.storage, &self.data_dir)?;
        self.known.follow(&store)?;
        Ok((store, now))
    }

    fn begins(&self, now: Timestamp) -> (Life, Option<Timestamp>) {
        begins(&self.policy, now)
    }

    fn keep(&mut self, store: &mut Store, act: Act, change: Change) -> Result<Arc<Revision>, AlertingError> {
        self.record(act, &change)?;
        let alert = change.alert;
        store.append(vec![change])?.into_iter().for_each(|revision| self.known.take(revision));
        self.known.get(&alert).cloned().ok_or(AlertingError::Unknown(alert))
    }

    fn record(&self, act: Act, change: &Change) -> Result<(), AlertingError> {
        let digester = Digester::open(&*self.storage, &self.data_dir)?;
        let digests = match &change.statement.subject {
            Subject::Document(document) => vec![digester.document(document)],
            Subject::Interval(_) => Vec::new(),
        };
        let draft = Draft {
            client_reference: Some(format!("{}/{}", change.alert, change.number).into()),
            key_id: Some(digester.key_id()).filter(|_| !digests.is_empty()),
            digests,
            // Alerts depend on no settings.
            ..Draft::new(change.at, act, change.by.clone(), Digest([0; 32]))
        };
        let _ = self.log.submit(draft, ())?.wait()?;
        Ok(())
    }
}

fn begins(policy: &AlertPolicy, now: Timestamp) -> (Life, Option<Timestamp>) {
    if !policy.four_eyes {
        return (Life::Active, None);
    }
    let hours = SignedDuration::from_hours(i64::try_from(policy.unapproved_hours).unwrap_or(i64::MAX / 3600));
    (Life::Pending, (policy.unapproved_hours > 0).then_some(now + hours))
}
