//! A segment is refused or right.
#![cfg(test)]

use jiff::civil::date;
use portcullis::domain::{IssuingState, Kind, Notice, SegmentRole};
use portcullis::index::{Difference, LONGER_MAX, List, Longer, Segment, SegmentError, StateDigest};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::index_samples::{
    Live, a_few, any_notice, assert_golden, build, counted, document, identity, latest, stamp,
};

#[test]
fn what_was_pushed_is_found_under_its_document_and_nothing_else_is() {
    let notices = a_few();
    let (file, built) = build(&notices);
    let segment = Segment::open(file.as_slice()).unwrap();
    for notice in &notices {
        assert!(segment.find(&notice.document).unwrap().contains(notice));
    }
    assert_eq!(segment.find(&document("UTO", "L898902C3")).unwrap().len(), 4);
    assert_eq!(segment.find(&document("UTO", "ABCDEFGHI0123456789XYZ")).unwrap().len(), 2);
    for miss in ["L898902C4", "L898902C", "ABCDEFGHI0123456789XY", "BCDEFGHI0123456789XYZ0"] {
        assert_eq!(segment.find(&document("UTO", miss)), Ok(Vec::new()), "{miss}");
    }
    assert_eq!(segment.find(&document("D", "L898902C3")), Ok(Vec::new()));
    assert_eq!(segment.header().stamp, stamp());
    assert_eq!(segment.header().documents(), 8);
    assert_eq!((built.segment.notices, built.duplicates), (12, 0));
}

#[test]
fn longer_numbers_that_begin_alike_are_found_in_both_places_that_numbers_are_kept_in() {
    let listed = [
        ("UTO", "123456789"),
        ("UTO", "1234567890"),
        ("UTO", "123456789012"),
        ("UTO", "12345678901234"),
        ("UTO", "123456789A"),
        ("UTO", "123456788999"),
        ("UTO", "1234567900"),
        ("FRA", "1234567890"),
    ];
    let notices =
        listed.map(|(state, number)| Notice { document: document(state, number), ..a_few()[0].clone() });
    let (file, _) = build(&notices);
    let segment = Segment::open(file.as_slice()).unwrap();
    let longer = segment.find_longer(&document("UTO", "123456789")).unwrap();
    let found: Vec<_> = longer.notices.iter().map(|notice| notice.document.number.as_str()).collect();
    assert_eq!(found, ["1234567890", "123456789012", "12345678901234", "123456789A"]);
    assert!(!longer.cut);
    assert_eq!(segment.find_longer(&document("UTO", "L898902C3")), Ok(Longer::default()));
}

#[test]
fn no_more_longer_numbers_are_told_than_somebody_looks_at() {
    let notices: Vec<_> = (0..=LONGER_MAX)
        .map(|at| Notice { document: document("UTO", &format!("123456789{at:03}")), ..a_few()[0].clone() })
        .collect();
    let (file, _) = build(&notices);
    let longer = Segment::open(file.as_slice()).unwrap().find_longer(&document("UTO", "123456789")).unwrap();
    assert_eq!((longer.notices.len(), longer.cut), (LONGER_MAX, true));
}

#[test]
fn a_segment_is_named_by_its_content() {
    let (file, built) = build(&a_few());
    assert_eq!(built.segment.role, SegmentRole::Base);
    assert_eq!(built.segment.length, file.len() as u64);
    assert_eq!(built.segment.digest.0, <[u8; 32]>::from(Sha256::digest(&file)));
}

#[test]
fn the_format_is_frozen() {
    let (file, _) = build(&a_few());
    assert_golden("segment-v3.bin", &file);
}

#[test]
fn the_version_before_is_still_read_and_says_the_same() {
    let earlier = Segment::open(&include_bytes!("../golden/segment-v2.bin")[..]).unwrap();
    let (file, built) = build(&a_few());
    let now = Segment::open(file.as_slice()).unwrap();
    assert_eq!(earlier.header().state_digest, built.state_digest);
    for notice in a_few() {
        assert_eq!(earlier.find(&notice.document), now.find(&notice.document));
        assert_eq!(earlier.find_longer(&notice.document), now.find_longer(&notice.document));
    }
    let sorted = |segment: &Segment<&[u8]>| {
        let mut notices: Vec<_> = segment.notices().collect::<Result<_, _>>().unwrap();
        notices.sort_by_key(identity);
        notices
    };
    assert_eq!(sorted(&earlier), sorted(&now));
    let [earlier, now] = [earlier, now].map(|base| List::new(base, None).unwrap());
    assert_eq!(earlier.verify(), Ok(()));
    assert_eq!(now.difference(&earlier, jiff::Timestamp::UNIX_EPOCH), Ok(Difference::default()));
    assert_eq!(earlier.difference(&now, jiff::Timestamp::UNIX_EPOCH), Ok(Difference::default()));
}

#[test]
fn a_segment_without_notices_is_sound_and_finds_nothing() {
    let (file, built) = build(&[]);
    let segment = Segment::open(file.as_slice()).unwrap();
    assert_eq!(built.segment.notices, 0);
    assert_eq!(segment.find(&document("UTO", "L898902C3")), Ok(Vec::new()));
    assert_eq!(segment.notices().count(), 0);
}

#[test]
fn every_flipped_bit_is_refused_at_open() {
    let (mut file, _) = build(&a_few());
    for at in 0..file.len() {
        for bit in [1, 0x80] {
            file[at] ^= bit;
            assert!(Segment::open(file.as_slice()).is_err(), "byte {at}");
            file[at] ^= bit;
        }
    }
    assert!(Segment::open(file.as_slice()).is_ok());
}

#[test]
fn every_other_length_is_refused_at_open() {
    let (mut file, _) = build(&a_few());
    for len in 0..file.len() {
        assert!(Segment::open(&file[..len]).is_err(), "{len}");
    }
    file.push(0);
    assert!(matches!(Segment::open(file.as_slice()), Err(SegmentError::Length { .. })));
}

#[test]
fn what_is_no_segment_is_told_apart_from_a_newer_one() {
    let (mut file, _) = build(&a_few());
    file[8] = 4;
    assert_eq!(Segment::open(file.as_slice()).unwrap_err(), SegmentError::Newer { found: 4, reads: 3 });
    file[8] = 1;
    assert_eq!(Segment::open(file.as_slice()).unwrap_err(), SegmentError::Older { found: 1, reads: 2 });
    assert_eq!(Segment::open([b'A'; 4096]).unwrap_err(), SegmentError::Magic);
    assert_eq!(Segment::open([0; 0]).unwrap_err(), SegmentError::TooShort);
}

#[test]
fn blocks_beyond_the_first_are_checked_too() {
    let notices: Vec<_> = (0..150_000)
        .map(|number| Notice {
            document: document("RUS", &format!("{number:010}")),
            reported_on: Some(date(2000, 1, 1).saturating_add(jiff::Span::new().days(number % 5000))),
            ..crate::index_samples::notice("RUS", "0")
        })
        .collect();
    let (mut file, built) = build(&notices);
    assert!(file.len() > 2 << 20);
    let segment = Segment::open(file.as_slice()).unwrap();
    assert_eq!(segment.header().state_digest, built.state_digest);
    for notice in notices.iter().step_by(997) {
        assert_eq!(segment.find(&notice.document).unwrap(), std::slice::from_ref(notice));
    }
    let at = 2 << 20;
    file[at] ^= 1;
    assert_eq!(Segment::open(file.as_slice()).unwrap_err(), SegmentError::Block { block: 1 });
}

#[test]
fn of_two_notices_of_one_day_that_with_the_greater_canonical_bytes_is_the_latest() {
    // Day 255 is earlier than day 256, and its bytes, the lowest first, are greater.
    let [earlier, later] = [255, 256].map(|day| Notice {
        review_on: Notice::day_from_number(day),
        ..crate::index_samples::notice("UTO", "L898902C3")
    });
    let (file, built) = build([&later, &earlier]);
    let segment = Segment::open(file.as_slice()).unwrap();
    assert_eq!(segment.find(&earlier.document).unwrap(), std::slice::from_ref(&earlier));
    assert_eq!(built.duplicates, 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_segment_says_what_a_map_of_the_latest_notices_says(
        notices in prop::collection::vec(any_notice(), 0..120),
        asked in prop::collection::vec(any_notice(), 20),
    ) {
        let live = latest(&notices);
        let (file, built) = build(&notices);
        let segment = Segment::open(file.as_slice()).unwrap();

        prop_assert_eq!(built.segment.notices, counted(live.values()));
        prop_assert_eq!(built.duplicates, counted(&notices) - counted(live.values()));
        prop_assert_eq!(built.aliases, live.len() as u64 - counted(live.values()));
        let by_kind = live.values().filter(|notice| notice.kind == Kind::Visa);
        prop_assert_eq!(built.counts.kinds.get(&Kind::Visa).copied().unwrap_or(0), counted(by_kind));
        let by_year = live.values().filter(|notice| notice.reported_on.is_none());
        prop_assert_eq!(built.counts.years.get(&None).copied().unwrap_or(0), counted(by_year));
        prop_assert_eq!(built.counts.statuses.values().sum::<u64>(), built.segment.notices);
        for notice in notices.iter().chain(&asked) {
            let expected: Vec<_> =
                live.values().filter(|held| held.document == notice.document).cloned().collect();
            prop_assert_eq!(segment.find(&notice.document).unwrap(), expected);
        }

        let mut listed: Vec<_> = segment.notices().collect::<Result<_, _>>().unwrap();
        listed.sort_by_key(identity);
        prop_assert!(listed.iter().eq(live.values()));

        let mut state_digest = StateDigest::default();
        for notice in live.values() {
            let mut bytes = Vec::new();
            notice.canonical_bytes(&mut bytes);
            state_digest.add(&bytes, notice.alias);
        }
        prop_assert_eq!(segment.header().state_digest, state_digest);
        for state in IssuingState::all() {
            let reports = counted(live.values().filter(|notice| notice.document.issuing_state == state));
            prop_assert_eq!(segment.reports(state), reports);
            prop_assert_eq!(built.counts.states.get(&state).copied().unwrap_or(0), reports);
        }

        let all: Vec<_> = notices.iter().chain(&asked).map(|notice| notice.document).collect();
        let batch = segment.find_batch(&all).unwrap();
        for (at, document) in all.iter().enumerate() {
            let of_batch: Vec<_> = batch.iter().filter(|(of, _)| *of == at).map(|(_, found)| found.clone()).collect();
            prop_assert_eq!(of_batch, segment.find(document).unwrap());
        }

        let mut documents: Vec<_> = notices.iter().chain(&asked).map(|notice| notice.document).collect();
        documents.sort_unstable();
        documents.dedup();
        let listed = List::new(segment, None).unwrap().listed_of(&documents).unwrap();
        documents.retain(|document| live.values().any(|notice| notice.document == *document));
        prop_assert_eq!(listed, documents);
    }

    #[test]
    fn a_difference_is_that_of_two_maps(
        before in prop::collection::vec(any_notice(), 0..120),
        changed in prop::collection::vec(any_notice(), 0..120),
        kept in 0_usize..120,
    ) {
        let after: Vec<_> = before.iter().take(kept).chain(&changed).cloned().collect();
        let [old, new] = [&before, &after].map(|notices| latest(notices));
        let [old_file, new_file] = [&before, &after].map(|notices| build(notices).0);
        let list = |file| List::new(Segment::open(file).unwrap(), None).unwrap();
        let found = list(new_file).difference(&list(old_file), jiff::Timestamp::UNIX_EPOCH).unwrap();
        let of = |live: &Live, other: &Live| {
            counted(live.iter().filter(|(key, _)| !other.contains_key(*key)).map(|(_, notice)| notice))
        };
        let differs = |(key, notice): &(&_, &Notice)| old.get(*key).is_some_and(|held| held != *notice);
        let changed = counted(new.iter().filter(differs).map(|(_, notice)| notice));
        prop_assert_eq!(found, Difference { new: of(&new, &old), changed, gone: of(&old, &new), lapsed: 0 });
    }

    #[test]
    fn the_bytes_do_not_depend_on_the_order_of_the_input(
        (notices, shuffled) in prop::collection::vec(any_notice(), 0..80)
            .prop_flat_map(|notices| (Just(notices.clone()), Just(notices).prop_shuffle())),
    ) {
        let (file, built) = build(&notices);
        let (again, built_again) = build(&shuffled);
        prop_assert!(file == again);
        prop_assert_eq!(built, built_again);
        let live = latest(&notices);
        prop_assert!(file == build(live.values()).0, "superseded notices leave no trace");
    }
}
