//! Whether what is gone was erased: each erased file must be named by an entry, with its digest.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::body::Entry;
use super::sealed::{SealedFile, State};
use super::{Act, AuditError, Damage, Fault};

/// What is left of erased files: what an entry has to say of each, and where it is.
#[derive(Debug, Default)]
pub(super) struct Stubs(Vec<(String, PathBuf)>);

impl Stubs {
    /// A sealed file of the log.
    pub(super) fn push(&mut self, file: &SealedFile) {
        if file.name().state == State::Erased {
            self.0.push((file.stub.reference(), file.path().to_owned()));
        }
    }
}

/// The erasures that a log records.
#[derive(Debug, Default)]
pub(super) struct RecordedErasures(BTreeSet<String>);

impl RecordedErasures {
    /// Whether a body is worth being understood, for there are few of them among many.
    pub(super) fn may_be_one(body: &[u8]) -> bool {
        memchr::memmem::find(body, b"\"act\":\"erased\"").is_some()
    }

    /// An entry of the log.
    pub(super) fn push(&mut self, entry: &Entry<'_>) {
        if entry.act == Act::Erased.word() {
            self.0.extend(entry.client_reference.as_deref().map(str::to_owned));
        }
    }

    /// Now that the whole log went by.
    pub(super) fn check(&self, stubs: Stubs) -> Result<(), AuditError> {
        let unrecorded = stubs.0.into_iter().find(|(reference, _)| !self.0.contains(reference));
        unrecorded.map_or(Ok(()), |(_, path)| {
            Err(AuditError::Damaged(Damage { path, offset: 0, entry: None, fault: Fault::Unrecorded }))
        })
    }
}
