//! From entries that ascend to the bytes of a table.

use super::line::{EMPTY, LINE_LEN, Line, Slot, Width, filter_bit};
use super::{Mixer, Place, Shape};

/// A table that is about to be written: all of it but the lines of the first table, which are too many to hold.
#[derive(Debug)]
pub struct Plan {
    shape: Shape,
    entries: u64,
    second: Vec<u8>,
    tail: Vec<u8>,
}

/// An entry: a key that was mixed, and its payload, which is above 0.
pub type Entry = (u64, u32);

/// How full tables are on average, in percent of their slots: the first is dense, since bytes are what a miss costs, and
/// the second is small.
const LOAD_PERCENT: [u64; 2] = [75, 65];

impl Plan {
    /// Plans a table of so many entries, which come by ascending `h`, with payloads up to a greatest.
    ///
    /// # Panics
    /// If there are more or fewer.
    #[must_use]
    pub fn of(mixer: Mixer, count: u64, payload_max: u32, entries: impl Iterator<Item = Entry>) -> Self {
        let (buckets, width) = size(count, payload_max, LOAD_PERCENT[0]);
        let mut overflow = Vec::new();
        lines(entries, buckets, width, &mut overflow, &mut |_| Ok::<_, std::convert::Infallible>(()))
            .unwrap_or(());
        let again = mixer.second();
        for (h, _) in &mut overflow {
            *h = again.mix(*h);
        }
        overflow.sort_unstable();
        let (second_buckets, second_width) = size(overflow.len() as u64, payload_max, LOAD_PERCENT[1]);
        let (mut rest, mut second) = (Vec::new(), Vec::with_capacity(second_buckets as usize * LINE_LEN));
        let mut write = |line: &Line| {
            second.extend_from_slice(line);
            Ok::<_, std::convert::Infallible>(())
        };
        lines(overflow.into_iter(), second_buckets, second_width, &mut rest, &mut write).unwrap_or(());
        let mut tail: Vec<_> = rest.iter().map(|(h, payload)| (again.unmix(*h), *payload)).collect();
        tail.sort_unstable();
        let words = tail.iter().flat_map(|(h, payload)| [h.to_le_bytes(), u64::from(*payload).to_le_bytes()]);
        let tail = words.flatten().collect();
        let shape = Shape { mixer, buckets: [buckets, second_buckets], widths: [width, second_width] };
        Self { shape, entries: count, second, tail }
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

    /// Writes the table: the same entries once more, in their order.
    ///
    /// # Errors
    /// Those of `write`.
    pub fn write<E>(
        &self,
        entries: impl Iterator<Item = Entry>,
        write: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let [buckets, _] = self.shape.buckets;
        lines(entries, buckets, self.shape.widths[0], &mut Vec::new(), &mut |line| write(line))?;
        write(&self.second)?;
        write(&self.tail)
    }
}

/// How many buckets, and how wide, for so many entries.
fn size(entries: u64, payload_max: u32, load_percent: u64) -> (u64, Width) {
    let buckets = |width: Width| (entries * 100).div_ceil(width.slots() as u64 * load_percent);
    match buckets(Width::Narrow) {
        0 => (0, Width::Narrow),
        narrow if Width::of(narrow, payload_max) == Width::Narrow => (narrow, Width::Narrow),
        _ => (buckets(Width::Wide), Width::Wide),
    }
}

/// Makes the lines of one table and collects what has no room in its bucket.
fn lines<E>(
    entries: impl Iterator<Item = Entry>,
    buckets: u64,
    width: Width,
    overflow: &mut Vec<Entry>,
    write: &mut impl FnMut(&Line) -> Result<(), E>,
) -> Result<(), E> {
    let mut entries = entries.peekable();
    let (slots, mut own, mut before) = (width.slots(), Vec::new(), None);
    for bucket in 0..buckets {
        own.clear();
        while let Some((h, payload)) = entries.next_if(|(h, _)| Place::of(*h, buckets).bucket == bucket) {
            assert!(
                before.replace(h) < Some(h) && payload > 0,
                "entries ascend, and their payloads are above 0"
            );
            own.push((h, payload));
        }
        let mut line = [0; LINE_LEN];
        let kept = if own.len() > slots { slots - 1 } else { own.len() };
        let (kept, rest) = own.split_at(kept);
        let from = if rest.is_empty() { slots - kept.len() } else { 0 };
        for (at, (h, payload)) in (from..).zip(kept) {
            let remainder = Place::of(*h, buckets).remainder;
            width.put(&mut line, at, Slot { remainder, payload: *payload });
        }
        if own.is_empty() {
            width.put(&mut line, slots - 1, EMPTY);
        } else if !rest.is_empty() {
            let filter = rest.iter().map(|(h, _)| filter_bit(Place::of(*h, buckets).remainder));
            let descriptor = Slot { remainder: filter.fold(0, |all, bit| all | bit), payload: 0 };
            width.put(&mut line, slots - 1, descriptor);
            overflow.extend_from_slice(rest);
        }
        write(&line)?;
    }
    assert!(entries.next().is_none(), "there are as many entries as were planned for");
    Ok(())
}
