//! What follows a hit, until somebody says what became of it.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::alert::{Grade, Line, words};
use super::hex::{read_hex, write_hex};

/// Names a case: 16 bytes, 32 lower-case hexadecimal digits. A keyed digest of who asked, by which reference, about which document and
/// on which day, so that asking again adds to the same case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CaseId(pub [u8; 16]);

words! {
    /// What became of a case.
    OutcomeKind {
        /// The document is the one that is listed.
        Confirmed = "confirmed",
        /// It is another document, or the list was wrong.
        FalseHit = "false_hit",
        /// It is listed, and its bearer was cleared for a time: the finding stays, and says so.
        ClearedUntil = "cleared_until",
        /// Its bearer was turned away.
        Refuse = "refuse",
    }
}

/// What became of a case, and how that was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What became of it.
    pub kind: OutcomeKind,
    /// Until when the bearer is cleared: that time itself is outside.
    pub until: Option<Timestamp>,
    /// Whom we asked.
    pub contact: Option<Line>,
    /// When we asked.
    pub asked_at: Option<Timestamp>,
    /// When the answer came.
    pub answered_at: Option<Timestamp>,
    /// How good the finding's source is, as of now.
    pub grade_after: Option<Grade>,
}

/// Who said that a document is listed, and as what: whose false hits are counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// A feed, or who wanted an alert.
    pub kind: SourceKind,
    /// Its name.
    pub name: Box<str>,
    /// A notice's status, or an alert's category.
    pub category: Box<str>,
}

words! {
    /// What a source is.
    SourceKind {
        /// A feed, of notices.
        Feed = "feed",
        /// An originator, of alerts.
        Originator = "originator",
    }
}

/// Why an outcome is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutcomeFault {
    /// A bearer is cleared for a time, and for nothing else there is one.
    #[error("until belongs to cleared_until, and to nothing else")]
    Until,
    /// It is over already.
    #[error("until is in the past")]
    Over,
    /// It is longer than policy allows.
    #[error("a bearer is cleared for at most {days_max} days at a time")]
    TooLong {
        /// The most days.
        days_max: u32,
    },
    /// Nobody answers before he is asked.
    #[error("answered_at must not come before asked_at, and neither may be in the future")]
    Order,
}

impl CaseId {
    /// Reads what `Display` writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        read_hex(text).map(Self)
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Outcome {
    /// Holds it against the rules, and that of policy for how long a bearer may be cleared.
    ///
    /// # Errors
    /// Every [`OutcomeFault`] that there is.
    pub fn check(&self, days_max: u32, now: Timestamp) -> Result<(), Vec<OutcomeFault>> {
        let lasts_max = SignedDuration::from_hours(24 * i64::from(days_max));
        let is_for_a_time = self.kind == OutcomeKind::ClearedUntil;
        let in_order = match (self.asked_at, self.answered_at) {
            (Some(asked), Some(answered)) => asked <= answered && answered <= now,
            (asked, answered) => asked.max(answered).is_none_or(|time| time <= now),
        };
        let faults = [
            (self.until.is_some() != is_for_a_time, OutcomeFault::Until),
            (self.until.is_some_and(|until| until <= now), OutcomeFault::Over),
            (
                self.until.is_some_and(|until| until.duration_since(now) > lasts_max),
                OutcomeFault::TooLong { days_max },
            ),
            (!in_order, OutcomeFault::Order),
        ];
        let faults: Vec<_> = faults.into_iter().filter(|(holds, _)| *holds).map(|(_, fault)| fault).collect();
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// Whether somebody else who says this says the same: what became of the case, and until when.
    #[must_use]
    pub fn agrees(&self, other: &Self) -> bool {
        (self.kind, self.until) == (other.kind, other.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn outcome(kind: OutcomeKind) -> Outcome {
        Outcome { kind, until: None, contact: None, asked_at: None, answered_at: None, grade_after: None }
    }

    #[test]
    fn a_bearer_is_cleared_for_a_time_that_policy_allows() {
        let now = time("2026-06-01T00:00:00Z");
        let until = |text| Outcome { until: Some(time(text)), ..outcome(OutcomeKind::ClearedUntil) };
        assert_eq!(until("2026-06-30T00:00:00Z").check(30, now), Ok(()));
        let too_long = OutcomeFault::TooLong { days_max: 30 };
        assert_eq!(until("2026-07-01T00:00:01Z").check(30, now), Err(vec![too_long]));
        assert_eq!(until("2026-06-01T00:00:00Z").check(30, now), Err(vec![OutcomeFault::Over]));
        assert_eq!(outcome(OutcomeKind::ClearedUntil).check(30, now), Err(vec![OutcomeFault::Until]));
        let refused = Outcome { kind: OutcomeKind::Refuse, ..until("2026-06-30T00:00:00Z") };
        assert_eq!(refused.check(30, now), Err(vec![OutcomeFault::Until]));
    }

    #[test]
    fn nobody_answers_before_he_is_asked() {
        let now = time("2026-06-01T00:00:00Z");
        let at = |asked: Option<&str>, answered: Option<&str>| {
            let (asked_at, answered_at) = (asked.map(time), answered.map(time));
            Outcome { asked_at, answered_at, ..outcome(OutcomeKind::Confirmed) }.check(1, now)
        };
        let (early, late, future) = ("2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z", "2026-06-02T00:00:00Z");
        for sound in [(None, None), (Some(early), Some(late)), (Some(early), None), (None, Some(late))] {
            assert_eq!(at(sound.0, sound.1), Ok(()));
        }
        for wrong in [(Some(late), Some(early)), (Some(future), None), (Some(early), Some(future))] {
            assert_eq!(at(wrong.0, wrong.1), Err(vec![OutcomeFault::Order]), "{wrong:?}");
        }
    }

    #[test]
    fn a_name_has_one_spelling() {
        let id = CaseId(std::array::from_fn(|at| at as u8 * 17));
        assert_eq!(CaseId::parse(&id.to_string()), Some(id));
        for wrong in ["", "00", &id.to_string().to_uppercase(), &format!("{id}00"), &"+1".repeat(16)] {
            assert_eq!(CaseId::parse(wrong), None, "{wrong}");
        }
    }
}
