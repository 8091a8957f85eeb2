//! The roles of TUF that a feed has, and who may sign for each.

use std::collections::BTreeMap;

use tough::schema::RoleType;

use super::{PublicKey, Signer};

/// A role of TUF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoleName {
    /// Says who signs for each role. Its keys are kept offline.
    Root,
    /// Vouches for publications.
    Targets,
    /// Says which publication goes with which metadata.
    Snapshot,
    /// Says which is the newest, and as of when. Its key signs heartbeats.
    Timestamp,
}

/// The public keys of each role, and how many of them must sign.
pub type Roles = BTreeMap<RoleName, (Vec<PublicKey>, u64)>;

/// What signs for each role.
pub type Signers = BTreeMap<RoleName, Vec<Box<dyn Signer>>>;

impl RoleName {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Root, Self::Targets, Self::Snapshot, Self::Timestamp];

    /// The word in files and on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Targets => "targets",
            Self::Snapshot => "snapshot",
            Self::Timestamp => "timestamp",
        }
    }

    pub(super) fn role(self) -> RoleType {
        match self {
            Self::Root => RoleType::Root,
            Self::Targets => RoleType::Targets,
            Self::Snapshot => RoleType::Snapshot,
            Self::Timestamp => RoleType::Timestamp,
        }
    }
}
