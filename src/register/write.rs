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
    let (mut row, mut rows) = (Vec::new(), 0);
    if format == Format::Csv {
        writeln!(out, "{}", Column::WRITTEN.map(Column::word).join(","))?;
    }
    for notice in notices {
        row.clear();
        match format {
            Format::Csv => csv_row(&notice, &mut row),
            Format::Ndjson => json_row(&notice, &mut row)?,
        }
        out.write_all(&row)?;
        rows += 1;
    }
    Ok(rows)
}

fn csv_row(notice: &Notice, row: &mut Vec<u8>) {
    let (reported_on, review_on) = (Day::new(notice.reported_on), Day::new(notice.review_on));
    for field in [
        notice.document.number.as_str(),
        notice.document.issuing_state.code(),
        notice.kind.word(),
        notice.status.word(),
        reported_on.text().unwrap_or_default(),
        review_on.text().unwrap_or_default(),
    ] {
        row.extend_from_slice(field.as_bytes());
        row.push(b',');
    }
    let reference = notice.reference.as_ref().map_or("", Reference::as_str);
    // The only field that may hold a separator or a quote (RFC 4180, 2).
    if reference.contains([',', '"']) {
        let quoted = reference.replace('"', "\"\"");
        row.extend([b"\"", quoted.as_bytes(), b"\""].concat());
    } else {
        row.extend_from_slice(reference.as_bytes());
    }
    row.push(b'\n');
}

fn json_row(notice: &Notice, row: &mut Vec<u8>) -> io::Result<()> {
    let (reported_on, review_on) = (Day::new(notice.reported_on), Day::new(notice.review_on));
    serde_json::to_writer(
        &mut *row,
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
    row.push(b'\n');
    Ok(())
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
pub(super) struct Day(Option<[u8; 10]>);

impl Day {
    pub(super) fn new(day: Option<Date>) -> Self {
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

    pub(super) fn text(&self) -> Option<&str> {
        self.0.as_ref().map(|text| std::str::from_utf8(text).expect("digits and hyphens are ASCII"))
    }
}
