//! Checks an export, on any machine, with nothing but the public key of the log that signed it.

use std::io::{self, BufRead, Read};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::line::{ATTESTED, FORMAT, Head, VERSION};
use crate::audit::NoteKey;
use crate::domain::Digest;

const LINE_BYTES_MAX: u64 = 64 << 10;
const NOTE_BYTES_MAX: u64 = 4096;

/// What a sound export says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The store that it was taken of.
    pub node: String,
    /// How many revisions that had.
    pub revision: u64,
    /// When.
    pub as_of: Timestamp,
    /// How many alerts are in it.
    pub count: u64,
}

/// Why something is not taken for an export. Nothing of what is in it is repeated.
#[derive(Debug, thiserror::Error)]
pub enum ExportFault {
    /// It cannot be read.
    #[error("the export cannot be read")]
    Read(#[from] io::Error),
    /// Its first line is another.
    #[error("it is no export of alerts: its first line does not say so")]
    Format,
    /// A newer program made it.
    #[error("the export has version {0}: it needs a newer program, this one reads {VERSION}")]
    Newer(u32),
    /// A line is longer than any alert is.
    #[error("line {0} is longer than any alert: it was changed")]
    Line(u64),
    /// It ends too early.
    #[error("the export was cut off: its signature is not there, or not whole. Take it again")]
    Cut,
    /// It goes on after its end.
    #[error("something stands after the end of the export: it was changed, or two files were joined")]
    Trailing,
    /// The signature is not of that key.
    #[error(
        "the export is not signed with the key of {0}: it was changed, or is of another log, whose key is needed"
    )]
    Signature(String),
    /// The lines are not those that were signed.
    #[error(
        "the alerts are not those that were signed: lines were changed, added or taken out. Take the export again"
    )]
    Changed,
}

/// Reads an export to its end, and gives what it says of itself if every byte is as it was signed.
///
/// # Errors
/// [`ExportFault`].
pub fn verify_export(mut export: impl BufRead, key: &NoteKey) -> Result<Exported, ExportFault> {
    let (mut sum, mut line, mut lines) = (Sha256::new(), Vec::new(), 0_u64);
    let mut head = None;
    loop {
        line.clear();
        export.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
        match line.last() {
            Some(b'\n') if line.len() == 1 => break,
            Some(b'\n') => {}
            _ if line.len() as u64 == LINE_BYTES_MAX => return Err(ExportFault::Line(lines + 1)),
            _ if lines == 0 => return Err(ExportFault::Format),
            _ => return Err(ExportFault::Cut),
        }
        if lines == 0 {
            head = Some(read_head(&line)?);
        }
        sum.update(&line);
        lines += 1;
    }
    let head = head.ok_or(ExportFault::Format)?;
    let text = signed_text(&mut export, key)?;
    let sha256 = Digest(sum.finalize().into()).to_string();
    if text != format!("{ATTESTED}\n{}", head.attested(&sha256)) || head.count + 1 != lines {
        return Err(ExportFault::Changed);
    }
    let Head { node, revision, as_of, count, .. } = head;
    Ok(Exported { node, revision, as_of, count })
}

fn read_head(line: &[u8]) -> Result<Head, ExportFault> {
    #[derive(serde::Deserialize)]
    struct Any {
        format: String,
        version: u32,
    }
    let any: Any = serde_json::from_slice(line).map_err(|_| ExportFault::Format)?;
    match any.version {
        _ if any.format != FORMAT => Err(ExportFault::Format),
        VERSION => serde_json::from_slice(line).map_err(|_| ExportFault::Format),
        newer if newer > VERSION => Err(ExportFault::Newer(newer)),
        _ => Err(ExportFault::Format),
    }
}

/// The text of the note with which an export ends: with one signature, and nothing after it.
fn signed_text(export: &mut impl BufRead, key: &NoteKey) -> Result<String, ExportFault> {
    let mut note = Vec::new();
    export.by_ref().take(NOTE_BYTES_MAX + 1).read_to_end(&mut note)?;
    if note.len() as u64 > NOTE_BYTES_MAX {
        return Err(ExportFault::Trailing);
    }
    let note = String::from_utf8(note).map_err(|_| ExportFault::Signature(key.name().to_owned()))?;
    let (_, signatures) = note.split_once("\n\n").ok_or(ExportFault::Cut)?;
    match signatures.split_once('\n') {
        None => return Err(ExportFault::Cut),
        Some((signature, "")) if !signature.ends_with('\r') => {}
        Some(_) => return Err(ExportFault::Trailing),
    }
    let text = key.open(&note).ok_or_else(|| ExportFault::Signature(key.name().to_owned()))?;
    Ok(text.to_owned())
}
