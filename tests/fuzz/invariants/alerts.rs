//! What issuers of alerts write.

use jiff::Timestamp;
use portcullis::alerting::import::{Format, ImportError, Rows};
use portcullis::alerting::{AlertRequest, verify_export};
use portcullis::audit::NoteKey;
use portcullis::domain::DocumentId;
use portcullis::domain::alert::Subject;

use super::{Choices, assert_silent, json_strings};

/// A log that was thrown away: nobody has its private key.
const EXPORT_KEY: &str = "portcullis/cli-6c8c244c+f1f50a07+ATIl/kTO81YVQLoNSpMw69s7vP4iqyvKqH1FdEKI4Lmi";
/// All that it has ever signed.
const EXPORT: &[u8] = include_bytes!("../corpus/alert_export/sound");

/// An alert in JSON.
pub fn alert(data: &[u8]) {
    let understood = json_strings(data);
    let mut contents: Vec<_> = understood.iter().map(String::as_bytes).collect();
    contents.push(data);
    let now = Timestamp::UNIX_EPOCH;
    let statement = match AlertRequest::parse(data).and_then(|request| request.into_statement(now)) {
        Ok(statement) => statement,
        Err(fault) => return assert_silent(&fault, &contents),
    };
    let issuing_state = statement.subject.issuing_state();
    let concerns = |number| statement.subject.concerns(&DocumentId { issuing_state, number });
    match &statement.subject {
        Subject::Document(document) => assert!(concerns(document.number)),
        Subject::Interval(interval) => {
            assert!(concerns(*interval.from()) && concerns(*interval.to()), "an interval lacks its ends");
            assert!(interval.from() <= interval.to());
        }
    }
    if statement.check(366, now).is_ok() {
        assert!(statement.holds_at(statement.from) && !statement.holds_at(statement.to));
        assert!(!statement.handling.classes.is_empty());
    }
    assert!(statement.originator.as_str().chars().count() <= 120);
    assert!(statement.instruction.is_none_or(|said| said.text.chars().count() <= 500));
    let shown = format!("{:?}", statement.subject);
    assert!(matches!(shown.as_str(), "Document(..)" | "Interval(..)"), "a subject shows its numbers");
}

/// An export of alerts: whatever is taken for one was signed.
pub fn alert_export(data: &[u8]) {
    let key = NoteKey::parse(EXPORT_KEY).expect("it is a key");
    match verify_export(data, &key) {
        Ok(_) => assert_eq!(data, EXPORT, "nobody has signed that"),
        Err(fault) => assert_silent(&fault, &[]),
    }
}

/// Many alerts: how they are written, and then they.
pub fn alert_import(data: &[u8]) {
    let mut choices = Choices(data);
    let format = [None, Some(Format::Csv), Some(Format::Ndjson)][usize::from(choices.byte() % 3)];
    let text = choices.rest();
    let understood: Vec<_> = text.split(|byte| *byte == b'\n').flat_map(json_strings).collect();
    let mut contents: Vec<_> = understood.iter().map(String::as_bytes).collect();
    contents.push(text);
    let lines = text.split(|byte| *byte == b'\n').count() as u64;
    let mut rows = Rows::new(text, format, Timestamp::UNIX_EPOCH);
    let mut last = 0;
    loop {
        let line = match rows.next() {
            Ok(None) => break,
            Err(error) => {
                assert!(matches!(error, ImportError::Header), "memory can be read");
                return assert_silent(&error, &contents);
            }
            Ok(Some(Ok((line, issue)))) => {
                assert!(issue.key.is_none_or(|key| (1..=64).contains(&key.len())));
                line
            }
            Ok(Some(Err(reject))) => {
                assert_silent(&Said(reject.rule), &contents);
                reject.line
            }
        };
        assert!(line > last && line <= lines, "rows come in their order");
        last = line;
    }
}

#[derive(Debug)]
struct Said(String);

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Said {}
