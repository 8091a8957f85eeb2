//! The right edge of a tree.

use super::{Hash, Subtrees, empty_root, node};

/// The roots of the perfect subtrees that a tree of some size consists of, from the largest, which is leftmost, to the
/// smallest: one for each bit of the size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::audit) struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// That of the first `size` leaves of a tree whose subtrees are at hand.
    pub(in crate::audit) fn of<S: Subtrees>(subtrees: &S, size: u64) -> Result<Self, S::Error> {
        let heights = (0..u64::BITS).rev().filter(|height| size >> height & 1 == 1);
        // Each begins after the larger ones, so that its index counts subtrees of its own height.
        let peak = |height: u32| subtrees.perfect(height, (size >> height) - 1);
        Ok(Self { size, peaks: heights.map(peak).collect::<Result<_, _>>()? })
    }

    /// How many leaves the tree has.
    pub(in crate::audit) fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf. `completed` hears of each perfect subtree that it completes, by its height, from 1 upwards.
    pub(in crate::audit) fn push(&mut self, leaf: Hash, mut completed: impl FnMut(u32, &Hash)) {
        let (mut hash, mut height) = (leaf, 0);
        while self.size >> height & 1 == 1 {
            let left = self.peaks.pop().expect("each bit of the size has its peak");
            hash = node(&left, &hash);
            height += 1;
            completed(height, &hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root of the tree.
    pub(in crate::audit) fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return empty_root() };
        peaks.fold(*last, |right, left| node(left, &right))
    }
}
