//! Nothing older is accepted again, nothing that has ended, and nothing of a time to come: rollback, fast-forward, freeze and
//! equivocation, as TUF's specification names them (section 1.5.2).

use std::path::PathBuf;
use std::sync::Arc;

use jiff::SignedDuration;
use portcullis::feed::{MetadataError, RefreshError, RoleName};
use portcullis::ground::storage::Disk;
use portcullis::index::{Generation, IndexError, Publisher, current};
use portcullis::screening::ActError;
use portcullis::syncing::{GateError, Outcome, SyncError};
use serde_json::{Value, json};

use crate::support::feed::{Border, Centre, FEED, at};
use crate::support::forgery::{Forgery, Tampered, refresh_error, refused_by, refused_forgery, signed_part};
use crate::support::site::feed;

const FAR: u64 = 1 << 53;

/// What follows once a thief of the online keys has published the highest versions there are on `mirror`.
fn fast_forwarded(forward: fn(&Centre)) {
    let mut centre = Centre::with_a_list();
    let border = Border::following(&centre, 1);
    // Whoever has the keys is the centre, to all who look.
    let thief = Centre::with_a_list();
    forward(&thief);
    border.sync(&thief.repository(), 2).unwrap();
    centre.publish(3..6, 3);
    let before = border.in_force();
    let is_rollback = |error: &RefreshError| matches!(error, RefreshError::Rollback { floor: FAR.., .. });
    let error = refresh_error(border.sync(&centre.repository(), 4).unwrap_err());
    assert!(is_rollback(&error), "{error:?}");

    centre.gather("UTO", 6..7, false);
    centre.hand_on(&centre.holders.with(RoleName::Targets, &[17, 18, 19]), 5);
    let error = refresh_error(border.sync(&centre.repository(), 6).unwrap_err());
    assert!(is_rollback(&error), "{error:?}");
    assert_eq!(border.in_force(), before);

    centre.gather("UTO", 7..8, false);
    centre.hand_on(&centre.holders.with_other_online_keys(), 7);
    centre.publish(8..9, 8);
    let synced = border.sync(&centre.repository(), 9).unwrap();
    assert!(matches!(synced.outcome, Outcome::InForce(_)), "{synced:?}");
    assert_eq!(border.in_force().unwrap().record(&feed(FEED)).unwrap().bulletin.sequence, 5);
    let error = refresh_error(border.sync(&thief.repository(), 9).unwrap_err());
    assert!(matches!(error, RefreshError::Signatures { .. }), "{error:?}");
    centre.heartbeat(10);
    assert!(matches!(border.sync(&centre.repository(), 11).unwrap().outcome, Outcome::Vouched(_)));
}

#[test]
fn a_thief_of_the_next_sequence_is_recovered_from_by_other_keys_and_that_is_no_equivocation() {
    let mut centre = Centre::with_a_list();
    let border = Border::following(&centre, 1);
    // Whoever has the keys is the centre, to all who look.
    let thief = Centre::with_a_list();
    thief.publish(90..93, 2);
    border.sync(&thief.repository(), 3).unwrap();
    centre.gather("UTO", 3..6, false);
    centre.hand_on(&centre.holders.with_other_online_keys(), 4);
    let sequence = |repository: &Tampered| repository.forgery().targets["version"].clone();
    assert_eq!(sequence(&Tampered::in_place(&centre)), sequence(&Tampered::in_place(&thief)));
    let synced = border.sync(&centre.repository(), 5).unwrap();
    assert!(matches!(synced.outcome, Outcome::InForce(_)), "{synced:?}");
}

#[test]
fn fast_forward_by_the_keys_of_the_newest_is_recovered_from_by_a_root_with_other_keys_and_not_without() {
    fast_forwarded(|thief| {
        Tampered::in_place(thief).forge(|forgery| {
            forgery.timestamp["version"] = json!(FAR);
            forgery.snapshot["version"] = json!(FAR);
        });
    });
}

#[test]
fn fast_forward_by_every_online_key_is_recovered_from_by_a_root_with_other_keys_and_not_without() {
    fast_forwarded(|thief| {
        Tampered::in_place(thief).forge(|forgery| {
            for role in [&mut forgery.timestamp, &mut forgery.snapshot, &mut forgery.targets] {
                role["version"] = json!(FAR);
            }
            forgery.bulletin()["sequence"] = json!(FAR);
            forgery.last_file()["sequence"] = json!(FAR);
        });
        thief.publish(90..93, 1);
    });
}

#[test]
fn indefinite_freeze_what_has_expired_is_not_accepted() {
    type Role = fn(&mut Forgery) -> &mut Value;
    let roles: [(&str, Role); 3] = [
        ("timestamp", |forgery| &mut forgery.timestamp),
        ("snapshot", |forgery| &mut forgery.snapshot),
        ("targets", |forgery| &mut forgery.targets),
    ];
    for (name, role) in roles {
        // The site's time is one minute later.
        let error = refused_forgery(|forgery| role(forgery)["expires"] = json!(at(3).to_string()));
        let expired =
            matches!(error, RefreshError::Expired { role, at: end } if role == name && end == at(3));
        assert!(expired, "{name}: {error:?}");
    }
}

/// Whoever has heard of a root goes back to none before it (TUF specification 1.0, section 5.3.8).
#[test]
fn indefinite_freeze_a_root_that_has_expired_is_followed_and_nothing_is_accepted_under_it() {
    let centre = Centre::with_a_list();
    let border = Border::following(&centre, 1);
    let mirror = Tampered::of(&centre);
    let mut root = signed_part(&std::fs::read(mirror.metadata("1.root.json")).unwrap());
    root["version"] = json!(2);
    root["expires"] = json!(at(3).to_string());
    mirror.put_root(2, &root, &[1, 2]);
    centre.publish(3..6, 2);
    for repository in [mirror.path().to_owned(), centre.repository()] {
        let error = refresh_error(border.sync(&repository, 4).unwrap_err());
        assert!(matches!(error, RefreshError::Expired { role: "root", .. }), "{error:?}");
    }
    root["version"] = json!(3);
    root["expires"] = json!(at(3000).to_string());
    std::fs::copy(mirror.metadata("2.root.json"), centre.repository().join("metadata/2.root.json")).unwrap();
    Tampered::in_place(&centre).put_root(3, &root, &[1, 2]);
    assert!(matches!(border.sync(&centre.repository(), 5).unwrap().outcome, Outcome::InForce(_)));
}

#[test]
fn indefinite_freeze_a_publisher_that_stopped_is_told_and_a_clock_set_back_thaws_nothing() {
    let centre = Centre::with_a_list();
    let border = Border::following(&centre, 1);
    let frozen = Tampered::of(&centre);
    centre.heartbeat(70);
    border.sync(&centre.repository(), 71).unwrap();
    let error = refresh_error(border.sync(frozen.path(), 72).unwrap_err());
    assert!(matches!(error, RefreshError::Rollback { .. } | RefreshError::Expired { .. }), "{error:?}");
    let error = border.sync(frozen.path(), 2).unwrap_err();
    assert!(matches!(error, SyncError::Act(ActError::Clock)), "{error:?}");
    let error = refresh_error(border.sync(&centre.repository(), 142).unwrap_err());
    assert!(matches!(error, RefreshError::Expired { role: "timestamp", .. }), "{error:?}");
    centre.heartbeat(143);
    assert!(matches!(border.sync(&centre.repository(), 144).unwrap().outcome, Outcome::Vouched(_)));
}

#[test]
fn rollback_nothing_older_is_accepted_again() {
    let centre = Centre::with_a_list();
    let older = Tampered::of(&centre);
    centre.publish(3..6, 2);
    let border = Border::following(&centre, 3);
    // The same by a thief of the key of the newest, and by one of both keys that say what is newest.
    let (by_timestamp, by_snapshot) = (Tampered::of(&centre), Tampered::of(&centre));
    by_timestamp.forge(|forgery| {
        forgery.timestamp["version"] = json!(9);
        forgery.snapshot = older.forgery().snapshot;
        forgery.targets = older.forgery().targets;
    });
    by_snapshot.forge(|forgery| {
        forgery.timestamp["version"] = json!(9);
        forgery.snapshot["version"] = json!(9);
        forgery.targets = older.forgery().targets;
    });
    let before = border.in_force();
    for (mirror, of) in [(older, "timestamp"), (by_timestamp, "snapshot"), (by_snapshot, "targets.json")] {
        let error = refresh_error(border.sync(mirror.path(), 4).unwrap_err());
        let is_rollback = matches!(&error, RefreshError::Rollback { role, found: 1, floor: 2 } if role == of);
        assert!(is_rollback, "{of}: {error:?}");
        assert_eq!(border.in_force(), before);
    }
    centre.publish(6..7, 5);
    assert!(matches!(border.sync(&centre.repository(), 6).unwrap().outcome, Outcome::InForce(_)));
}

#[test]
fn rollback_a_site_that_has_lost_everything_is_guarded_by_its_settings() {
    let centre = Centre::with_a_list();
    let older = Tampered::of(&centre);
    centre.publish(3..6, 2);
    let mut border = Border::new(centre.root());
    border.source.sequence_min = 2;
    let error = refused_by(&border, &older, &centre, 3);
    let SyncError::Gate { source, .. } = error else { panic!("{error:?}") };
    assert_eq!(source, GateError::BelowFloor { floor: 2 });
}

#[test]
fn metadata_from_the_future_is_not_accepted() {
    let as_of = at(3) + SignedDuration::from_mins(12);
    let error = refused_forgery(|forgery| forgery.timestamp["as_of"] = json!(as_of.to_string()));
    assert!(matches!(error, RefreshError::FromTheFuture { as_of: of } if of == as_of), "{error:?}");
}

#[test]
fn a_thief_of_the_key_of_the_newest_leads_no_clock_on_by_ten_minutes_at_a_time() {
    let centre = Centre::with_a_list();
    let border = Border::following(&centre, 1);
    let mirror = Tampered::of(&centre);
    let vouch = |version: u64, minutes| {
        let as_of = at(1) + SignedDuration::from_mins(minutes);
        mirror.forge(|forgery| {
            forgery.timestamp["version"] = json!(version);
            forgery.timestamp["as_of"] = json!(as_of.to_string());
        });
        border.sync(mirror.path(), 1)
    };
    // The site's clock is at one minute past the hour.
    assert!(matches!(vouch(2, 11).unwrap().outcome, Outcome::Vouched(_)));
    let error = refresh_error(vouch(3, 12).unwrap_err());
    assert!(matches!(error, RefreshError::FromTheFuture { .. }), "{error:?}");
    assert!(matches!(vouch(3, 11).unwrap().outcome, Outcome::Vouched(_)));
}

#[test]
fn a_heartbeat_without_a_time_or_of_one_before_the_list_is_not_accepted() {
    let error = refused_forgery(|forgery| forgery.timestamp["as_of"] = json!(at(1).to_string()));
    assert!(matches!(error, RefreshError::Metadata(MetadataError::AsOfEarlier)), "{error:?}");
    let error = refused_forgery(|forgery| forgery.timestamp["as_of"] = json!("yesterday"));
    assert!(matches!(error, RefreshError::Metadata(MetadataError::NoAsOf)), "{error:?}");
}

#[test]
fn equivocation_two_things_under_one_version_are_told() {
    type Change = fn(&mut Forgery);
    let changes: [(&str, Change); 3] = [
        ("timestamp.json", |forgery| forgery.timestamp["as_of"] = json!(at(2).to_string())),
        ("snapshot.json", |forgery| {
            forgery.timestamp["version"] = json!(9);
            forgery.snapshot["expires"] = json!(at(50).to_string());
        }),
        ("targets.json", |forgery| {
            forgery.timestamp["version"] = json!(9);
            forgery.snapshot["version"] = json!(9);
            forgery.bulletin()["terms"] = json!({"contact": "somebody else"});
        }),
    ];
    for (of, change) in changes {
        let centre = Centre::with_a_list();
        let border = Border::following(&centre, 2);
        let mirror = Tampered::of(&centre);
        mirror.forge(change);
        centre.publish(3..6, 3);
        let error = refresh_error(refused_by(&border, &mirror, &centre, 4));
        let told = matches!(error, RefreshError::Equivocation { role, version: 1 } if role == of);
        assert!(told, "{of}: {error:?}");
    }
}

#[test]
fn what_was_accepted_is_never_reset_where_it_cannot_be_read_any_more() {
    let centre = Centre::with_a_list();
    let border = Border::following(&centre, 1);
    let generation = border.in_force().unwrap();
    let mut record = generation.record(&feed(FEED)).unwrap().clone();
    record.metadata.get_mut("snapshot.json").unwrap()[20] ^= 1;
    let publisher = Publisher::lock(Arc::new(Disk), border.data.path()).unwrap();
    let (generation, id) = publisher.current().unwrap().unwrap();
    publisher.publish(&Generation::with_heartbeat((&generation, id), record, at(2)).unwrap()).unwrap();
    drop(publisher);
    let before = border.in_force();
    centre.publish(3..6, 2);
    let error = refresh_error(border.sync(&centre.repository(), 3).unwrap_err());
    assert!(matches!(error, RefreshError::Kept(_)), "{error:?}");
    assert_eq!(border.in_force(), before);
}

#[test]
fn a_generation_file_that_was_damaged_is_not_taken_for_a_site_that_has_nothing() {
    let centre = Centre::with_a_list();
    let border = Border::following(&centre, 1);
    let files = std::fs::read_dir(border.data.path().join("index/generations")).unwrap();
    let is_generation = |path: &PathBuf| path.extension().is_some_and(|of| of == "generation");
    let path = files.map(|entry| entry.unwrap().path()).find(is_generation).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let error = border.sync(&centre.repository(), 3).unwrap_err();
    assert!(matches!(error, SyncError::Index { source: IndexError::Unreliable { .. }, .. }), "{error:?}");
    assert!(current(&Disk, border.data.path()).is_err());
}
