//! What is asked about.

use super::{DocumentNumber, IssuingState};

/// What identifies a document: who issued it and its number. Every kind under one number is found by one lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DocumentId {
    /// Who issued it.
    pub issuing_state: IssuingState,
    /// Its number in normal form.
    pub number: DocumentNumber,
}
