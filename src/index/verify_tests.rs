//! What is refused of a file whose checksums were made right again.

use proptest::prelude::*;

use super::format::Header;
use super::format_tests::reseal;
use super::samples::{a_few, build, document, notice};
use super::sections::Section;
use super::{Damaged, Segment, SegmentError};

/// What is said of a file that was changed by somebody who knows how to make its checksums right.
fn refusal(change: impl FnOnce(&mut [u8], Header)) -> SegmentError {
    let (mut file, _) = build(&a_few());
    let header = Header::decode(&file).unwrap();
    change(&mut file, header);
    reseal(&mut file);
    opened(file).unwrap_err()
}

/// As before it is put in force.
fn opened(file: Vec<u8>) -> Result<Segment<Vec<u8>>, SegmentError> {
    let segment = Segment::open(file)?;
    segment.verify().map(|()| segment)
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
fn keys_of_no_document_and_sets_that_do_not_exist_are_refused() {
    for (offset, byte) in [(7, 1), (6, 0xFF), (8, 0xFF), (11, 1), (12, 1)] {
        let odd = refusal(|file, header| {
            let line = at(header.layout.slots);
            let entry = (line..).step_by(16).find(|at| file[at + 8] != 0).unwrap();
            file[entry + offset] = byte;
        });
        assert_eq!(section_of(&odd), "slots", "{odd}");
    }
}

#[test]
fn details_that_are_no_documents_or_out_of_order_are_refused() {
    let reference = a_few()[1].reference.clone();
    let many: Vec<_> = (0..40)
        .map(|at| crate::domain::Notice { reference: reference.clone(), ..notice("UTO", &format!("A{at}")) })
        .collect();
    let refusal = |change: fn(&mut [u8])| {
        let (mut file, _) = build(&many);
        let header = Header::decode(&file).unwrap();
        assert_eq!(header.layout.details_starts.length, 4 * 8, "the sample has three groups");
        let details = at(header.layout.details)..header.layout.details.end() as usize;
        change(&mut file[details]);
        reseal(&mut file);
        opened(file).unwrap_err()
    };
    for change in [
        (|details| details[0] ^= 1) as fn(&mut [u8]),
        |details| details[6] ^= 0x80,
        |details| details[7] = 1,
        |details| details[8] ^= 1,
        |details| details[11] = 0x80,
        |details| details[12] = 0,
        |details| {
            let entry = details[..30].to_vec();
            details[30..60].copy_from_slice(&entry);
        },
    ] {
        let odd = refusal(change);
        assert!(matches!(odd, SegmentError::Content { .. }), "{odd}");
    }
    let (file, _) = build(&many);
    let segment = opened(file).unwrap();
    assert!(many.iter().all(|notice| segment.find(&notice.document).unwrap() == [notice.clone()]));
    assert_eq!(segment.find(&document("UTO", "A40")), Ok(Vec::new()));
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
        assert_eq!(header.shape.widths[0].slot_len(), 16, "a small table has wide slots");
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
    let unused = refusal(|file, header| {
        // Every document gets the set of the first one.
        let line = at(header.layout.slots);
        let entries: Vec<_> = (line..line + header.layout.slots.length as usize).step_by(16).collect();
        let codes: Vec<_> = entries.into_iter().map(|entry| entry + 8).filter(|at| file[*at] > 1).collect();
        let code = file[codes[0]];
        codes.iter().for_each(|at| file[*at] = code);
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
        if let Ok(segment) = opened(file) {
            for notice in a_few() {
                prop_assert!(segment.find(&notice.document).is_ok());
            }
            prop_assert!(!segment.notices().any(|notice| notice == Err(Damaged)));
        }
    }
}
