//! Registers in memory.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::io::Cursor;

use portcullis::domain::{DocumentId, DocumentNumber, IssuingState, Kind, Notice, Reference, Status};
use portcullis::register::{Adapter, RegisterError, Reject, Row, Source, read};
use proptest::prelude::*;

pub(crate) const HEADER: &str = "document_number,issuing_state,kind,status,reported_on,review_on,reference";

/// What a register holds: its rows, and those that are notices or rejects.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Contents {
    pub(crate) rows: u64,
    /// Without second spellings.
    pub(crate) notices: Vec<Notice>,
    pub(crate) read: Vec<Row>,
    pub(crate) rejects: Vec<Reject>,
}

pub(crate) fn contents(
    format: impl Into<Adapter>,
    bytes: impl Into<Vec<u8>>,
) -> Result<Contents, RegisterError> {
    contents_of(Source::stdin(Cursor::new(bytes.into()))?, format)
}

pub(crate) fn contents_of(source: Source, format: impl Into<Adapter>) -> Result<Contents, RegisterError> {
    let mut contents = Contents::default();
    let mut before = (std::path::PathBuf::new(), 0);
    contents.rows = read::<RegisterError>(source, &format.into(), &mut |text, line, row| {
        assert!(before.0 != text || line > before.1, "rows come in the order of their lines");
        before = (text.to_owned(), line);
        match row {
            Ok(row) => {
                contents.notices.extend(row.notices());
                contents.read.push(row);
            }
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
                alias: false,
            }
        })
}
