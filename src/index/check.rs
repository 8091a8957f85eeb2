//! Everything that is asked of a segment's bytes before it may answer.

use xxhash_rust::xxh3::xxh3_64;

use crate::domain::DocumentId;

use super::format::{BLOCK_LEN, Header, Keys, STATES, digits_length};
use super::longs::Longs;
use super::segment::View;
use super::sets::{Bodies, canonical_bytes};
use super::table::Shape;
use super::{Key, SegmentError, StateDigest};

/// What a segment keeps of the check in memory of its own.
pub(super) struct Checked {
    pub(super) header: Header,
    pub(super) longs: Longs,
    pub(super) reports: Box<[u64; STATES]>,
    pub(super) checksums: Box<[u64]>,
}

impl Checked {
    pub(super) fn check(file: &[u8]) -> Result<Self, SegmentError> {
        let header = Header::decode(file)?;
        let view = View { file, header: &header };
        let checksums = check_blocks(view)?;
        check_padding(view)?;
        check_sets(view)?;
        let mut sums = Sums::new(view);
        check_slots(view, &mut sums)?;
        let longs = check_longs(view, &mut sums)?;
        sums.check()?;
        let Sums { reports, .. } = sums;
        Ok(Self { header, longs, reports, checksums })
    }
}

fn check_blocks(view: View) -> Result<Box<[u64]>, SegmentError> {
    let section = view.header.layout.checksums;
    let recorded = section.of(view.file).ok_or(SegmentError::TooShort)?.as_chunks::<8>().0;
    let recorded: Box<[u64]> = recorded.iter().map(|checksum| u64::from_le_bytes(*checksum)).collect();
    let body = &view.file[..view.file.len() - recorded.len() * 8];
    let mut blocks = body.chunks(BLOCK_LEN as usize).zip(&recorded);
    match blocks.position(|(block, checksum)| xxh3_64(block) != *checksum) {
        Some(block) => Err(SegmentError::Block { block: block as u64 }),
        None => Ok(recorded),
    }
}

fn check_padding(view: View) -> Result<(), SegmentError> {
    for pair in view.header.layout.sections().windows(2) {
        let gap = view.file.get(pair[0].end() as usize..pair[1].offset as usize);
        if gap.is_none_or(|gap| gap.iter().any(|byte| *byte != 0)) {
            return Err(SegmentError::Header("something stands between its sections"));
        }
    }
    Ok(())
}

/// Every set can be read, and they ascend, so that none is there twice.
fn check_sets(view: View) -> Result<(), SegmentError> {
    let count = view.header.layout.set_count;
    let bad = |at, what| SegmentError::Content { section: "sets", at, what };
    if u32::try_from(count).is_err() {
        return Err(bad(count, "there are more than a slot can number"));
    }
    let ends = (view.start(0), view.start(count));
    if ends != (Ok(0), Ok(view.header.layout.bodies.length)) {
        return Err(bad(0, "they do not fill their section"));
    }
    let mut before: &[u8] = &[];
    for at in 0..count {
        let set = view.set_bytes(at).map_err(|_| bad(at, "its place is out of range"))?;
        if set <= before {
            return Err(bad(at, "it is not greater than the one before"));
        }
        before = set;
        let mut identity = None;
        for body in Bodies::new(set) {
            let body = body.map_err(|_| bad(at, "a notice is cut short"))?;
            body.check().map_err(|_| bad(at, "a notice can't be read"))?;
            if identity.replace(body.identity()) >= Some(body.identity()) {
                return Err(bad(at, "its notices do not ascend by kind and reference"));
            }
        }
    }
    Ok(())
}

fn check_slots(view: View, sums: &mut Sums) -> Result<(), SegmentError> {
    match view.header.keys {
        Keys::Sorted => check_sorted(view, sums),
        Keys::Hashed(shape) => check_table(view, shape, sums),
    }
}

fn check_table(view: View, shape: Shape, sums: &mut Sums) -> Result<(), SegmentError> {
    let bad = |at, what| SegmentError::Content { section: "slots", at, what };
    let table = view.table(shape).map_err(|_| SegmentError::TooShort)?;
    table.check().map_err(|what| bad(0, what))?;
    let mut count = 0;
    for found in view.keyed() {
        let (key, set) = found.map_err(|_| bad(count, "its key is no document's"))?;
        sums.add(&key.unpack(), set.into()).map_err(|what| bad(count, what))?;
        count += 1;
    }
    if count == view.header.layout.slot_count {
        Ok(())
    } else {
        Err(bad(count, "the table has another number of entries"))
    }
}

fn check_sorted(view: View, sums: &mut Sums) -> Result<(), SegmentError> {
    let mut before = None;
    for at in 0..view.header.layout.slot_count {
        let bad = |what| SegmentError::Content { section: "slots", at, what };
        let slot = view.slot(at).map_err(|_| bad("its place is out of range"))?;
        let key = Key::from_bits(slot.key).ok_or_else(|| bad("its key is no document's"))?;
        if before.replace(key) >= Some(key) {
            return Err(bad("its key is not greater than the one before"));
        }
        if slot.reserved != 0 {
            return Err(bad("its reserved bytes are not 0"));
        }
        sums.add(&key.unpack(), slot.set.into()).map_err(bad)?;
    }
    Ok(())
}

fn check_longs(view: View, sums: &mut Sums) -> Result<Longs, SegmentError> {
    let map = view.header.layout.longs.of(view.file).ok_or(SegmentError::TooShort)?;
    let mut at = 0;
    let longs = Longs::open(map, view.header.longs, |document, set| {
        at += 1;
        sums.add(document, set)
    });
    longs.map_err(|what| SegmentError::Content { section: "long numbers", at, what })
}

/// What is summed up over all documents, to be compared with what the file says of itself.
struct Sums<'a> {
    view: View<'a>,
    used: Vec<bool>,
    reports: Box<[u64; STATES]>,
    digits_lengths: Box<[u8; STATES]>,
    state_digest: StateDigest,
    canonical: Vec<u8>,
}

impl<'a> Sums<'a> {
    fn new(view: View<'a>) -> Self {
        Self {
            view,
            // Bounded: the starts of the sets, eight bytes each, are in the file.
            used: vec![false; view.header.layout.set_count as usize],
            reports: Box::new([0; STATES]),
            digits_lengths: Box::new([0; STATES]),
            state_digest: StateDigest::default(),
            canonical: Vec::new(),
        }
    }

    fn add(&mut self, document: &DocumentId, set: u64) -> Result<(), &'static str> {
        let used = usize::try_from(set).ok().and_then(|set| self.used.get_mut(set));
        *used.ok_or("it has a set that does not exist")? = true;
        self.digits_lengths[usize::from(document.issuing_state.number())] |= digits_length(&document.number);
        for body in self.view.set(set).map_err(|_| "it has a set that does not exist")? {
            let body = body.map_err(|_| "it has a set that can't be read")?;
            canonical_bytes(document, body.bytes(), &mut self.canonical);
            self.state_digest.add(&self.canonical, body.is_alias());
            self.reports[usize::from(document.issuing_state.number())] += u64::from(!body.is_alias());
        }
        Ok(())
    }

    fn check(&self) -> Result<(), SegmentError> {
        if self.used.contains(&false) {
            return Err(SegmentError::Sums("sets"));
        }
        let counts = self.view.header.layout.counts.of(self.view.file).ok_or(SegmentError::TooShort)?;
        let (counts, lengths) = counts.split_at_checked(STATES * 8).ok_or(SegmentError::TooShort)?;
        let counts = counts.as_chunks::<8>().0.iter().map(|count| u64::from_le_bytes(*count));
        if !counts.eq(self.reports.iter().copied()) {
            return Err(SegmentError::Sums("counts by issuing state"));
        }
        if !lengths.is_empty() && lengths != self.digits_lengths.as_slice() {
            return Err(SegmentError::Sums("lengths of numbers by issuing state"));
        }
        if self.state_digest != self.view.header.state_digest {
            return Err(SegmentError::Sums("count and state digest"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::format::{Section, tests::reseal};
    use super::super::samples::{a_few, build};
    use super::super::{Damaged, Segment};
    use super::*;

    /// What is said of a file that was changed by somebody who knows how to make its checksums right.
    fn refusal(change: impl FnOnce(&mut [u8], Header)) -> SegmentError {
        let (mut file, _) = build(&a_few());
        let header = Header::decode(&file).unwrap();
        change(&mut file, header);
        reseal(&mut file);
        Segment::open(file).unwrap_err()
    }

    /// The same of a file of version 1.
    fn refusal_of_sorted(change: impl FnOnce(&mut [u8], Header)) -> SegmentError {
        let mut file = include_bytes!("../../tests/golden/segment-v1.bin").to_vec();
        let header = Header::decode(&file).unwrap();
        assert_eq!(header.keys, Keys::Sorted);
        change(&mut file, header);
        reseal(&mut file);
        Segment::open(file).unwrap_err()
    }

    fn at(section: Section) -> usize {
        section.offset as usize
    }

    fn section_of(refusal: &SegmentError) -> &'static str {
        match refusal {
            SegmentError::Content { section, .. } => section,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn documents_out_of_order_or_twice_are_refused() {
        let swapped = refusal_of_sorted(|file, header| {
            let slots = &mut file[at(header.layout.slots)..][..32];
            slots.rotate_left(16);
        });
        assert!(matches!(swapped, SegmentError::Content { section: "slots", at: 1, .. }), "{swapped}");
        let twice = refusal_of_sorted(|file, header| {
            file.copy_within(
                at(header.layout.slots)..at(header.layout.slots) + 16,
                at(header.layout.slots) + 16,
            )
        });
        assert!(matches!(twice, SegmentError::Content { section: "slots", at: 1, .. }), "{twice}");
    }

    #[test]
    fn keys_of_no_document_and_sets_that_do_not_exist_are_refused() {
        for (offset, byte) in [(7, 1), (6, 0xFF), (8, 0xFF), (12, 1)] {
            let odd = refusal_of_sorted(|file, header| file[at(header.layout.slots) + offset] = byte);
            assert_eq!(section_of(&odd), "slots", "{odd}");
        }
    }

    #[test]
    fn lines_that_no_builder_leaves_are_refused() {
        let slots = |file: &mut [u8], header: Header| {
            at(header.layout.slots)..at(header.layout.slots) + file.len().min(64)
        };
        for change in [
            (|line| line[48..].rotate_left(8)) as fn(&mut [u8]),
            |line| line[..].fill(0),
            |line| line[56..].fill(0),
            |line| line.copy_within(48..56, 56),
            |line| line[0] = 1,
            |line| line.copy_within(48..56, 0),
        ] {
            let odd = refusal(|file, header| {
                let line = slots(file, header);
                change(&mut file[line]);
            });
            assert_eq!(section_of(&odd), "slots", "{odd}");
        }
        let set = refusal(|file, header| {
            let Keys::Hashed(shape) = header.keys else { panic!("version 2") };
            assert_eq!(shape.widths[0].slot_len(), 16, "a small table has wide slots");
            file[at(header.layout.slots) + 64 - 8] = 0xEE;
        });
        assert_eq!(section_of(&set), "slots", "{set}");
        let count = refusal(|file, _| file[56] ^= 1);
        assert_eq!(section_of(&count), "slots", "{count}");
    }

    #[test]
    fn a_table_that_does_not_fit_its_section_is_refused() {
        for (at, byte) in [(184, 0xFF), (192, 1), (208, 8), (208, 7), (191, 0x80), (210, 1)] {
            let odd = refusal(|file, _| file[at] = byte);
            assert!(matches!(odd, SegmentError::Header(_) | SegmentError::Content { .. }), "{at}: {odd}");
        }
    }

    #[test]
    fn sets_that_cannot_be_read_or_do_not_ascend_are_refused() {
        for offset in [0, 1, 10] {
            let odd = refusal(|file, header| file[at(header.layout.bodies) + offset] = 0xEE);
            assert_eq!(section_of(&odd), "sets", "{odd}");
        }
        let start = refusal(|file, header| file[at(header.layout.starts)] = 1);
        assert_eq!(section_of(&start), "sets", "{start}");
        let far = refusal(|file, header| file[at(header.layout.starts) + 15] = 0x80);
        assert_eq!(section_of(&far), "sets", "{far}");
    }

    #[test]
    fn sums_that_do_not_agree_with_the_notices_are_refused() {
        let count = refusal(|file, header| file[at(header.layout.counts) + 8] ^= 1);
        assert_eq!(count, SegmentError::Sums("counts by issuing state"));
        let digest = refusal(|file, _| file[32] ^= 1);
        assert_eq!(digest, SegmentError::Sums("count and state digest"));
        let notices = refusal(|file, _| file[48] ^= 1);
        assert_eq!(notices, SegmentError::Sums("count and state digest"));
        let lengths = refusal(|file, header| file[at(header.layout.counts) + 4096 + 190] ^= 2);
        assert_eq!(lengths, SegmentError::Sums("lengths of numbers by issuing state"));
        let unused = refusal_of_sorted(|file, header| {
            // Every document gets the set of the first one.
            let set = file[at(header.layout.slots) + 8];
            for slot in 0..header.layout.slot_count as usize {
                file[at(header.layout.slots) + 16 * slot + 8] = set;
            }
        });
        assert_eq!(unused, SegmentError::Sums("sets"));
    }

    #[test]
    fn long_numbers_are_checked_beyond_what_their_map_checks_itself() {
        let odd = refusal(|file, header| file[at(header.layout.longs) + 20] ^= 1);
        assert_eq!(section_of(&odd), "long numbers", "{odd}");
        let count = refusal(|file, _| file[64] ^= 1);
        assert_eq!(section_of(&count), "long numbers", "{count}");
    }

    #[test]
    fn nothing_may_hide_between_the_sections() {
        let hidden = refusal(|file, header| {
            assert_ne!(header.layout.longs.end() % 8, 0, "the sample has a gap");
            file[header.layout.longs.end() as usize] = 1;
        });
        assert_eq!(hidden, SegmentError::Header("something stands between its sections"));
    }

    proptest! {
        #[test]
        fn whatever_is_opened_answers_without_damage(changes in prop::collection::vec((0.., any::<u8>()), 1..4)) {
            let (mut file, _) = build(&a_few());
            for (at, byte) in changes {
                let at = at as usize % file.len();
                file[at] = byte;
            }
            reseal(&mut file);
            if let Ok(segment) = Segment::open(file) {
                for notice in a_few() {
                    prop_assert!(segment.find(&notice.document).is_ok());
                }
                prop_assert!(!segment.notices().any(|notice| notice == Err(Damaged)));
            }
        }
    }
}
