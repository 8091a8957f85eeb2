//! No origin is given to two revisions: a store that may have a twin takes a new name.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::HashSet;
use std::fs;
use std::sync::Arc;

use portcullis::domain::alert::{Life, Subject};
use portcullis::ground::causes;
use portcullis::ground::storage::{Disk, Storage};
use portcullis::overlay::{Alerts, Changes, OverlayError, Store};
use serde_json::Value;

use crate::alert_floor::{is_unreadable, keep, put};
use crate::overlay_store::{active, all, change, document, open};
use crate::support::alert::{alert, issue};
use crate::support::command::{Place, portcullis};
use crate::support::recording::Recording;

fn origins(place: &Place, site: &str) -> Vec<(String, u64)> {
    let changes = portcullis(&["alert", "changes", "--data", &place.argument(site)]).exits(0).out;
    let change = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    let origin = |change: Value| {
        let origin = &change["alert"]["origin"];
        (origin["node"].as_str().unwrap().to_owned(), origin["counter"].as_u64().unwrap())
    };
    changes.lines().map(|line| origin(change(line))).collect()
}

fn rename(store: &mut Store) {
    store.rename(store.new_name(0).unwrap()).unwrap();
}

fn back_up(place: &Place, to: &str) {
    let config = place.write("own.toml", format!("[data]\ndir = {:?}\n", place.site()));
    portcullis(&["backup", "--config", &config, "--to", to]);
}

#[test]
fn a_store_under_new_names_goes_on_counting_and_is_read_across_them() {
    let data = tempfile::tempdir().unwrap();
    let mut store = open(&Disk, data.path()).unwrap();
    // Nothing was made under its first name.
    rename(&mut store);
    let mut kept = store.append(vec![active(1, "A1"), active(2, "A2")]).unwrap();
    let mut followed = Alerts::default();
    followed.follow(&store).unwrap();
    rename(&mut store);
    rename(&mut store);
    assert!(!followed.follow(&store).unwrap(), "it is the same store");
    kept.extend(store.append(vec![active(3, "A3")]).unwrap());
    rename(&mut store);
    let withdrawn = change(1, 2, Life::Withdrawn, Subject::Document(document("A1")));
    kept.extend(store.append(vec![withdrawn, active(4, "A4")]).unwrap());
    drop(store);
    let mut store = open(&Disk, data.path()).unwrap();
    assert_eq!(all(&store).unwrap(), kept);
    const NAME: u64 = 1_000_000_000;
    let counters = [NAME + 1, NAME + 2, 3 * NAME + 1, 4 * NAME + 1, 4 * NAME + 2];
    assert_eq!(kept.iter().map(|one| one.origin.counter).collect::<Vec<_>>(), counters);
    let names: Vec<_> = kept.iter().map(|one| one.origin.node).collect();
    assert!(names[0] == names[1] && names[3] == names[4], "{names:?}");
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), 3, "{names:?}");
    assert!(followed.follow(&store).unwrap());
    assert_eq!(followed.counter(), counters[4]);
    for (at, after) in [0].iter().chain(&counters).enumerate() {
        let mut found = Vec::new();
        store.each_after(*after, &mut |revision| found.push(revision)).unwrap();
        assert_eq!(found, kept[at..]);
        assert_eq!(store.node_of(*after), at.checked_sub(1).map(|at| names[at]));
        assert_eq!(Alerts::as_of(&store, *after).unwrap().iter().count(), [0, 1, 2, 3, 3, 4][at]);
        let changes = Changes::after(&store, *after).unwrap();
        let page = changes.page(&store, *after, 2).unwrap();
        let page: Vec<_> = page.iter().map(|(_, revision)| revision.origin.counter).collect();
        assert_eq!(page, counters[at..].iter().take(2).copied().collect::<Vec<_>>());
    }
    for never in [1, NAME - 1, NAME + 3, 2 * NAME, 4 * NAME + 3] {
        assert_eq!(store.node_of(never), None);
        assert!(Alerts::as_of(&store, never).is_err(), "{never}: alerts of then are not those of now");
    }
    // One that was made elsewhere is not taken for one that would come next.
    rename(&mut store);
    let next = store.append(vec![active(6, "A6")]).unwrap();
    assert_eq!(next[0].origin.counter, 5 * NAME + 1);
}

#[test]
fn a_revision_that_was_taken_out_is_missed_under_each_of_the_names() {
    let data = tempfile::tempdir().unwrap();
    let mut store = open(&Disk, data.path()).unwrap();
    for round in 0..3 {
        store.append((1..4).map(|alert| active(round * 10 + alert, "A1")).collect()).unwrap();
        rename(&mut store);
    }
    drop(store);
    let path = data.path().join("alerts/alerts.redb");
    let sound = fs::read(&path).unwrap();
    let table = redb::TableDefinition::<&[u8], &[u8]>::new("revisions");
    for counter in [0, 1, 2].iter().flat_map(|name| (1..=3).map(move |at| name * 1_000_000_000 + at)) {
        let counter: u64 = counter;
        let pages = redb::Database::open(&path).unwrap();
        let writing = pages.begin_write().unwrap();
        writing
            .open_table(table)
            .unwrap()
            .retain(|place, _| !place.ends_with(&counter.to_be_bytes()))
            .unwrap();
        writing.commit().unwrap();
        drop(pages);
        let store = open(&Disk, data.path()).unwrap();
        let missed = all(&store).unwrap_err();
        assert!(
            matches!(missed, OverlayError::Damaged { counter: named, .. } if named == counter),
            "{counter}: {missed}"
        );
        drop(store);
        fs::write(&path, &sound).unwrap();
    }
}

#[test]
fn a_new_name_is_there_or_the_one_before_whatever_moment_the_power_goes_at() {
    let root = tempfile::tempdir().unwrap();
    let disk = Recording::new(root.path());
    let mut store = open(&disk, root.path()).unwrap();
    store.append(vec![active(1, "A1")]).unwrap();
    let (before, begun) = (store.head(), disk.operations());
    rename(&mut store);
    let (after, done) = (store.head(), disk.operations());
    let kept = store.append(vec![active(2, "A2")]).unwrap();
    drop(store);
    disk.crash_images_at(
        5,
        |at| at >= begun,
        |image| {
            let mut store =
                open(&Disk, image.root()).unwrap_or_else(|error| panic!("{image:?}: {}", causes(&error)));
            let (node, found) = (store.head().node, all(&store).unwrap());
            assert!(node == before.node || node == after.node, "{image:?}");
            assert!(image.operations < done || node == after.node, "{image:?}");
            assert!(found.get(1).is_none_or(|second| *second == kept[0]), "{image:?}");
            store.append(vec![active(9, "A9")]).unwrap();
            assert_eq!(all(&store).unwrap().len(), found.len() + 1);
        },
    );
}

#[test]
fn what_is_issued_after_a_restore_is_not_taken_for_what_the_site_issued_since() {
    let place = Place::with_site();
    issue(&place, &alert("Q1"));
    issue(&place, &alert("Q2"));
    let backup = place.argument("backup");
    back_up(&place, &backup);
    issue(&place, &alert("Q3"));
    let gone_on = origins(&place, "site");
    let restored = place.argument("restored");
    for _ in 0..2 {
        let _ = fs::remove_dir_all(&restored);
        portcullis(&["restore", &backup, "--data", &restored]).exits(0);
        let issued = place.write("new.json", alert("Q4").to_string());
        portcullis(&["alert", "issue", "--data", &restored, &issued]).exits(0);
        let there = origins(&place, "restored");
        assert_eq!((there.len(), &there[..2]), (3, &gone_on[..2]));
        assert_ne!(there[2].0, gone_on[2].0, "two revisions have one origin");
        assert_eq!(there[2].1, 1_000_000_001);
    }
}

#[test]
fn what_is_issued_after_a_loss_is_not_taken_for_what_was_lost() {
    let place = Place::with_site();
    issue(&place, &alert("Q1"));
    keep(&place, "older");
    issue(&place, &alert("Q2"));
    let lost = origins(&place, "site");
    keep(&place, "lost");
    put(&place, "older");
    portcullis(&["alert", "accept-loss", "--data", &place.site()]).exits(0);
    issue(&place, &alert("Q3"));
    // Whoever finds the lost folder again does not lose what was issued since.
    keep(&place, "since");
    put(&place, "lost");
    assert!(is_unreadable(&place.check("X2").json()));
    put(&place, "since");
    let found = origins(&place, "site");
    assert_eq!(found[0], lost[0]);
    assert_ne!(found[1].0, lost[1].0, "two revisions have one origin");
    assert_eq!(found[1].1, 1_000_000_001);
    portcullis(&["alert", "accept-loss", "--data", &place.site()]).exits(0);
    issue(&place, &alert("Q4"));
    assert_eq!(origins(&place, "site")[2].0, found[1].0, "nothing was lost, and its name is the same");
}

#[test]
fn a_clone_that_is_adopted_is_not_taken_for_the_site_that_it_came_from() {
    let place = Place::with_site();
    issue(&place, &alert("Q1"));
    portcullis(&["adopt", "--data", &place.site()]).exits(0);
    issue(&place, &alert("Q2"));
    let found = origins(&place, "site");
    assert_ne!(found[0].0, found[1].0, "two revisions have one origin");
    assert_eq!((found[0].1, found[1].1), (1, 1_000_000_001));
    assert_eq!(place.check("X2").exits(0).json()["verdict"], "no_hit");
}

#[test]
fn what_was_restored_elsewhere_and_is_older_is_not_taken_for_what_is_on_record() {
    let place = Place::with_site();
    issue(&place, &alert("Q1"));
    let backup = place.argument("backup");
    back_up(&place, &backup);
    issue(&place, &alert("Q2"));
    portcullis(&["restore", &backup, "--data", &place.argument("elsewhere")]).exits(0);
    put(&place, "elsewhere/alerts");
    assert!(is_unreadable(&place.check("X2").json()), "it counts on from above what it does not have");
    let accepted = portcullis(&["alert", "accept-loss", "--data", &place.site()]).exits(0).out;
    assert!(accepted.contains("2 was on record"), "{accepted}");
    assert_eq!(place.check("X2").exits(0).json()["verdict"], "no_hit");
    // Nothing is issued under that name before the next one.
    portcullis(&["adopt", "--data", &place.site()]).exits(0);
    assert_eq!(place.check("X2").exits(0).json()["verdict"], "no_hit", "what was accepted stays so");
    issue(&place, &alert("Q3"));
    assert_eq!(place.check("Q3").exits(10).json()["verdict"], "hit");
}

#[test]
fn a_loss_is_accepted_whole_or_not_yet() {
    let place = Place::with_site();
    issue(&place, &alert("Q1"));
    keep(&place, "older");
    issue(&place, &alert("Q2"));
    put(&place, "older");
    let accept = || portcullis(&["alert", "accept-loss", "--data", &place.site()]).exits(0).out;
    accept();
    // As if it had ended between its entry and the new name.
    put(&place, "older");
    assert!(is_unreadable(&place.check("X2").json()), "the entry alone ends no alarm");
    accept();
    assert_eq!(place.check("X2").exits(0).json()["verdict"], "no_hit");
    issue(&place, &alert("Q3"));
    assert_eq!(origins(&place, "site")[1].1, 2_000_000_001);
}

#[test]
fn damaged_alerts_are_restored_as_they_were_backed_up() {
    let place = Place::with_site();
    issue(&place, &alert("Q1"));
    let pages = place.path("site/alerts/alerts.redb");
    let mut bytes = fs::read(&pages).unwrap();
    bytes.iter_mut().skip(64).for_each(|byte| *byte ^= 0x55);
    fs::write(&pages, &bytes).unwrap();
    let backup = place.argument("backup");
    back_up(&place, &backup);
    portcullis(&["restore", &backup, "--data", &place.argument("restored")]).exits(0);
    assert_eq!(fs::read(place.path("restored/alerts/alerts.redb")).unwrap(), bytes);
    let storage: Arc<dyn Storage> = Arc::new(Disk);
    let refused = Store::open(&storage, &place.path("restored")).map(|_| ()).unwrap_err();
    assert!(matches!(refused, OverlayError::Damaged { .. } | OverlayError::Pages { .. }), "{refused}");
}
