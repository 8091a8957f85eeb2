//! What an alert says.

use jiff::{SignedDuration, Timestamp};

use super::category::{Action, Category};
use super::grade::Grade;
use super::handling::{CallerClass, Handling};
use super::id::AlertId;
use super::subject::Subject;
use super::texts::{Instruction, Line};

/// What an alert says, as somebody has issued it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it is about.
    pub subject: Subject,
    /// Why.
    pub category: Category,
    /// What is to be done.
    pub action: Action,
    /// That in words.
    pub instruction: Option<Instruction>,
    /// Who wants it.
    pub originator: Line,
    /// Who answers for it at any hour.
    pub contact: Line,
    /// The originator's own reference.
    pub reference: Option<Line>,
    /// How good its source is.
    pub grade: Grade,
    /// Who may be told.
    pub handling: Handling,
    /// From when on it holds.
    pub from: Timestamp,
    /// Until when: that time itself is outside.
    pub to: Timestamp,
}

/// An alert: its name, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Its name.
    pub id: AlertId,
    /// What it says now.
    pub statement: Statement,
}

/// Why a statement is no alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AlertFault {
    /// It ends before it begins.
    #[error("valid.to must come after valid.from")]
    Order,
    /// It would hold for longer than policy allows.
    #[error("an alert holds for at most {} days at a time: set an earlier end, and renew it then", .days_max)]
    TooLong {
        /// The most days.
        days_max: u32,
    },
    /// It has ended already.
    #[error("valid.to is in the past")]
    Over,
    /// Nobody may be told.
    #[error("handling.classes names nobody who may be told")]
    Nobody,
    /// Others than officers would be told of a person who is wanted.
    #[error("an alert of this category is for officers only")]
    OfficersOnly,
    /// It says something of a person and would be released.
    #[error(
        "only alerts that say nothing of a person (stolen_blank, counterfeit_series) may be released to others"
    )]
    Release,
}

impl Statement {
    /// Holds it against the rules for all alerts, and that of policy for how long one may hold.
    ///
    /// # Errors
    /// Every [`AlertFault`] that there is.
    pub fn check(&self, days_max: u32, now: Timestamp) -> Result<(), Vec<AlertFault>> {
        let lasts_max = SignedDuration::from_hours(24 * i64::from(days_max));
        let Handling { classes, release_to, .. } = &self.handling;
        let others = classes.iter().any(|class| *class != CallerClass::Officer);
        let faults = [
            (self.to <= self.from, AlertFault::Order),
            (self.to.duration_since(self.from.max(now)) > lasts_max, AlertFault::TooLong { days_max }),
            (self.to <= now, AlertFault::Over),
            (classes.is_empty(), AlertFault::Nobody),
            (self.category.is_for_officers_only() && others, AlertFault::OfficersOnly),
            (!self.category.is_impersonal() && !release_to.is_empty(), AlertFault::Release),
        ];
        let faults: Vec<_> = faults.into_iter().filter(|(holds, _)| *holds).map(|(_, fault)| fault).collect();
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// Whether it says what another one does, but perhaps until another time.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        Self { to: other.to, ..self.clone() } == *other
    }

    /// Whether it holds at a time.
    #[must_use]
    pub fn holds_at(&self, time: Timestamp) -> bool {
        (self.from..self.to).contains(&time)
    }
}
