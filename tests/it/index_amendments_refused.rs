//! Changes that do not belong to a list, or do not make what they say, are refused by name and change nothing.
#![cfg(test)]

use portcullis::domain::SegmentRole;
use portcullis::index::{
    Amendment, DELTA_DOCUMENTS_MAX, Edit, IndexError, List, Segment, SegmentError, Stamp,
};
use proptest::prelude::*;

use crate::index_amendments::{cumulative, increment, of_edits, of_increments, open};
use crate::index_samples::{Memory, a_few, build, delta, document, fold, list, notice, reseal, stamp};

/// What is published in two hours after a few: an increment each.
fn two_hours() -> (Vec<u8>, [Vec<u8>; 2]) {
    let (base, _) = build(&a_few());
    let before = list(&base, None);
    let hour = |sequence| Stamp { sequence, ..stamp() };
    let added = vec![notice("UTO", "NEW"), notice("UTO", "NEWANDLONGBEYONDAKEY")];
    let first = of_edits(&before, &vec![(true, added), (false, vec![a_few()[2].clone()])]);
    let all = cumulative(&first, &before, hour(8));
    let between = list(&base, Some(&all));
    let second = of_edits(&between, &vec![(false, vec![notice("UTO", "NEW"), notice("ABW", "0")])]);
    let increments = [increment(&first, &before, hour(8)), increment(&second, &between, hour(9))];
    (base, increments)
}

/// Why increments are refused, and the place of the one that is.
fn refusal(list: &List<&[u8]>, increments: &[&[u8]]) -> (usize, SegmentError) {
    let segments: Vec<_> = increments.iter().map(|file| open(file)).collect();
    match Amendment::of_increments(list, &segments.iter().collect::<Vec<_>>(), u64::MAX) {
        Err(IndexError::Amends { at, source }) => (at, source),
        other => panic!("{other:?}"),
    }
}

#[test]
fn increments_out_of_their_turn_are_refused() {
    let (base, [first, second]) = two_hours();
    let before = list(&base, None);
    assert_eq!(of_increments(&before, &[first.clone(), second.clone()]).documents(), 3, "one came and went");
    let refused = |increments: &[&[u8]]| refusal(&before, increments);
    assert_eq!(refused(&[&second]), (1, SegmentError::Parent), "one is missing");
    assert_eq!(refused(&[&second, &first]), (1, SegmentError::Parent));
    assert_eq!(refused(&[&first, &first]), (2, SegmentError::Parent));
    assert_eq!(refused(&[&first, &second, &second]), (3, SegmentError::Parent));
    let (other, _) = build(&a_few()[1..]);
    assert_eq!(refusal(&list(&other, None), &[&first]), (1, SegmentError::Parent));
    assert_eq!(refused(&[&first, &base]), (2, SegmentError::Role { expected: SegmentRole::Delta }));
}

#[test]
fn an_increment_that_does_not_make_what_it_says_is_refused() {
    let (base, [first, _]) = two_hours();
    let before = list(&base, None);
    let changed = |at: usize| {
        let mut odd = first.clone();
        odd[at] ^= 1;
        reseal(&mut odd);
        refusal(&before, &[&odd])
    };
    assert_eq!(changed(32), (1, SegmentError::Sums("count and state digest")));
    assert_eq!(changed(48), (1, SegmentError::Sums("count and state digest")));
    assert_eq!(changed(232), (1, SegmentError::Parent));
    // The counts stand before the starts of the sets, whose place is in the header.
    let section = u64::from_le_bytes(first[80 + 2 * 16..][..8].try_into().unwrap()) as usize;
    assert!(section + 8 * 512 < first.len());
    assert_eq!(changed(section + 8), (1, SegmentError::Sums("counts by issuing state")));
}

#[test]
fn an_increment_that_says_again_what_is_listed_is_refused() {
    let (base, [first, _]) = two_hours();
    let amended = cumulative(
        &of_increments(&list(&base, None), std::slice::from_ref(&first)),
        &list(&base, None),
        stamp(),
    );
    let after = list(&base, Some(&amended));
    let mut again = first;
    again[232..248].copy_from_slice(&after.state_digest().sum.to_le_bytes());
    reseal(&mut again);
    let (at, refused) = refusal(&after, &[&again]);
    assert_eq!(at, 1);
    assert_eq!(refused, SegmentError::Content { section: "documents", at: 0, what: "it says nothing new" });
}

#[test]
fn every_flipped_bit_of_an_increment_is_refused_at_open() {
    let (_, [mut first, _]) = two_hours();
    for at in 0..first.len() {
        for bit in [1, 0x80] {
            first[at] ^= bit;
            assert!(Segment::open(first.as_slice()).is_err(), "byte {at}");
            first[at] ^= bit;
        }
    }
}

#[test]
fn what_an_amendment_is_not_of_is_refused() {
    let (base, [first, _]) = two_hours();
    let (before, increment) = (list(&base, None), open(&first));
    let edit =
        Amendment::of_edits(&before, &[Edit::Add(before.base()), Edit::Withdraw(&increment)], u64::MAX);
    assert!(matches!(
        edit,
        Err(IndexError::Amends { at: 2, source: SegmentError::Role { expected: SegmentRole::Base } })
    ));
    let amendment = of_increments(&before, std::slice::from_ref(&first));
    let after = list(&base, Some(&first));
    let mut file = Memory::default();
    assert!(matches!(amendment.write_increment(&after, stamp(), &mut file), Err(IndexError::OtherList)));
    assert!(matches!(amendment.write_cumulative(&after, stamp(), &mut file), Err(IndexError::OtherList)));
    let now = jiff::Timestamp::UNIX_EPOCH;
    assert!(matches!(amendment.difference(&after, now), Err(IndexError::OtherList)));
    assert!(file.0.is_empty(), "nothing was written");

    let (other, _) = build(&a_few()[1..]);
    let of_other = delta(&other, &base, stamp());
    let between = |delta: &[u8]| match Amendment::between(&before, Some(&open(delta)), u64::MAX) {
        Err(IndexError::Amends { at: 1, source }) => source,
        other => panic!("{other:?}"),
    };
    assert_eq!(between(&of_other), SegmentError::Parent);
    assert_eq!(between(&other), SegmentError::Role { expected: SegmentRole::Delta });
    let mut odd = first;
    odd[32] ^= 1;
    reseal(&mut odd);
    assert_eq!(between(&odd), SegmentError::Sums("count and state digest"));
}

#[test]
fn no_more_documents_are_held_than_are_allowed() {
    let (base, [first, second]) = two_hours();
    let before = list(&base, None);
    let (added, increments) = (build(&[notice("UTO", "NEW"), notice("UTO", "NEWER")]).0, [first, second]);
    let refused = |made: Result<Amendment, IndexError>, most: u64| match made {
        Ok(_) => false,
        Err(IndexError::DeltaTooLarge { documents_max }) => documents_max == most,
        Err(other) => panic!("{other}"),
    };
    let added = open(&added);
    let edits = |most| Amendment::of_edits(&before, &[Edit::Add(&added), Edit::Withdraw(&added)], most);
    assert!(!refused(edits(2), 2) && refused(edits(1), 1), "what is taken back was held");
    let increments: Vec<_> = increments.iter().map(|file| open(file)).collect();
    let increments: Vec<_> = increments.iter().collect();
    let composed = |most| Amendment::of_increments(&before, &increments, most);
    assert!(!refused(composed(4), 4) && refused(composed(3), 3));
    let between = |most| Amendment::between(&before, Some(increments[0]), most);
    assert!(!refused(between(3), 3) && refused(between(2), 2));
}

#[test]
fn a_delta_too_large_to_be_asked_can_be_folded() {
    let numbers = (0..=DELTA_DOCUMENTS_MAX).map(|at| notice("UTO", &format!("{at:07}")));
    let (base, _) = build(&a_few());
    let many: Vec<_> = a_few().into_iter().chain(numbers).collect();
    let (whole, _) = build(&many);
    let large = delta(&base, &whole, stamp());
    let documents = DELTA_DOCUMENTS_MAX + 1;
    assert_eq!(
        List::new(open(&base), Some(open(&large))).err(),
        Some(SegmentError::DeltaTooLarge { documents, most: DELTA_DOCUMENTS_MAX })
    );
    let unserved = List::to_fold(open(&base), Some(open(&large))).unwrap();
    assert!(fold(&unserved, stamp()) == whole);
    assert_eq!(unserved.find(&document("UTO", "0000007")).unwrap().len(), 1);
    assert_eq!(unserved.find(&document("UTO", "X000007")), Ok(Vec::new()));
}

#[test]
fn a_list_to_fold_is_one_base_and_its_delta() {
    let (base, [first, second]) = two_hours();
    let refused = |base, delta| List::to_fold(open(base), Some(open(delta))).unwrap_err();
    assert_eq!(refused(&first, &first), SegmentError::Role { expected: SegmentRole::Base });
    assert_eq!(refused(&base, &base), SegmentError::Role { expected: SegmentRole::Delta });
    assert_eq!(refused(&base, &second), SegmentError::Parent);
    assert!(fold(&List::to_fold(open(&base), None).unwrap(), stamp()) == base);
}

proptest! {
    #[test]
    fn an_increment_of_nonsense_is_refused_or_applied(changes in prop::collection::vec((0.., any::<u8>()), 1..4)) {
        let (base, [mut first, _]) = two_hours();
        for (at, byte) in changes {
            let at = at as usize % first.len();
            first[at] = byte;
        }
        reseal(&mut first);
        let before = list(&base, None);
        // Whoever does not verify it gets an error, or an amendment that can be written and no panic.
        if let Ok(odd) = Segment::open(first.as_slice())
            && let Ok(amendment) = Amendment::of_increments(&before, &[&odd], u64::MAX)
        {
            let written = increment(&amendment, &before, stamp());
            if odd.verify().is_ok() {
                prop_assert!(of_increments(&before, &[written]).documents() == amendment.documents());
            }
        }
    }
}
