//! Intervals of keys, cut where any of them begins or ends: between two cuts the same alerts concern every key, so that one search finds
//! all. Keys of one state and length are a group; where a key would be in its group is computed, and a few pieces are left to be searched.

use std::collections::HashMap;
use std::collections::btree_map::BTreeMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use super::table::{Folded, LENGTH_SHIFT, Listed};
use crate::domain::alert::Revision;

#[derive(Debug, Default)]
pub(super) struct Intervals {
    groups: HashMap<u128, Group, BuildHasherDefault<Folded>>,
    /// Where each piece begins, ascending; it goes to where the next one begins.
    begins: Vec<u128>,
    /// Which alerts concern each piece.
    pieces: Vec<Listed>,
}

/// The pieces of one state and length.
#[derive(Debug)]
struct Group {
    low: u128,
    /// How much of a key's distance from `low` is left out to get its bucket.
    shift: u32,
    /// The first piece that begins in each bucket, or after it; and the end of the group's pieces.
    firsts: Vec<u32>,
}

impl Intervals {
    /// Of intervals with both ends among them.
    pub(super) fn of(intervals: Vec<((u128, u128), Arc<Revision>)>) -> Self {
        let mut cuts = BTreeMap::<u128, (Listed, Listed)>::new();
        for ((from, to), revision) in intervals {
            cuts.entry(from).or_default().0.push(revision.clone());
            cuts.entry(to + 1).or_default().1.push(revision);
        }
        let mut open = Listed::new();
        let (mut begins, mut pieces) = (Vec::with_capacity(cuts.len()), Vec::with_capacity(cuts.len()));
        for (at, (begin, end)) in cuts {
            open.retain(|one| end.iter().all(|ended| !Arc::ptr_eq(one, ended)));
            open.extend(begin);
            begins.push(at);
            pieces.push(open.clone());
        }
        let mut groups = HashMap::<_, _, _>::default();
        let mut first = 0;
        for of_group in begins.chunk_by(|one, other| one >> LENGTH_SHIFT == other >> LENGTH_SHIFT) {
            groups.insert(of_group[0] >> LENGTH_SHIFT, Group::of(of_group, first));
            first += of_group.len() as u32;
        }
        Self { groups, begins, pieces }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Those that may concern a key.
    pub(super) fn at(&self, key: u128) -> &[Arc<Revision>] {
        if self.groups.is_empty() {
            return &[];
        }
        let piece = self.groups.get(&(key >> LENGTH_SHIFT)).and_then(|group| group.piece(key, &self.begins));
        piece.map_or(&[], |piece| &self.pieces[piece])
    }
}

impl Group {
    fn of(begins: &[u128], first: u32) -> Self {
        let low = begins[0];
        let spread = begins[begins.len() - 1] - low;
        let buckets = (2 * begins.len()).next_power_of_two();
        let shift = (u128::BITS - spread.leading_zeros()).saturating_sub(buckets.trailing_zeros());
        let mut firsts = Vec::with_capacity(buckets + 2);
        let mut piece = 0;
        for bucket in 0..=(spread >> shift) {
            piece += begins[piece..].partition_point(|begin| (begin - low) >> shift < bucket);
            firsts.push(first + piece as u32);
        }
        firsts.push(first + begins.len() as u32);
        Self { low, shift, firsts }
    }

    /// The last piece that begins at a key or before it.
    fn piece(&self, key: u128, begins: &[u128]) -> Option<usize> {
        let bucket = (key.checked_sub(self.low)? >> self.shift).min(self.firsts.len() as u128 - 2) as usize;
        let (from, to) = (self.firsts[bucket] as usize, self.firsts[bucket + 1] as usize);
        let after = from + begins[from..to].partition_point(|begin| *begin <= key);
        // Where none of the bucket's does, the last one before it is meant, which is of this group: `low` begins one.
        after.checked_sub(1)
    }
}
