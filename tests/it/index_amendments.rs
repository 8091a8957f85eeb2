//! What changes alone makes of a list is what the whole later list is, byte for byte, at its publisher and at every site.
#![cfg(test)]

use std::collections::BTreeSet;

use jiff::Timestamp;
use portcullis::domain::{DocumentId, Notice};
use portcullis::index::{Amendment, Difference, Edit, List, Segment, Stamp};
use proptest::prelude::*;

use crate::index_samples::{
    Live, Memory, a_few, any_notice, build, counted, delta, document, fold, latest, list, notice, stamp,
};

/// What a feed publishes in an hour: what is added, or withdrawn, in turns.
type Step = Vec<(bool, Vec<Notice>)>;

pub(crate) fn open(file: &[u8]) -> Segment<&[u8]> {
    Segment::open(file).unwrap()
}

pub(crate) fn increment(amendment: &Amendment, list: &List<&[u8]>, stamp: Stamp) -> Vec<u8> {
    let mut file = Memory::default();
    let written = amendment.write_increment(list, stamp, &mut file).unwrap();
    assert_eq!((written.length, written.notices), (file.0.len() as u64, amendment.state_digest().notices));
    file.0
}

pub(crate) fn cumulative(amendment: &Amendment, list: &List<&[u8]>, stamp: Stamp) -> Vec<u8> {
    let mut file = Memory::default();
    let written = amendment.write_cumulative(list, stamp, &mut file).unwrap();
    assert_eq!((written.length, written.notices), (file.0.len() as u64, amendment.state_digest().notices));
    file.0
}

pub(crate) fn of_edits(list: &List<&[u8]>, step: &Step) -> Amendment {
    let files: Vec<_> = step.iter().map(|(adds, notices)| (*adds, build(notices).0)).collect();
    let segments: Vec<_> = files.iter().map(|(adds, file)| (*adds, open(file))).collect();
    let edits: Vec<_> = segments
        .iter()
        .map(|(adds, segment)| if *adds { Edit::Add(segment) } else { Edit::Withdraw(segment) })
        .collect();
    Amendment::of_edits(list, &edits, u64::MAX).unwrap()
}

pub(crate) fn of_increments(list: &List<&[u8]>, increments: &[Vec<u8>]) -> Amendment {
    let segments: Vec<_> = increments.iter().map(|file| open(file)).collect();
    segments.iter().for_each(|increment| increment.verify().unwrap());
    Amendment::of_increments(list, &segments.iter().collect::<Vec<_>>(), u64::MAX).unwrap()
}

/// The rule of edits, written down once more; gives how many withdrawals meet nothing.
fn edit(live: &mut Live, step: &Step) -> u64 {
    let mut unknown = 0;
    for (adds, notices) in step {
        if *adds {
            *live = latest(&live.values().chain(notices).cloned().collect::<Vec<_>>());
        } else {
            for (identity, notice) in latest(notices) {
                unknown += u64::from(live.remove(&identity).is_none() && !notice.alias);
            }
        }
    }
    unknown
}

/// The documents of which two lists say something else, with what each says of them.
fn changed(before: &Live, after: &Live) -> (BTreeSet<DocumentId>, [Vec<Notice>; 2]) {
    let of = |live: &Live, other: &Live| -> Vec<DocumentId> {
        let differing = live.iter().filter(|(identity, notice)| other.get(identity) != Some(notice));
        differing.map(|(_, notice)| notice.document).collect()
    };
    let documents: BTreeSet<_> = of(before, after).into_iter().chain(of(after, before)).collect();
    let on =
        |live: &Live| live.values().filter(|notice| documents.contains(&notice.document)).cloned().collect();
    let both = [on(before), on(after)];
    (documents, both)
}

fn difference(before: &Live, after: &Live, now: Timestamp) -> Difference {
    let of_both = before.iter().filter_map(|(identity, notice)| Some((notice, after.get(identity)?)));
    let changed: Vec<_> = of_both.filter(|(before, after)| before != after && !before.alias).collect();
    let lapsed = changed.iter().filter(|(before, after)| before.in_force(now) && !after.in_force(now));
    let only_in = |live: &Live, other: &Live| {
        counted(live.iter().filter(|(identity, _)| !other.contains_key(identity)).map(|(_, notice)| notice))
    };
    Difference {
        new: only_in(after, before),
        changed: changed.len() as u64,
        gone: only_in(before, after),
        lapsed: lapsed.count() as u64,
    }
}

/// An amendment says of two lists what they themselves say.
fn assert_says(amendment: &Amendment, list: &List<&[u8]>, before: &Live, after: &Live) {
    let (documents, both) = changed(before, after);
    assert_eq!(amendment.documents(), documents.len() as u64);
    assert_eq!(amendment.is_empty(), before == after);
    assert_eq!(amendment.state_digest(), build(after.values()).1.state_digest);
    let [counts_before, counts_after] = both.map(|notices| build(&notices).1.counts);
    assert_eq!(amendment.counts_before(), &counts_before);
    assert_eq!(amendment.counts_after(), &counts_after);
    let [all_before, all_after] = [before, after].map(|live| build(live.values()).1.counts);
    assert_eq!(all_before.changed(&counts_before, &counts_after), Ok(all_after));
    let now = "2020-06-01T00:00:00Z".parse().unwrap();
    assert_eq!(amendment.difference(list, now).unwrap(), difference(before, after, now));
}

#[test]
fn what_was_changed_back_is_not_in_an_amendment() {
    let (base, built) = build(&a_few());
    let before = list(&base, None);
    let new = vec![notice("UTO", "NEW"), notice("UTO", "NEWANDLONGBEYONDAKEY")];
    let step = vec![(true, new.clone()), (false, a_few()), (true, a_few()), (false, new)];
    let amendment = of_edits(&before, &step);
    assert!(amendment.is_empty());
    assert_eq!((amendment.unknown(), amendment.state_digest()), (0, built.state_digest));
    let delta = delta(&base, &base, stamp());
    assert!(cumulative(&amendment, &before, stamp()) == delta);
    // Who is told that nothing is new knows that the list is of a later time.
    assert!(increment(&amendment, &before, stamp()) == delta);
    assert!(of_increments(&before, &[delta]).is_empty());
}

#[test]
fn everything_may_be_withdrawn() {
    let (base, _) = build(&a_few());
    let before = list(&base, None);
    let amendment = of_edits(&before, &vec![(false, a_few())]);
    assert_eq!(amendment.documents(), before.base().header().documents());
    let (nothing, _) = build(&[]);
    let delta = cumulative(&amendment, &before, stamp());
    assert!(delta == crate::index_samples::delta(&base, &nothing, stamp()));
    assert!(fold(&list(&base, Some(&delta)), stamp()) == nothing);
    let again = of_edits(&list(&base, Some(&delta)), &vec![(false, a_few())]);
    assert_eq!((again.documents(), again.unknown()), (0, counted(&a_few())));
    let back = of_edits(&list(&base, Some(&delta)), &vec![(true, a_few())]);
    let delta = cumulative(&back, &list(&base, Some(&delta)), stamp());
    assert_eq!(open(&delta).header().documents(), 0, "the base says the same again");
}

#[test]
fn a_list_of_the_version_before_is_amended() {
    let base = include_bytes!("../golden/segment-v2.bin");
    let before = list(base, None);
    let step =
        vec![(true, vec![notice("UTO", "NEW")]), (false, vec![a_few()[2].clone(), a_few()[8].clone()])];
    let mut live = latest(&a_few());
    edit(&mut live, &step);
    let amendment = of_edits(&before, &step);
    assert_says(&amendment, &before, &latest(&a_few()), &live);
    let (now, _) = build(live.values());
    let delta = cumulative(&amendment, &before, stamp());
    assert!(delta == crate::index_samples::delta(base, &now, stamp()));
    assert!(fold(&list(base, Some(&delta)), stamp()) == now);
}

#[test]
fn an_amendment_shows_no_document() {
    let (base, _) = build(&a_few());
    let amendment = of_edits(&list(&base, None), &vec![(true, vec![notice("UTO", "SECRET7")])]);
    assert_eq!(format!("{amendment:?}"), "Amendment { documents: 1, unknown: 0, .. }");
    assert_eq!(document("UTO", "SECRET7").number.as_str(), "SECRET7");
}

fn any_step() -> impl Strategy<Value = (Step, u64, bool, bool)> {
    let edits = prop::collection::vec((any::<bool>(), prop::collection::vec(any_notice(), 0..12)), 0..4);
    (edits, any::<u64>(), prop::bool::weighted(0.2), any::<bool>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_history_of_increments_is_at_every_site_what_its_publisher_has(
        first in prop::collection::vec(any_notice(), 0..60),
        steps in prop::collection::vec(any_step(), 1..6),
    ) {
        let mut live = latest(&first);
        let mut base = build(live.values()).0;
        let mut published = None::<Vec<u8>>;
        // A site that is sometimes away for hours, and one that folds every hour.
        let (mut fetched, mut missed) = (None::<Vec<u8>>, Vec::new());
        let mut folding = base.clone();
        for (sequence, (mut step, withdrawn, folds, is_there)) in (8..).zip(steps) {
            // Withdrawals of what is listed; of others is by chance.
            let listed = live.values().enumerate().filter(|(at, _)| withdrawn >> (at % 64) & 3 == 0);
            let listed: Vec<_> = listed.map(|(_, notice)| notice.clone()).collect();
            step.insert(step.len() / 2, (false, listed));
            let stamp = Stamp { sequence, ..stamp() };
            let before = live.clone();
            let unknown = edit(&mut live, &step);
            let (whole, _) = build(live.values());

            let list_before = list(&base, published.as_deref());
            let amendment = of_edits(&list_before, &step);
            prop_assert_eq!(amendment.unknown(), unknown);
            assert_says(&amendment, &list_before, &before, &live);
            let new = increment(&amendment, &list_before, stamp);
            let all = cumulative(&amendment, &list_before, stamp);
            prop_assert!(all == delta(&base, &whole, stamp), "it is what the whole list would have said");
            let now = list(&base, Some(&all));
            prop_assert_eq!(now.verify(), Ok(()));
            prop_assert!(fold(&now, crate::index_samples::stamp()) == whole, "folding is building");

            let there = Amendment::between(&list_before, Some(&open(&all)), u64::MAX).unwrap();
            prop_assert!(increment(&there, &list_before, stamp) == new);
            let back = Amendment::between(&now, list_before.delta(), u64::MAX).unwrap();
            assert_says(&back, &now, &live, &before);
            prop_assert!(of_edits(&now, &vec![]).is_empty());

            missed.push(new.clone());
            if is_there || folds {
                let site = List::to_fold(open(&base), fetched.as_deref().map(open)).unwrap();
                let composed = cumulative(&of_increments(&site, &missed), &site, stamp);
                prop_assert!(composed == all, "a site comes to the same bytes");
                fetched = Some(composed);
                missed.clear();
            }
            let site = list(&folding, None);
            let arrived = of_increments(&site, &[new]);
            assert_says(&arrived, &site, &before, &live);
            let composed = cumulative(&arrived, &site, stamp);
            prop_assert!(composed == delta(&folding, &whole, stamp));
            prop_assert!(composed == increment(&arrived, &site, stamp), "the first increment is the first delta");
            let unserved = List::to_fold(open(&folding), Some(open(&composed))).unwrap();
            folding = fold(&unserved, crate::index_samples::stamp());
            prop_assert!(folding == whole);

            published = Some(all);
            if folds {
                (base, published, fetched) = (whole, None, None);
            }
        }
    }
}
