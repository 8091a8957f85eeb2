//! A document that a command is asked about: from standard input, since what is on a command line is for every user of the machine to see.

use std::io::Read as _;

use anyhow::Context;
use portcullis::domain::{DocumentId, DocumentNumber, IssuingState};

use super::usage::Usage;

const INPUT_BYTES_MAX: u64 = 4096;

/// Reads the document, for which the argument has to be `-`.
pub(super) fn from_input(argument: &str) -> anyhow::Result<DocumentId> {
    if argument != "-" {
        let rule = "--document takes only -: state and number are read from standard input";
        return Err(Usage::because(rule).into());
    }
    let mut text = String::new();
    let input = std::io::stdin().lock();
    input.take(INPUT_BYTES_MAX).read_to_string(&mut text).context("cannot read standard input")?;
    let rule = "standard input has no document, such as UTO L898902C3: state and number";
    Ok(document(&text).ok_or_else(|| Usage::because(rule))?)
}

fn document(text: &str) -> Option<DocumentId> {
    let (state, number) = text.trim().split_once(char::is_whitespace)?;
    let issuing_state = IssuingState::recognise(state)?.state;
    Some(DocumentId { issuing_state, number: DocumentNumber::parse(number.trim()).ok()? })
}
