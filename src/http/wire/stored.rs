//! An entry of the audit log on the wire, which is also the line of an export.

use std::io::Write;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use serde::Serialize;

use crate::audit::{Entry, Stored};

#[derive(Serialize)]
struct StoredBody<'a> {
    log_id: &'a str,
    entry_id: u64,
    leaf: String,
    salt: String,
    body: String,
    entry: &'a Entry<'static>,
}

/// Writes an entry as a JSON object: with its leaf hash, and salt and body in base64, of which that is made.
pub fn write_stored(out: &mut Vec<u8>, log_id: &str, stored: &Stored) {
    let body = StoredBody {
        log_id,
        entry_id: stored.entry.sequence,
        leaf: stored.leaf.to_string(),
        salt: BASE64.encode(stored.salt),
        body: BASE64.encode(&stored.body),
        entry: &stored.entry,
    };
    serde_json::to_writer(out.by_ref(), &body).expect("an entry has no map with other than text keys");
}
