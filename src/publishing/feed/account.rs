//! What a publication changed.

use jiff::Timestamp;

use crate::index::{Amendment, Difference, IndexError, List};

/// What a publication changed in the one before. Aliases are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Notices new, changed, and withdrawn.
    pub difference: Difference,
    /// Withdrawals of notices that were not listed.
    pub unknown: u64,
    /// Additions that are not listed, because what is listed under their identity is later.
    pub overtaken: u64,
    /// Documents of which something else is said.
    pub documents: u64,
}

impl Account {
    pub(super) fn of<B: AsRef<[u8]>>(
        amendment: &Amendment,
        list: &List<B>,
        now: Timestamp,
    ) -> Result<Self, IndexError> {
        let difference = amendment.difference(list, now)?;
        Ok(Self {
            difference,
            unknown: amendment.unknown(),
            overtaken: amendment.overtaken(),
            documents: amendment.documents(),
        })
    }
}
