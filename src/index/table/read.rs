//! Lookups in a table, over bytes that may change under the reader: it believes nothing and never reads beyond them.

use super::line::{EMPTY, FILTER_BITS, Found, LINE_LEN, Line, Marks, Slot, Width};
use super::place::{buckets, remainders};
use super::{Mixer, Place, Shape};
use crate::ground::platform::{Vectors, Work, prefetch};
use crate::index::{Damaged, Key};

/// A table over its bytes. A lookup reads one cache line only if the lines begin at one.
#[derive(Clone, Copy, Debug)]
pub struct Table<B> {
    vectors: Vectors,
    mixer: Mixer,
    levels: [Level<B>; 2],
    tail: B,
}

/// One of the two tables.
#[derive(Clone, Copy, Debug)]
struct Level<B> {
    buckets: u64,
    width: Width,
    marks: Marks,
    lines: B,
}

/// A lookup, compiled for whatever vectors there are.
struct Find<'t, B> {
    table: &'t Table<B>,
    h: u64,
}

struct FindGroup<'t, B> {
    table: &'t Table<B>,
    keys: &'t Keys,
    next: &'t Keys,
}

impl<B: AsRef<[u8]>> Work for Find<'_, B> {
    type Output = Result<u32, Damaged>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        self.table.find_here(self.h)
    }
}

impl<B: AsRef<[u8]>> Work for FindGroup<'_, B> {
    type Output = Result<[u32; GROUP], Damaged>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        self.table.find_group_here(self.keys, self.next)
    }
}

/// Keys that are asked for together: a core asks memory for a few dozen lines at a time.
pub const GROUP: usize = 32;

/// Keys that were mixed, up to [`GROUP`] of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keys {
    /// They, and 0 behind them.
    pub mixed: [u64; GROUP],
    /// How many they are.
    pub count: usize,
}

impl Keys {
    /// The first of some keys.
    #[must_use]
    pub fn of(keys: &[u64]) -> Self {
        let mut group = Self { count: keys.len().min(GROUP), ..Self::default() };
        group.mixed[..group.count].copy_from_slice(&keys[..group.count]);
        group
    }
}

impl<B: AsRef<[u8]>> Table<B> {
    /// A table of some shape over the lines of both tables and the tail, that is read with some vectors: whichever they are,
    /// the answers are the same.
    #[inline]
    #[must_use]
    pub fn of(vectors: Vectors, shape: Shape, lines: [B; 2], tail: B) -> Self {
        let Shape { mixer, buckets, widths, marks } = shape;
        let [first, second] = lines;
        let level = |at: usize, lines| Level { buckets: buckets[at], width: widths[at], marks, lines };
        Self { vectors, mixer, levels: [level(0, first), level(1, second)], tail }
    }

    /// The payload of a key that was mixed; 0 if the table does not have it.
    ///
    /// # Errors
    /// [`Damaged`] if the bytes are fewer than they were.
    #[inline]
    pub fn find(&self, h: u64) -> Result<u32, Damaged> {
        self.vectors.run(Find { table: self, h })
    }

    #[inline(always)]
    fn find_here(&self, h: u64) -> Result<u32, Damaged> {
        let first = &self.levels[0];
        if first.buckets == 0 {
            return Ok(0);
        }
        let place = Place::of(h, first.buckets);
        let found = first.find(place)?;
        if found.overflows { self.find_overflowed(h) } else { Ok(found.payload) }
    }

    /// The payloads of many keys that were mixed, in their order. Lines are asked for some way ahead of the one that is
    /// looked at, so that memory works on many at a time.
    ///
    /// # Errors
    /// As [`find`](Self::find); what was found until then is in `found`.
    pub fn find_batch(&self, keys: &[u64], found: &mut Vec<u32>) -> Result<(), Damaged> {
        let mut groups = keys.chunks(GROUP).map(Keys::of);
        let mut group = groups.next().unwrap_or_default();
        self.fetch(&group);
        while group.count > 0 {
            let next = groups.next().unwrap_or_default();
            found.extend_from_slice(&self.find_group(&group, &next)?[..group.count]);
            group = next;
        }
        Ok(())
    }

    /// Asks memory for the lines of some keys that were mixed, and waits for none.
    #[inline]
    pub fn fetch(&self, keys: &Keys) {
        let first = &self.levels[0];
        if first.buckets > 0 {
            let lines = buckets(&keys.mixed, first.buckets).into_iter().take(keys.count);
            lines.flat_map(|bucket| first.line(bucket)).for_each(prefetch);
        }
    }

    /// The payloads of some keys that were mixed, of which the lines should be on their way; 0 beyond their count. Meanwhile
    /// memory is asked for the lines of the next keys, one for each that is looked at.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    #[inline]
    pub fn find_group(&self, keys: &Keys, next: &Keys) -> Result<[u32; GROUP], Damaged> {
        self.vectors.run(FindGroup { table: self, keys, next })
    }

    #[inline(always)]
    fn find_group_here(&self, keys: &Keys, next: &Keys) -> Result<[u32; GROUP], Damaged> {
        let (first, mut found) = (&self.levels[0], [0; GROUP]);
        if first.buckets == 0 {
            return Ok(found);
        }
        let (own, remainders) = (buckets(&keys.mixed, first.buckets), remainders(&keys.mixed, first.buckets));
        let next_buckets = buckets(&next.mixed, first.buckets);
        for at in 0..GROUP {
            if at < next.count {
                first.line(next_buckets[at]).into_iter().for_each(prefetch);
            }
            if at < keys.count {
                let in_line = first.find(Place { bucket: own[at], remainder: remainders[at] })?;
                found[at] =
                    if in_line.overflows { self.find_overflowed(keys.mixed[at])? } else { in_line.payload };
            }
        }
        Ok(found)
    }

    #[cold]
    fn find_overflowed(&self, h: u64) -> Result<u32, Damaged> {
        let second = &self.levels[1];
        if second.buckets == 0 {
            return Err(Damaged);
        }
        let place = Place::of(self.mixer.second().mix(h), second.buckets);
        let found = second.find(place)?;
        if !found.overflows {
            return Ok(found.payload);
        }
        let tail = self.tail();
        let at = tail.partition_point(|[own, _]| u64::from_le_bytes(*own) < h);
        match tail.get(at) {
            Some([own, payload]) if u64::from_le_bytes(*own) == h => Ok(u64::from_le_bytes(*payload) as u32),
            _ => Ok(0),
        }
    }

    /// Checks that the table is as a builder leaves it, so that a lookup finds each of its entries and none is there twice.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check(&self) -> Result<(), &'static str> {
        self.levels.iter().try_for_each(Level::check)?;
        let again = self.mixer.second();
        let level = &self.levels[1];
        let slots =
            (0..level.buckets).flat_map(|bucket| (0..level.width.slots()).map(move |at| (bucket, at)));
        for entry in slots.filter_map(|(bucket, at)| level.entry(bucket, at)) {
            let (h, _) = entry.map_err(|_| "an entry of the second table has a place that is no key's")?;
            if !self.overflows(0, again.unmix(h))? {
                return Err("the second table has what did not overflow");
            }
        }
        let mut before = None;
        for [h, payload] in self.tail() {
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

    /// The mixer of its keys.
    #[must_use]
    pub fn mixer(&self) -> Mixer {
        self.mixer
    }

    /// The entries of the tail, by `h`.
    fn tail(&self) -> &[[[u8; 8]; 2]] {
        self.tail.as_ref().as_chunks::<8>().0.as_chunks::<2>().0
    }
}

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
        let bound = |part: u64| (u128::from(self.buckets) * u128::from(part) / u128::from(parts)) as u64;
        (bound(part)..bound(part + 1))
            .flat_map(move |bucket| (0..self.width.slots()).filter_map(move |at| self.entry(bucket, at)))
    }
}

impl<B: AsRef<[u8]>> Level<B> {
    #[inline(always)]
    fn line(&self, bucket: u64) -> Result<&Line, Damaged> {
        let lines = self.lines.as_ref().as_chunks::<LINE_LEN>().0;
        usize::try_from(bucket).ok().and_then(|bucket| lines.get(bucket)).ok_or(Damaged)
    }

    #[inline(always)]
    fn find(&self, place: Place) -> Result<Found, Damaged> {
        let found = self.width.find(self.line(place.bucket)?, place.remainder, self.marks);
        // What was cut off a file within its last page reads as zeros and raises no signal.
        if found.lost { Err(Damaged) } else { Ok(found) }
    }

    /// Every line is as a builder leaves it.
    fn check(&self) -> Result<(), &'static str> {
        (0..self.buckets).try_for_each(|bucket| {
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

    /// The entry in a slot, if it has one.
    fn entry(&self, bucket: u64, at: usize) -> Option<Result<(u64, u32), Damaged>> {
        let slot = match self.line(bucket) {
            Ok(line) => self.width.slot(line, at),
            Err(damaged) => return (at == 0).then_some(Err(damaged)),
        };
        if at + 1 == self.width.slots() && slot == Slot::default() {
            return Some(Err(Damaged));
        }
        let place = Place { bucket, remainder: slot.remainder };
        (slot.payload != 0).then(|| place.h(self.buckets).map(|h| (h, slot.payload)).ok_or(Damaged))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::Plan;
    use super::*;

    /// The table of a map, held in one piece, and what it takes to read it.
    fn built(mixer: Mixer, listed: &BTreeMap<u64, u32>) -> (Shape, Vec<u8>) {
        let mut entries: Vec<_> = listed.iter().map(|(key, payload)| (mixer.mix(*key), *payload)).collect();
        entries.sort_unstable();
        let plan = Plan::of(mixer, &entries);
        let (mut bytes, mut writing) = (Vec::new(), plan.writing());
        let mut write = |part: &[u8]| {
            bytes.extend_from_slice(part);
            Ok::<_, ()>(())
        };
        entries.into_iter().for_each(|entry| writing.add(entry, &mut write).unwrap());
        writing.finish(&mut write).unwrap();
        assert_eq!(plan.len(), bytes.len() as u64);
        (plan.shape(), bytes)
    }

    fn assert_is_the_map((shape, bytes): &(Shape, Vec<u8>), listed: &BTreeMap<u64, u32>, asked: &[u64]) {
        let (table, mixer) = (shape.table(Vectors::PORTABLE, bytes).unwrap(), shape.mixer);
        let keys: Vec<_> = listed.keys().chain(asked).copied().collect();
        let expected: Vec<_> = keys.iter().map(|key| listed.get(key).copied().unwrap_or(0)).collect();
        let mixed: Vec<_> = keys.iter().map(|key| mixer.mix(*key)).collect();
        for vectors in Vectors::all() {
            let table = shape.table(vectors, bytes).unwrap();
            let single: Vec<_> = mixed.iter().map(|h| table.find(*h).unwrap()).collect();
            let mut batch = Vec::new();
            table.find_batch(&mixed, &mut batch).unwrap();
            assert!(single == expected && batch == expected, "{}", vectors.name());
        }
        let entries = table.into_entries().map(|entry| entry.map(|(h, payload)| (mixer.unmix(h), payload)));
        let entries: BTreeMap<_, _> = entries.collect::<Result<_, _>>().unwrap();
        assert_eq!(&entries, listed);
        assert_eq!(table.into_entries().count(), listed.len());
        assert_eq!((0..3).map(|part| table.into_entries_of(part, 3).count()).sum::<usize>(), listed.len());
        assert!(table.into_settled().flatten().is_sorted());
        assert_eq!(table.check(), Ok(()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_table_is_the_map_that_it_was_built_of(
            listed in prop::collection::btree_map(0_u64..1 << 56, 1..=u32::MAX, 0..2000),
            asked in prop::collection::vec(0_u64..1 << 56, 100),
            seed in any::<u64>(),
        ) {
            assert_is_the_map(&built(Mixer::new(seed), &listed), &listed, &asked);
        }
    }

    #[test]
    fn a_big_table_has_narrow_slots_overflows_and_a_tail_and_answers_all_the_same() {
        let listed: BTreeMap<u64, u32> = (0..1_000_000).map(|at| (at * 3, 1 + at as u32 % 5000)).collect();
        let asked: Vec<_> = (0..100_000).map(|at| at * 3 + 1).collect();
        let (shape, bytes) = built(Mixer::new(1), &listed);
        let table = shape.table(Vectors::PORTABLE, &bytes).unwrap();
        assert_eq!(shape.widths, [Width::Narrow, Width::Wide]);
        assert!(shape.buckets[1] > 1000 && !table.tail().is_empty());
        assert!(bytes.len() < 12_900_000, "{} bytes", bytes.len());
        assert_is_the_map(&(shape, bytes), &listed, &asked);
    }

    #[test]
    fn bytes_that_are_missing_are_damage_and_never_a_miss() {
        let listed: BTreeMap<u64, u32> = (0..5000).map(|key| (key, 1)).collect();
        let (shape, bytes) = built(Mixer::new(9), &listed);
        assert!(
            (0..64 * shape.buckets[0] as usize)
                .all(|len| shape.table(Vectors::PORTABLE, &bytes[..len]).is_none())
        );
        let table = Table::of(Vectors::PORTABLE, shape, [&bytes[..6400], &[]], &[]);
        for key in 0..6000 {
            let found = table.find(shape.mixer.mix(key));
            assert!(found != Ok(0) || key >= 5000, "{key} is listed");
        }
        assert!(table.into_entries().any(|entry| entry == Err(Damaged)));
    }
}
