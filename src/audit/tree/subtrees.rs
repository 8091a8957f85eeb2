//! What a tree consists of, for whoever proves something of it.

use super::Hash;

/// Perfect subtrees of a tree, wherever they are kept.
pub(in crate::audit) trait Subtrees {
    /// Why one cannot be had.
    type Error;

    /// The hash of the perfect subtree over leaves `index << height` up to `(index + 1) << height`, which all are there.
    fn perfect(&self, height: u32, index: u64) -> Result<Hash, Self::Error>;
}
