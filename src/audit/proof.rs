//! The proof of an entry, as a text that anybody can check with the log's public key alone (C2SP `tlog-proof`).
//!
//! Its lines: the format; `extra` and the base64 of salt and body, unless the body was destroyed; `index` and the entry; the
//! hashes of its path, one a line; an empty line; the checkpoint that the path leads to.

use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;

use super::body::Entry;
use super::format::{SALT_BYTES, leaf};
use super::log_id::LogId;
use super::note::NoteKey;
use super::places::{Left, find_entry};
use super::tree::{Hash, Hashes, inclusion, root_of_inclusion};
use super::{AuditError, Checkpoint, checkpoints, signing};
use crate::domain::Digest;
use crate::ground::storage::Storage;

const FORMAT: &str = "c2sp.org/tlog-proof@v1";

/// Proves an entry of a log, also while somebody writes to it.
///
/// # Errors
/// [`AuditError::NotSigned`] if no checkpoint covers it yet. Those of reading the log.
pub fn prove(storage: &dyn Storage, folder: &Path, entry: u64) -> Result<String, AuditError> {
    let id = folder.file_name().and_then(|name| LogId::parse_put_aside(name.to_str()?));
    let id = id.ok_or_else(|| AuditError::NoLog { path: folder.to_owned() })?;
    let unsigned = |entries| AuditError::NotSigned { log: id.text().clone(), entry, entries };
    let key = signing::public_key(storage, folder)?.ok_or_else(|| unsigned(0))?;
    let newest = checkpoints::newest(storage, folder, &key)?;
    let (Some(checkpoint), Some(note)) = (newest.checkpoint, newest.note) else { return Err(unsigned(0)) };
    if entry >= checkpoint.size {
        return Err(unsigned(checkpoint.size));
    }
    let found = find_entry(storage, folder, &id, entry)?;
    let failed = || AuditError::storage("read the tree in", folder);
    let hashes = Hashes::open(storage, folder).map_err(failed())?;
    let path = inclusion(&hashes, entry, checkpoint.size).map_err(failed())?;
    if root_of_inclusion(found.leaf, entry, checkpoint.size, &path) != Some(checkpoint.root) {
        return Err(AuditError::Unprovable { path: folder.to_owned(), entry });
    }
    let extra = match found.what {
        Left::Written { salt, body } => format!("extra {}\n", BASE64.encode([&salt[..], &body].concat())),
        Left::Erased { .. } => String::new(),
    };
    let hashes: String = path.iter().map(|hash| format!("{}\n", BASE64.encode(hash))).collect();
    Ok(format!("{FORMAT}\n{extra}index {entry}\n{hashes}\n{note}"))
}

/// What a proof proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    /// The log's state that it was proved against.
    pub checkpoint: Checkpoint,
    /// The entry's place in the log.
    pub entry_id: u64,
    /// The entry's leaf hash, which the receipt of the answer names.
    pub leaf: Digest,
    /// The entry; `None` if its body was destroyed.
    pub entry: Option<Entry<'static>>,
}

/// Why a text is no proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofFault {
    /// Not a proof at all.
    #[error("it is not a proof of an entry in the form {FORMAT}")]
    Form,
    /// The body is gone, and nobody says what the leaf is.
    #[error("it has no body, which was destroyed: say with --leaf what the receipt of the answer named")]
    NoLeaf,
    /// The receipt names another entry.
    #[error("its entry has another leaf than the one that was given")]
    OtherLeaf,
    /// The checkpoint is not signed by that log.
    #[error("its checkpoint is not signed with the key that was given: it is another log's, or was changed")]
    Checkpoint,
    /// The path does not lead to the checkpoint.
    #[error("its hashes do not lead from the entry to the checkpoint: the entry, or its place, was changed")]
    Path,
    /// The body is sound and this program does not understand it.
    #[error("its entry cannot be understood: {0}")]
    Body(super::BodyFault),
}

/// Checks a proof with the key of the log, and with the leaf that a receipt names if there is one.
///
/// # Errors
/// [`ProofFault`].
pub fn check_proof(text: &str, key: &NoteKey, leaf_of_receipt: Option<Digest>) -> Result<Proved, ProofFault> {
    let (head, note) = text.split_once("\n\n").ok_or(ProofFault::Form)?;
    let mut lines = head.lines();
    if lines.next() != Some(FORMAT) {
        return Err(ProofFault::Form);
    }
    let mut line = lines.next().ok_or(ProofFault::Form)?;
    let mut written = None;
    if let Some(extra) = line.strip_prefix("extra ") {
        let bytes = BASE64.decode(extra).map_err(|_| ProofFault::Form)?;
        let (salt, body) = bytes.split_first_chunk::<SALT_BYTES>().ok_or(ProofFault::Form)?;
        written = Some((leaf(salt, body), body.to_vec()));
        line = lines.next().ok_or(ProofFault::Form)?;
    }
    let entry_id =
        line.strip_prefix("index ").and_then(|index| index.parse().ok()).ok_or(ProofFault::Form)?;
    let hash = |line: &str| -> Option<Hash> { BASE64.decode(line).ok()?.try_into().ok() };
    let path: Vec<_> = lines.map(hash).collect::<Option<_>>().ok_or(ProofFault::Form)?;
    let leaf = match (&written, leaf_of_receipt) {
        (None, None) => return Err(ProofFault::NoLeaf),
        (None, Some(leaf)) => leaf.0,
        (Some((leaf, _)), told) if told.is_none_or(|told| told.0 == *leaf) => *leaf,
        _ => return Err(ProofFault::OtherLeaf),
    };
    let checkpoint = Checkpoint::open(note, key).ok_or(ProofFault::Checkpoint)?;
    if root_of_inclusion(leaf, entry_id, checkpoint.size, &path) != Some(checkpoint.root) {
        return Err(ProofFault::Path);
    }
    let entry =
        written.map(|(_, body)| Entry::decode(&body, entry_id)).transpose().map_err(ProofFault::Body)?;
    Ok(Proved { checkpoint, entry_id, leaf: Digest(leaf), entry })
}
