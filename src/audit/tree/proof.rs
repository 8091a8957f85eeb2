//! What proves that an entry is in a tree.

use super::{Hash, Subtrees, node};

/// The hash over leaves `start..start + count`: a subtree as the tree has it, perfect or at its right edge. `count` is not 0.
fn subtree<S: Subtrees>(subtrees: &S, start: u64, count: u64) -> Result<Hash, S::Error> {
    if count.is_power_of_two() {
        return subtrees.perfect(count.trailing_zeros(), start / count);
    }
    let left = split(count);
    Ok(node(&subtree(subtrees, start, left)?, &subtree(subtrees, start + left, count - left)?))
}

/// The path of a leaf (RFC 6962, section 2.1.1): `index` is below `size`.
pub(in crate::audit) fn inclusion<S: Subtrees>(
    subtrees: &S,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, S::Error> {
    let (mut start, mut count, mut downwards) = (0, size, Vec::new());
    while count > 1 {
        let left = split(count);
        if index - start < left {
            downwards.push(subtree(subtrees, start + left, count - left)?);
            count = left;
        } else {
            downwards.push(subtree(subtrees, start, left)?);
            (start, count) = (start + left, count - left);
        }
    }
    downwards.reverse();
    Ok(downwards)
}

/// The root that a leaf's path leads to (RFC 9162, section 2.1.3.2); `None` if it leads nowhere.
pub(in crate::audit) fn root_of_inclusion(leaf: Hash, index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    let (mut at, mut last) = (index, size.checked_sub(1).filter(|last| index <= *last)?);
    let mut hash = leaf;
    for sibling in path {
        if last == 0 {
            return None;
        }
        if at & 1 == 1 || at == last {
            hash = node(sibling, &hash);
            // At the right edge levels are skipped on which the subtree has no sibling.
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = node(&hash, sibling);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    (last == 0).then_some(hash)
}

/// How many leaves the left subtree has: the largest power of two below `count`, which is at least 2.
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}
