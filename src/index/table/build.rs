//! From entries that ascend to the bytes of a table.
//!
//! Entries come twice, since the head of a file names what only all of them tell: first to find out which have no room
//! in their bucket, of which the second table and the tail are made; then to be written, line by line.

use super::line::{EMPTY, LINE_LEN, Line, Marks, Slot, Width};
use super::{Mixer, Place, Shape};

/// An entry: a key that was mixed, and its payload, which is above 0.
pub type Entry = (u64, u32);

/// A table that is being planned: it is told every entry, by ascending `h`.
#[derive(Debug)]
pub struct Planning {
    mixer: Mixer,
    count: u64,
    payload_max: u32,
    buckets: Buckets,
    overflow: Vec<Entry>,
}

/// A table that is about to be written: all of it but the lines of the first table, which are too many to hold.
#[derive(Debug)]
pub struct Plan {
    shape: Shape,
    entries: u64,
    second: Vec<u8>,
    tail: Vec<u8>,
}

/// A table that is being written: it is told every entry once more.
#[derive(Debug)]
pub struct Writing<'p> {
    plan: &'p Plan,
    buckets: Buckets,
}

/// How full tables are on average, in percent of their slots: the first is dense, since bytes are what a miss costs, and
/// the second is small.
const LOAD_PERCENT: [u64; 2] = [75, 65];

const MARKS: Marks = Marks::Two;

impl Planning {
    /// Begins with how many entries there will be, and their greatest payload.
    #[must_use]
    pub fn new(mixer: Mixer, count: u64, payload_max: u32) -> Self {
        let buckets = Buckets::of(count, payload_max, LOAD_PERCENT[0]);
        Self { mixer, count, payload_max, buckets, overflow: Vec::new() }
    }

    /// Takes the next entry.
    ///
    /// # Panics
    /// If entries do not ascend.
    #[inline]
    pub fn add(&mut self, entry: Entry) {
        let overflow = &mut self.overflow;
        self.buckets.add(entry, &mut |full| overflow.extend_from_slice(full.overflow()));
    }

    /// Makes the second table and the tail.
    ///
    /// # Panics
    /// If there were more or fewer entries than were announced.
    #[must_use]
    pub fn finish(self) -> Plan {
        let payload_max = self.payload_max;
        self.finish_as(payload_max, |payload| payload).expect("slots are as wide as was announced")
    }

    /// The same where only now is known what payloads become, and their greatest; `None` if other slots are needed than for
    /// the greatest that was announced.
    ///
    /// # Panics
    /// As [`finish`](Self::finish).
    #[must_use]
    pub fn finish_as(self, payload_max: u32, becomes: impl Fn(u32) -> u32) -> Option<Plan> {
        let Self { mixer, count, buckets, mut overflow, .. } = self;
        assert_eq!(buckets.count, count, "there are as many entries as were announced");
        let (first, width) = (buckets.buckets, buckets.width);
        let needed = Buckets::of(count, payload_max, LOAD_PERCENT[0]);
        if (needed.buckets, needed.width) != (first, width) {
            return None;
        }
        buckets.finish(&mut |full| overflow.extend_from_slice(full.overflow()));
        let again = mixer.second();
        for (h, payload) in &mut overflow {
            (*h, *payload) = (again.mix(*h), becomes(*payload));
        }
        overflow.sort_unstable();
        let mut level = Buckets::of(overflow.len() as u64, payload_max, LOAD_PERCENT[1]);
        let (second_buckets, second_width) = (level.buckets, level.width);
        let (mut rest, mut second) = (Vec::new(), Vec::with_capacity(second_buckets as usize * LINE_LEN));
        let mut take = |full: &Full<'_>| {
            second.extend_from_slice(&full.line());
            rest.extend_from_slice(full.overflow());
        };
        overflow.into_iter().for_each(|entry| level.add(entry, &mut take));
        level.finish(&mut take);
        let mut tail: Vec<_> = rest.iter().map(|(h, payload)| (again.unmix(*h), *payload)).collect();
        tail.sort_unstable();
        let words = tail.iter().flat_map(|(h, payload)| [h.to_le_bytes(), u64::from(*payload).to_le_bytes()]);
        let tail = words.flatten().collect();
        let widths = [width, second_width];
        let shape = Shape { mixer, buckets: [first, second_buckets], widths, marks: MARKS };
        Some(Plan { shape, entries: count, second, tail })
    }
}

impl Plan {
    /// Plans a table of entries that can be gone through again and again.
    #[must_use]
    pub fn of(mixer: Mixer, entries: &[Entry]) -> Self {
        let payload_max = entries.iter().map(|(_, payload)| *payload).max().unwrap_or_default();
        let mut planning = Planning::new(mixer, entries.len() as u64, payload_max);
        entries.iter().for_each(|entry| planning.add(*entry));
        planning.finish()
    }

    /// What it takes to read the table.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// How many bytes it will have.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.shape.buckets[0] * LINE_LEN as u64 + (self.second.len() + self.tail.len()) as u64
    }

    /// True if it has no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// Begins to write the table.
    #[must_use]
    pub fn writing(&self) -> Writing<'_> {
        let (buckets, width) = (self.shape.buckets[0], self.shape.widths[0]);
        Writing { plan: self, buckets: Buckets { buckets, width, ..Buckets::of(0, 0, 1) } }
    }
}

impl Writing<'_> {
    /// Takes the next entry, and hands on the lines before the one that it belongs to.
    ///
    /// # Errors
    /// Those of `write`.
    #[inline]
    pub fn add<E>(&mut self, entry: Entry, write: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut written = Ok(());
        self.buckets.add(entry, &mut |full| {
            if written.is_ok() {
                written = write(&full.line());
            }
        });
        written
    }

    /// Hands on what is left.
    ///
    /// # Errors
    /// Those of `write`.
    ///
    /// # Panics
    /// If there were more or fewer entries than were planned for.
    pub fn finish<E>(self, write: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        assert_eq!(self.buckets.count, self.plan.entries, "there are as many entries as were planned for");
        let mut written = Ok(());
        self.buckets.finish(&mut |full| {
            if written.is_ok() {
                written = write(&full.line());
            }
        });
        written?;
        write(&self.plan.second)?;
        write(&self.plan.tail)
    }
}

/// Deals entries out to the buckets of one table.
#[derive(Debug)]
struct Buckets {
    buckets: u64,
    width: Width,
    /// The bucket whose entries are being collected, and they.
    bucket: u64,
    own: Vec<Entry>,
    before: Option<u64>,
    count: u64,
}

/// A bucket whose entries are all there.
struct Full<'b> {
    buckets: u64,
    width: Width,
    own: &'b [Entry],
}

impl Buckets {
    /// As many, and as wide, as so many entries need.
    fn of(entries: u64, payload_max: u32, load_percent: u64) -> Self {
        let buckets = |width: Width| (entries * 100).div_ceil(width.slots() as u64 * load_percent);
        let (buckets, width) = match buckets(Width::Narrow) {
            0 => (0, Width::Narrow),
            narrow if Width::of(narrow, payload_max) == Width::Narrow => (narrow, Width::Narrow),
            _ => (buckets(Width::Wide), Width::Wide),
        };
        Self { buckets, width, bucket: 0, own: Vec::with_capacity(32), before: None, count: 0 }
    }

    #[inline]
    fn add(&mut self, (h, payload): Entry, full: &mut impl FnMut(&Full<'_>)) {
        assert!(
            self.before.replace(h) < Some(h) && payload > 0,
            "entries ascend, and their payloads are above 0"
        );
        let bucket = Place::of(h, self.buckets).bucket;
        while self.bucket < bucket {
            self.end_bucket(full);
        }
        self.own.push((h, payload));
        self.count += 1;
    }

    fn finish(mut self, full: &mut impl FnMut(&Full<'_>)) {
        while self.bucket < self.buckets {
            self.end_bucket(full);
        }
    }

    #[inline]
    fn end_bucket(&mut self, full: &mut impl FnMut(&Full<'_>)) {
        full(&Full { buckets: self.buckets, width: self.width, own: &self.own });
        self.own.clear();
        self.bucket += 1;
    }
}

impl<'b> Full<'b> {
    /// What has room, and what has not: then a descriptor takes the last slot.
    fn split(&self) -> (&'b [Entry], &'b [Entry]) {
        let slots = self.width.slots();
        self.own.split_at(if self.own.len() > slots { slots - 1 } else { self.own.len() })
    }

    fn overflow(&self) -> &'b [Entry] {
        self.split().1
    }

    fn line(&self) -> Line {
        let (slots, (kept, rest)) = (self.width.slots(), self.split());
        let remainder = |h: u64| Place::of(h, self.buckets).remainder;
        let mut line = [0; LINE_LEN];
        let from = if rest.is_empty() { slots - kept.len() } else { 0 };
        for (at, (h, payload)) in (from..).zip(kept) {
            self.width.put(&mut line, at, Slot { remainder: remainder(*h), payload: *payload });
        }
        if self.own.is_empty() {
            self.width.put(&mut line, slots - 1, EMPTY);
        } else if !rest.is_empty() {
            let filter = rest.iter().fold(0, |all, (h, _)| all | MARKS.of(remainder(*h)));
            self.width.put(&mut line, slots - 1, Slot { remainder: filter, payload: 0 });
        }
        line
    }
}
