//! Rows to alerts that are to be issued.

use std::io::BufRead;

use jiff::Timestamp;

use super::csv::Header;
use super::error::ImportError;
use super::lines::{LINE_BYTES_MAX, Lines};
use super::tally::{Fault, Reject, RejectReason, request_fault};
use crate::alerting::{AlertRequest, Issue};

/// How alerts are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A header with names of columns, then one alert a line.
    Csv,
    /// One alert in JSON a line.
    Ndjson,
}

impl Format {
    /// What begins with an object is NDJSON; anything else is CSV.
    fn of_first_line(line: &[u8]) -> Self {
        if line.starts_with(b"{") { Self::Ndjson } else { Self::Csv }
    }
}

const KEY_BYTES_MAX: usize = 64;

/// The rows of a file, of which no more is held than one line.
pub struct Rows<R> {
    lines: Lines<R>,
    format: Option<Format>,
    header: Option<Header>,
    now: Timestamp,
}

/// A row: its line, and what it asks for, or why it is refused.
pub type Row = Result<(u64, Box<Issue>), Reject>;

impl<R: BufRead> Rows<R> {
    /// Rows of which those that name no beginning hold from `now` on.
    pub fn new(input: R, format: Option<Format>, now: Timestamp) -> Self {
        Self { lines: Lines::new(input), format, header: None, now }
    }

    /// The next row.
    ///
    /// # Errors
    /// [`ImportError::Read`] and [`ImportError::Header`]: what is wrong with the file as a whole.
    #[expect(clippy::should_implement_trait, reason = "after an error there is nothing more")]
    pub fn next(&mut self) -> Result<Option<Row>, ImportError> {
        loop {
            let Some(line) = self.lines.next().map_err(ImportError::Read)? else { return Ok(None) };
            let format = match (self.format, line.bytes) {
                (Some(format), _) => format,
                (None, first) => *self.format.insert(Format::of_first_line(first.unwrap_or_default())),
            };
            let asked_for = match (format, &self.header, line.bytes) {
                (Format::Csv, None, first) => {
                    self.header = Some(first.and_then(Header::read).ok_or(ImportError::Header)?);
                    continue;
                }
                (_, _, None) => Err(too_long()),
                (Format::Csv, Some(header), Some(bytes)) => header.row(bytes),
                (Format::Ndjson, _, Some(bytes)) => {
                    AlertRequest::parse_row(bytes).map_err(|fault| request_fault(&fault))
                }
            };
            let now = self.now;
            let issue = asked_for.and_then(|(request, key)| issue(request, key, now));
            let reject = |(reason, rule)| Reject { line: line.number, reason, rule };
            return Ok(Some(issue.map(|issue| (line.number, issue)).map_err(reject)));
        }
    }
}

fn issue(request: AlertRequest, key: Option<String>, now: Timestamp) -> Result<Box<Issue>, Fault> {
    let printed = |key: &String| {
        (1..=KEY_BYTES_MAX).contains(&key.len()) && key.bytes().all(|byte| (b' '..=b'~').contains(&byte))
    };
    if key.as_ref().is_some_and(|key| !printed(key)) {
        let rule = format!("idempotency_key: 1 to {KEY_BYTES_MAX} printed ASCII characters");
        return Err((RejectReason::InvalidField, rule));
    }
    let wanted = request.into_wanted(now).map_err(|fault| request_fault(&fault))?;
    Ok(Box::new(Issue { wanted, key: key.map(Into::into), draft: false }))
}

fn too_long() -> Fault {
    (RejectReason::RowTooLong, format!("a line has at most {LINE_BYTES_MAX} bytes"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn rows(text: &[u8], format: Option<Format>) -> Result<Vec<Row>, ImportError> {
        let mut rows = Rows::new(text, format, Timestamp::UNIX_EPOCH);
        std::iter::from_fn(|| rows.next().transpose()).collect()
    }

    fn faults(text: &str) -> Vec<(u64, &'static str)> {
        let rows = rows(text.as_bytes(), None).expect("they can be read");
        rows.into_iter().filter_map(Result::err).map(|reject| (reject.line, reject.reason.word())).collect()
    }

    const HEADER: &str =
        "number,issuing_state,category,action,originator,contact,grade_scheme,grade_code,classes,valid_to";
    const ROW: &str = "Q1,UTO,lost,refer,Police,+999,admiralty,B2,officer carrier,2026-06-01T00:00:00Z";

    #[test]
    fn each_row_is_read_or_refused_by_its_line() {
        let wrong = ROW.replace("lost", "theft");
        let text = format!("{HEADER}\n{ROW}\n\n{wrong}\n\"{ROW}\n{ROW},more\n");
        assert_eq!(faults(&text), [(4, "invalid_field"), (5, "malformed_row"), (6, "malformed_row")]);
        let sound = r#"{"document":{"issuing_state":"UTO","number":"Q1"},"category":"lost","action":"refer","originator":{"name":"P","contact":"+9"},"grade":{"scheme":"admiralty","code":"B2"},"handling":{"classes":["officer"]},"valid":{"to":"2026-06-01T00:00:00Z"},"idempotency_key":"K"}"#;
        let empty_key = sound.replace("\"K\"", "\"\"");
        let text = format!("{sound}\n{empty_key}\n{{}}\n{}\nnonsense", "x".repeat(LINE_BYTES_MAX + 1));
        let expected =
            [(2, "invalid_field"), (3, "malformed_row"), (4, "row_too_long"), (5, "malformed_row")];
        assert_eq!(faults(&text), expected);
    }

    #[test]
    fn a_header_that_cannot_be_used_refuses_the_file() {
        for header in [
            "",
            "number",
            &HEADER.replace("number,", ""),
            &format!("{HEADER},colour"),
            &format!("{HEADER},number"),
        ] {
            let text = format!("{header}\n{ROW}\n");
            assert!(matches!(rows(text.as_bytes(), Some(Format::Csv)), Err(ImportError::Header)), "{header}");
        }
    }

    proptest! {
        #[test]
        fn csv_and_ndjson_mean_the_same(
            (number, to) in ("[0-9A-Z]{3,9}", 1_i64..4_000_000_000),
            (name, text) in ("[a-z,\" äö]{0,12}z", "[a-z;, \"]{0,12}z"),
            (key, from, classes) in (prop::option::of("[ -~]{0,6}x"), prop::option::of(0_i64..9999), 1_usize..3),
            is_interval in any::<bool>(),
        ) {
            let time = |second: i64| Timestamp::from_second(second).expect("a time").to_string();
            let classes = &["officer", "carrier"][..classes];
            let mut object = json!({
                "category": "revoked", "action": "refer",
                "instruction": { "text": text, "language": "en" },
                "originator": { "name": name, "contact": "+999" },
                "grade": { "scheme": "admiralty", "code": "B2" },
                "handling": { "classes": classes, "purposes": ["border", "visa"] },
                "valid": { "to": time(to) },
            });
            let subject = match is_interval {
                true => json!({ "issuing_state": "UTO", "from": number, "to": number }),
                false => json!({ "issuing_state": "UTO", "number": number }),
            };
            object[if is_interval { "interval" } else { "document" }] = subject;
            if let Some(from) = from {
                object["valid"]["from"] = json!(time(from));
            }
            if let Some(key) = &key {
                object["idempotency_key"] = json!(key);
            }
            let mut csv = csv::Writer::from_writer(Vec::new());
            csv.write_record([
                "issuing_state", "number", "from", "to", "category", "action", "instruction", "language", "originator", "contact",
                "grade_scheme", "grade_code", "classes", "purposes", "valid_from", "valid_to", "idempotency_key",
            ]).expect("memory takes it");
            let (one, ends) = if is_interval { ("", &*number) } else { (&*number, "") };
            let from = from.map(time).unwrap_or_default();
            let classes = classes.join(" ");
            csv.write_record([
                "UTO", one, ends, ends, "revoked", "refer", &text, "en", &name, "+999", "admiralty", "B2", &classes, "border visa",
                &from, &time(to), key.as_deref().unwrap_or_default(),
            ]).expect("memory takes it");
            let csv = csv.into_inner().expect("memory takes it");
            let read = |text: &[u8]| {
                let rows = rows(text, None).expect("they can be read");
                let row = rows.into_iter().next().expect("there is one").expect("it is sound");
                (row.1.wanted.statement, row.1.wanted.from_is_told, row.1.key)
            };
            prop_assert_eq!(read(&csv), read(object.to_string().as_bytes()));
        }

        #[test]
        fn no_bytes_break_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..300), csv in any::<bool>()) {
            let header = if csv { [HEADER.as_bytes(), b"\n"].concat() } else { Vec::new() };
            let _ = rows(&[header, bytes].concat(), None);
        }
    }
}
