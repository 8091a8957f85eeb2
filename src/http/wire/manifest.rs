//! Lines of a manifest's answer.

use std::io::{self, Write};

use serde::Serialize;

use super::AnswerBody;
use crate::bulk::{LineFault, Outcome, Summary};

/// Writes an outcome as one line of JSON.
///
/// # Errors
/// Those of the writer.
pub fn write_outcome(out: &mut impl Write, outcome: &Outcome) -> io::Result<()> {
    match &outcome.answer {
        Ok(audited) => {
            let line = outcome.line;
            write_line(out, &AnsweredLine { line, answer: AnswerBody::of_line(audited, line) })
        }
        Err(fault) => write_line(out, &FailedLine { line: outcome.line, error: ErrorBody::from(fault) }),
    }
}

/// Writes the last line. Without it, lines that have no answer were not checked.
///
/// # Errors
/// Those of the writer.
pub fn write_summary(out: &mut impl Write, summary: &Summary) -> io::Result<()> {
    summary.assert_adds_up();
    let Summary { lines, hit, no_hit, inconclusive, failed } = *summary;
    let summary = SummaryBody { lines, hit, no_hit, inconclusive, failed, complete: true };
    write_line(out, &SummaryLine { summary })
}

/// Writes the last line of a manifest that could not be answered to its end; no summary follows.
///
/// # Errors
/// Those of the writer.
pub fn write_abort(out: &mut impl Write, code: &str) -> io::Result<()> {
    write_line(out, &AbortLine { error: ErrorBody { code, detail: None } })
}

fn write_line(out: &mut impl Write, body: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, body)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct AnsweredLine<'a> {
    line: u64,
    #[serde(flatten)]
    answer: AnswerBody<'a>,
}

#[derive(Serialize)]
struct FailedLine<'a> {
    line: u64,
    error: ErrorBody<'a>,
}

#[derive(Serialize)]
struct AbortLine<'a> {
    error: ErrorBody<'a>,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

#[derive(Serialize)]
struct SummaryLine {
    summary: SummaryBody,
}

#[derive(Serialize)]
struct SummaryBody {
    lines: u64,
    hit: u64,
    no_hit: u64,
    inconclusive: u64,
    failed: u64,
    complete: bool,
}

impl<'a> From<&'a LineFault> for ErrorBody<'a> {
    fn from(fault: &'a LineFault) -> Self {
        Self { code: fault.code(), detail: Some(fault.to_string()) }
    }
}
