//! Writes notices as a register.

use std::io::{self, Write};

use jiff::civil::Date;
use serde::Serialize;

use super::{Column, Format};
use crate::domain::{Notice, Reference};

/// Writes notices as a register that [`read`](super::read) reads back, and gives the number of rows. The bytes depend on
/// the notices and the format only. `out` should be buffered or in memory.
///
/// # Errors
/// Those of `out`.
pub fn write(
    notices: impl IntoIterator<Item = Notice>,
    format: Format,
    out: &mut dyn Write,
) -> io::Result<u64> {
    match format {
        Format::Csv => write_csv(notices, out),
        Format::Ndjson => write_ndjson(notices, out),
    }
}

fn write_csv(notices: impl IntoIterator<Item = Notice>, out: &mut dyn Write) -> io::Result<u64> {
    let mut csv = csv::WriterBuilder::new().buffer_capacity(64 * 1024).from_writer(out);
    csv.write_record(Column::WRITTEN.map(Column::word))?;
    let mut rows = 0;
    for notice in notices {
        let (reported_on, review_on) = (Day::new(notice.reported_on), Day::new(notice.review_on));
        csv.write_record([
            notice.document.number.as_str(),
            notice.document.issuing_state.code(),
            notice.kind.word(),
            notice.status.word(),
            reported_on.text().unwrap_or_default(),
            review_on.text().unwrap_or_default(),
            notice.reference.as_ref().map_or("", Reference::as_str),
        ])?;
        rows += 1;
    }
    csv.flush()?;
    Ok(rows)
}

fn write_ndjson(notices: impl IntoIterator<Item = Notice>, out: &mut dyn Write) -> io::Result<u64> {
    let mut line = Vec::new();
    let mut rows = 0;
    for notice in notices {
        let (reported_on, review_on) = (Day::new(notice.reported_on), Day::new(notice.review_on));
        line.clear();
        serde_json::to_writer(
            &mut line,
            &Object {
                document_number: notice.document.number.as_str(),
                issuing_state: notice.document.issuing_state.code(),
                kind: notice.kind.word(),
                status: notice.status.word(),
                reported_on: reported_on.text(),
                review_on: review_on.text(),
                reference: notice.reference.as_ref().map(Reference::as_str),
            },
        )?;
        line.push(b'\n');
        out.write_all(&line)?;
        rows += 1;
    }
    Ok(rows)
}

#[derive(Serialize)]
struct Object<'a> {
    document_number: &'a str,
    issuing_state: &'a str,
    kind: &'a str,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reported_on: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    review_on: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
}

/// A day as `YYYY-MM-DD`, on the stack.
struct Day(Option<[u8; 10]>);

impl Day {
    fn new(day: Option<Date>) -> Self {
        Self(day.map(|day| {
            let digit =
                |number: i16, place: i16| b'0' + (number.unsigned_abs() / place.unsigned_abs() % 10) as u8;
            let (year, month, day) = (day.year(), i16::from(day.month()), i16::from(day.day()));
            [
                digit(year, 1000),
                digit(year, 100),
                digit(year, 10),
                digit(year, 1),
                b'-',
                digit(month, 10),
                digit(month, 1),
                b'-',
                digit(day, 10),
                digit(day, 1),
            ]
        }))
    }

    fn text(&self) -> Option<&str> {
        self.0.as_ref().map(|text| std::str::from_utf8(text).expect("digits and hyphens are ASCII"))
    }
}
