//! How an alert lives: each change is a new revision, and none is ever edited.

use std::sync::Arc;

use jiff::Timestamp;

use super::category::words;
use super::id::{AlertId, NodeId};
use super::statement::Statement;

words! {
    /// What a revision made of an alert.
    Life {
        /// Written down, and in force nowhere.
        Drafted = "drafted",
        /// Waits for a second issuer.
        Pending = "pending",
        /// In force as long as it holds.
        Active = "active",
        /// Its time was over, and that was put on record.
        Expired = "expired",
        /// Taken back, for good.
        Withdrawn = "withdrawn",
    }
}

/// Where a revision was made, and which of all that were made there it is, without gaps. A store that takes a new name counts on above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The store.
    pub node: NodeId,
    /// Its number there.
    pub counter: u64,
}

/// A change of an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The alert.
    pub alert: AlertId,
    /// Which change of it this is: from 1, without gaps.
    pub number: u32,
    /// Where it was made.
    pub origin: Origin,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Arc<str>,
    /// What the alert is since.
    pub life: Life,
    /// Who issued, or last changed, what it says: nobody approves of his own.
    pub issuer: Arc<str>,
    /// Until when it is in force at its own site although nobody has approved of it yet; of one that has expired, until when it was, if
    /// nobody ever had.
    pub unapproved_until: Option<Timestamp>,
    /// What it says since.
    pub statement: Arc<Statement>,
    /// The first of the revisions up to this one that all say the same, but for the end; its own number as long as nobody has held it against
    /// those before it. No record has it.
    pub same_since: u32,
}

/// What is not done with an alert as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LifeFault {
    /// It was withdrawn.
    #[error("the alert was withdrawn, for good: issue another one")]
    Withdrawn,
    /// Its time is over.
    #[error("the alert has expired: renew it, or issue another one")]
    Expired,
    /// It is written down, and no more.
    #[error("the alert is a draft: submit it first, or amend it")]
    Draft,
    /// It is in the world already.
    #[error("the alert is no draft: it was submitted")]
    NotDraft,
    /// There is nothing to be approved of.
    #[error("the alert does not wait for approval")]
    NotPending,
    /// Whoever issued it approves of it.
    #[error("the alert was issued or last changed by the same issuer: somebody else has to approve of it")]
    OwnApproval,
    /// Somebody else lets it hold for longer, who might then approve of it, or leave it to whoever wrote it.
    #[error(
        "the alert waits for approval, and somebody else has issued or last changed it: approve of it first, or amend it"
    )]
    Waits,
    /// There was more than one of it to be seen, and whoever approves does not say which he has.
    #[error(
        "the alert was changed since it was written down: read revision {current}, and name it as the one that you approve of (If-Match over HTTP, --revision by command)"
    )]
    Unseen {
        /// Which revision it has.
        current: u32,
    },
    /// It was changed meanwhile.
    #[error("the alert has revision {current} by now, and not {expected}: read it again")]
    Changed {
        /// Which revision whoever acts has seen.
        expected: u32,
        /// Which it has.
        current: u32,
    },
}

/// How an alert stands at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// In force; by policy perhaps before anybody has approved of it.
    InForce {
        /// Nobody has approved of it yet.
        unapproved: bool,
    },
    /// Not in force now.
    Not,
}

impl Revision {
    /// The same, told which one came before it.
    #[must_use]
    pub fn after(self: Arc<Self>, before: &Self) -> Arc<Self> {
        let is_next = self.alert == before.alert && self.number == before.number + 1;
        if !(is_next && self.statement.says_the_same(&before.statement)) {
            return self;
        }
        Arc::new(Self { same_since: before.same_since, ..Arc::unwrap_or_clone(self) })
    }

    /// How the alert stands at a time, if this is its newest revision.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Standing {
        let in_force = match self.life {
            Life::Active => Some(false),
            Life::Pending if self.unapproved_until.is_some_and(|until| now < until) => Some(true),
            Life::Pending | Life::Drafted | Life::Expired | Life::Withdrawn => None,
        };
        match in_force {
            Some(unapproved) if self.statement.holds_at(now) => Standing::InForce { unapproved },
            _ => Standing::Not,
        }
    }

    /// Whether an approval by somebody can follow.
    ///
    /// # Errors
    /// [`LifeFault`].
    pub fn check_approval(&self, by: &str) -> Result<(), LifeFault> {
        match self.life {
            Life::Withdrawn => Err(LifeFault::Withdrawn),
            Life::Pending if *self.issuer == *by => Err(LifeFault::OwnApproval),
            Life::Pending => Ok(()),
            Life::Drafted => Err(LifeFault::Draft),
            Life::Expired => Err(LifeFault::Expired),
            Life::Active => Err(LifeFault::NotPending),
        }
    }

    /// Whether what it says can be changed, or taken back.
    ///
    /// # Errors
    /// [`LifeFault`].
    pub fn check_statement_change(&self) -> Result<(), LifeFault> {
        match self.life {
            Life::Withdrawn => Err(LifeFault::Withdrawn),
            Life::Expired => Err(LifeFault::Expired),
            Life::Drafted | Life::Pending | Life::Active => Ok(()),
        }
    }

    /// Whether its end can be changed.
    ///
    /// # Errors
    /// [`LifeFault`].
    pub fn check_renewal(&self) -> Result<(), LifeFault> {
        match self.life {
            Life::Withdrawn => Err(LifeFault::Withdrawn),
            Life::Drafted => Err(LifeFault::Draft),
            Life::Pending | Life::Active | Life::Expired => Ok(()),
        }
    }

    /// Whether it can leave its issuer's desk.
    ///
    /// # Errors
    /// [`LifeFault`].
    pub fn check_submission(&self) -> Result<(), LifeFault> {
        match self.life {
            Life::Withdrawn => Err(LifeFault::Withdrawn),
            Life::Drafted => Ok(()),
            Life::Pending | Life::Active | Life::Expired => Err(LifeFault::NotDraft),
        }
    }

    /// Whether it can be changed by somebody who has seen a revision, in what way soever.
    ///
    /// # Errors
    /// [`LifeFault`].
    pub fn check_change(&self, expected: Option<u32>) -> Result<(), LifeFault> {
        if self.life == Life::Withdrawn {
            return Err(LifeFault::Withdrawn);
        }
        match expected.filter(|expected| *expected != self.number) {
            Some(expected) => Err(LifeFault::Changed { expected, current: self.number }),
            None => Ok(()),
        }
    }
}
