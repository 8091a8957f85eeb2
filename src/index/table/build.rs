//! From entries that ascend to the bytes of a table.

use super::line::{LINE_LEN, Slot, Width, filter_bit};
use super::{Mixer, Place};

/// The bytes of a table and what it takes to read them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// How many buckets the first and the second table have; 0 if a table is empty.
    pub buckets: [u64; 2],
    /// How wide the slots of either are.
    pub widths: [Width; 2],
    /// The lines of the first table, then those of the second.
    pub lines: [Vec<u8>; 2],
    /// What overflowed twice: `h` and payload, by `h`, `u64` each.
    pub tail: Vec<u8>,
}

/// How full tables are on average, in percent of their slots: the first is dense, since bytes are what a miss costs, and
/// the second is small.
const LOAD_PERCENT: [u64; 2] = [75, 65];

/// Builds a table of entries, `(h, payload)` with ascending `h` and payloads above 0.
///
/// # Panics
/// If the entries do not ascend, or a payload is 0.
#[must_use]
pub fn build(mixer: Mixer, entries: &[(u64, u32)]) -> Parts {
    let payload_max = entries.iter().map(|(_, payload)| *payload).max().unwrap_or(1);
    let mut overflow = Vec::new();
    let (buckets, width) = size(entries.len() as u64, payload_max, LOAD_PERCENT[0]);
    let first = lines(entries, buckets, width, &mut overflow);
    let second_mixer = mixer.second();
    let mut again: Vec<_> = overflow.iter().map(|(h, payload)| (second_mixer.mix(*h), *payload)).collect();
    again.sort_unstable();
    let mut rest = Vec::new();
    let (second_buckets, second_width) = size(again.len() as u64, payload_max, LOAD_PERCENT[1]);
    let second = lines(&again, second_buckets, second_width, &mut rest);
    let mut tail: Vec<_> = rest.iter().map(|(h, payload)| (second_mixer.unmix(*h), *payload)).collect();
    tail.sort_unstable();
    let tail = tail.iter().flat_map(|(h, payload)| [h.to_le_bytes(), u64::from(*payload).to_le_bytes()]);
    Parts {
        buckets: [buckets, second_buckets],
        widths: [width, second_width],
        lines: [first, second],
        tail: tail.flatten().collect(),
    }
}

/// How many buckets, and how wide, for so many entries.
fn size(entries: u64, payload_max: u32, load_percent: u64) -> (u64, Width) {
    let buckets = |width: Width| (entries * 100).div_ceil(width.slots() as u64 * load_percent);
    let narrow = buckets(Width::Narrow);
    if entries == 0 {
        return (0, Width::Narrow);
    }
    match Width::of(narrow, payload_max) {
        Width::Narrow => (narrow, Width::Narrow),
        Width::Wide => (buckets(Width::Wide), Width::Wide),
    }
}

/// Writes the lines of one table and collects what has no room in its bucket.
fn lines(entries: &[(u64, u32)], buckets: u64, width: Width, overflow: &mut Vec<(u64, u32)>) -> Vec<u8> {
    let mut lines = Vec::with_capacity(buckets as usize * LINE_LEN);
    let mut rest = entries;
    for bucket in 0..buckets {
        let len = rest.iter().take_while(|(h, _)| Place::of(*h, buckets).bucket == bucket).count();
        let (own, after) = rest.split_at(len);
        rest = after;
        assert!(own.is_sorted_by(|a, b| a.0 < b.0) && own.iter().all(|(_, payload)| *payload > 0));
        let mut line = [0; LINE_LEN];
        let slots = width.slots();
        let kept = if len > slots { slots - 1 } else { len };
        for (at, (h, payload)) in own[..kept].iter().enumerate() {
            let remainder = Place::of(*h, buckets).remainder;
            width.put(&mut line, at, Slot { remainder, payload: *payload });
        }
        if len > slots {
            let filter = own[kept..].iter().map(|(h, _)| filter_bit(Place::of(*h, buckets).remainder));
            let descriptor = Slot { remainder: filter.fold(0, |all, bit| all | bit), payload: 0 };
            width.put(&mut line, slots - 1, descriptor);
            overflow.extend_from_slice(&own[kept..]);
        }
        lines.extend_from_slice(&line);
    }
    assert!(rest.is_empty(), "entries ascend");
    lines
}
