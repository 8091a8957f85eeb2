//! The days of which a site's logs have entries. A clock that jumped ahead has not seen those between.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;

use super::log_id::LogId;
use super::sealed::{SealedName, day_of};
use super::{AuditError, AuditLog};

/// Days that have to have entries before a time is past beyond doubt. A wrong clock would have to go on for as long.
const DAYS_BETWEEN_MIN: usize = 2;

/// The days of which the logs of a site have sealed entries, or had them.
#[derive(Clone, Debug, Default)]
pub struct DaysOnRecord(BTreeSet<Date>);

impl DaysOnRecord {
    /// Whether a time is past by more than the word of a clock: there are entries of at least two days between, each of them over.
    #[must_use]
    pub fn bear_out(&self, time: Timestamp, now: Timestamp) -> bool {
        let (first, today) = (day_of(time), day_of(now));
        self.0.iter().filter(|day| first < **day && **day < today).count() >= DAYS_BETWEEN_MIN
    }
}

impl AuditLog {
    /// The days of which the logs of this site have sealed entries, or had them.
    ///
    /// # Errors
    /// [`AuditError`] of the file system.
    pub fn days_on_record(&self) -> Result<DaysOnRecord, AuditError> {
        let audit = self.folder.parent().unwrap_or(Path::new("."));
        let mut days = BTreeSet::new();
        for folder in self.storage.list(audit).map_err(AuditError::storage("list", audit))? {
            if folder.file_name().and_then(|name| LogId::parse(name.to_str()?)).is_some() {
                days.extend(SealedName::list(&*self.storage, &folder)?.iter().map(|name| name.day));
            }
        }
        Ok(DaysOnRecord(days))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_past_once_two_days_since_are_on_record() {
        let day = |day: i8| jiff::civil::date(2026, 3, day);
        let at = |on: i8| day(on).at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
        let days = DaysOnRecord([1, 2, 3, 5, 9].map(day).into());
        for (time, now, is_past) in [
            (2, 5, false),
            (2, 6, true),
            (2, 30, true),
            (3, 9, false),
            (3, 10, true),
            (5, 30, false),
            (9, 1, false),
        ] {
            assert_eq!(days.bear_out(at(time), at(now)), is_past, "{time} {now}");
        }
    }
}
