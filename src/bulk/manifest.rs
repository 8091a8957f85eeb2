//! Lines to questions.

use std::sync::Arc;

use crate::screening::{CheckRequest, DocumentRequest, Question, RequestFault};

use super::lines::RawLine;

/// How a manifest is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A header line, then one document a line.
    Csv,
    /// One check in JSON a line.
    Ndjson,
}

impl Format {
    /// A manifest whose first byte opens an object is NDJSON; any other is CSV.
    #[must_use]
    pub fn of_first_line(line: &[u8]) -> Self {
        if line.trim_ascii_start().starts_with(b"{") { Self::Ndjson } else { Self::Csv }
    }
}

/// Why a line is no question. Never repeats content.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// The line is longer than the limit.
    #[error("the line is longer than the limit")]
    TooLong,
    /// The line is empty.
    #[error("the line is empty")]
    Empty,
    /// The CSV header cannot be used, so that no line below it can be read.
    #[error(
        "the header needs the columns document_number and issuing_state, and may have kind, input, client_reference and purpose, each once; this line names others or is no header"
    )]
    Header,
    /// A CSV line that cannot be read, or has another number of fields than the header.
    #[error("the line is not well-formed CSV with as many fields as the header")]
    Csv,
    /// The check on the line is broken.
    #[error(transparent)]
    Request(RequestFault),
}

impl LineFault {
    /// The code on the wire.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "line_too_long",
            Self::Empty => "line_empty",
            Self::Header => "header_invalid",
            Self::Csv => "line_malformed",
            Self::Request(RequestFault::Json(_)) => "invalid_json",
            Self::Request(RequestFault::UnknownField(_)) => "unknown_field",
            Self::Request(RequestFault::Fields(_)) => "invalid_field",
        }
    }
}

/// What a line asks.
#[derive(Debug)]
pub struct Line {
    /// The line, from 1; a CSV header counts.
    pub number: u64,
    /// The question, or why there is none.
    pub question: Result<Question, LineFault>,
}

/// A manifest as it is read.
#[derive(Debug)]
pub struct Manifest {
    format: Option<Format>,
    principal: Arc<str>,
    columns: Option<Result<Vec<Column>, ()>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    DocumentNumber,
    IssuingState,
    Kind,
    Input,
    ClientReference,
    Purpose,
}

impl Manifest {
    /// A manifest brought by `principal`; without a format the first line tells.
    #[must_use]
    pub fn new(format: Option<Format>, principal: Arc<str>) -> Self {
        Self { format, principal, columns: None }
    }

    /// Reads a line; `None` for a usable CSV header, which asks nothing.
    pub fn read(&mut self, line: RawLine) -> Option<Line> {
        let number = line.number;
        let Some(bytes) = line.bytes else { return Some(Line { number, question: Err(LineFault::TooLong) }) };
        let bytes = if number == 1 { bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes) } else { &bytes };
        let format = *self.format.get_or_insert_with(|| Format::of_first_line(bytes));
        let question = match format {
            Format::Ndjson if bytes.trim_ascii().is_empty() => Err(LineFault::Empty),
            Format::Ndjson => CheckRequest::parse(bytes).map_err(LineFault::Request),
            Format::Csv => match &self.columns {
                None => {
                    let columns = columns(bytes);
                    let usable = columns.is_some();
                    self.columns = Some(columns.ok_or(()));
                    if usable {
                        return None;
                    }
                    Err(LineFault::Header)
                }
                Some(Err(())) => Err(LineFault::Header),
                Some(Ok(_)) if bytes.trim_ascii().is_empty() => Err(LineFault::Empty),
                Some(Ok(columns)) => request(bytes, columns).ok_or(LineFault::Csv),
            },
        };
        let question =
            question.and_then(|request| request.into_question(&self.principal).map_err(LineFault::Request));
        Some(Line { number, question })
    }
}

fn record(line: &[u8]) -> Option<csv::StringRecord> {
    let mut records = csv::ReaderBuilder::new().has_headers(false).from_reader(line).into_records();
    match (records.next(), records.next()) {
        (Some(Ok(record)), None) => Some(record),
        _ => None,
    }
}

fn columns(line: &[u8]) -> Option<Vec<Column>> {
    let mut columns = Vec::new();
    for name in &record(line)? {
        let column = match name.trim() {
            "document_number" => Column::DocumentNumber,
            "issuing_state" => Column::IssuingState,
            "kind" => Column::Kind,
            "input" => Column::Input,
            "client_reference" => Column::ClientReference,
            "purpose" => Column::Purpose,
            _ => return None,
        };
        if columns.contains(&column) {
            return None;
        }
        columns.push(column);
    }
    [Column::DocumentNumber, Column::IssuingState]
        .iter()
        .all(|need| columns.contains(need))
        .then_some(columns)
}

fn request(line: &[u8], columns: &[Column]) -> Option<CheckRequest> {
    let record = record(line).filter(|record| record.len() == columns.len())?;
    let mut request = CheckRequest::default();
    let mut document = DocumentRequest::default();
    for (column, field) in columns.iter().zip(&record) {
        let given = || (!field.is_empty()).then(|| field.to_owned());
        match column {
            Column::DocumentNumber => document.number = field.to_owned(),
            Column::IssuingState => document.issuing_state = field.to_owned(),
            Column::Kind => document.kind = given(),
            Column::Input => request.input = given(),
            Column::ClientReference => request.client_reference = given(),
            Column::Purpose => request.purpose = given(),
        }
    }
    request.document = Some(document);
    Some(request)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<(u64, Option<&'static str>)> {
        let mut manifest = Manifest::new(None, "test".into());
        let raw = text.lines().zip(1..).map(|(line, number)| RawLine { number, bytes: Some(line.into()) });
        let lines = raw.filter_map(|line| manifest.read(line));
        lines.map(|line| (line.number, line.question.err().map(|fault| fault.code()))).collect()
    }

    #[test]
    fn columns_come_in_any_order_and_the_header_asks_nothing() {
        assert_eq!(
            read("kind,issuing_state,document_number\npassport,UTO,L898902C3\n,UTO,X1"),
            [(2, None), (3, None)]
        );
    }

    #[test]
    fn a_header_that_cannot_be_used_leaves_no_line_unanswered() {
        let header = Some("header_invalid");
        assert_eq!(read("number,state\nL898902C3,UTO"), [(1, header), (2, header)]);
        assert_eq!(read("document_number,issuing_state,kind,kind\n"), [(1, header)]);
    }

    #[test]
    fn every_line_is_answered_whatever_is_wrong_with_it() {
        let text = "{\"mrz\":\"x\"}\n\n{\"mrz\":1}\n{\"mr\":1}\n{}\nnonsense";
        let codes = [
            None,
            Some("line_empty"),
            Some("invalid_json"),
            Some("unknown_field"),
            Some("invalid_field"),
            Some("invalid_json"),
        ];
        assert_eq!(read(text), (1..).zip(codes).collect::<Vec<_>>());
        let text = "document_number,issuing_state\n\nA\nA,UTO,B\n\"A,UTO\nA1,UTO";
        let codes = [
            Some("line_empty"),
            Some("line_malformed"),
            Some("line_malformed"),
            Some("line_malformed"),
            None,
        ];
        assert_eq!(read(text), (2..).zip(codes).collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn no_line_breaks_the_reader(lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..6)) {
            let mut manifest = Manifest::new(None, "test".into());
            let count = lines.len();
            let answered = lines.into_iter().zip(1..)
                .filter_map(|(bytes, number)| manifest.read(RawLine { number, bytes: Some(bytes) }))
                .count();
            prop_assert!(answered == count || answered + 1 == count);
        }
    }
}
