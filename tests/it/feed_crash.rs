//! Whatever moment the power goes at while a centre publishes, or changes its keys: readers see the publication before or the next, whole, and no
//! change is lost or made twice.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use portcullis::feed::RoleName;
use portcullis::ground::storage::Disk;
use portcullis::publishing::feed::{self, FeedError};

use crate::support::centre::{Centre, Ground, Post, fingerprint, hour, listed, unsynced};
use crate::support::crash::Image;
use crate::support::recording::Recording;

/// What readers may see: the sequence, the version of the timestamp, and the time that is vouched for.
type Seen = Option<(u64, u64, Timestamp)>;

/// Everything that is published, looked at as a reader would who fetches all of it.
fn seen(centre: &Centre) -> Seen {
    match feed::verify(&centre.folder()) {
        Ok(verified) => {
            let [_, timestamp, ..] = verified.metadata.versions();
            Some((verified.metadata.publication().sequence, timestamp, verified.metadata.as_of()))
        }
        Err(FeedError::NothingPublished) => None,
        Err(error) => panic!("readers do not find what is signed: {}", portcullis::ground::causes(&error)),
    }
}

/// The changes that wait, by their names.
fn waiting(centre: &Centre) -> Vec<PathBuf> {
    let names = centre.folder().pending().unwrap().into_iter();
    names.map(|pending| pending.path.file_name().unwrap().into()).collect()
}

enum Act {
    Add(std::ops::Range<u32>),
    Withdraw(std::ops::Range<u32>),
    Publish,
    Rebase,
    Heartbeat,
    Rotate(RoleName),
}

use Act::{Add, Heartbeat, Publish, Rebase, Rotate, Withdraw};

/// What is withdrawn is among what was added just before, so that a change that is made twice shows.
const ACTS: [Act; 12] = [
    Add(0..40),
    Publish,
    Add(40..50),
    Withdraw(44..46),
    Add(50..52),
    Publish,
    Heartbeat,
    Withdraw(0..3),
    Rotate(RoleName::Targets),
    Add(1..2),
    Rotate(RoleName::Timestamp),
    Rebase,
];

impl Act {
    fn of(&self, centre: &Centre, at: Timestamp, numbers: &mut BTreeSet<u32>) {
        match self {
            Add(added) => {
                centre.add(added.clone());
                numbers.extend(added.clone());
            }
            Withdraw(gone) => {
                centre.withdraw(gone.clone());
                numbers.retain(|number| !gone.contains(number));
            }
            Publish => drop(centre.publish(at)),
            Rebase => drop(centre.rebase(at)),
            Heartbeat => centre.heartbeat(at),
            Rotate(role) => centre.rotate(*role, at),
        }
    }
}

#[test]
fn a_crash_while_a_centre_publishes_loses_no_change_and_makes_none_twice() {
    let root = tempfile::tempdir().unwrap();
    let founded = [RoleName::Targets, RoleName::Snapshot, RoleName::Timestamp]
        .into_iter()
        .fold(Centre::found(Arc::new(Disk), root.path(), "national", hour(0)), Centre::with_a_key_to_come);
    let disk = Recording::new(root.path());
    let centre = founded.moved(Arc::new(Ground(disk.clone())), root.path());
    let mut numbers = BTreeSet::new();
    let (mut states, mut lists, mut committed) = (vec![None], vec![numbers.clone()], vec![disk.operations()]);
    for (at, act) in (1..).zip(&ACTS) {
        act.of(&centre, hour(at), &mut numbers);
        states.push(seen(&centre));
        lists.push(numbers.clone());
        committed.push(disk.operations());
    }
    assert!(centre.folder().pending().unwrap().is_empty());
    let (mut known, mut resumed) = (HashMap::new(), HashSet::new());
    let images = disk.crash_images(11, |image: &Image| {
        let context = format!("after {}, lost {:?}, tear {:?}", image.operations, image.lost, image.tear);
        let least = committed.iter().rposition(|at| *at <= image.operations).unwrap_or(0);
        let next = (least + 1).min(ACTS.len());
        let centre = founded.moved(unsynced(image.root()), image.root());
        let found = *known.entry(fingerprint(&centre.repository())).or_insert_with(|| seen(&centre));
        assert!([&states[least], &states[next]].contains(&&found), "a third thing {context}: {found:?}");
        let is_signing = image.root().join("next.root.json").exists();
        let standing = (fingerprint(&centre.repository()), waiting(&centre), is_signing);
        let is_new = resumed.insert((least, standing));
        if !is_new {
            return;
        }
        centre.go_on_rotating(hour(17));
        // Whoever goes on publishes what waited, once, and readers get all of it.
        centre.add(90..91).publish(hour(18));
        assert!(centre.folder().pending().unwrap().is_empty(), "{context}");
        assert_eq!(seen(&centre).unwrap().2, hour(18), "{context}");
        let site = tempfile::tempdir().unwrap();
        Post::new(unsynced(site.path()), site.path(), hour(20)).follow(&centre.source());
        let listed: BTreeSet<u32> = listed(site.path()).into_iter().collect();
        let may_be: Vec<BTreeSet<u32>> =
            [least, next].map(|at| lists[at].iter().copied().chain([90]).collect()).into();
        assert!(may_be.contains(&listed), "{context}: {listed:?} is none of {may_be:?}");
    });
    assert!(images > 300 && resumed.len() > 30, "{images} {}", resumed.len());
}
