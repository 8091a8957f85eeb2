//! Going back at a site that follows publishers: to lists, past heartbeats, and of one feed without the others.

use std::sync::Arc;

use portcullis::ground::storage::{Disk, Storage};
use portcullis::index::{IndexError, back_up_floors, kept, restore_floors};
use portcullis::publishing::PublishingError;
use portcullis::syncing::{Outcome, SyncError, Wish};

use crate::support::centre::{Centre, Post, hour, in_force, listed, unsynced};
use crate::support::feed;
use crate::support::feed::Border;

const RELEASE: Wish =
    Wish { release: true, dry_run: false, accept_shrink: false, activate: false, repair: false };

#[test]
fn heartbeats_push_no_list_off_the_disk_that_an_operator_may_want_back() {
    let centre = feed::Centre::new();
    centre.publish(0..3, 0);
    let border = Border::following(&centre, 1);
    let mut hour = 2;
    for list in 1..=4 {
        centre.publish(list * 10..list * 10 + 2, hour);
        border.sync(&centre.repository(), hour).unwrap();
        for _ in 0..5 {
            hour += 1;
            centre.heartbeat(hour);
            let vouched = border.sync(&centre.repository(), hour).unwrap();
            assert!(matches!(vouched.outcome, Outcome::Vouched(_)), "{vouched:?}");
            let generations = kept(&Disk, border.data.path()).unwrap();
            let sequences = generations.iter().map(|(generation, _)| generation.feeds[0].bulletin.sequence);
            let mut lists: Vec<_> = sequences.collect();
            assert!(lists.len() <= 5, "{lists:?}");
            lists.dedup();
            let newest = u64::from(list) + 1;
            let expected: Vec<_> = (1..=newest).rev().take(3).collect();
            assert_eq!(lists, expected, "what there is to go back to");
        }
        hour += 1;
    }
}

/// Two feeds, of which the second has two lists.
fn two_feeds(folder: &std::path::Path, post: &Post<'_>) -> [Centre; 2] {
    let centres = ["national", "allies"].map(|name| {
        let centre = Centre::found(Arc::new(Disk), &folder.join(name), name, hour(0));
        let first = if name == "national" { 0..40 } else { 500..510 };
        centre.add(first).publish(hour(1));
        post.follow(&centre.source());
        centre
    });
    centres[1].add(510..512).publish(hour(2));
    post.follow(&centres[1].source());
    centres
}

#[test]
fn a_rollback_of_one_feed_holds_no_other() {
    let (folder, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let post = Post::new(unsynced(site.path()), site.path(), hour(20));
    let [national, allies] = two_feeds(folder.path(), &post);
    national.heartbeat(hour(3));
    assert!(matches!(post.follow(&national.source()).outcome, Outcome::Vouched(_)));
    post.rollback(2);
    let back = in_force(site.path()).unwrap();
    assert_eq!((back.generation, back.as_of), (5, hour(1)), "allies come first by name");
    national.heartbeat(hour(4));
    assert!(matches!(post.follow(&national.source()).outcome, Outcome::Vouched(_)));
    national.add(40..42).publish(hour(5));
    assert!(matches!(post.follow(&national.source()).outcome, Outcome::InForce(_)));
    let held = post.sync(&allies.source(), Wish::default()).unwrap_err();
    assert!(matches!(held, SyncError::RolledBack { sequence: 1, .. }), "{held:?}");
    allies.add(512..513).publish(hour(6));
    assert!(matches!(post.sync(&allies.source(), Wish::default()), Err(SyncError::RolledBack { .. })));
    assert!(matches!(post.sync(&allies.source(), RELEASE).unwrap().outcome, Outcome::InForce(_)));
    assert_eq!(listed(site.path()).len(), 42 + 13);
}

#[test]
fn a_feed_that_a_rollback_took_out_of_force_comes_back_only_when_it_is_released() {
    let (folder, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let post = Post::new(unsynced(site.path()), site.path(), hour(20));
    let [_, allies] = two_feeds(folder.path(), &post);
    post.rollback(1);
    allies.add(512..513).publish(hour(6));
    let held = post.sync(&allies.source(), Wish::default()).unwrap_err();
    assert!(matches!(held, SyncError::RolledBackAway(_)) && held.code() == "rolled_back", "{held:?}");
    assert_eq!(listed(site.path()).len(), 40);
    assert!(matches!(post.sync(&allies.source(), RELEASE).unwrap().outcome, Outcome::InForce(_)));
    assert_eq!(listed(site.path()).len(), 40 + 13);
}

#[test]
fn a_feed_whose_publisher_signs_its_files_is_not_folded_by_anybody_else() {
    let (folder, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let post = Post::new(unsynced(site.path()), site.path(), hour(20));
    two_feeds(folder.path(), &post);
    let before = in_force(site.path());
    let allies = crate::support::site::feed("allies");
    let folded = post.fold(&allies);
    assert!(matches!(folded, Err(PublishingError::Index(IndexError::SignedElsewhere(_)))), "{folded:?}");
    assert_eq!(in_force(site.path()), before);
}

#[test]
fn going_back_to_a_heartbeat_of_the_same_list_is_refused_for_it_changes_nothing() {
    let (folder, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let post = Post::new(unsynced(site.path()), site.path(), hour(20));
    let [national, _] = two_feeds(folder.path(), &post);
    national.heartbeat(hour(3));
    post.follow(&national.source());
    let before = in_force(site.path());
    assert!(matches!(post.try_rollback(3), Err(PublishingError::SameLists(3))));
    assert_eq!(in_force(site.path()), before);
}

#[test]
fn whoever_goes_back_and_forward_again_is_held_by_nothing() {
    let (folder, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let post = Post::new(unsynced(site.path()), site.path(), hour(20));
    let [_, allies] = two_feeds(folder.path(), &post);
    post.rollback(2);
    assert!(matches!(post.sync(&allies.source(), Wish::default()), Err(SyncError::RolledBack { .. })));
    post.rollback(3);
    assert!(matches!(post.follow(&allies.source()).outcome, Outcome::Vouched(_)), "the floor goes");
    assert_eq!(post.follow(&allies.source()).outcome, Outcome::Current);
    assert_eq!(listed(site.path()).len(), 40 + 12);
}

#[test]
fn a_rollback_brings_no_feed_back_that_was_forgotten_since() {
    let (folder, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let post = Post::new(unsynced(site.path()), site.path(), hour(20));
    let [national, _] = two_feeds(folder.path(), &post);
    national.add(40..42).publish(hour(3));
    post.follow(&national.source());
    post.forget(&crate::support::site::feed("allies"));
    post.rollback(3);
    assert_eq!(listed(site.path()).len(), 40, "neither the later list nor the forgotten one");
}

#[test]
fn after_a_restore_the_same_list_comes_back_on_a_word_and_no_older_one() {
    let (folder, site, backup) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let post = Post::new(unsynced(site.path()), site.path(), hour(20));
    let centre = Centre::found(Arc::new(Disk), &folder.path().join("national"), "national", hour(0));
    centre.add(0..40).publish(hour(1));
    let older = centre.copied(&folder.path().join("older"));
    centre.add(40..42).publish(hour(2));
    post.follow(&centre.source());
    let disk: Arc<dyn Storage> = Arc::new(Disk);
    back_up_floors(&disk, site.path(), backup.path()).unwrap();

    let again = tempfile::tempdir().unwrap();
    restore_floors(&disk, backup.path(), again.path(), hour(20)).unwrap().unwrap();
    let post = Post::new(unsynced(again.path()), again.path(), hour(20));
    let refused = post.sync(&centre.source(), Wish::default());
    assert!(matches!(refused, Err(SyncError::RolledBackAway(_))), "{refused:?}");
    let refused = post.sync(&older.source(), RELEASE);
    assert!(refused.is_err(), "an older list came back: {refused:?}");
    post.sync(&centre.source(), RELEASE).unwrap();
    assert_eq!(listed(again.path()).len(), 42);
    assert_eq!(post.follow(&centre.source()).outcome, Outcome::Current);
}
