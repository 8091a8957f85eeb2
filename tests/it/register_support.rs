//! Registers in memory.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::io::Cursor;

use portcullis::domain::{DocumentId, DocumentNumber, IssuingState, Kind, Notice, Reference, Status};
use portcullis::register::{Format, RegisterError, Reject, Source, read};
use proptest::prelude::*;

pub(crate) const HEADER: &str = "document_number,issuing_state,kind,status,reported_on,review_on,reference";

/// What a register holds: its rows, and those that are notices or rejects.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Contents {
    pub(crate) rows: u64,
    pub(crate) notices: Vec<Notice>,
    pub(crate) rejects: Vec<Reject>,
}

pub(crate) fn contents(format: Format, bytes: impl Into<Vec<u8>>) -> Result<Contents, RegisterError> {
    contents_of(Source::stdin(Cursor::new(bytes.into()))?, format)
}

pub(crate) fn contents_of(source: Source, format: Format) -> Result<Contents, RegisterError> {
    let mut contents = Contents::default();
    let mut line_before = 0;
    contents.rows = read::<RegisterError>(source, format, &mut |line, row| {
        assert!(line > line_before, "rows come in the order of their lines");
        line_before = line;
        match row {
            Ok(notice) => contents.notices.push(notice),
            Err(reject) => {
                assert_eq!(reject.line, line);
                contents.rejects.push(reject);
            }
        }
        Ok(())
    })?;
    Ok(contents)
}

/// Any notice that a register can hold.
pub(crate) fn any_notice() -> impl Strategy<Value = Notice> {
    let day = || prop::option::of((1900_i16..=2200, 1_i8..=12, 1_i8..=28));
    (
        (1..=IssuingState::COUNT, "[0-9A-Z]{1,22}"),
        (prop::sample::select(&Kind::ALL[..]), prop::sample::select(&Status::ALL[..])),
        (day(), day()),
        prop::option::of("[ -~]{1,64}"),
    )
        .prop_map(|((state, number), (kind, status), (reported_on, review_on), reference)| {
            let date = |(year, month, day)| jiff::civil::date(year, month, day);
            Notice {
                document: DocumentId {
                    issuing_state: IssuingState::from_number(state).unwrap(),
                    number: DocumentNumber::parse(&number).unwrap(),
                },
                kind,
                status,
                reported_on: reported_on.map(date),
                review_on: review_on.map(date),
                reference: reference.map(|text| Reference::parse(&text).unwrap()),
            }
        })
}
