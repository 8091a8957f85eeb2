//! How long what is kept.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use crate::audit::Act;
use crate::audit::body::Sorting;

/// Entries that are kept as long as one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RetentionClass {
    /// Questions that found nothing, and requests that got no answer.
    Answers,
    /// Answers with a finding.
    Hits,
    /// What was done to lists, keys and the log itself, and who has read it.
    Acts,
    /// What was erased. Kept for good: else nobody could tell entries that were erased from entries that were stolen.
    Erasures,
}

impl RetentionClass {
    /// Every class.
    pub const ALL: &[Self] = &[Self::Answers, Self::Hits, Self::Acts, Self::Erasures];

    /// The word in names and settings.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Answers => "answers",
            Self::Hits => "hits",
            Self::Acts => "acts",
            Self::Erasures => "erasures",
        }
    }

    /// The class of an entry. An act that a later program records is kept as an act.
    pub(super) fn of(entry: &Sorting<'_>) -> Self {
        let answers = [Act::Check, Act::ManifestLine, Act::ManifestChunk, Act::Refused].map(Act::word);
        // One that was a hit, and not told, is kept as long as others.
        let verdict = entry.unrestricted_verdict.as_deref().or(entry.verdict.as_deref());
        match (&*entry.act, verdict) {
            (act, _) if act == Act::Erased.word() => Self::Erasures,
            (_, Some("hit")) => Self::Hits,
            (act, _) if answers.contains(&act) => Self::Answers,
            _ => Self::Acts,
        }
    }

    pub(super) fn number(self) -> u8 {
        match self {
            Self::Answers => 0,
            Self::Hits => 1,
            Self::Acts => 2,
            Self::Erasures => 3,
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|class| class.word() == word)
    }
}

/// For how many days after its own an entry is kept; `None` is for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Of [`RetentionClass::Answers`].
    pub answers_days: Option<u32>,
    /// Of [`RetentionClass::Hits`].
    pub hits_days: Option<u32>,
    /// Of [`RetentionClass::Acts`].
    pub acts_days: Option<u32>,
}

impl Retention {
    /// Since when the entries of hits are kept; `None` if all are.
    #[must_use]
    pub fn hits_kept_since(&self, now: Timestamp) -> Option<Timestamp> {
        self.first_kept(RetentionClass::Hits, now).map(|day| bounds_of(day).0)
    }

    /// The first day whose entries of a class are still kept; `None` if all are.
    pub(in crate::audit) fn first_kept(&self, class: RetentionClass, now: Timestamp) -> Option<Date> {
        let days = match class {
            RetentionClass::Answers => self.answers_days?,
            RetentionClass::Hits => self.hits_days?,
            RetentionClass::Acts => self.acts_days?,
            RetentionClass::Erasures => return None,
        };
        day_of(now).checked_sub(jiff::Span::new().days(days)).ok()
    }
}

/// When a day begins and ends, in UTC.
#[must_use]
pub fn bounds_of(day: Date) -> (Timestamp, Timestamp) {
    let begins = Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MIN);
    let ends = Offset::UTC.to_timestamp(day.at(23, 59, 59, 999_999_999)).unwrap_or(Timestamp::MAX);
    (begins, ends)
}

/// The day in UTC.
pub(in crate::audit) fn day_of(time: Timestamp) -> Date {
    Offset::UTC.to_datetime(time).date()
}
