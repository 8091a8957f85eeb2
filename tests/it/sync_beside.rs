//! What happens to a site while it is brought up to date: what was judged before is not put in force over it.

use std::path::Path;
use std::sync::Arc;

use portcullis::ground::storage::Disk;
use portcullis::syncing::{Outcome, SyncError, Wish};

use crate::support::centre::{Centre, Post, hour, in_force, listed, litter, unsynced};
use crate::support::feed::{self, Border, directory};
use crate::support::forgery::{Tampered, refresh_error};

/// A centre with `0..40` and then `40..42`, and a post that has the first of them.
fn centre(folder: &Path, post: &Post<'_>) -> Centre {
    let centre = Centre::found(unsynced(folder), folder, "national", hour(0));
    centre.add(0..40).publish(hour(1));
    post.follow(&centre.source());
    centre.add(40..42).publish(hour(2));
    centre
}

fn once(act: impl FnOnce()) -> impl FnMut() {
    let mut act = Some(act);
    move || {
        if let Some(act) = act.take() {
            act();
        }
    }
}

#[test]
fn a_rollback_while_the_next_list_comes_is_not_undone_by_it() {
    let (folder, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let post = Post::new(unsynced(site.path()), site.path(), hour(20));
    let centre = centre(folder.path(), &post);
    post.follow(&centre.source());
    centre.add(50..60).publish(hour(3));
    let error =
        post.sync_while(&centre.source(), Wish::default(), &mut once(|| post.rollback(1))).unwrap_err();
    assert!(matches!(error, SyncError::Overtaken(_)), "{error:?}");
    assert_eq!(listed(site.path()).len(), 40);
    let error = post.sync(&centre.source(), Wish::default()).unwrap_err();
    assert!(matches!(error, SyncError::RolledBack { sequence: 1, .. }), "{error:?}");
}

#[test]
fn a_stick_is_not_kept_waiting_by_a_line_and_neither_writes_to_what_the_other_put_in_force() {
    let (folder, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let post = Post::new(unsynced(site.path()), site.path(), hour(20));
    let centre = centre(folder.path(), &post);
    let source = centre.source();
    let mut third = None;
    let with_stick = || {
        let mut third_too = once(|| third = Some(post.sync(&source, Wish::default())));
        let synced = post.sync_while(&source, Wish::default(), &mut third_too).unwrap();
        assert!(matches!(synced.outcome, Outcome::InForce(_)), "{synced:?}");
    };
    let error = post.sync_while(&source, Wish::default(), &mut once(with_stick)).unwrap_err();
    assert!(matches!(error, SyncError::Overtaken(_)), "{error:?}");
    assert!(matches!(third, Some(Err(SyncError::Busy(_)))), "{third:?}");
    assert_eq!((in_force(site.path()).unwrap().generation, listed(site.path()).len()), (2, 42));
    // What somebody beside left who was killed goes with the next who comes.
    std::fs::write(site.path().join("sync/national/beside/parts/left.part"), "x").unwrap();
    let again = Post::new(Arc::new(Disk), site.path(), hour(20));
    assert_eq!(again.follow(&source).outcome, Outcome::Current);
    assert!(litter(site.path()).is_empty(), "{:?}", litter(site.path()));
}

/// Keys that are no longer good are not believed again because the list of those that are good did not come.
#[test]
fn a_root_that_was_heard_of_is_kept_although_nothing_was_put_in_force_under_it() {
    let mut centre = feed::Centre::with_a_list();
    let border = Border::following(&centre, 1);
    let thief = Tampered::of(&centre);
    thief.forge(|forgery| {
        for role in [&mut forgery.timestamp, &mut forgery.snapshot, &mut forgery.targets] {
            role["version"] = 1000.into();
        }
        forgery.bulletin()["sequence"] = 1000.into();
    });
    let next = centre.holders.with_other_online_keys();
    centre.gather("UTO", 3..6, false);
    centre.hand_on(&next, 2);
    let without_lists = Tampered::of(&centre);
    std::fs::remove_dir_all(without_lists.path().join("targets")).unwrap();
    std::fs::create_dir(without_lists.path().join("targets")).unwrap();
    let error = border.sync(without_lists.path(), 3).unwrap_err();
    assert!(matches!(error, SyncError::Download { .. }), "{error:?}");
    let error = refresh_error(border.sync(thief.path(), 4).unwrap_err());
    assert_eq!(error.code(), "signatures", "{error:?}");
    assert!(matches!(border.sync(&centre.repository(), 5).unwrap().outcome, Outcome::InForce(_)));
    assert_eq!(border.in_force().unwrap().feeds[0].epoch, 2);
}

#[test]
fn a_mirror_that_stands_still_does_not_hide_the_next_and_one_that_is_down_hides_no_attack() {
    let centre = feed::Centre::with_a_list();
    let border = Border::following(&centre, 1);
    let still = Tampered::of(&centre);
    centre.publish(3..6, 2);
    let forged = Tampered::of(&centre);
    forged.forge(|forgery| forgery.holders = forgery.holders.with_other_online_keys());
    let gone = directory(Path::new("/nowhere/at/all"));
    let both = vec![gone, directory(forged.path())];
    let error = refresh_error(border.sync_through(both, Wish::default(), 3).unwrap_err());
    assert_eq!(error.code(), "signatures", "{error:?}");
    let both = vec![directory(still.path()), directory(&centre.repository())];
    let synced = border.sync_through(both, Wish::default(), 3).unwrap();
    assert!(matches!(synced.outcome, Outcome::InForce(_)), "{synced:?}");
}

#[test]
fn a_list_that_may_not_follow_is_refused_before_it_is_fetched() {
    let (folder, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let post = Post::new(unsynced(site.path()), site.path(), hour(20));
    let centre = centre(folder.path(), &post);
    post.follow(&centre.source());
    post.rollback(1);
    let mut told = 0;
    let release = Wish { release: true, ..Wish::default() };
    let error = post.sync_while(&centre.source(), release, &mut || told += 1).unwrap_err();
    assert_eq!((error.code(), told), ("index", 0), "{error:?}");
}

#[test]
fn a_root_that_was_followed_and_cannot_be_read_lets_nobody_in_under_older_keys() {
    let mut centre = feed::Centre::with_a_list();
    let border = Border::following(&centre, 1);
    let older = Tampered::of(&centre);
    older.forge(|forgery| {
        forgery.timestamp["version"] = 1000.into();
    });
    let next = centre.holders.with_other_online_keys();
    centre.gather("UTO", 3..6, false);
    centre.hand_on(&next, 2);
    let without_lists = Tampered::of(&centre);
    std::fs::remove_dir_all(without_lists.path().join("targets")).unwrap();
    border.sync(without_lists.path(), 3).unwrap_err();
    let root = border.data.path().join(format!("sync/{}/roots/2.root.json", feed::FEED));
    let kept = std::fs::read(&root).unwrap();
    for spoilt in [&b"{"[..], &kept[..kept.len() - 2]] {
        std::fs::write(&root, spoilt).unwrap();
        for mirror in [older.path().to_owned(), centre.repository()] {
            let error = refresh_error(border.sync(&mirror, 4).unwrap_err());
            assert!(error.code() == "kept" && error.to_string().contains("2.root.json"), "{error:?}");
        }
    }
    std::fs::write(&root, kept).unwrap();
    assert!(matches!(border.sync(&centre.repository(), 5).unwrap().outcome, Outcome::InForce(_)));
}
