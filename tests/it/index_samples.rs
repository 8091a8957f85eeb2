//! Notices and segments for the tests of the index.
#![cfg(test)]

use std::io;

use jiff::civil::date;
use portcullis::domain::{DocumentId, DocumentNumber, IssuingState, Kind, Notice, Reference, Status};
use portcullis::ground::storage::StorageFile;
use portcullis::index::{Builder, Built, Stamp};

/// A file that is only bytes.
#[derive(Debug, Default)]
pub(crate) struct Memory(pub(crate) Vec<u8>);

impl StorageFile for Memory {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.0.truncate(usize::try_from(len).expect("it fits memory"));
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }
}

pub(crate) fn document(state: &str, number: &str) -> DocumentId {
    DocumentId {
        issuing_state: IssuingState::recognise(state).expect("a code of the table").state,
        number: DocumentNumber::parse(number).expect("a number"),
    }
}

pub(crate) fn notice(state: &str, number: &str) -> Notice {
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

/// One of everything: several kinds and references under a number, long numbers, all sorts of days.
pub(crate) fn a_few() -> Vec<Notice> {
    let reference = |text| Some(Reference::parse(text).expect("a reference"));
    vec![
        notice("UTO", "L898902C3"),
        Notice { kind: Kind::IdentityCard, status: Status::Stolen, ..notice("UTO", "L898902C3") },
        Notice { reference: reference("2026/17"), reported_on: None, ..notice("UTO", "L898902C3") },
        Notice { reference: reference("2026/18"), status: Status::Revoked, ..notice("UTO", "L898902C3") },
        notice("D", "C01X00T47"),
        Notice { status: Status::StolenBlank, ..notice("D", "C01X00T48") },
        Notice { kind: Kind::IdentityCard, review_on: Some(date(2034, 1, 1)), ..notice("RUS", "4509123456") },
        Notice { reported_on: Some(date(1969, 12, 31)), ..notice("RUS", "9999999999999") },
        notice("UTO", "ABCDEFGHI0123456789XYZ"),
        Notice { kind: Kind::Visa, ..notice("UTO", "ABCDEFGHI0123456789XYZ") },
        Notice { status: Status::Invalid, ..notice("IAO", "12345678901234") },
        notice("ABW", "0"),
    ]
}

pub(crate) fn stamp() -> Stamp {
    Stamp { sequence: 7, as_of: "2026-03-01T12:00:00.000001Z".parse().expect("a time") }
}

pub(crate) fn build<'a>(notices: impl IntoIterator<Item = &'a Notice>) -> (Vec<u8>, Built) {
    let mut builder = Builder::new();
    notices.into_iter().for_each(|notice| builder.push(notice).unwrap());
    let mut file = Memory::default();
    let built = builder.finish(stamp(), &mut file, &mut |_, _| {}).expect("memory takes every write");
    (file.0, built)
}

/// Compares with a file under `tests/golden/`; with `BLESS` set in the environment it is written anew.
pub(crate) fn assert_golden(name: &str, bytes: &[u8]) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, bytes).expect("the golden folder can be written");
    }
    assert!(std::fs::read(&path).expect("the golden file is there") == bytes, "{name} has changed");
}
