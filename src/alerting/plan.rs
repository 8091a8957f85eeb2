//! Acts that are going to be done together, each seeing those before it. Nothing is touched here.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::error::AlertingError;
use super::policy::AlertPolicy;
use super::wish::{Change as How, Deed, Fulfilled, Issue, Wish};
use crate::audit::Act;
use crate::domain::alert::{AlertId, Life, LifeFault, NodeId, Origin, Revision, Statement};
use crate::overlay::{Alerts, Change};

/// Acts that are going to be done together.
pub(super) struct Plan<'p> {
    known: &'p Alerts,
    policy: AlertPolicy,
    now: Timestamp,
    planned: Vec<(Act, Change)>,
    /// Of each alert that is planned for, the place of its newest change.
    newest: HashMap<AlertId, usize>,
    /// The place of each new alert's first.
    first: HashMap<AlertId, usize>,
}

/// What becomes of a wish once the plan is carried out.
#[derive(Clone, Debug)]
pub(super) enum Fate {
    /// The change at this place of the plan.
    Planned(usize),
    /// An alert of the same plan was wished for with the same key: its newest change.
    PlannedBefore(usize),
    /// It was fulfilled before.
    Before(Arc<Revision>),
}

impl<'p> Plan<'p> {
    pub(super) fn new(known: &'p Alerts, policy: AlertPolicy, now: Timestamp) -> Self {
        let (newest, first) = (HashMap::new(), HashMap::new());
        Self { known, policy, now, planned: Vec::new(), newest, first }
    }

    /// Plans what is wished for; `name` has the names of new alerts.
    pub(super) fn add(
        &mut self,
        wish: Wish,
        name: impl FnOnce(&str, Option<&str>) -> Result<AlertId, AlertingError>,
    ) -> Result<Fate, AlertingError> {
        let by = wish.by;
        match wish.deed {
            Deed::Issue(issue) => {
                let alert = name(&by, issue.key.as_deref())?;
                self.issue(alert, *issue, by)
            }
            Deed::Change { alert, expected, how } => {
                let before = self.newest(&alert).ok_or(AlertingError::Unknown(alert))?;
                before.check_change(expected)?;
                let (act, change) = self.change(&before, by, how)?;
                if act == Act::AlertApproved && expected.is_none() {
                    self.check_is_as_issued(&before)?;
                }
                Ok(self.plan(act, change))
            }
        }
    }

    /// Plans that an alert whose time is over is said to have expired.
    pub(super) fn expire(&mut self, before: &Revision, by: &Arc<str>) {
        let next = self.next(before, by.clone());
        // Whoever renews it must know whether anybody had approved of it.
        let unapproved_until = match before.life {
            Life::Pending => before.unapproved_until.or(Some(before.at)),
            _ => None,
        };
        let change = Change { life: Life::Expired, unapproved_until, ..next };
        self.plan(Act::AlertExpired, change);
    }

    /// The acts, and what is to be kept of each.
    pub(super) fn into_planned(self) -> Vec<(Act, Change)> {
        self.planned
    }

    fn issue(&mut self, alert: AlertId, issue: Issue, by: Arc<str>) -> Result<Fate, AlertingError> {
        let Issue { wanted, draft, .. } = issue;
        if let Some(first) = self.first(&alert) {
            // Without a beginning it holds from whenever it was told first.
            let from = if wanted.from_is_told { wanted.statement.from } else { first.statement.from };
            let is_same = Statement { from, ..wanted.statement } == *first.statement
                && draft == (first.life == Life::Drafted);
            if !is_same {
                return Err(AlertingError::KeyReused);
            }
            return Ok(match (self.newest.get(&alert), self.known.get(&alert)) {
                (None, Some(known)) => Fate::Before(known.clone()),
                (at, _) => Fate::PlannedBefore(at.copied().unwrap_or_default()),
            });
        }
        wanted.statement.check(self.policy.days(), self.now).map_err(AlertingError::Statement)?;
        let (act, (life, unapproved_until)) = match draft {
            true => (Act::AlertDrafted, (Life::Drafted, None)),
            false => (Act::AlertIssued, self.begins()),
        };
        let statement = Arc::new(wanted.statement);
        let issuer = by.clone();
        let change = Change { alert, number: 1, at: self.now, by, issuer, life, unapproved_until, statement };
        self.first.insert(alert, self.planned.len());
        Ok(self.plan(act, change))
    }

    fn change(&self, before: &Revision, by: Arc<str>, how: How) -> Result<(Act, Change), AlertingError> {
        let next = self.next(before, by.clone());
        let days_max = self.policy.days();
        let check =
            |statement: &Statement| statement.check(days_max, self.now).map_err(AlertingError::Statement);
        Ok(match how {
            How::Submit => {
                before.check_submission()?;
                check(&before.statement)?;
                let (life, unapproved_until) = self.begins();
                (Act::AlertSubmitted, Change { life, unapproved_until, ..next })
            }
            How::Approve => {
                before.check_approval(&by)?;
                (Act::AlertApproved, Change { life: Life::Active, unapproved_until: None, ..next })
            }
            How::Amend(statement) => {
                before.check_statement_change()?;
                check(&statement)?;
                let (life, unapproved_until) = match before.life {
                    Life::Drafted => (Life::Drafted, None),
                    Life::Pending => self.waits_on(before),
                    _ => self.begins(),
                };
                let statement = Arc::from(statement);
                (Act::AlertAmended, Change { life, unapproved_until, issuer: by, statement, ..next })
            }
            How::Renew(to) => {
                before.check_renewal()?;
                self.check_renewal(before, &by, to)?;
                let statement = Statement { to, ..(*before.statement).clone() };
                check(&statement)?;
                let next = Change { statement: Arc::new(statement), ..next };
                let next = match before.life {
                    Life::Expired if before.unapproved_until.is_some() => {
                        let (life, unapproved_until) = self.waits_on(before);
                        Change { life, unapproved_until, ..next }
                    }
                    // It begins anew.
                    Life::Expired => {
                        let (life, unapproved_until) = self.begins();
                        Change { life, unapproved_until, issuer: by, ..next }
                    }
                    Life::Pending | Life::Drafted | Life::Active | Life::Withdrawn => next,
                };
                (Act::AlertRenewed, next)
            }
            How::Withdraw => {
                before.check_statement_change()?;
                (Act::AlertWithdrawn, Change { life: Life::Withdrawn, unapproved_until: None, ..next })
            }
        })
    }

    /// Nobody approves of what somebody has changed behind his back: without a revision that he names, of what there was only one of.
    fn check_is_as_issued(&self, before: &Revision) -> Result<(), LifeFault> {
        let was_draft = || self.first(&before.alert).is_some_and(|first| first.life == Life::Drafted);
        let is_as_issued = before.number == 1 || before.number == 2 && was_draft();
        if is_as_issued { Ok(()) } else { Err(LifeFault::Unseen { current: before.number }) }
    }

    /// Where two have to agree, nobody lets an alert hold for longer by himself: not one of his own, and not
    /// somebody else's of which nobody has approved, for then either of the two would approve of what is his own. What waits is amended.
    fn check_renewal(&self, before: &Revision, by: &Arc<str>, to: Timestamp) -> Result<(), LifeFault> {
        let (is_own, is_longer) = (before.issuer == *by, to > before.statement.to);
        match (before.life, before.unapproved_until) {
            (Life::Pending, _) | (Life::Expired, Some(_)) if is_longer && !is_own => Err(LifeFault::Waits),
            (Life::Pending | Life::Active, _) if is_longer && is_own && self.policy.four_eyes => {
                Err(LifeFault::OwnApproval)
            }
            _ => Ok(()),
        }
    }

    /// The next revision of an alert, as it is.
    fn next(&self, before: &Revision, by: Arc<str>) -> Change {
        Change {
            alert: before.alert,
            number: before.number + 1,
            at: self.now,
            by,
            issuer: before.issuer.clone(),
            life: before.life,
            unapproved_until: before.unapproved_until,
            statement: before.statement.clone(),
        }
    }

    /// How an alert begins, or begins anew.
    fn begins(&self) -> (Life, Option<Timestamp>) {
        let AlertPolicy { four_eyes, unapproved_hours, .. } = self.policy;
        if !four_eyes {
            return (Life::Active, None);
        }
        let hours = SignedDuration::from_hours(i64::try_from(unapproved_hours).unwrap_or(i64::MAX / 3600));
        (Life::Pending, (unapproved_hours > 0).then_some(self.now + hours))
    }

    /// How an alert goes on that nobody has approved of: nobody else's approval can be done without, by what rules soever, and nobody keeps
    /// it in force by himself for longer by changing it again and again.
    fn waits_on(&self, before: &Revision) -> (Life, Option<Timestamp>) {
        let unapproved_until = match self.begins() {
            (Life::Pending, until) => until.min(before.unapproved_until),
            _ => before.unapproved_until,
        };
        (Life::Pending, unapproved_until)
    }

    fn plan(&mut self, act: Act, change: Change) -> Fate {
        let at = self.planned.len();
        self.newest.insert(change.alert, at);
        self.planned.push((act, change));
        Fate::Planned(at)
    }

    fn newest(&self, alert: &AlertId) -> Option<Arc<Revision>> {
        let planned = self.newest.get(alert).map(|at| self.at(*at));
        planned.or_else(|| self.known.get(alert).cloned())
    }

    fn first(&self, alert: &AlertId) -> Option<Arc<Revision>> {
        let known = self.known.first(alert).cloned();
        known.or_else(|| self.first.get(alert).map(|at| self.at(*at)))
    }

    /// What is planned as it will be, but for its place in the store.
    fn at(&self, at: usize) -> Arc<Revision> {
        const NOWHERE: Origin = Origin { node: NodeId([0; 8]), counter: 0 };
        Arc::new(self.planned[at].1.clone().placed(NOWHERE))
    }
}

impl Fate {
    /// What became of the wish, once the plan was carried out and its changes are `kept`.
    pub(super) fn fulfilled(self, kept: &[Arc<Revision>]) -> Fulfilled {
        match self {
            Self::Planned(at) => Fulfilled::New(kept[at].clone()),
            Self::PlannedBefore(at) => Fulfilled::Before(kept[at].clone()),
            Self::Before(revision) => Fulfilled::Before(revision),
        }
    }
}
