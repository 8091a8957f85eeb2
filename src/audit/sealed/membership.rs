//! Which entries of a range a file has: runs of entries that follow one another.

/// Entries of a range, as runs from the lowest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Membership {
    runs: Vec<Run>,
    total: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    first: u64,
    count: u64,
    /// How many members there are in the runs before.
    before: u64,
}

impl Membership {
    /// Adds an entry, which is above all that are there.
    pub(super) fn push(&mut self, entry: u64) {
        match self.runs.last_mut() {
            Some(last) if last.first + last.count == entry => last.count += 1,
            _ => self.runs.push(Run { first: entry, count: 1, before: self.total }),
        }
        self.total += 1;
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u64> {
        self.runs.iter().flat_map(|run| run.first..run.first + run.count)
    }

    pub(super) fn into_iter(self) -> impl Iterator<Item = u64> {
        self.runs.into_iter().flat_map(|run| run.first..run.first + run.count)
    }

    /// How many members come before an entry, if it is one.
    pub(super) fn rank(&self, entry: u64) -> Option<u64> {
        let after = self.runs.partition_point(|run| run.first <= entry);
        let run = self.runs.get(after.checked_sub(1)?)?;
        let within = entry - run.first;
        (within < run.count).then_some(run.before + within)
    }

    /// How many members are below an entry.
    pub(super) fn below(&self, entry: u64) -> u64 {
        let after = self.runs.partition_point(|run| run.first < entry);
        let run = after.checked_sub(1).map(|before| &self.runs[before]);
        run.map_or(0, |run| run.before + run.count.min(entry - run.first))
    }

    /// For each run how many entries are left out before it and how many follow: LEB128, counted from the beginning of the range.
    pub(super) fn encode(&self, range_first: u64) -> Vec<u8> {
        let (mut bytes, mut end) = (Vec::new(), range_first);
        for run in &self.runs {
            push_number(&mut bytes, run.first - end);
            push_number(&mut bytes, run.count);
            end = run.first + run.count;
        }
        bytes
    }

    /// Reads what [`encode`](Self::encode) wrote; `None` for anything else.
    pub(super) fn decode(mut bytes: &[u8], range_first: u64, range_end: u64) -> Option<Self> {
        let (mut membership, mut end) = (Self::default(), range_first);
        while !bytes.is_empty() {
            let (skipped, count) = (take_number(&mut bytes)?, take_number(&mut bytes)?);
            let is_canonical = count > 0 && (skipped > 0 || membership.runs.is_empty());
            let first = end.checked_add(skipped).filter(|_| is_canonical)?;
            end = first.checked_add(count).filter(|end| *end <= range_end)?;
            membership.runs.push(Run { first, count, before: membership.total });
            membership.total += count;
        }
        Some(membership)
    }
}

fn push_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let digits = u64::from(byte & 0x7f);
        if digits << shift >> shift != digits {
            return None;
        }
        number |= digits << shift;
        if byte & 0x80 == 0 {
            // One way to write each number.
            return (digits > 0 || shift == 0).then_some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn members_are_read_back_and_ranked(members: BTreeSet<u16>, first in 0_u64..1000) {
            let mut membership = Membership::default();
            let members: Vec<_> = members.into_iter().map(|member| first + u64::from(member)).collect();
            members.iter().for_each(|member| membership.push(*member));
            let end = first + (1 << 16);
            let bytes = membership.encode(first);
            prop_assert_eq!(Membership::decode(&bytes, first, end), Some(membership.clone()));
            prop_assert_eq!(membership.iter().collect::<Vec<_>>(), members.clone());
            prop_assert_eq!(membership.total(), members.len() as u64);
            for entry in first..first + 300 {
                let rank = members.binary_search(&entry).ok().map(|rank| rank as u64);
                prop_assert_eq!(membership.rank(entry), rank);
                let below = members.partition_point(|member| *member < entry) as u64;
                prop_assert_eq!(membership.below(entry), below);
            }
            if let Some(last) = members.last() {
                prop_assert_eq!(Membership::decode(&bytes, first, *last), None);
            }
        }

        #[test]
        fn there_is_one_way_to_write_it(bytes in proptest::collection::vec(any::<u8>(), 0..24)) {
            if let Some(read) = Membership::decode(&bytes, 5, u64::MAX) {
                prop_assert_eq!(read.encode(5), bytes);
            }
        }
    }
}
