//! What a site does when something is wrong: with the disk, a mirror, a publisher, or with what its operator wanted.

use std::error::Error as _;
use std::path::Path;
use std::sync::Arc;

use portcullis::ground::causes;
use portcullis::ground::storage::Disk;
use portcullis::publishing::feed;
use portcullis::syncing::{Activation, Outcome, SyncError, Wish};

use crate::support::centre::{Centre, Ground, Post, hour, in_force, listed, litter, unsynced};
use crate::support::command::{files, flip_a_byte};
use crate::support::recording::Recording;

/// A centre that has published `0..40`.
fn centre(folder: &Path) -> Centre {
    let centre = Centre::found(unsynced(folder), folder, "national", hour(0));
    centre.add(0..40).publish(hour(1));
    centre
}

/// Two centres that went on differently from the same list, and what the first says, with the second's increment.
fn signed_wrongly(folder: &Path, centre: &Centre, rebase: bool) -> Centre {
    let other = centre.copied(&folder.join("other"));
    let right = centre.copied(&folder.join("right"));
    let forged = centre.copied(&folder.join("forged"));
    let go_on = |centre: &Centre| if rebase { centre.rebase(hour(4)) } else { centre.publish(hour(4)) };
    let wrong = go_on(other.add(70..72));
    let mut publication = go_on(right.add(60..62));
    for from in [&other, &right] {
        for path in files(&from.repository().join("targets")) {
            std::fs::copy(&path, forged.repository().join("targets").join(path.file_name().unwrap()))
                .unwrap();
        }
    }
    if rebase {
        publication.increments.clear();
        let (closing, other) = (&mut publication.earlier[0].closing, &wrong.earlier[0].closing);
        (closing.name, closing.sha256) = (other.name.clone(), other.sha256);
        (closing.length, closing.notices) = (other.length, other.notices);
    } else {
        *publication.increments.last_mut().unwrap() = wrong.increments.last().unwrap().clone();
    }
    forged.sign(&publication, hour(4));
    forged
}

#[test]
fn a_publisher_that_signed_wrongly_is_reported_and_its_list_is_downloaded() {
    for rebase in [false, true] {
        let (folder, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let centre = centre(&folder.path().join("centre"));
        // So much that an increment is shorter than the delta.
        centre.add(100..300).publish(hour(2));
        let post = Post::new(unsynced(site.path()), site.path(), hour(20));
        post.follow(&centre.source());
        let forged = signed_wrongly(folder.path(), &centre, rebase);
        let synced = post.follow(&forged.source());
        assert!(synced.mismatch, "{synced:?}");
        let (listed, found) = (listed(site.path()), in_force(site.path()).unwrap());
        assert!(listed.contains(&60) && !listed.contains(&70), "{listed:?}");
        assert_eq!((found.generation, found.sequence), (2, 3));
        assert!(litter(site.path()).is_empty(), "{:?}", litter(site.path()));
    }
}

#[test]
fn a_base_that_the_disk_has_spoilt_is_downloaded_with_the_next_publication() {
    let (folder, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = centre(folder.path());
    let post = Post::new(unsynced(site.path()), site.path(), hour(20));
    post.follow(&centre.source());
    files(&site.path().join("index/segments")).iter().for_each(|path| flip_a_byte(path));
    centre.add(40..42).publish(hour(2));
    let synced = post.follow(&centre.source());
    assert!(synced.mismatch && synced.line_bytes > 0, "{synced:?}");
    assert_eq!(listed(site.path()).len(), 42);
}

#[test]
fn a_list_that_lost_too_much_is_not_even_fetched_until_an_operator_accepts_it() {
    let (folder, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = centre(folder.path());
    let post = Post::new(unsynced(site.path()), site.path(), hour(20));
    post.follow(&centre.source());
    centre.withdraw(0..30).publish(hour(2));
    let mut source = centre.source();
    source.shrink_max = 0.01;
    for dry_run in [true, false] {
        let mut told = 0;
        let wish = Wish { dry_run, ..Wish::default() };
        let error = post.sync_while(&source, wish, &mut || told += 1).unwrap_err();
        assert!(matches!(error, SyncError::Gate { .. }), "{}", causes(&error));
        assert_eq!((in_force(site.path()).unwrap().generation, told), (1, 0));
    }
    post.sync(&source, Wish { accept_shrink: true, ..Wish::default() }).unwrap();
    assert_eq!(listed(site.path()).len(), 10);
    assert!(litter(site.path()).is_empty());
}

/// What a site pays for that was refused at the very end and is then accepted: nothing.
#[test]
fn what_came_stays_until_nothing_but_the_last_step_can_fail() {
    let (folder, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = centre(&folder.path().join("centre"));
    let other = Centre::found(Arc::new(Disk), &folder.path().join("other"), "allies", hour(0));
    other.add(500..510).publish(hour(1));
    let post = Post::new(unsynced(site.path()), site.path(), hour(20));
    post.follow(&other.source());
    let spoilt = files(&site.path().join("index/segments"));
    spoilt.iter().for_each(|path| flip_a_byte(path));
    for came in [true, false] {
        let mut told = 0;
        let error = post.sync_while(&centre.source(), Wish::default(), &mut || told += 1).unwrap_err();
        assert!(causes(&error).contains(spoilt[0].to_str().unwrap()), "{}", causes(&error));
        assert_eq!(told > 0, came, "what came the first time need not come again");
    }
    // The other feed has nothing new: its file is mended all the same, where somebody asks for it.
    assert_eq!(post.follow(&other.source()).outcome, Outcome::Current);
    let repair = Wish { repair: true, ..Wish::default() };
    let mended = post.sync(&other.source(), repair).unwrap();
    assert!(matches!(mended.outcome, Outcome::Repaired(_)) && mended.line_bytes > 0, "{mended:?}");
    assert_eq!(post.sync(&other.source(), repair).unwrap().outcome, Outcome::Current);
    assert_eq!(post.follow(&centre.source()).line_bytes, 0);
    assert_eq!(listed(site.path()).len(), 50);
    assert!(litter(site.path()).is_empty(), "{:?}", litter(site.path()));
}

#[test]
fn after_a_rollback_only_a_release_takes_the_next_publication_and_no_other() {
    let (folder, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = centre(folder.path());
    let post = Post::new(unsynced(site.path()), site.path(), hour(20));
    post.follow(&centre.source());
    centre.add(40..42).publish(hour(2));
    post.follow(&centre.source());
    post.rollback(1);
    let release = Wish { release: true, ..Wish::default() };
    let refused = post.sync(&centre.source(), Wish::default()).unwrap_err();
    assert!(matches!(refused, SyncError::RolledBack { sequence: 1, .. }), "{refused}");
    // What was taken back is not accepted again under its sequence.
    let refused = post.sync(&centre.source(), release).unwrap_err();
    assert!(causes(&refused).contains("sequence 2 is not above 2"), "{}", causes(&refused));
    centre.withdraw(41..42).publish(hour(3));
    assert!(matches!(post.sync(&centre.source(), Wish::default()), Err(SyncError::RolledBack { .. })));
    assert_eq!(in_force(site.path()).unwrap().generation, 3);
    post.sync(&centre.source(), release).unwrap();
    assert_eq!((in_force(site.path()).unwrap().sequence, listed(site.path()).len()), (3, 41));
    centre.add(42..43).publish(hour(4));
    assert!(matches!(post.follow(&centre.source()).outcome, Outcome::InForce(_)), "it follows again");
}

#[test]
fn what_waits_is_downloaded_once_and_loaded_when_it_is_time_or_when_somebody_says_so() {
    let (folder, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = centre(folder.path());
    let post = |now| Post::new(unsynced(site.path()), site.path(), now);
    post(hour(2)).follow(&centre.source());
    let mut source = centre.source();
    for activation in [Activation::OnCommand, Activation::At(6 * 60)] {
        source.activation = activation;
        let before = in_force(site.path()).unwrap();
        let at = before.sequence as i8 + 2;
        centre.add(40..40 + u32::try_from(at).unwrap()).publish(hour(at));
        let first = post(hour(at)).follow(&source);
        let second = post(hour(at)).follow(&source);
        assert_eq!([first.outcome, second.outcome], [Outcome::Waiting; 2]);
        assert!(first.line_bytes > 0 && second.line_bytes == 0, "{first:?} {second:?}");
        assert_eq!(in_force(site.path()).unwrap(), before);
        let activate = activation == Activation::OnCommand;
        let now = if activate { hour(at) } else { hour(6) };
        let third = post(now).sync(&source, Wish { activate, ..Wish::default() }).unwrap();
        assert!(matches!(third.outcome, Outcome::InForce(_)) && third.line_bytes == 0, "{third:?}");
    }
}

#[test]
fn publications_that_nobody_activates_do_not_pile_up() {
    let (folder, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = centre(folder.path());
    let post = Post::new(unsynced(site.path()), site.path(), hour(20));
    let mut source = centre.source();
    source.activation = Activation::OnCommand;
    for at in 2..8 {
        post.follow(&source);
        let kept = files(&site.path().join("sync"));
        let (metadata, parts): (Vec<_>, Vec<_>) =
            kept.iter().partition(|path| path.to_string_lossy().contains("/waiting/"));
        assert!(parts.len() <= 2 && metadata.len() <= 8, "{kept:?}");
        centre.add(40..40 + at as u32).rebase(hour(at));
    }
}

#[test]
fn a_full_disk_at_any_step_of_a_sync_leaves_what_is_in_force_and_no_heap_of_litter() {
    let folder = tempfile::tempdir().unwrap();
    let centre = centre(&folder.path().join("before"));
    let later = centre.copied(&folder.path().join("later"));
    later.add(40..44).rebase(hour(2));
    let (mut failures, mut step) = (0, 1);
    for room in std::iter::successors(Some(0), |room| Some(room + room / 8 + 997)) {
        let site = tempfile::tempdir().unwrap();
        let disk = Recording::new(site.path());
        let post = Post::new(Arc::new(Ground(disk.clone())), site.path(), hour(20));
        post.follow(&centre.source());
        let before = in_force(site.path());
        let mut litter_before = None;
        let mut succeeded = false;
        for _ in 0..3 {
            disk.disk_full_after(Some(room));
            match post.sync(&later.source(), Wish::default()) {
                Ok(_) => succeeded = true,
                Err(error) => {
                    assert!(error.source().is_some() && !causes(&error).is_empty());
                    assert_eq!(in_force(site.path()), before, "room {room}");
                    let left = litter(site.path()).len();
                    assert!(
                        left <= *litter_before.get_or_insert(left) + 1 && left <= 4,
                        "room {room}: {left}"
                    );
                    failures += 1;
                }
            }
        }
        disk.disk_full_after(None);
        post.follow(&later.source());
        assert_eq!(listed(site.path()).len(), 44, "room {room}");
        assert!(litter(site.path()).is_empty(), "room {room}: {:?}", litter(site.path()));
        step += 1;
        if succeeded || step > 40 {
            break;
        }
    }
    assert!(failures > 5, "{failures}");
}

#[test]
fn a_full_disk_at_any_step_of_a_publication_leaves_the_one_before_to_readers() {
    for room in (0..40).map(|step| step * step * 61) {
        let folder = tempfile::tempdir().unwrap();
        let founded = centre(folder.path());
        founded.add(40..44);
        let disk = Recording::new(folder.path());
        let centre = founded.moved(Arc::new(Ground(disk.clone())), folder.path());
        let mut left = None;
        for _ in 0..2 {
            disk.disk_full_after(Some(room));
            let Err(error) = centre.try_publish(hour(2)) else { break };
            assert!(!causes(&error).is_empty());
            disk.disk_full_after(None);
            assert_eq!(feed::verify(&centre.folder()).unwrap().metadata.publication().sequence, 1);
            let found = files(folder.path()).len();
            assert!(found <= *left.get_or_insert(found), "room {room}");
        }
        disk.disk_full_after(None);
        if !centre.folder().pending().unwrap().is_empty() {
            centre.publish(hour(2));
        }
        let verified = feed::verify(&centre.folder()).unwrap();
        assert_eq!(verified.metadata.publication().list.notices, 44 + 1, "with the canary, room {room}");
    }
}

#[test]
fn a_broken_mirror_of_one_feed_keeps_no_other_feed_from_coming_up_to_date() {
    let (folder, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let sound = centre(&folder.path().join("sound"));
    let broken = Centre::found(Arc::new(Disk), &folder.path().join("broken"), "allies", hour(0));
    broken.add(500..510).publish(hour(1));
    let post = Post::new(unsynced(site.path()), site.path(), hour(20));
    for centre in [&sound, &broken] {
        post.follow(&centre.source());
    }
    sound.add(40..42).publish(hour(2));
    broken.add(510..512).publish(hour(2));
    files(&broken.repository().join("targets")).iter().for_each(|path| flip_a_byte(path));
    let error = post.sync(&broken.source(), Wish::default()).unwrap_err();
    assert!(matches!(&error, SyncError::Download { feed, .. } if feed.as_str() == "allies"), "{error}");
    post.follow(&sound.source());
    let listed = listed(site.path());
    assert!(listed.contains(&41) && listed.contains(&500) && !listed.contains(&510), "{listed:?}");
}
