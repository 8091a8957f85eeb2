//! What a publication changed.

use crate::index::{Amendment, Difference};

/// What a publication changed in the one before. Aliases are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Notices new, changed, and withdrawn.
    pub difference: Difference,
    /// Withdrawals of notices that were not listed.
    pub unknown: u64,
    /// Documents of which something else is said.
    pub documents: u64,
}

impl Account {
    pub(super) fn of(amendment: &Amendment) -> Self {
        Self {
            difference: amendment.difference(),
            unknown: amendment.unknown(),
            documents: amendment.documents(),
        }
    }
}
