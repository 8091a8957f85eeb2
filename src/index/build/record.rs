//! A notice without a reference in sixteen bytes, for sorting.

use crate::domain::Notice;
use crate::index::sets::{Lateness, lateness, push_body};

/// A body without a reference: from the lowest bit 23 of `review_on`, 23 of `reported_on` (days since the calendar's first,
/// from 1; 0 is no day), 3 of the status, 8 of the kind's byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Packed(pub(super) u64);

/// The mixed key of a document and what is said of it.
pub(super) type Record = (u64, Packed);

pub(super) const RECORD_LEN: usize = 16;

const DAY_BITS: u32 = 23;
/// `jiff` counts from the year -9999 to 9999.
const FIRST_DAY: i32 = -4_371_587;

impl Packed {
    pub(super) fn of(notice: &Notice) -> Self {
        let day = |day| match Notice::day_number(day) {
            i32::MIN => 0,
            number => u64::try_from(number - FIRST_DAY + 1).expect("no day is before the first"),
        };
        let (reported_on, review_on) = (day(notice.reported_on), day(notice.review_on));
        let head = u64::from(notice.kind_byte()) << 3 | u64::from(notice.status as u8);
        Self(head << (2 * DAY_BITS) | reported_on << DAY_BITS | review_on)
    }

    /// Kind's byte, status, `reported_on` and `review_on` as in a body.
    pub(super) fn fields(self) -> (u8, u8, i32, i32) {
        let day = |at: u32| match self.0 >> at & ((1 << DAY_BITS) - 1) {
            0 => i32::MIN,
            number => number as i32 - 1 + FIRST_DAY,
        };
        (self.kind_byte(), (self.0 >> (2 * DAY_BITS) & 7) as u8, day(DAY_BITS), day(0))
    }

    pub(super) fn kind_byte(self) -> u8 {
        (self.0 >> (2 * DAY_BITS + 3)) as u8
    }

    pub(super) fn lateness(self) -> Lateness {
        let (_, status, reported_on, review_on) = self.fields();
        lateness(status, reported_on, review_on)
    }

    pub(super) fn push_body(self, reference: &str, out: &mut Vec<u8>) {
        push_body(self.fields(), reference, out);
    }
}

pub(super) fn encode((h, Packed(body)): Record) -> [u8; RECORD_LEN] {
    let mut bytes = [0; RECORD_LEN];
    bytes[..8].copy_from_slice(&h.to_le_bytes());
    bytes[8..].copy_from_slice(&body.to_le_bytes());
    bytes
}

/// The records in bytes that were [encoded](encode).
pub(super) fn records(bytes: &[u8]) -> impl Iterator<Item = Record> + '_ {
    let pairs = bytes.as_chunks::<8>().0.as_chunks::<2>().0;
    pairs.iter().map(|[h, body]| (u64::from_le_bytes(*h), Packed(u64::from_le_bytes(*body))))
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{Kind, Status};
    use crate::index::samples::notice;
    use crate::index::sets::Bodies;

    fn day() -> impl Strategy<Value = Option<Date>> {
        let days = (-9999_i16..=9999, 1_i8..=12, 1_i8..=28);
        prop_oneof![
            Just(None),
            Just(Some(Date::MIN)),
            Just(Some(Date::MAX)),
            days.prop_map(|(year, month, day)| Some(jiff::civil::date(year, month, day))),
        ]
    }

    proptest! {
        #[test]
        fn a_body_survives_being_packed(reported_on in day(), review_on in day(), kind: u8, status: u8, alias: bool) {
            let base = notice("UTO", "L898902C3");
            let kind = Kind::from_number(kind % 8).unwrap_or(base.kind);
            let status = Status::from_number(status % 6).unwrap_or(base.status);
            let notice = Notice { reported_on, review_on, kind, status, alias, ..base };
            let (mut canonical, mut body) = (Vec::new(), Vec::new());
            notice.canonical_bytes(&mut canonical);
            Packed::of(&notice).push_body("", &mut body);
            prop_assert!(canonical.ends_with(&body));
            prop_assert_eq!(Packed::of(&notice).kind_byte(), notice.kind_byte());
            let read = Bodies::new(&body).next().unwrap().unwrap();
            prop_assert_eq!(read.lateness(), Packed::of(&notice).lateness());
            let record = (7, Packed::of(&notice));
            prop_assert_eq!(records(&encode(record)).collect::<Vec<_>>(), vec![record]);
        }
    }
}
