//! Notices and segments for unit tests.

use std::io;

use jiff::civil::date;

use crate::domain::{DocumentId, DocumentNumber, IssuingState, Kind, Notice, Reference, Status};
use crate::ground::storage::StorageFile;

use super::{Builder, Built, Stamp};

#[derive(Debug, Default)]
struct Memory(Vec<u8>);

impl StorageFile for Memory {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.0.truncate(usize::try_from(len).map_err(|_| io::ErrorKind::InvalidInput)?);
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }
}

pub(super) fn document(state: &str, number: &str) -> DocumentId {
    DocumentId {
        issuing_state: IssuingState::recognise(state).unwrap().state,
        number: DocumentNumber::parse(number).unwrap(),
    }
}

pub(super) fn notice(state: &str, number: &str) -> Notice {
    Notice {
        document: document(state, number),
        kind: Kind::Passport,
        status: Status::Lost,
        reported_on: Some(date(2024, 2, 29)),
        review_on: None,
        reference: None,
        alias: false,
    }
}

pub(super) fn a_few() -> Vec<Notice> {
    let reference = Some(Reference::parse("2026/17").unwrap());
    vec![
        notice("UTO", "L898902C3"),
        Notice { reference: reference.clone(), ..notice("UTO", "L898902C3") },
        Notice { kind: Kind::IdentityCard, reported_on: None, ..notice("RUS", "4509123456") },
        Notice { review_on: Some(date(2034, 1, 1)), ..notice("D", "C01X00T47") },
        notice("UTO", "ABCDEFGHI0123456789XYZ"),
        Notice { status: Status::Invalid, ..notice("IAO", "12345678901234") },
    ]
}

pub(super) fn stamp() -> Stamp {
    Stamp { sequence: 7, as_of: "2026-03-01T12:00:00.000001Z".parse().unwrap() }
}

pub(super) fn builder(notices: &[Notice]) -> Builder {
    let mut builder = Builder::new();
    notices.iter().for_each(|notice| builder.push(notice).unwrap());
    builder
}

pub(super) fn build(notices: &[Notice]) -> (Vec<u8>, Built) {
    let mut file = Memory::default();
    let built = builder(notices).finish(stamp(), &mut file, &mut |_, _| {}).unwrap();
    (file.0, built)
}
