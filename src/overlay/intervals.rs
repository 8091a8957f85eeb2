//! Alerts on intervals of numbers: the intervals in a tree, behind a filter of the stretches of ranks that they touch.
//!
//! Nearly every document is near no interval, and is told so by one line of memory for each level of stretches that its group has in use:
//! mostly one. Overlapping intervals need not be cut to pieces for it, of which there can be as many as the square of the intervals.

use std::sync::Arc;

use super::filter::Filter;
use super::rank::{GROUPS, LEVELS, Rank, mix};
use crate::domain::DocumentId;
use crate::domain::alert::{Interval, Revision};

/// How many stretches an interval may touch; one that would touch more is of a level of longer ones.
const TOUCHED_MAX: u64 = 16;

#[derive(Debug)]
pub(super) struct Intervals {
    near: Filter,
    /// By group, a bit for each level that it has in use.
    levels: Vec<u8>,
    listed: Vec<Listed>,
}

/// An interval, and the greatest end in its subtree. A slice of them, in the order of their beginnings, is a tree: its middle is the root,
/// what is before it and what is behind are the branches.
#[derive(Debug)]
struct Listed {
    from: Rank,
    to: Rank,
    reach: Rank,
    revision: Arc<Revision>,
}

impl Default for Intervals {
    fn default() -> Self {
        Self::of(Vec::new())
    }
}

impl Intervals {
    pub(super) fn of(intervals: Vec<(Interval, Arc<Revision>)>) -> Self {
        let mut levels = vec![0; GROUPS];
        let mut touched = Vec::new();
        let mut listed: Vec<_> =
            intervals.into_iter().map(|(interval, revision)| Listed::of(&interval, revision)).collect();
        listed.sort_by_key(|listed| listed.from);
        // Of each level, the first stretch of the group that is not known to be touched.
        let mut next = [0; LEVELS as usize];
        let mut group = 0;
        for Listed { from, to, .. } in &listed {
            if group != from.group() {
                (group, next) = (from.group(), [0; LEVELS as usize]);
            }
            let stretches = |level: &u32| to.stretch(*level) - from.stretch(*level) < TOUCHED_MAX;
            let level = (0..LEVELS).find(stretches).expect("a group has fewer stretches of the last level");
            levels[from.group()] |= 1 << level;
            let (next, end) = (&mut next[level as usize], to.stretch(level) + 1);
            touched.extend((from.stretch(level).max(*next)..end).map(mix));
            *next = end.max(*next);
        }
        reach(&mut listed);
        Self { near: Filter::of(&touched), levels, listed }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// False only if no interval has the document.
    #[inline]
    pub(super) fn may_have(&self, document: &DocumentId, rank: Rank) -> bool {
        self.is_near(rank)
            || (rank.is_of_digits() && self.has_letters(rank) && self.is_near(Rank::among_letters(document)))
    }

    /// Alerts on the intervals that have a document: those of numbers of digits first, then by where they begin.
    pub(super) fn at(&self, document: &DocumentId, rank: Rank) -> Vec<&Arc<Revision>> {
        let mut found = Vec::new();
        let among_letters = rank.is_of_digits().then(|| Rank::among_letters(document));
        for rank in [Some(rank), among_letters].into_iter().flatten().filter(|rank| self.is_near(*rank)) {
            find(&self.listed, rank, &mut found);
        }
        found.retain(|revision| revision.statement.subject.concerns(document));
        found
    }

    #[inline]
    fn is_near(&self, rank: Rank) -> bool {
        let levels = self.levels[rank.group()];
        let in_use = (0..LEVELS).filter(|level| levels >> level & 1 == 1);
        in_use.fold(false, |any, level| any | self.near.may_have(mix(rank.stretch(level))))
    }

    /// Whether the group of numbers like these that may have letters has any.
    #[inline]
    fn has_letters(&self, digits: Rank) -> bool {
        self.levels[digits.group() - 1] != 0
    }
}

impl Listed {
    fn of(interval: &Interval, revision: Arc<Revision>) -> Self {
        let issuing_state = interval.issuing_state();
        let [from, to] =
            [*interval.from(), *interval.to()].map(|number| DocumentId { issuing_state, number });
        let ranks = [Rank::of(&from), Rank::of(&to)];
        let of_digits = ranks.iter().all(|rank| rank.is_of_digits());
        let [from, to] = if of_digits { ranks } else { [from, to].map(|end| Rank::among_letters(&end)) };
        Self { from, to, reach: to, revision }
    }
}

/// Has each of a tree know the greatest end in its subtree, and says that of all.
fn reach(tree: &mut [Listed]) -> Option<Rank> {
    let middle = tree.len() / 2;
    let (before, rest) = tree.split_at_mut(middle);
    let (root, behind) = rest.split_first_mut()?;
    root.reach = [reach(before), reach(behind)].into_iter().flatten().fold(root.to, Rank::max);
    Some(root.reach)
}

/// Adds those of a tree that have a rank.
fn find<'t>(tree: &'t [Listed], rank: Rank, found: &mut Vec<&'t Arc<Revision>>) {
    let (before, rest) = tree.split_at(tree.len() / 2);
    let Some((root, behind)) = rest.split_first().filter(|(root, _)| rank <= root.reach) else { return };
    find(before, rank, found);
    if root.from <= rank {
        found.extend((rank <= root.to).then_some(&root.revision));
        find(behind, rank, found);
    }
}
