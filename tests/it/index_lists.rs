//! A base with its delta is the list that both make, and folding them is building it.
#![cfg(test)]

use std::sync::Arc;

use portcullis::domain::{DocumentId, IssuingState, Notice, SegmentRole};
use portcullis::ground::platform::Vectors;
use portcullis::ground::storage::Disk;
use portcullis::index::{
    self, Builder, Difference, IndexError, LONGER_MAX, List, Longer, Publisher, Segment, SegmentError, Stamp,
};
use proptest::prelude::*;

use crate::index_samples::{
    Memory, a_few, any_notice, assert_golden, build, delta, document, fold, identity, latest, list, notice,
    reseal, stamp,
};

fn later() -> Stamp {
    Stamp { sequence: 8, ..stamp() }
}

/// Some of a few changed, one gone, some new: with and without keys and references.
fn a_few_later() -> Vec<Notice> {
    let mut notices = a_few();
    notices.retain(|notice| notice.document != document("D", "C01X00T47"));
    notices.retain(|notice| notice.document != document("IAO", "12345678901234"));
    notices
        .retain(|notice| notice.reference.as_ref().is_none_or(|reference| reference.as_str() != "2026/17"));
    notices.push(notice("UTO", "NEW"));
    notices.push(Notice { kind: portcullis::domain::Kind::Visa, ..notice("RUS", "4509123456") });
    notices.push(Notice { reference: a_few()[2].reference.clone(), ..notice("ABW", "1") });
    notices.push(notice("UTO", "BCDEFGHI0123456789XYZ0"));
    notices
}

fn sorted(notices: impl Iterator<Item = Notice>) -> Vec<Notice> {
    let mut notices: Vec<_> = notices.collect();
    notices.sort_by_key(identity);
    notices
}

/// Both lists say the same of everything and sum up to the same.
fn assert_same(found: &List<&[u8]>, expected: &List<&[u8]>, asked: &[DocumentId]) {
    assert_eq!(found.state_digest(), expected.state_digest());
    for state in IssuingState::all() {
        assert_eq!(found.reports(state), expected.reports(state));
    }
    for document in asked {
        assert_eq!(found.find(document), expected.find(document));
        assert_eq!(found.find_longer(document), expected.find_longer(document));
    }
    assert_eq!(found.find_batch(asked), expected.find_batch(asked));
    assert_eq!(found.listed_of(asked), expected.listed_of(asked));
    let all = |list: &List<&[u8]>| sorted(list.notices().map(|notice| notice.unwrap()));
    assert_eq!(all(found), all(expected));
    assert_eq!(found.difference(expected, jiff::Timestamp::UNIX_EPOCH), Ok(Difference::default()));
    assert_eq!(expected.difference(found, jiff::Timestamp::UNIX_EPOCH), Ok(Difference::default()));
}

#[test]
fn a_delta_is_frozen() {
    let (base, _) = build(&a_few());
    let (now, _) = build(&a_few_later());
    assert_golden("delta-v3.bin", &delta(&base, &now, later()));
}

#[test]
fn a_list_that_nothing_changed_has_an_empty_delta() {
    let (base, built) = build(&a_few());
    let delta = delta(&base, &base, later());
    let list = list(&base, Some(&delta));
    assert_eq!(list.verify(), Ok(()));
    assert_eq!(list.delta().unwrap().header().documents(), 0);
    assert_eq!(list.state_digest(), built.state_digest);
    assert_eq!(list.stamp(), later());
}

#[test]
fn a_base_of_the_version_before_folds_into_one_of_this() {
    let before = include_bytes!("../golden/segment-v2.bin");
    let folded = fold(&list(before, None), stamp());
    assert!(folded == build(&a_few()).0);
    let (now, _) = build(&a_few_later());
    let delta = delta(before, &now, stamp());
    assert!(fold(&list(before, Some(&delta)), stamp()) == now);
}

#[test]
fn a_delta_is_no_base_and_belongs_to_one_base_only() {
    let (base, _) = build(&a_few());
    let (now, _) = build(&a_few_later());
    let delta = delta(&base, &now, later());
    let open = |file: &[u8]| Segment::open(file.to_vec()).unwrap();
    let refused = |base: &[u8], delta: &[u8]| List::new(open(base), Some(open(delta))).unwrap_err();
    assert_eq!(refused(&delta, &delta), SegmentError::Role { expected: SegmentRole::Base });
    assert_eq!(refused(&base, &base), SegmentError::Role { expected: SegmentRole::Delta });
    assert_eq!(refused(&now, &delta), SegmentError::Parent);
}

#[test]
fn a_delta_that_does_not_make_what_it_says_is_refused() {
    let (base, _) = build(&a_few());
    let (now, _) = build(&a_few_later());
    let delta = delta(&base, &now, later());
    assert_eq!(list(&base, Some(&delta)).verify(), Ok(()));
    for at in [32, 48, 56 * 8] {
        let mut odd = delta.clone();
        odd[at] ^= 1;
        reseal(&mut odd);
        let opened = Segment::open(odd.as_slice());
        let refused = opened.and_then(|odd| List::new(Segment::open(&base[..])?, Some(odd))?.verify());
        assert!(refused.is_err(), "{at}");
    }
}

#[test]
fn longer_numbers_are_told_up_to_the_limit_whatever_the_delta_took_away() {
    let numbers = |from: usize, to: usize| (from..to).map(|at| notice("UTO", &format!("12345678{at:02}")));
    let (base, _) = build(&numbers(0, 60).collect::<Vec<_>>());
    let (now, _) = build(&numbers(40, 80).collect::<Vec<_>>());
    let delta = delta(&base, &now, later());
    let found = list(&base, Some(&delta)).find_longer(&document("UTO", "12345678")).unwrap();
    assert_eq!((found.notices.len(), found.cut), (LONGER_MAX, true));
    assert_eq!(found.notices[0].document, document("UTO", "1234567840"));
}

#[test]
fn what_begins_too_many_numbers_to_be_asked_for_may_begin_a_listed_one() {
    let (file, _) = build(&[notice("UTO", "1234567890")]);
    for list in [list(&file, None), list(&file, Some(&delta(&file, &file, later())))] {
        let longer = |begins| list.find_longer(&document("UTO", begins)).unwrap();
        assert!(longer("1234567").cut && longer("9").cut, "nobody has looked");
        assert_eq!((longer("12345678").notices.len(), longer("12345678").cut), (1, false));
        assert_eq!(longer("99999999"), Longer::default());
    }
}

#[test]
fn a_delta_of_too_many_documents_is_not_made() {
    let (base, _) = build(&a_few());
    let (now, _) = build(&a_few_later());
    let open = |file| Segment::open(file).unwrap();
    let most = |documents_max| {
        index::delta(&open(&base[..]), &open(&now[..]), later(), documents_max, &mut Memory::default())
    };
    let documents = list(&base, Some(&delta(&base, &now, later()))).delta().unwrap().header().documents();
    assert!(most(documents).is_ok());
    assert!(
        matches!(most(documents - 1), Err(IndexError::DeltaTooLarge { documents_max }) if documents_max == documents - 1)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn whatever_vectors_a_segment_is_asked_with_it_says_the_same(
        notices in prop::collection::vec(any_notice(), 0..120),
        asked in prop::collection::vec(any_notice(), 0..100),
    ) {
        let (file, _) = build(&notices);
        let asked: Vec<_> = notices.iter().chain(&asked).map(|notice| notice.document).collect();
        let (earlier, _) = build(&notices[notices.len() / 3..]);
        let changed = delta(&earlier, &file, stamp());
        let answers = |vectors| {
            let open = |file| Segment::open(file).unwrap().with_vectors(vectors);
            let (segment, list) = (open(&file[..]), List::new(open(&earlier[..]), Some(open(&changed[..]))).unwrap());
            let single: Vec<_> = asked.iter().map(|document| segment.find(document).unwrap()).collect();
            assert_eq!(segment.find_batch(&asked), list.find_batch(&asked));
            (single, segment.find_batch(&asked).unwrap())
        };
        let portable = answers(Vectors::PORTABLE);
        for vectors in Vectors::all() {
            prop_assert!(answers(vectors) == portable, "{}", vectors.name());
        }
    }

    #[test]
    fn a_builder_that_spills_writes_the_same_bytes(
        notices in prop::collection::vec(any_notice(), 0..200),
        bytes_max in 0..4000_u64,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let publisher = Publisher::lock(Arc::new(Disk), folder.path()).unwrap();
        let mut builder = Builder::within(bytes_max, publisher.stage().unwrap()).unwrap();
        notices.iter().for_each(|notice| builder.push(notice).unwrap());
        let mut file = Memory::default();
        let spilt = builder.finish(stamp(), &mut file, &mut |_, _| {}).unwrap();
        let (held_file, held) = build(&notices);
        prop_assert!(file.0 == held_file);
        prop_assert_eq!(spilt, held);
        let left = std::fs::read_dir(folder.path().join("index/segments")).unwrap().count();
        prop_assert_eq!(left, 0, "what was spilt is gone");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn a_history_of_deltas_and_folds_behaves_as_a_map(
        first in prop::collection::vec(any_notice(), 0..60),
        steps in prop::collection::vec((prop::collection::vec(any_notice(), 0..20), any::<u64>(), any::<bool>()), 1..6),
        asked in prop::collection::vec(any_notice(), 20),
    ) {
        let mut live: Vec<_> = latest(&first).into_values().collect();
        let mut base = build(&live).0;
        let mut asked: Vec<_> = asked.iter().map(|notice| notice.document).collect();
        for (at, (added, withdrawn, folds)) in (1_u64..).zip(&steps) {
            let mut turn = 0;
            live.retain(|_| { turn += 1; withdrawn >> (turn % 64) & 1 == 0 });
            live = latest(&live.iter().chain(added).cloned().collect::<Vec<_>>()).into_values().collect();
            asked.extend(live.iter().map(|notice| notice.document).take(40));
            let stamp = Stamp { sequence: 7 + at, ..stamp() };
            let now = build(&live).0;
            let delta = delta(&base, &now, stamp);
            let both = list(&base, Some(&delta));
            prop_assert_eq!(both.verify(), Ok(()));
            assert_same(&both, &list(&now, None), &asked);
            // `build` stamps every base alike.
            let folded = fold(&both, crate::index_samples::stamp());
            prop_assert!(folded == now, "folding is building");
            if *folds {
                base = folded;
            }
        }
    }
}
