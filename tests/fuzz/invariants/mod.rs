//! What must hold of every parser, whatever it is given.
//!
//! Each function takes any bytes and panics if its parser breaks a promise. The fuzz targets look for such bytes; the
//! tests replay those that were kept, under `corpus/<target>/`.

mod alerts;
mod feeds;
mod hits;
mod logs;
mod parts;
mod proofs;
mod registers;
mod segments;
mod words;

pub use alerts::{alert, alert_export, alert_import};
pub use feeds::{bulletin, feed_metadata, feed_settings};
pub use hits::hits_cursor;
pub use logs::{audit_log, audit_sealed, generation};
pub use proofs::audit_proof;
pub use registers::{mapping, register_csv, register_ndjson, register_publisher, register_source};
pub use segments::{list_checked, segment_checked, segment_raw};
pub use words::{manifest, mrz, request, settings};

/// Takes any bytes and panics if a promise is broken.
pub type Invariant = fn(&[u8]);

/// Every target by its name, which is that of its folder too.
pub const TARGETS: [(&str, Invariant); 23] = [
    ("alert", alert),
    ("alert_export", alert_export),
    ("alert_import", alert_import),
    ("audit_log", audit_log),
    ("audit_proof", audit_proof),
    ("audit_sealed", audit_sealed),
    ("bulletin", bulletin),
    ("feed_metadata", feed_metadata),
    ("feed_settings", feed_settings),
    ("generation", generation),
    ("hits_cursor", hits_cursor),
    ("list_checked", list_checked),
    ("manifest", manifest),
    ("mapping", mapping),
    ("mrz", mrz),
    ("register_csv", register_csv),
    ("register_ndjson", register_ndjson),
    ("register_publisher", register_publisher),
    ("register_source", register_source),
    ("request", request),
    ("segment_checked", segment_checked),
    ("segment_raw", segment_raw),
    ("settings", settings),
];

/// How long a piece of a document number may be that an error repeats by accident, such as a column or a limit.
const REPEATED_MAX: usize = 5;

/// No error repeats what it is about: neither as it was written nor as it was understood.
///
/// Looks at pieces of six letters and digits with at least one digit among them, since a document number is one.
fn assert_silent(error: &dyn std::error::Error, contents: &[&[u8]]) {
    let mut said = format!("{error:?}");
    let mut next = Some(error);
    while let Some(error) = next {
        said.push('\n');
        said.push_str(&error.to_string());
        next = error.source();
    }
    for piece in said.as_bytes().windows(REPEATED_MAX + 1) {
        if piece.iter().all(u8::is_ascii_alphanumeric) && piece.iter().any(u8::is_ascii_digit) {
            let repeated =
                contents.iter().any(|content| content.windows(piece.len()).any(|part| part == piece));
            assert!(!repeated, "an error repeats content: {said}");
        }
    }
}

/// The strings of a JSON text as they are understood, names of members too.
fn json_strings(json: &[u8]) -> Vec<String> {
    let mut strings = Vec::new();
    if let Ok(value) = serde_json::from_slice(json) {
        collect(value, &mut strings);
    }
    strings
}

fn collect(value: serde_json::Value, strings: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => strings.push(text),
        serde_json::Value::Array(values) => values.into_iter().for_each(|value| collect(value, strings)),
        serde_json::Value::Object(members) => members.into_iter().for_each(|(name, value)| {
            strings.push(name);
            collect(value, strings);
        }),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
    }
}

/// Takes a fuzzer's bytes apart from the front; what is missing is 0.
struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    fn byte(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    fn short(&mut self) -> usize {
        u16::from_le_bytes(self.array()).into()
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let taken = self.take(N);
        std::array::from_fn(|at| taken.get(at).copied().unwrap_or(0))
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn rest(&mut self) -> &'a [u8] {
        self.take(usize::MAX)
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
