//! Bodies: what is said of a document, without the document.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::{DocumentId, Kind, Notice, Reference, Status};

use super::Damaged;

/// The bodies of one set, one after the other. After a damaged one there are no more.
#[derive(Clone, Debug)]
pub(super) struct Bodies<'a> {
    rest: &'a [u8],
}

/// The end of a notice's canonical bytes; only its length was checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body<'a>(&'a [u8]);

const REFERENCE_LEN_AT: usize = 10;
const REFERENCE_AT: usize = 11;

impl<'a> Bodies<'a> {
    pub(super) fn new(set: &'a [u8]) -> Self {
        Self { rest: set }
    }
}

impl<'a> Iterator for Bodies<'a> {
    type Item = Result<Body<'a>, Damaged>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let rest = std::mem::take(&mut self.rest);
        let reference_len = rest.get(REFERENCE_LEN_AT).copied().unwrap_or(u8::MAX);
        let body = rest.split_at_checked(REFERENCE_AT + usize::from(reference_len)).map(|(body, rest)| {
            self.rest = rest;
            Body(body)
        });
        Some(body.ok_or(Damaged))
    }
}

impl<'a> Body<'a> {
    pub(super) fn bytes(self) -> &'a [u8] {
        self.0
    }

    pub(super) fn is_alias(self) -> bool {
        self.0[0] & Notice::ALIAS != 0
    }

    /// What tells the notices of one document apart, and orders them: kind's byte and reference.
    pub(super) fn identity(self) -> (u8, &'a [u8]) {
        (self.0[0], &self.0[REFERENCE_AT..])
    }

    /// See [`lateness`].
    pub(super) fn lateness(self) -> Lateness {
        let head = self.0.first_chunk::<REFERENCE_LEN_AT>().expect("a body is longer than its head");
        let [_, status, r0, r1, r2, r3, v0, v1, v2, v3] = *head;
        lateness(status, i32::from_le_bytes([r0, r1, r2, r3]), i32::from_le_bytes([v0, v1, v2, v3]))
    }

    pub(super) fn notice(self, document: DocumentId) -> Result<Notice, Damaged> {
        let (kind, status, reported_on, review_on, reference) = self.fields()?;
        Ok(Notice { document, kind, status, reported_on, review_on, reference, alias: self.is_alias() })
    }

    /// True if it can be read and has not lapsed.
    pub(super) fn is_in_force(self, now: Timestamp) -> bool {
        self.fields().is_ok_and(|(_, _, _, review_on, _)| Notice::is_day_to_come(review_on, now))
    }

    pub(super) fn says(self) -> Result<(Kind, Status, Option<Date>), Damaged> {
        self.fields().map(|(kind, status, reported_on, ..)| (kind, status, reported_on))
    }

    /// Can be read as a notice.
    pub(super) fn check(self) -> Result<(), Damaged> {
        self.fields().map(drop)
    }

    fn fields(self) -> Result<Fields, Damaged> {
        let day = |at: usize| {
            let bytes = self.0[at..].first_chunk().ok_or(Damaged)?;
            match i32::from_le_bytes(*bytes) {
                i32::MIN => Ok(None),
                number => Notice::day_from_number(number).map(Some).ok_or(Damaged),
            }
        };
        let reference = match &self.0[REFERENCE_AT..] {
            [] => None,
            text => {
                let text = std::str::from_utf8(text).map_err(|_| Damaged)?;
                Some(Reference::parse(text).map_err(|_| Damaged)?)
            }
        };
        let kind = Kind::from_number(self.0[0] & !Notice::ALIAS).ok_or(Damaged)?;
        let status = Status::from_number(self.0[1]).ok_or(Damaged)?;
        Ok((kind, status, day(2)?, day(6)?, reference))
    }
}

type Fields = (Kind, Status, Option<Date>, Option<Date>, Option<Reference>);

pub(super) type Lateness = (i32, u8, [u8; 4]);

/// Greater for the one that wins among notices of one identity: the later report, then the greater canonical bytes, which
/// differ first in the status.
pub(super) fn lateness(status: u8, reported_on: i32, review_on: i32) -> Lateness {
    (reported_on, status, review_on.to_le_bytes())
}

/// Walks through the notices of two sets, which ascend by identity, and hands on what each has of it.
pub(super) fn merge<'a>(
    mut earlier: impl Iterator<Item = Result<Body<'a>, Damaged>>,
    mut later: impl Iterator<Item = Result<Body<'a>, Damaged>>,
    mut visit: impl FnMut(Option<Body<'a>>, Option<Body<'a>>),
) -> Result<(), Damaged> {
    let (mut before, mut now) = (earlier.next().transpose()?, later.next().transpose()?);
    loop {
        let order = match (before, now) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(before), Some(now)) => before.identity().cmp(&now.identity()),
        };
        visit(before.filter(|_| order.is_le()), now.filter(|_| order.is_ge()));
        if order.is_le() {
            before = earlier.next().transpose()?;
        }
        if order.is_ge() {
            now = later.next().transpose()?;
        }
    }
}

/// Whether a notice of a set has a reference.
pub(super) fn has_reference(set: &[u8]) -> bool {
    Bodies::new(set).flatten().any(|body| !body.identity().1.is_empty())
}

/// Writes the canonical bytes of a notice: the document's part, then the body.
pub(super) fn canonical_bytes(document: &DocumentId, body: &[u8], out: &mut Vec<u8>) {
    let number = document.number.as_bytes();
    let [low, high] = document.issuing_state.number().to_le_bytes();
    out.clear();
    out.reserve(3 + number.len() + body.len());
    out.extend_from_slice(&[low, high, number.len() as u8]);
    out.extend_from_slice(number);
    out.extend_from_slice(body);
}

/// Appends the body of a notice.
pub(super) fn push_body(
    (kind, status, reported_on, review_on): (u8, u8, i32, i32),
    reference: &str,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(&[kind, status]);
    out.extend_from_slice(&reported_on.to_le_bytes());
    out.extend_from_slice(&review_on.to_le_bytes());
    out.push(reference.len() as u8);
    out.extend_from_slice(reference.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DocumentNumber, IssuingState};

    fn notice(reference: Option<&str>) -> Notice {
        Notice {
            document: DocumentId {
                issuing_state: IssuingState::recognise("UTO").unwrap().state,
                number: DocumentNumber::parse("L898902C3").unwrap(),
            },
            kind: Kind::Visa,
            status: Status::StolenBlank,
            reported_on: None,
            review_on: Some(jiff::civil::date(2030, 12, 31)),
            reference: reference.map(|text| Reference::parse(text).unwrap()),
            alias: false,
        }
    }

    fn body(notice: &Notice) -> Vec<u8> {
        let mut body = Vec::new();
        let days = (Notice::day_number(notice.reported_on), Notice::day_number(notice.review_on));
        let reference = notice.reference.as_ref().map_or("", Reference::as_str);
        push_body((notice.kind_byte(), notice.status as u8, days.0, days.1), reference, &mut body);
        body
    }

    #[test]
    fn a_body_is_the_end_of_the_canonical_bytes_and_gives_the_notice_back() {
        for notice in [notice(None), notice(Some("BKA 2026/17"))] {
            let body = body(&notice);
            let (mut canonical, mut ours) = (Vec::new(), Vec::new());
            notice.canonical_bytes(&mut canonical);
            canonical_bytes(&notice.document, &body, &mut ours);
            assert_eq!(ours, canonical);
            let read: Vec<_> = Bodies::new(&body).collect::<Result<_, _>>().unwrap();
            assert_eq!(read.len(), 1);
            assert_eq!(read[0].notice(notice.document), Ok(notice));
        }
    }

    #[test]
    fn a_body_cut_short_is_damaged_and_the_last() {
        let whole = body(&notice(Some("R")));
        for len in 1..whole.len() {
            let read: Vec<_> = Bodies::new(&whole[..len]).collect();
            assert_eq!(read.len(), 1);
            assert!(read[0].is_err(), "{len}");
        }
    }

    #[test]
    fn numbers_of_no_kind_status_or_day_are_damage() {
        let sound = body(&notice(None));
        for (at, byte) in [(0, 0), (0, 9), (1, 0), (1, 6), (9, 0x7F)] {
            let mut odd = sound.clone();
            odd[at] = byte;
            assert_eq!(Body(&odd).notice(notice(None).document), Err(Damaged), "{at}");
        }
    }
}
