//! Whatever moment the power goes at while a site synchronises: the list before or the next is in force, whole.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use portcullis::domain::SegmentRole;
use portcullis::ground::storage::Disk;
use portcullis::syncing::{Outcome, Step, Synced};

use crate::support::centre::{Centre, Ground, Post, fingerprint, hour, in_force, litter, unsynced};
use crate::support::crash::Image;
use crate::support::recording::Recording;

/// What the centre does, and how the site is to come by it.
type Act = (fn(&Centre), fn(&Synced) -> bool, &'static [SegmentRole]);

const BASE: &[SegmentRole] = &[SegmentRole::Base];
const BOTH: &[SegmentRole] = &[SegmentRole::Base, SegmentRole::Delta];

fn fetches(synced: &Synced, role: SegmentRole) -> bool {
    matches!(&synced.plan.steps[..], [Step::Fetch { role: found, .. }] if *found == role)
}

/// A first list, a delta, an increment, a heartbeat, a base that is folded, and one more change.
const ACTS: [Act; 6] = [
    (|centre| drop(centre.add(0..40).publish(hour(1))), |synced| fetches(synced, SegmentRole::Base), BASE),
    (|centre| drop(centre.add(40..80).publish(hour(2))), |synced| fetches(synced, SegmentRole::Delta), BOTH),
    (
        |centre| drop(centre.add(80..82).withdraw(3..4).publish(hour(3))),
        |synced| matches!(synced.plan.steps[..], [Step::Compose { .. }]),
        BOTH,
    ),
    (|centre| centre.heartbeat(hour(4)), |synced| matches!(synced.outcome, Outcome::Vouched(_)), BOTH),
    (
        |centre| drop(centre.add(82..84).rebase(hour(5))),
        |synced| matches!(synced.plan.steps[..], [Step::Compose { .. }, Step::Fold { .. }]),
        BASE,
    ),
    (|centre| drop(centre.withdraw(0..2).publish(hour(6))), |synced| !synced.mismatch, BOTH),
];

#[test]
fn a_crash_while_a_site_synchronises_leaves_the_list_before_or_the_next() {
    let (root, places) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let disk = Recording::new(root.path());
    let post = Post::new(Arc::new(Ground(disk.clone())), root.path(), hour(20));
    let mut centre = Centre::found(Arc::new(Disk), &places.path().join("0"), "national", hour(0));
    let (mut states, mut committed, mut centres) = (vec![None], vec![0], vec![centre.clone()]);
    for (act, how, roles) in ACTS {
        centre = centre.copied(&places.path().join(states.len().to_string()));
        act(&centre);
        let synced = post.follow(&centre.source());
        assert!(how(&synced) && !synced.mismatch, "{synced:?}");
        let found = in_force(root.path()).unwrap();
        assert_eq!((found.generation, &found.roles[..]), (states.len() as u64, roles));
        assert_eq!(litter(root.path()), [""; 0].map(std::path::PathBuf::from));
        states.push(Some(found));
        committed.push(disk.operations());
        centres.push(centre.clone());
    }
    let mut seen = vec![false; states.len()];
    let (mut known, mut resumed) = (HashMap::new(), HashSet::new());
    let images = disk.crash_images(7, |image: &Image| {
        let index = fingerprint(&image.root().join("index"));
        let found = known.entry(index).or_insert_with(|| in_force(image.root())).clone();
        let context = format!("after {}, lost {:?}, tear {:?}", image.operations, image.lost, image.tear);
        let least = committed.iter().rposition(|at| *at <= image.operations).unwrap_or(0);
        let at = states.iter().position(|state| *state == found);
        let at = at.unwrap_or_else(|| panic!("a third thing {context}: {found:?}"));
        assert!((least..=least + 1).contains(&at), "{at} where {least} or the next was due, {context}");
        seen[at] = true;
        // Whoever goes on comes to the list that was on its way, and to the newest, and nothing stays behind.
        if resumed.insert((least, fingerprint(image.root()))) && resumed.len().is_multiple_of(3) {
            let next = (least + 1).min(centres.len() - 1);
            resume(image.root(), &centres[next], states[next].as_ref().unwrap().state, &context);
            let last = centres.len() - 1;
            resume(image.root(), &centres[last], states[last].as_ref().unwrap().state, &context);
        }
    });
    assert!(images > 300 && resumed.len() > 60, "{images} {}", resumed.len());
    assert!(seen.iter().all(|seen| *seen), "{seen:?}");
}

fn resume(root: &Path, centre: &Centre, state: portcullis::index::StateDigest, context: &str) {
    let post = Post::new(unsynced(root), root, hour(20));
    let synced = post.sync(&centre.source(), Default::default());
    let synced = synced.unwrap_or_else(|error| panic!("{}, {context}", portcullis::ground::causes(&error)));
    assert!(!synced.mismatch, "{context}");
    assert_eq!(in_force(root).unwrap().state, state, "{context}");
    assert!(litter(root).is_empty(), "{:?}, {context}", litter(root));
}
