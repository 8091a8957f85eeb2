//! Lookups in a table, over bytes that may change under the reader: it believes nothing and never reads beyond them.

use super::line::{Found, LINE_LEN, Line, Marks, Width};
use super::place::{buckets, remainders};
use super::{Mixer, Place, Shape};
use crate::ground::platform::{Vectors, Work, prefetch};
use crate::index::Damaged;

/// A table over its bytes. A lookup reads one cache line only if the lines begin at one.
#[derive(Clone, Copy, Debug)]
pub struct Table<B> {
    vectors: Vectors,
    pub(super) mixer: Mixer,
    pub(super) levels: [Level<B>; 2],
    pub(super) tail: B,
}

/// One of the two tables.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level<B> {
    pub(super) buckets: u64,
    pub(super) width: Width,
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
    found: &'t mut [u32; GROUP],
}

impl<B: AsRef<[u8]>> Work for Find<'_, B> {
    type Output = Result<u32, Damaged>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        self.table.find_here(self.h)
    }
}

impl<B: AsRef<[u8]>> Work for FindGroup<'_, B> {
    type Output = Result<(), Damaged>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        self.table.find_group_here(self.keys, self.next, self.found)
    }
}

/// Keys that are asked for together. A core asks memory for two dozen lines at a time: more of them at once, and packing waits
/// for memory and memory for packing.
pub const GROUP: usize = 16;

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
        let (mut group, mut payloads) = (groups.next().unwrap_or_default(), [0; GROUP]);
        self.fetch(&group);
        while group.count > 0 {
            let next = groups.next().unwrap_or_default();
            self.find_group(&group, &next, &mut payloads)?;
            found.extend_from_slice(&payloads[..group.count]);
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

    /// Writes the payloads of some keys that were mixed, of which the lines should be on their way; 0 beyond their count. Meanwhile
    /// memory is asked for the lines of the next keys, one for each that is looked at.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    #[inline]
    pub fn find_group(&self, keys: &Keys, next: &Keys, found: &mut [u32; GROUP]) -> Result<(), Damaged> {
        self.vectors.run(FindGroup { table: self, keys, next, found })
    }

    #[inline(always)]
    fn find_group_here(&self, keys: &Keys, next: &Keys, found: &mut [u32; GROUP]) -> Result<(), Damaged> {
        let first = &self.levels[0];
        if first.buckets == 0 {
            found.fill(0);
            return Ok(());
        }
        let (own, remainders) = (buckets(&keys.mixed, first.buckets), remainders(&keys.mixed, first.buckets));
        let next_buckets = buckets(&next.mixed, first.buckets);
        for (at, found) in found.iter_mut().enumerate() {
            *found = 0;
            if at < next.count {
                first.line(next_buckets[at]).into_iter().for_each(prefetch);
            }
            if at < keys.count {
                let in_line = first.find(Place { bucket: own[at], remainder: remainders[at] })?;
                *found =
                    if in_line.overflows { self.find_overflowed(keys.mixed[at])? } else { in_line.payload };
            }
        }
        Ok(())
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
        // Where zeros are read, both entries that `h` would stand between are not as a builder left them, or one.
        let is_lost = |[_, payload]: &[[u8; 8]; 2]| *payload == [0; 8];
        if tail[at.saturating_sub(1)..].iter().take(2).any(is_lost) {
            return Err(Damaged);
        }
        match tail.get(at) {
            Some([own, payload]) if u64::from_le_bytes(*own) == h => Ok(u64::from_le_bytes(*payload) as u32),
            _ => Ok(0),
        }
    }

    /// The mixer of its keys.
    #[must_use]
    pub fn mixer(&self) -> Mixer {
        self.mixer
    }

    /// The entries of the tail, by `h`.
    pub(super) fn tail(&self) -> &[[[u8; 8]; 2]] {
        self.tail.as_ref().as_chunks::<8>().0.as_chunks::<2>().0
    }
}

impl<B: AsRef<[u8]>> Level<B> {
    #[inline(always)]
    pub(super) fn line(&self, bucket: u64) -> Result<&Line, Damaged> {
        let lines = self.lines.as_ref().as_chunks::<LINE_LEN>().0;
        usize::try_from(bucket).ok().and_then(|bucket| lines.get(bucket)).ok_or(Damaged)
    }

    #[inline(always)]
    pub(super) fn find(&self, place: Place) -> Result<Found, Damaged> {
        let found = self.width.find(self.line(place.bucket)?, place.remainder, self.marks);
        // What was cut off a file within its last page reads as zeros and raises no signal.
        if found.lost { Err(Damaged) } else { Ok(found) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::build::{Plan, Planning};
    use super::super::line::Slot;
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
        assert!((0..3).all(|part| table.check(part, 3) == Ok(())));
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

    /// A table as version 2 has it, with one mark for what overflowed.
    fn with_one_mark((shape, mut bytes): (Shape, Vec<u8>)) -> (Shape, Vec<u8>) {
        let again = shape.mixer.second();
        let table = shape.table(Vectors::PORTABLE, &bytes[..]).unwrap();
        let in_tail = table.tail().iter().map(|[h, _]| again.mix(u64::from_le_bytes(*h)));
        let overflowed = table.into_overflowed().map(|entry| entry.unwrap().0);
        let levels = [overflowed.collect::<Vec<_>>(), in_tail.collect()];
        let mut filters = BTreeMap::<_, u64>::new();
        for (level, overflowed) in levels.into_iter().enumerate() {
            for place in overflowed.into_iter().map(|h| Place::of(h, shape.buckets[level])) {
                *filters.entry((level, place.bucket)).or_default() |= Marks::One.of(place.remainder);
            }
        }
        assert!(filters.keys().any(|(level, _)| *level == 1), "some have no room in the second table either");
        for ((level, bucket), filter) in filters {
            let (first, width) = (if level == 0 { 0 } else { shape.buckets[0] }, shape.widths[level]);
            let line = bytes.as_chunks_mut::<LINE_LEN>().0[(first + bucket) as usize].as_mut_slice();
            let line = line.try_into().expect("it has the length of a line");
            width.put(line, width.slots() - 1, Slot { remainder: filter, payload: 0 });
        }
        (Shape { marks: Marks::One, ..shape }, bytes)
    }

    #[test]
    fn a_tail_of_zeros_is_damage_and_never_a_miss() {
        let listed: BTreeMap<u64, u32> = (0..60_000).map(|key| (key * 5, 1)).collect();
        let (shape, bytes) = built(Mixer::new(5), &listed);
        let sound = shape.table(Vectors::PORTABLE, &bytes[..]).unwrap();
        let in_tail: Vec<_> = sound.tail().iter().map(|[h, _]| u64::from_le_bytes(*h)).collect();
        assert!(in_tail.len() > 20);
        let from = bytes.len() - 16 * in_tail.len();
        // Pages are lost whole, and entries do not straddle them.
        for cut in (from..=bytes.len()).step_by(16) {
            let mut cut_off = bytes.clone();
            cut_off[cut..].fill(0);
            let mut lost = bytes.clone();
            lost[from..cut].fill(0);
            for h in &in_tail {
                for spoilt in [&cut_off, &lost] {
                    let found = shape.table(Vectors::PORTABLE, &spoilt[..]).unwrap().find(*h);
                    assert_ne!(found, Ok(0), "a listed key is missed");
                }
            }
        }
    }

    #[test]
    fn payloads_that_become_others_at_the_end_make_the_table_of_the_others() {
        let mixer = Mixer::new(3);
        let mut entries: Vec<_> = (0..400_000).map(|key| (mixer.mix(key), 1 + key as u32 % 900)).collect();
        entries.sort_unstable();
        let becomes = |payload: u32| payload / 2 + 1;
        let planned = |payload_max| {
            let mut planning = Planning::new(mixer, entries.len() as u64, payload_max);
            entries.iter().for_each(|entry| planning.add(*entry));
            planning.finish_as(451, becomes)
        };
        let became: Vec<_> = entries.iter().map(|(h, payload)| (*h, becomes(*payload))).collect();
        let (plan, expected) = (planned(900).unwrap(), Plan::of(mixer, &became));
        assert_eq!(plan.shape().widths[0], Width::Narrow);
        let written = |plan: &Plan| {
            let (mut bytes, mut writing) = (Vec::new(), plan.writing());
            let mut write = |part: &[u8]| {
                bytes.extend_from_slice(part);
                Ok::<_, ()>(())
            };
            became.iter().for_each(|entry| writing.add(*entry, &mut write).unwrap());
            writing.finish(&mut write).unwrap();
            bytes
        };
        assert!(plan.shape() == expected.shape() && written(&plan) == written(&expected));
        assert!(planned(1 << 24).is_none(), "slots for such payloads are wider than is needed");
    }

    #[test]
    fn a_table_with_one_mark_answers_as_one_with_two() {
        let listed: BTreeMap<u64, u32> = (0..60_000).map(|at| (at * 7, 1 + at as u32 % 500)).collect();
        let asked: Vec<_> = (0..20_000).map(|at| at * 7 + 3).collect();
        assert_is_the_map(&with_one_mark(built(Mixer::new(5), &listed)), &listed, &asked);
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
