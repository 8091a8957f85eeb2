//! Everything that a table has, and whether lookups find all of it.

use std::ops::Range;

use super::Place;
use super::line::{EMPTY, FILTER_BITS, Line, Slot};
use super::place::Bucket;
use super::read::{Level, Table};
use crate::index::{Damaged, Key};

impl<'a> Table<&'a [u8]> {
    /// Every entry, `(h, payload)`, in the order of the bytes.
    ///
    /// After the first [`Damaged`] nothing is to be relied on.
    pub fn into_entries(self) -> impl Iterator<Item = Result<(u64, u32), Damaged>> + use<'a> {
        self.into_entries_of(0, 1)
    }

    /// The entries of one of so many parts of the table, counted from 0, of which each has about as many.
    pub fn into_entries_of(
        self,
        part: u64,
        parts: u64,
    ) -> impl Iterator<Item = Result<(u64, u32), Damaged>> + use<'a> {
        let [first, _] = self.levels;
        first.into_entries_of(part, parts).chain(self.into_overflowed_of(part, parts))
    }

    /// The entries that have room in the first table, by ascending `h`.
    pub(in crate::index) fn into_settled(
        self,
    ) -> impl Iterator<Item = Result<(u64, u32), Damaged>> + use<'a> {
        let [first, _] = self.levels;
        first.into_entries_of(0, 1)
    }

    /// The entries that have none, in no order.
    pub(in crate::index) fn into_overflowed(
        self,
    ) -> impl Iterator<Item = Result<(u64, u32), Damaged>> + use<'a> {
        self.into_overflowed_of(0, 1)
    }

    /// How many entries have no room in the second table either.
    pub(in crate::index) fn in_tail(&self) -> u64 {
        self.tail().len() as u64
    }

    fn into_overflowed_of(
        self,
        part: u64,
        parts: u64,
    ) -> impl Iterator<Item = Result<(u64, u32), Damaged>> + use<'a> {
        let [_, second] = self.levels;
        let again = self.mixer.second();
        let overflowed = second.into_entries_of(part, parts).map(move |entry| {
            let (h, payload) = entry?;
            Ok((again.unmix(h), payload))
        });
        let tail = self.tail.as_chunks::<8>().0.as_chunks::<2>().0.iter();
        let tail = tail.map(|[h, payload]| Ok((u64::from_le_bytes(*h), u64::from_le_bytes(*payload) as u32)));
        overflowed.chain(tail.filter(move |_| part == 0))
    }
}

impl<'a> Level<&'a [u8]> {
    fn into_entries_of(
        self,
        part: u64,
        parts: u64,
    ) -> impl Iterator<Item = Result<(u64, u32), Damaged>> + use<'a> {
        self.buckets_of(part, parts).flat_map(move |bucket| self.entries(bucket))
    }
}

impl<B: AsRef<[u8]>> Table<B> {
    /// Checks that one of so many parts of the table, counted from 0, is as a builder leaves it: if all are, a lookup finds
    /// each entry and none is there twice.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check(&self, part: u64, parts: u64) -> Result<(), &'static str> {
        self.levels.iter().try_for_each(|level| level.check(part, parts))?;
        let again = self.mixer.second();
        let level = &self.levels[1];
        for entry in level.buckets_of(part, parts).flat_map(|bucket| level.entries(bucket)) {
            let (h, _) = entry.map_err(|_| "an entry of the second table has a place that is no key's")?;
            if !self.overflows(0, again.unmix(h))? {
                return Err("the second table has what did not overflow");
            }
        }
        let mut before = None;
        for [h, payload] in self.tail().iter().filter(|_| part == 0) {
            let (h, payload) = (u64::from_le_bytes(*h), u64::from_le_bytes(*payload));
            if before.replace(h) >= Some(h)
                || h >> Key::BITS != 0
                || !(1..=u64::from(u32::MAX)).contains(&payload)
            {
                return Err("the tail does not ascend");
            }
            if !self.overflows(0, h)? || !self.overflows(1, again.mix(h))? {
                return Err("the tail has what did not overflow");
            }
        }
        Ok(())
    }

    /// True if a line says that it has not `h` itself and that the next place may.
    fn overflows(&self, level: usize, h: u64) -> Result<bool, &'static str> {
        let level = &self.levels[level];
        if level.buckets == 0 {
            return Ok(false);
        }
        Ok(level.find(Place::of(h, level.buckets)).map_err(|_| "a line is lost")?.overflows)
    }
}

impl<B: AsRef<[u8]>> Level<B> {
    /// The buckets of one of so many parts.
    fn buckets_of(&self, part: u64, parts: u64) -> Range<u64> {
        let bound = |part: u64| (u128::from(self.buckets) * u128::from(part) / u128::from(parts)) as u64;
        bound(part)..bound(part + 1)
    }

    /// Every line of a part is as a builder leaves it.
    fn check(&self, part: u64, parts: u64) -> Result<(), &'static str> {
        self.buckets_of(part, parts).try_for_each(|bucket| {
            let line = self.line(bucket).map_err(|_| "a line is out of range")?;
            if self.is_sound(line) { Ok(()) } else { Err("a line is not as any builder leaves it") }
        })
    }

    /// Free slots, then entries that ascend; or no free slot and a descriptor at the end; or nothing but the mark of an
    /// empty bucket.
    fn is_sound(&self, line: &Line) -> bool {
        let slots = self.width.slots();
        let slot = |at| self.width.slot(line, at);
        let entries_from = (0..slots).find(|at| slot(*at) != Slot::default()).unwrap_or(slots);
        let last = slot(slots - 1);
        let entries = if last.payload == 0 { entries_from..slots - 1 } else { entries_from..slots };
        let ascending = entries.clone().is_sorted_by(|a, b| slot(*a).remainder < slot(*b).remainder);
        let ends_well = last.payload > 0
            || (last == EMPTY && entries.is_empty())
            || (entries_from == 0 && last.remainder >> FILTER_BITS == 0 && last.remainder > 0);
        self.width.is_clean(line)
            && ascending
            && ends_well
            && entries.into_iter().all(|at| slot(at).payload > 0)
    }

    /// The entries of a bucket.
    #[inline]
    fn entries(&self, bucket: u64) -> impl Iterator<Item = Result<(u64, u32), Damaged>> + use<B> {
        let (width, places) = (self.width, Bucket::of(bucket, self.buckets));
        let line = self.line(bucket).copied();
        let last = width.slots() - 1;
        (0..=last).filter_map(move |at| {
            let slot = match &line {
                Ok(line) => width.slot(line, at),
                Err(damaged) => return (at == 0).then_some(Err(*damaged)),
            };
            if at == last && slot == Slot::default() {
                return Some(Err(Damaged));
            }
            (slot.payload != 0).then(|| places.h(slot.remainder).map(|h| (h, slot.payload)).ok_or(Damaged))
        })
    }
}
