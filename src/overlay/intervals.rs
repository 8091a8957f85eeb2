//! Intervals of keys, each listed under the stretches of keys that it touches.
//!
//! There are levels of stretches, each with stretches eight times as long as the level's before. An interval stands at the lowest level at
//! which none is shorter than it is, so that it touches two at most, and is found with a few others only that do not concern the same
//! keys. A lookup asks for one stretch at each level in use, behind a filter, since nearly every key is in no interval.

use std::collections::btree_map::BTreeMap;
use std::collections::hash_map::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use super::filter::Filter;
use super::table::{Folded, Listed};
use crate::domain::alert::Revision;

/// By how many bits a level's stretches are longer than those of the level before.
const BITS_PER_LEVEL: u32 = 3;

#[derive(Debug, Default)]
pub(super) struct Intervals(Vec<Level>);

/// Stretches of one length.
#[derive(Debug)]
struct Level {
    /// A key's stretch is what is left of it without this many bits.
    shift: u32,
    filter: Filter,
    stretches: Stretches,
}

type Stretches = HashMap<u128, Listed, BuildHasherDefault<Folded>>;

impl Intervals {
    /// Of intervals with both ends among them.
    pub(super) fn of(intervals: Vec<((u128, u128), Arc<Revision>)>) -> Self {
        let mut levels = BTreeMap::<u32, Stretches>::new();
        for ((from, to), revision) in intervals {
            let bits = u128::BITS - (to - from).leading_zeros();
            let shift = bits.next_multiple_of(BITS_PER_LEVEL);
            let stretches = levels.entry(shift).or_default();
            for stretch in from >> shift..=to >> shift {
                stretches.entry(stretch).or_default().push(revision.clone());
            }
        }
        let level = |(shift, stretches): (u32, Stretches)| {
            let filter = Filter::of(stretches.keys().copied(), stretches.len());
            Level { shift, filter, stretches }
        };
        Self(levels.into_iter().map(level).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that may concern a key, each once.
    pub(super) fn at(&self, key: u128) -> impl Iterator<Item = &Arc<Revision>> {
        self.0.iter().flat_map(move |level| level.at(key))
    }
}

impl Level {
    fn at(&self, key: u128) -> &[Arc<Revision>] {
        let stretch = key >> self.shift;
        let listed = self.filter.may_have(stretch).then(|| self.stretches.get(&stretch)).flatten();
        listed.map_or(&[], Vec::as_slice)
    }
}
