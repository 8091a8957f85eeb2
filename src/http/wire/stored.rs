//! An entry of the audit log on the wire, which is also the line of an export.

use std::io::Write;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use serde::Serialize;

use crate::audit::{Entry, Erased, Recorded};

#[derive(Serialize)]
struct StoredBody<'a> {
    log_id: &'a str,
    entry_id: u64,
    leaf: String,
    salt: String,
    body: String,
    entry: &'a Entry<'static>,
}

#[derive(Serialize)]
struct ErasedBody<'a> {
    log_id: &'a str,
    entry_id: u64,
    leaf: String,
    erased: ErasedAs,
}

#[derive(Serialize)]
struct ErasedAs {
    class: &'static str,
    day: String,
}

/// Writes an entry as a JSON object: with its leaf hash, and salt and body in base64, of which that is made; of one that was erased,
/// its leaf hash, and as what it was erased.
pub fn write_recorded(out: &mut Vec<u8>, log_id: &str, recorded: &Recorded) {
    let written = match recorded {
        Recorded::Whole(stored) => {
            let body = StoredBody {
                log_id,
                entry_id: stored.entry.sequence,
                leaf: stored.leaf.to_string(),
                salt: BASE64.encode(stored.salt),
                body: BASE64.encode(&stored.body),
                entry: &stored.entry,
            };
            serde_json::to_writer(out.by_ref(), &body)
        }
        Recorded::Erased(Erased { sequence, leaf, class, day }) => {
            let erased = ErasedAs { class: class.word(), day: day.to_string() };
            let body = ErasedBody { log_id, entry_id: *sequence, leaf: leaf.to_string(), erased };
            serde_json::to_writer(out.by_ref(), &body)
        }
    };
    written.expect("an entry has no map with other than text keys");
}
