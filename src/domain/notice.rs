//! What a feed says of one document.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::{DocumentId, Kind, Status};

/// One publisher's statement about one document.
///
/// Identity within a feed: document, kind, reference, and whether it is an alias. Of several notices with one identity the latest wins:
/// the one with the later `reported_on` (none is earliest), then the one whose canonical bytes are greater.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Notice {
    /// The document that is listed.
    pub document: DocumentId,
    /// Its kind.
    pub kind: Kind,
    /// Why it is listed.
    pub status: Status,
    /// UTC day of the report.
    pub reported_on: Option<Date>,
    /// UTC day on which the notice lapses unless its publisher renews it.
    pub review_on: Option<Date>,
    /// The reporting authority's own file number.
    pub reference: Option<Reference>,
    /// The number is another spelling of the one that the publisher lists, whose own notice stands beside this one: it
    /// is found as an alias and counts for nothing.
    pub alias: bool,
}

impl Notice {
    /// True until noon UTC of the day after `review_on`, so that no time zone loses a notice before its day is over.
    #[must_use]
    pub fn in_force(&self, now: Timestamp) -> bool {
        Self::is_day_to_come(self.review_on, now)
    }

    /// The same of a notice with this `review_on`.
    #[must_use]
    pub fn is_day_to_come(review_on: Option<Date>, now: Timestamp) -> bool {
        let Some(day) = review_on else { return true };
        let Ok(midnight) = day.to_zoned(TimeZone::UTC) else { return true };
        now.duration_since(midnight.timestamp()) <= SignedDuration::from_hours(36)
    }

    /// Appends the bytes that digests and orderings are made of. Two notices have the same bytes only if they are equal.
    ///
    /// Layout, little-endian: state `u16`, number length `u8` and bytes, [kind](Self::kind_byte) `u8`, status `u8`, `reported_on` and
    /// `review_on` as [`day_number`](Self::day_number) `i32`, reference length `u8` and bytes.
    pub fn canonical_bytes(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.document.issuing_state.number().to_le_bytes());
        let number = self.document.number.as_bytes();
        out.push(number.len() as u8);
        out.extend_from_slice(number);
        out.extend_from_slice(&[self.kind_byte(), self.status as u8]);
        out.extend_from_slice(&Self::day_number(self.reported_on).to_le_bytes());
        out.extend_from_slice(&Self::day_number(self.review_on).to_le_bytes());
        let reference = self.reference.as_ref().map_or("", Reference::as_str);
        out.push(reference.len() as u8);
        out.extend_from_slice(reference.as_bytes());
    }

    /// The kind's number, with [`ALIAS`](Self::ALIAS) added for an alias.
    #[must_use]
    pub fn kind_byte(&self) -> u8 {
        self.kind as u8 | if self.alias { Self::ALIAS } else { 0 }
    }

    /// The bit of a kind's byte that says that the notice is an alias. Kinds have numbers below it.
    pub const ALIAS: u8 = 0x80;

    /// Days since 1970-01-01, or `i32::MIN` for no day.
    #[must_use]
    pub fn day_number(day: Option<Date>) -> i32 {
        day.map_or(i32::MIN, |day| {
            let since = day.since((jiff::Unit::Day, EPOCH)).expect("civil days can be counted");
            since.get_days()
        })
    }

    /// The day with a number of [`day_number`](Self::day_number); `None` if the calendar has no such day.
    #[must_use]
    pub fn day_from_number(number: i32) -> Option<Date> {
        // The calendar's first and last day have no midnight everywhere: they take the longer way.
        if let Ok(midnight) = Timestamp::from_second(i64::from(number) * 86_400) {
            return Some(Offset::UTC.to_datetime(midnight).date());
        }
        EPOCH.checked_add(SignedDuration::from_hours(i64::from(number).checked_mul(24)?)).ok()
    }
}

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// A reporting authority's file number: 1 to 64 printable ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference(Box<str>);

/// The text is no reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reference has 1 to 64 printable ASCII characters")]
pub struct ReferenceFault;

impl Reference {
    /// Checks a reference.
    ///
    /// # Errors
    /// [`ReferenceFault`] if it is empty, longer than 64 bytes or not printable ASCII.
    pub fn parse(text: &str) -> Result<Self, ReferenceFault> {
        let ok = (1..=64).contains(&text.len()) && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        ok.then(|| Self(text.into())).ok_or(ReferenceFault)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DocumentNumber, IssuingState};

    fn notice(review_on: Option<Date>) -> Notice {
        Notice {
            document: DocumentId {
                issuing_state: IssuingState::recognise("UTO").unwrap().state,
                number: DocumentNumber::parse("L898902C3").unwrap(),
            },
            kind: Kind::Passport,
            status: Status::Lost,
            reported_on: Some(jiff::civil::date(2020, 2, 29)),
            review_on,
            reference: None,
            alias: false,
        }
    }

    #[test]
    fn a_notice_is_in_force_through_noon_utc_of_the_day_after_its_review() {
        let notice = notice(Some(jiff::civil::date(2026, 3, 1)));
        assert!(notice.in_force("2026-03-02T12:00:00Z".parse().unwrap()));
        assert!(!notice.in_force("2026-03-02T12:00:01Z".parse().unwrap()));
    }

    #[test]
    fn a_notice_without_review_never_lapses() {
        assert!(notice(None).in_force("2199-01-01T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn days_survive_their_number() {
        for day in
            [EPOCH, Date::MIN, Date::MAX, jiff::civil::date(1969, 12, 31), jiff::civil::date(2196, 2, 29)]
        {
            assert_eq!(Notice::day_from_number(Notice::day_number(Some(day))), Some(day));
        }
        assert_eq!(Notice::day_from_number(i32::MIN), None);
        assert_eq!(Notice::day_number(Some(jiff::civil::date(1970, 1, 2))), 1);
    }
}
