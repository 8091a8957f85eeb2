//! What a publisher may rely on: nothing that is listed gets lost, nothing is vouched for that is not so, and what is published
//! stays acceptable and readable.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use portcullis::feed::RoleName;
use portcullis::index::IndexError;
use portcullis::publishing::feed::{FeedError, Handover, Published, Signed, ends_soon, heartbeat, publish};
use portcullis::syncing::Outcome;

use crate::support::feed::{Border, Centre, Holders, at};

fn try_publish(centre: &Centre, hour: i64) -> Result<Published, FeedError> {
    let signers = centre.holders.signers_with(None);
    publish(&centre.folder, &centre.settings, &signers, at(hour), at(hour), &mut |_, _| {})
}

/// A list of twenty, then edits that change and undo one another, one after the other.
fn published_within(changes_max: u64) -> (Centre, Published) {
    let mut centre = Centre::new();
    centre.settings.changes_max = changes_max;
    centre.publish(0..20, 0);
    centre.withdraw(0..3);
    centre.gather("UTO", 1..2, false);
    centre.gather("UTO", 20..60, false);
    centre.withdraw(25..27);
    centre.withdraw(58..62);
    centre.withdraw(0..1);
    let published = try_publish(&centre, 1).unwrap();
    (centre, published)
}

#[test]
fn what_was_listed_stays_where_more_changes_than_memory_holds() {
    let (_, few) = published_within(1_000_000);
    let (centre, many) = published_within(4);
    assert_eq!(many.publication.list, few.publication.list);
    assert_eq!(many.publication.list.notices, 20 - 2 + 40 - 4 + 1);
    assert_eq!(many.account.difference, few.account.difference);
    assert_eq!((many.account.unknown, many.account.overtaken), (3, 0));
    assert_eq!(few.account.unknown, many.account.unknown);
    assert!(many.publication.delta.is_none() && many.publication.increments.is_empty());
    let border = Border::following(&centre, 2);
    assert_eq!(border.in_force().unwrap().feeds[0].bulletin.sequence, 2);
    // A site that has the list before replaces it.
    let mut centre = Centre::with_a_list();
    let border = Border::following(&centre, 1);
    centre.settings.changes_max = 4;
    centre.publish(3..90, 2);
    assert!(matches!(border.sync(&centre.repository(), 3).unwrap().outcome, Outcome::InForce(_)));
    assert_eq!(border.in_force().unwrap().feeds[0].bulletin.segments[0].notices, 90 + 1);
}

#[test]
fn a_first_list_of_several_registers_may_be_of_any_length() {
    let mut centre = Centre::new();
    centre.settings.changes_max = 4;
    centre.gather("UTO", 0..5, false);
    centre.gather("UTO", 3..40, false);
    assert_eq!(try_publish(&centre, 0).unwrap().publication.list.notices, 41);
    centre.gather("UTO", 0..60, false);
    centre.gather("UTO", 10..30, true);
    centre.gather("UTO", 40..70, false);
    let published = try_publish(&centre, 1).unwrap();
    assert_eq!(published.publication.list.notices, 20 + 30 + 1);
    assert_eq!((published.account.difference.new, published.account.difference.gone), (30, 20));
}

#[test]
fn nobody_vouches_as_of_now_while_changes_wait() {
    let centre = Centre::with_a_list();
    let signers = centre.holders.signers_with(None);
    let signers: Vec<_> = signers[&RoleName::Timestamp].iter().map(|signer| &**signer).collect();
    let beat = |as_of: Option<i64>, hour: i64| {
        heartbeat(&centre.folder, &centre.settings, &signers, as_of.map(at), at(hour))
    };
    assert_eq!(beat(None, 1).unwrap().as_of(), at(1));
    centre.gather("UTO", 3..6, false);
    assert!(matches!(beat(None, 4), Err(FeedError::ChangesWait { waiting: 1 })));
    // Whoever gives a time knows what he says.
    assert_eq!(beat(Some(2), 4).unwrap().as_of(), at(2));
    assert!(matches!(beat(Some(5), 4), Err(FeedError::FromTheFuture { .. })));
    centre.publish_what_waits(4);
    assert_eq!(beat(None, 5).unwrap().as_of(), at(5));
}

#[test]
fn a_list_without_changes_is_published_again_before_readers_refuse_it() {
    let centre = Centre::with_a_list();
    let border = Border::following(&centre, 1);
    let lifetime = centre.settings.lifetimes.publication.as_hours();
    let (early, late) = (lifetime * 2 / 3 - 1, lifetime * 2 / 3);
    assert!(matches!(try_publish(&centre, early), Err(FeedError::NothingPending)));
    let ending = |hour: i64| {
        let metadata = centre.folder.repository().current().unwrap().unwrap();
        let ending = ends_soon(&metadata, &centre.settings.lifetimes, at(hour));
        ending.into_iter().map(|(role, _)| role).collect::<Vec<_>>()
    };
    assert_eq!(ending(early), [] as [&str; 0]);
    assert_eq!(ending(late), ["snapshot", "targets"]);
    let published = try_publish(&centre, late).unwrap();
    assert_eq!(published.account.difference, Default::default());
    assert_eq!(ending(late), [] as [&str; 0]);
    let synced = border.sync(&centre.repository(), late).unwrap();
    assert!(matches!(synced.outcome, Outcome::InForce(_)) && !synced.mismatch, "{synced:?}");
    assert!(synced.line_bytes < 64 << 10, "{synced:?}");
    // The one after is told from it as ever.
    centre.publish(3..6, late + 1);
    let synced = border.sync(&centre.repository(), late + 2).unwrap();
    assert!(matches!(synced.outcome, Outcome::InForce(_)) && !synced.mismatch, "{synced:?}");
}

#[test]
fn a_heartbeat_that_no_reader_would_accept_is_refused() {
    let centre = Centre::with_a_list();
    let lifetime = centre.settings.lifetimes.publication.as_hours();
    centre.heartbeat(lifetime - 1);
    let signers = centre.holders.signers_with(None);
    let signers: Vec<_> = signers[&RoleName::Timestamp].iter().map(|signer| &**signer).collect();
    let late = heartbeat(&centre.folder, &centre.settings, &signers, None, at(lifetime));
    assert!(matches!(late, Err(FeedError::Expired { .. })), "{late:?}");
}

/// Puts the keys of others in the place of those of a role that are lost, one after the other.
fn replace_lost(centre: &mut Centre, role: RoleName, new: &[u8], hour: i64) -> bool {
    let mut finished = true;
    for (place, seed) in new.iter().enumerate() {
        let mut keys = centre.holders.keys(role).to_vec();
        let old = centre.holders.roles()[&role].0[place];
        keys[place] = *seed;
        let to = centre.holders.with(role, &keys);
        // Of what is lost nothing signs.
        let here = to.with(role, &new[..=place]);
        let root_signers = centre.holders.signers_with(Some(&to));
        let root_signers: Vec<_> = root_signers[&RoleName::Root].iter().map(|signer| &**signer).collect();
        let handover = Handover::lock(&centre.folder).unwrap();
        let (settings, signers) = (&centre.settings, here.signers_with(None));
        let change = (role, old, to.roles()[&role].0[place]);
        handover.begin(change, settings, &signers, at(hour)).unwrap();
        assert!(matches!(handover.check_none(), Err(FeedError::HandoverUnderWay(_))));
        assert_eq!(handover.sign(&root_signers).unwrap(), Signed::InPlace);
        finished = handover.finish(settings, &signers, at(hour)).unwrap();
        drop(handover);
        centre.holders = to;
    }
    finished
}

#[test]
fn a_lost_key_is_replaced_and_readers_follow() {
    for (role, new) in [
        (RoleName::Timestamp, &[41][..]),
        (RoleName::Snapshot, &[42]),
        (RoleName::Targets, &[43, 44]),
        (RoleName::Root, &[45]),
    ] {
        let mut centre = Centre::with_a_list();
        let border = Border::following(&centre, 1);
        centre.gather("UTO", 3..6, false);
        assert!(replace_lost(&mut centre, role, new, 2), "{role:?}");
        assert_eq!(centre.folder.pending().unwrap().len(), 1, "what waited waits");
        border.sync(&centre.repository(), 3).unwrap();
        centre.publish_what_waits(4);
        let synced = border.sync(&centre.repository(), 5).unwrap();
        assert!(matches!(synced.outcome, Outcome::InForce(_)), "{role:?}");
        Border::new(centre.root()).sync(&centre.repository(), 5).unwrap();
    }
}

#[test]
fn what_the_keys_here_could_not_sign_the_next_publication_signs() {
    let mut centre = Centre::with_a_list();
    let border = Border::following(&centre, 1);
    let holders = centre.holders.clone();
    // The first of the two that must sign is here, the other is not yet.
    centre.holders = holders.with(RoleName::Snapshot, &[99]);
    let lost = Holders::first().roles()[&RoleName::Timestamp].0[0];
    let to = holders.with(RoleName::Timestamp, &[41]);
    let handover = Handover::lock(&centre.folder).unwrap();
    let (settings, signers) = (&centre.settings, to.with(RoleName::Snapshot, &[99]).signers_with(None));
    let new = to.roles()[&RoleName::Timestamp].0[0];
    handover.begin((RoleName::Timestamp, lost, new), settings, &signers, at(2)).unwrap();
    let root_signers = holders.signers_with(None);
    let root_signers: Vec<_> = root_signers[&RoleName::Root].iter().map(|signer| &**signer).collect();
    assert_eq!(handover.sign(&root_signers).unwrap(), Signed::InPlace);
    assert!(!handover.finish(settings, &signers, at(2)).unwrap());
    drop(handover);
    border.sync(&centre.repository(), 3).unwrap_err();
    centre.holders = to;
    centre.publish(3..6, 3);
    assert!(matches!(border.sync(&centre.repository(), 4).unwrap().outcome, Outcome::InForce(_)));
    assert!(!centre.repository().parent().unwrap().join("next.root.json").exists());
}

#[test]
fn nothing_is_built_upon_what_the_root_does_not_vouch_for() {
    let mut centre = Centre::with_a_list();
    let to = centre.holders.with_other_online_keys();
    let root = centre.next_root(&to, 1);
    centre.folder.repository().put_root(&root).unwrap();
    centre.holders = to;
    centre.gather("UTO", 3..6, false);
    assert!(matches!(try_publish(&centre, 2), Err(FeedError::Repository(_))));
    let handover = Handover::lock(&centre.folder).unwrap();
    let [old, new] = [32, 33].map(|seed| {
        let holders = centre.holders.with(RoleName::Timestamp, &[seed]);
        holders.roles()[&RoleName::Timestamp].0[0]
    });
    let signers = centre.holders.signers_with(None);
    let change = (RoleName::Timestamp, old, new);
    let begun = handover.begin(change, &centre.settings, &signers, at(2));
    assert!(matches!(begun, Err(FeedError::Repository(_))), "{begun:?}");
}

#[test]
fn keys_are_not_handed_on_while_somebody_publishes() {
    let centre = Centre::with_a_list();
    let handover = Handover::lock(&centre.folder).unwrap();
    centre.folder.repository().current().unwrap();
    assert!(matches!(try_publish(&centre, 1), Err(FeedError::Index(IndexError::Locked(_)))));
    drop(handover);
    assert!(matches!(try_publish(&centre, 1), Err(FeedError::NothingPending)));
}

#[test]
fn a_key_that_the_root_does_not_name_is_not_replaced() {
    let centre = Centre::with_a_list();
    let other = Holders::first().with(RoleName::Snapshot, &[99]).roles()[&RoleName::Snapshot].0[0];
    let handover = Handover::lock(&centre.folder).unwrap();
    let signers = centre.holders.signers_with(None);
    let refused =
        handover.begin((RoleName::Snapshot, other, other), &centre.settings, &signers, at(1)).unwrap_err();
    assert!(matches!(refused, FeedError::KeyNotNamed { .. }), "{refused:?}");
    assert!(matches!(handover.sign(&[]), Err(FeedError::NoHandover(_))));
}

/// The permissions of everything below a folder, and of the folder.
fn modes(of: &Path, found: &mut Vec<(std::path::PathBuf, u32)>) {
    found.push((of.to_owned(), std::fs::metadata(of).unwrap().permissions().mode() & 0o777));
    if of.is_dir() {
        std::fs::read_dir(of).unwrap().for_each(|entry| modes(&entry.unwrap().path(), found));
    }
}

#[test]
fn everybody_may_read_what_is_published_and_nothing_else() {
    let centre = Centre::with_a_list();
    centre.publish(3..9, 1);
    centre.heartbeat(2);
    centre.gather("UTO", 9..12, false);
    let mut found = Vec::new();
    modes(centre.repository().parent().unwrap(), &mut found);
    let published = centre.repository();
    assert!(found.iter().filter(|(path, _)| path.starts_with(&published)).count() > 8);
    for (path, mode) in found.iter().skip(1).filter(|(path, _)| !path.ends_with("rejects.csv")) {
        let expected = match (path.starts_with(&published), path.is_dir()) {
            (true, true) => 0o755,
            (true, false) => 0o644,
            (false, true) => 0o700,
            (false, false) => 0o600,
        };
        assert_eq!(*mode, expected, "{mode:o} {}", path.display());
    }
}
