//! Whatever moment the power goes at: generation n or n+1 is in force, whole, and nothing else.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use portcullis::domain::{Kind, Notice};
use portcullis::feed::verify_local;
use portcullis::ground::storage::Storage;
use portcullis::index::{Publisher, Snapshot, current, segment_path};

use crate::support::crash::Image;
use crate::support::recording::Recording;
use crate::support::site::{feed, notice, publish_through, try_publish};

fn as_of() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

/// Lists that differ from publication to publication, so that an answer tells the generation it comes from.
fn list(number: u64) -> Vec<Notice> {
    (0..=number).map(|at| notice("UTO", &format!("N{number}X{at}"), Kind::Passport)).collect()
}

/// Opens what a crash left as the service would, and gives the generation's number and what it lists.
fn open(root: &Path) -> Option<(u64, BTreeMap<String, u64>)> {
    let storage = Recording::new(root);
    let (generation, id) = current(&storage, root).expect("what a crash left is never refused")?;
    let verify = |record: &portcullis::index::FeedRecord| {
        verify_local(&storage, record.bulletin.clone(), |file| segment_path(root, file.digest)).unwrap()
    };
    let bulletins = generation.feeds.iter().map(verify).collect();
    let snapshot = Snapshot::open(&storage, root, &generation, id, bulletins).unwrap();
    let counts = snapshot.feeds().map(|feed| (feed.bulletin().feed.to_string(), feed.notices())).collect();
    Some((id.number, counts))
}

#[test]
fn a_crash_during_publications_leaves_one_of_the_two_generations_whole() {
    let root = tempfile::tempdir().unwrap();
    let disk = Recording::new(root.path());
    let storage: Arc<dyn Storage> = Arc::new(disk.clone());
    let mut committed = vec![0];
    let publications = [("local", 1), ("local", 2), ("national", 3), ("local", 4), ("local", 5)];
    let mut states = vec![None];
    let mut counts = BTreeMap::new();
    for (generation, (name, number)) in (1_u64..).zip(publications) {
        publish_through(storage.clone(), root.path(), name, &list(number), as_of());
        counts.insert(name.to_owned(), number + 1);
        states.push(Some((generation, counts.clone())));
        committed.push(disk.operations());
    }
    let mut seen = vec![false; states.len()];
    let images = disk.crash_images(3, |image: &Image| {
        let found = open(image.root());
        let context =
            format!("after {}, lost {:?}, tear {:?}: {found:?}", image.operations, image.lost, image.tear);
        let least = committed.iter().rposition(|at| *at <= image.operations).unwrap_or(0);
        let at = states
            .iter()
            .position(|state| *state == found)
            .unwrap_or_else(|| panic!("a third thing {context}"));
        assert!(
            (least..=least + 1).contains(&at),
            "generation {at} where {least} or the next was due, {context}"
        );
        seen[at] = true;
        // The next publication works, and takes away what the crash left behind.
        if image.operations.is_multiple_of(7) {
            let id = publish_through(
                Arc::new(Recording::new(image.root())),
                image.root(),
                "local",
                &list(9),
                as_of(),
            );
            assert_eq!(id.number, at as u64 + 1, "{context}");
            let leftovers = walk(image.root()).into_iter().filter(|path| path.ends_with(".tmp")).count();
            assert_eq!(leftovers, 0, "{context}");
        }
    });
    assert!(images > 200, "{images}");
    assert!(seen.iter().all(|seen| *seen), "{seen:?}");
}

#[test]
fn a_full_disk_at_any_operation_leaves_the_generation_in_force_and_the_next_try_works() {
    for room in (0..4000).step_by(97) {
        let root = tempfile::tempdir().unwrap();
        let disk = Recording::new(root.path());
        let storage: Arc<dyn Storage> = Arc::new(disk.clone());
        publish_through(storage.clone(), root.path(), "local", &list(1), as_of());
        disk.disk_full_after(Some(room));
        let attempt = try_publish(storage, root.path(), "local", &list(2), as_of());
        disk.disk_full_after(None);
        let (number, counts) = open(root.path()).unwrap();
        let expected = if attempt.is_ok() { (2, 3) } else { (1, 2) };
        assert_eq!((number, counts["local"]), expected, "room {room}");
        publish_through(Arc::new(disk), root.path(), "local", &list(3), as_of());
        assert_eq!(open(root.path()).unwrap().1["local"], 4);
    }
}

#[test]
fn a_failing_sync_is_never_taken_for_a_publication() {
    for nth in 1..12 {
        let root = tempfile::tempdir().unwrap();
        let disk = Recording::new(root.path());
        let storage: Arc<dyn Storage> = Arc::new(disk.clone());
        publish_through(storage.clone(), root.path(), "local", &list(1), as_of());
        disk.fail_sync(nth);
        let attempt = try_publish(storage, root.path(), "local", &list(2), as_of());
        let (number, _) = open(root.path()).unwrap();
        // After a failed sync of the folder the new name may be there all the same: either generation, but whole.
        assert!(number == 2 || attempt.is_err(), "sync {nth}");
    }
}

#[test]
fn one_process_publishes_at_a_time() {
    let root = tempfile::tempdir().unwrap();
    publish_through(Arc::new(Recording::new(root.path())), root.path(), "local", &list(1), as_of());
    let storage: Arc<dyn Storage> = Arc::new(portcullis::ground::storage::Disk);
    let publisher = Publisher::lock(storage.clone(), root.path()).unwrap();
    let second = Publisher::lock(storage.clone(), root.path()).unwrap_err().to_string();
    assert!(second.contains("another"), "{second}");
    drop(publisher);
    let publisher = Publisher::lock(storage, root.path()).unwrap();
    let (generation, _) = publisher.current().unwrap().unwrap();
    assert_eq!(generation.floor(&feed("local")).unwrap().sequence, 1);
}

fn walk(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path.display().to_string()) }
    }
    found
}
