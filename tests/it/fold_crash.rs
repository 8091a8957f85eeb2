//! Whatever moment the power goes at while a list becomes base and delta, is folded and is taken back: what is in force is what was
//! in force before the act or after it.

use std::path::Path;
use std::sync::Arc;

use portcullis::domain::SegmentRole;
use portcullis::feed::verify_local;
use portcullis::ground::storage::Disk;
use portcullis::index::{FeedRecord, Snapshot, StateDigest, current, segment_path};
use portcullis::publishing::{Folded, Limits};

use crate::support::command::{files, flip_a_byte};
use crate::support::crash::Image;
use crate::support::operator::Operator;
use crate::support::recording::Recording;

/// What is in force: how many segments, and what they list.
type Found = Option<(u64, Vec<SegmentRole>, StateDigest)>;

/// What is done, and the segments that are in force then.
type Act<'a> = (&'a dyn Fn(&Operator<'_>), &'a [SegmentRole]);

/// Opens and verifies what a crash left, as a service and an import would.
fn open(root: &Path) -> Found {
    let storage = Recording::new(root);
    let (generation, id) = current(&storage, root).expect("what a crash left is never refused")?;
    let verify = |record: &FeedRecord| {
        verify_local(&storage, record.bulletin.clone(), |file| segment_path(root, file.digest)).unwrap()
    };
    let bulletins = generation.feeds.iter().map(verify).collect();
    let snapshot = Snapshot::open(&storage, root, &generation, id, bulletins).unwrap();
    snapshot.verify().unwrap();
    let held = snapshot.feeds().next().unwrap();
    let roles = held.bulletin().segments.iter().map(|segment| segment.role).collect();
    Some((id.number, roles, held.list().state_digest()))
}

#[test]
fn a_crash_during_a_delta_a_fold_or_a_rollback_leaves_what_was_before_or_after_it() {
    let root = tempfile::tempdir().unwrap();
    let disk = Recording::new(root.path());
    let operator = Operator::new(Arc::new(disk.clone()), root.path());
    let acts: [Act<'_>; 6] = [
        (&|operator| operator.import(0..40, 1, false), &[SegmentRole::Base]),
        (&|operator| operator.import(3..44, 2, true), &[SegmentRole::Base, SegmentRole::Delta]),
        (&|operator| assert!(matches!(operator.fold(), Folded::Published(_))), &[SegmentRole::Base]),
        (&|operator| operator.import(3..45, 3, true), &[SegmentRole::Base, SegmentRole::Delta]),
        (&|operator| operator.rollback(2), &[SegmentRole::Base, SegmentRole::Delta]),
        (&|operator| assert!(matches!(operator.fold(), Folded::Published(_))), &[SegmentRole::Base]),
    ];
    let (mut states, mut committed) = (vec![None], vec![0]);
    for (act, roles) in acts {
        act(&operator);
        let found = open(root.path());
        assert_eq!(found.as_ref().map(|(_, found, _)| &found[..]), Some(roles));
        states.push(found);
        committed.push(disk.operations());
    }
    assert_eq!(states[2].as_ref().unwrap().2, states[3].as_ref().unwrap().2, "a fold lists the same");
    assert_eq!(
        states[2].as_ref().unwrap().2,
        states[5].as_ref().unwrap().2,
        "a rollback lists what was listed"
    );
    let mut seen = vec![false; states.len()];
    let images = disk.crash_images(5, |image: &Image| {
        let found = open(image.root());
        let context = format!("after {}, lost {:?}, tear {:?}", image.operations, image.lost, image.tear);
        let least = committed.iter().rposition(|at| *at <= image.operations).unwrap_or(0);
        let at = states.iter().position(|state| *state == found);
        let at = at.unwrap_or_else(|| panic!("a third thing {context}: {found:?}"));
        assert!((least..=least + 1).contains(&at), "{at} where {least} or the next was due, {context}");
        seen[at] = true;
        // Whoever goes on takes away what the crash left behind.
        if at > 0 && image.operations.is_multiple_of(11) {
            let operator = Operator::new(Arc::new(Recording::new(image.root())), image.root());
            operator.import(0..50, 19, true);
            operator.fold();
            let left = std::fs::read_dir(image.root().join("index")).unwrap();
            let left = left
                .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|end| end == "tmp"));
            assert_eq!(left.count(), 0, "{context}");
        }
    });
    assert!(images > 300, "{images}");
    assert!(seen.iter().all(|seen| *seen), "{seen:?}");
}

#[test]
fn a_damaged_list_with_a_delta_is_healed_by_importing_it_again() {
    let root = tempfile::tempdir().unwrap();
    let operator = Operator::new(Arc::new(Disk), root.path());
    operator.import(0..400, 1, false);
    operator.import(0..401, 2, true);
    let sound = open(root.path()).unwrap().2;
    for file in files(&root.path().join("index/segments")) {
        flip_a_byte(&file);
    }
    // The usual limits: a list that seemed to have twice as many notices before would be refused.
    operator.import_within(Limits::default(), 0..401, 3, false);
    assert_eq!(open(root.path()).unwrap().2, sound);
}
