//! Notices and segments for the tests of the index.
#![cfg(test)]

use std::collections::BTreeMap;
use std::io;

use jiff::civil::date;
use portcullis::domain::{DocumentId, DocumentNumber, IssuingState, Kind, Notice, Reference, Status};
use portcullis::ground::storage::StorageFile;
use portcullis::index::{Builder, Built, List, Segment, Stamp};
use proptest::prelude::*;

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

/// The delta that makes the second list of the first.
pub(crate) fn delta(base: &[u8], now: &[u8], stamp: Stamp) -> Vec<u8> {
    let open = |file| Segment::open(file).expect("what was built is sound");
    let mut file = Memory::default();
    let written = portcullis::index::delta(&open(base), &open(now), stamp, u64::MAX, &mut file);
    assert_eq!(written.expect("memory takes every write").length, file.0.len() as u64);
    file.0
}

/// The next base of a list.
pub(crate) fn fold(list: &List<&[u8]>, stamp: Stamp) -> Vec<u8> {
    let mut file = Memory::default();
    let folded = portcullis::index::fold(list, stamp, &mut file, &mut |_, _| {});
    assert_eq!(folded.expect("memory takes every write").length, file.0.len() as u64);
    file.0
}

/// A base and its delta together.
pub(crate) fn list<'f>(base: &'f [u8], delta: Option<&'f [u8]>) -> List<&'f [u8]> {
    let open = |file| Segment::open(file).expect("it is sound");
    List::new(open(base), delta.map(open)).expect("they belong together")
}

/// Makes the checksums of a small file right.
pub(crate) fn reseal(file: &mut [u8]) {
    let checksum = xxhash_rust::xxh3::xxh3_64(&file[..248]);
    file[248..256].copy_from_slice(&checksum.to_le_bytes());
    let end = file.len() - 8;
    let checksum = xxhash_rust::xxh3::xxh3_64(&file[..end]);
    file[end..].copy_from_slice(&checksum.to_le_bytes());
}

/// Compares with a file under `tests/golden/`; with `BLESS` set in the environment it is written anew.
pub(crate) fn assert_golden(name: &str, bytes: &[u8]) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, bytes).expect("the golden folder can be written");
    }
    assert!(std::fs::read(&path).expect("the golden file is there") == bytes, "{name} has changed");
}

pub(crate) fn any_notice() -> impl Strategy<Value = Notice> {
    let number = "[0-2AZ]{1,2}|[0-1]{10}|0{12}[0-9]|[A-B]{10}|[A-B]{22}";
    let day = prop::option::of((2019..2022_i16, 1..3_i8).prop_map(|(year, month)| date(year, month, 28)));
    let reference =
        prop::option::of("[A-C]").prop_map(|text| text.map(|text| Reference::parse(&text).unwrap()));
    let state = prop::sample::select(vec!["ABW", "D", "UTO", "IAO"]);
    let kind = prop::sample::select(vec![Kind::Passport, Kind::Visa, Kind::Other]);
    let status = prop::sample::select(Status::ALL.to_vec());
    (state, number, kind, status, day.clone(), day, reference, any::<bool>()).prop_map(
        |(state, number, kind, status, reported_on, review_on, reference, alias)| Notice {
            document: document(state, &number),
            kind,
            status,
            reported_on,
            review_on,
            reference,
            alias,
        },
    )
}

/// By identity, in the order of a file.
pub(crate) type Live = BTreeMap<(DocumentId, bool, Kind, Option<Reference>), Notice>;

pub(crate) fn identity(notice: &Notice) -> (DocumentId, bool, Kind, Option<Reference>) {
    (notice.document, notice.alias, notice.kind, notice.reference.clone())
}

pub(crate) fn counted<'n>(notices: impl IntoIterator<Item = &'n Notice>) -> u64 {
    notices.into_iter().filter(|notice| !notice.alias).count() as u64
}

/// The rule as it stands on [`Notice`], written down once more.
pub(crate) fn latest(notices: &[Notice]) -> Live {
    let lateness = |notice: &Notice| {
        let mut bytes = Vec::new();
        notice.canonical_bytes(&mut bytes);
        (notice.reported_on, bytes)
    };
    let mut live = BTreeMap::new();
    for notice in notices {
        let held = live.entry(identity(notice)).or_insert_with(|| notice.clone());
        if lateness(notice) > lateness(held) {
            *held = notice.clone();
        }
    }
    live
}
