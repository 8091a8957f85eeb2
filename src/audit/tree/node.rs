//! The hashes of a tree (RFC 6962, section 2.1).

use sha2::{Digest as _, Sha256};

/// A leaf hash, or that of a node above.
pub(in crate::audit) type Hash = [u8; 32];

/// The hash of two subtrees.
pub(in crate::audit) fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root of a tree without leaves.
pub(in crate::audit) fn empty_root() -> Hash {
    Sha256::digest([]).into()
}
