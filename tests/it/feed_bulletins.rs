//! Publications that are signed by the right keys and are wrong: what a publisher gone wrong cannot put in force.

use std::sync::Arc;

use portcullis::domain::{IssuingState, Kind};
use portcullis::feed::{MetadataError, RefreshError};
use portcullis::ground::storage::Disk;
use portcullis::index::IndexError;
use portcullis::syncing::{GateError, Outcome, SyncError, Wish};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::feed::{Border, Centre, FEED, at, directory};
use crate::support::forgery::{Forgery, Tampered, hex, refresh_error, refused, refused_by};
use crate::support::site::{feed, notice, publish_through};

fn gate_error(error: SyncError) -> GateError {
    match error {
        SyncError::Gate { source, .. } => source,
        other => panic!("{other:?}"),
    }
}

fn refused_by_gate(change: impl FnOnce(&mut Forgery)) -> GateError {
    gate_error(refused(|mirror| mirror.forge(change)))
}

/// What is said of a bulletin that contradicts itself.
fn fault(change: impl FnOnce(&mut Value)) -> &'static str {
    match refresh_error(refused(|mirror| mirror.forge(|forgery| change(forgery.bulletin())))) {
        RefreshError::Metadata(MetadataError::Bulletin(what)) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_bulletin_for_newer_readers_is_left_to_them() {
    let error = refused_by_gate(|forgery| forgery.bulletin()["min_reader"] = json!(99));
    assert!(matches!(error, GateError::Reader { needs: 99, .. }), "{error:?}");
    let error = refused_by_gate(|forgery| forgery.bulletin()["seed"] = json!(1));
    assert_eq!(error, GateError::Seed);
    let error = refused(|mirror| mirror.forge(|forgery| forgery.bulletin()["format"] = json!(2)));
    let error = refresh_error(error);
    assert!(matches!(error, RefreshError::Metadata(MetadataError::Newer { format: 2 })), "{error:?}");
}

#[test]
fn members_that_a_later_publisher_adds_are_skipped() {
    let centre = Centre::with_a_list();
    let mirror = Tampered::of(&centre);
    mirror.forge(|forgery| forgery.bulletin()["mood"] = json!("good"));
    let border = Border::new(centre.root());
    assert!(matches!(border.sync(mirror.path(), 1).unwrap().outcome, Outcome::InForce(_)));
}

#[test]
fn the_repository_of_another_feed_is_not_this_one() {
    let error = refused_by_gate(|forgery| forgery.bulletin()["feed"] = json!("other"));
    assert_eq!(error, GateError::OtherFeed { found: feed("other") });
}

#[test]
fn a_signed_feed_does_not_take_the_place_of_an_import_of_that_name() {
    let centre = Centre::with_a_list();
    let border = Border::new(centre.root());
    let notices = [notice("UTO", "X1", Kind::Passport)];
    publish_through(Arc::new(Disk), border.data.path(), FEED, &notices, at(0));
    let before = border.in_force();
    let error = border.sync(&centre.repository(), 1).unwrap_err();
    assert!(matches!(&error, SyncError::Local(name) if *name == feed(FEED)), "{error:?}");
    assert_eq!(border.in_force(), before);
}

#[test]
fn what_has_no_bulletin_or_no_sound_one_is_no_feed() {
    let error = refresh_error(refused(|mirror| {
        mirror.forge(|forgery| drop(forgery.targets.as_object_mut().unwrap().remove("bulletin")));
    }));
    assert!(matches!(error, RefreshError::Metadata(MetadataError::NoBulletin)), "{error:?}");
    let error = refresh_error(refused(|mirror| {
        mirror.forge(|forgery| forgery.bulletin()["list"] = json!(3));
    }));
    assert!(matches!(error, RefreshError::Metadata(MetadataError::Json { .. })), "{error:?}");
}

#[test]
fn a_bulletin_that_contradicts_itself_is_refused() {
    type Change = fn(&mut Value);
    let cases: [(&str, Change); 9] = [
        ("its sequence is not the version", |bulletin| bulletin["sequence"] = json!(7)),
        ("not of this publication", |bulletin| bulletin["as_of"] = json!("2026-03-01T00:00:00Z")),
        ("not the one that its files make", |bulletin| bulletin["list"]["notices"] = json!(3)),
        ("do not add up", |bulletin| bulletin["list"]["states"]["UTO"] = json!(3)),
        ("do not add up", |bulletin| bulletin["list"]["states"]["D"] = json!(u64::MAX)),
        ("is empty", |bulletin| {
            bulletin["list"]["notices"] = json!(0);
            bulletin["delta"]["notices"] = json!(0);
        }),
        ("do not follow one another", |bulletin| bulletin["increments"][0]["from"] = json!(2)),
        ("do not lead to its base", |bulletin| {
            let (base, closing) = (bulletin["base"].clone(), bulletin["delta"].clone());
            bulletin["earlier"] = json!([{"base": base, "closing": closing}]);
        }),
        ("no file has", |bulletin| bulletin["delta"]["name"] = json!("../../escape")),
    ];
    for (what, change) in cases {
        let told = fault(change);
        assert!(told.contains(what), "{what}: {told}");
    }
}

#[test]
fn a_list_that_does_not_add_up_to_what_is_signed_is_not_put_in_force() {
    let error = refused_by_gate(|forgery| {
        let wrong = json!("0".repeat(32));
        forgery.last_file()["state_digest"] = wrong.clone();
        forgery.bulletin()["list"]["state_digest"] = wrong;
    });
    assert_eq!(error, GateError::Sums("state digest"));
    let error = refused_by_gate(|forgery| {
        let states = &mut forgery.bulletin()["list"]["states"];
        let listed = states["UTO"].as_u64().unwrap();
        *states = json!({"UTO": listed - 1, "D": 1});
    });
    assert_eq!(error, GateError::Sums("counts by issuing state"));
}

#[test]
fn a_list_must_have_its_canaries_and_none_that_are_on_no_list() {
    let nobody = json!({"issuing_state": "UTO", "document_number": "NOBODY"});
    for missing in [json!([]), json!([nobody]), json!([{"issuing_state": "no state", "document_number": ""}])]
    {
        let error = refused_by_gate(|forgery| forgery.bulletin()["canaries"]["hit"] = missing);
        assert_eq!(error, GateError::CanaryMissing);
    }
    let listed = json!([{"issuing_state": "UTO", "document_number": "N0004"}]);
    let error = refused_by_gate(|forgery| forgery.bulletin()["canaries"]["miss"] = listed);
    assert_eq!(error, GateError::CanaryFound);
}

#[test]
fn a_list_that_lost_too_much_waits_for_an_operator() {
    let centre = Centre::new();
    centre.publish(0..20, 0);
    let border = Border::following(&centre, 1);
    centre.withdraw(2..20);
    centre.publish_what_waits(2);
    let before = border.in_force();
    let error = gate_error(border.sync(&centre.repository(), 3).unwrap_err());
    assert!(matches!(error, GateError::Shrinks { gone: 18, before: 21, .. }), "{error:?}");
    assert_eq!(border.in_force(), before);
    let wish = Wish { accept_shrink: true, ..Wish::default() };
    let synced = border.sync_through(vec![directory(&centre.repository())], wish, 3).unwrap();
    assert!(matches!(synced.outcome, Outcome::InForce(_)), "{synced:?}");
}

#[test]
fn a_list_that_lost_a_whole_state_waits_for_an_operator() {
    let centre = Centre::new();
    centre.gather("UTO", 0..20, false);
    centre.gather("D", 0..1, false);
    centre.publish_what_waits(0);
    let border = Border::following(&centre, 1);
    centre.publish_whole("UTO", 0..20, 2);
    let before = border.in_force();
    let error = gate_error(border.sync(&centre.repository(), 3).unwrap_err());
    assert_eq!(error, GateError::StatesGone(vec![IssuingState::recognise("D").unwrap().state]));
    assert_eq!(border.in_force(), before);
    let wish = Wish { accept_shrink: true, ..Wish::default() };
    let synced = border.sync_through(vec![directory(&centre.repository())], wish, 3).unwrap();
    assert!(matches!(synced.outcome, Outcome::InForce(_)), "{synced:?}");
}

/// A publisher whose bulletin pairs its delta with the base of another list.
#[test]
fn a_delta_of_another_base_is_not_put_in_force() {
    let (centre, other) = (Centre::with_a_list(), Centre::new());
    other.publish(0..4, 0);
    let border = Border::following(&centre, 1);
    centre.publish(3..6, 2);
    let (mirror, strange) = (Tampered::of(&centre), Tampered::of(&other));
    mirror.bring_targets_of(&strange);
    mirror.forge(|forgery| {
        let base = strange.forgery().bulletin()["base"].clone();
        name_target(forgery, &base);
        forgery.bulletin()["base"] = base;
    });
    let error = refused_by(&border, &mirror, &centre, 3);
    let SyncError::Index { source: IndexError::Segment { .. } | IndexError::OtherList, .. } = error else {
        panic!("{error:?}")
    };
}

#[test]
fn increments_that_do_not_make_what_is_signed_are_downloaded_instead() {
    let (centre, other) = (Centre::with_a_list(), Centre::with_a_list());
    // So many that an increment is shorter than the delta.
    [&centre, &other].iter().for_each(|centre| centre.publish(100..400, 1));
    let border = Border::following(&centre, 2);
    centre.publish(3..6, 3);
    other.publish(7..8, 3);
    let (mirror, strange) = (Tampered::of(&centre), Tampered::of(&other));
    mirror.bring_targets_of(&strange);
    mirror.forge(|forgery| {
        let increment = strange.forgery().bulletin()["increments"][1].clone();
        name_target(forgery, &increment["file"]);
        forgery.bulletin()["increments"][1] = increment;
    });
    let synced = border.sync(mirror.path(), 4).unwrap();
    assert!(synced.mismatch, "{synced:?}");
    assert!(matches!(synced.outcome, Outcome::InForce(_)), "{synced:?}");
}

#[test]
fn an_increment_that_is_no_segment_is_passed_over_for_a_download() {
    let centre = Centre::with_a_list();
    // So many that an increment is shorter than the delta.
    centre.publish(100..400, 1);
    let border = Border::following(&centre, 2);
    centre.publish(3..6, 3);
    let mirror = Tampered::of(&centre);
    mirror.forge(|forgery| {
        let garbage = [0x47; 200];
        let sha256 = hex(&Sha256::digest(garbage));
        let mut file = forgery.bulletin()["increments"][1]["file"].clone();
        let name = format!("{sha256}.{}", file["name"].as_str().unwrap());
        std::fs::write(mirror.path().join("targets").join(name), garbage).unwrap();
        (file["sha256"], file["length"]) = (json!(sha256), json!(garbage.len()));
        name_target(forgery, &file);
        forgery.bulletin()["increments"][1]["file"] = file;
    });
    let synced = border.sync(mirror.path(), 4).unwrap();
    assert!(synced.mismatch, "{synced:?}");
    assert!(matches!(synced.outcome, Outcome::InForce(_)), "{synced:?}");
}

#[test]
fn a_base_that_changes_its_descent_is_refused() {
    let centre = Centre::with_a_list();
    let border = Border::following(&centre, 1);
    centre.publish(3..6, 2);
    let mirror = Tampered::of(&centre);
    mirror.forge(|forgery| forgery.bulletin()["lineage"] = json!("0".repeat(32)));
    let error = gate_error(refused_by(&border, &mirror, &centre, 3));
    assert_eq!(error, GateError::Lineage);
}

#[test]
fn what_came_of_a_publication_that_was_refused_goes_once_it_is_not_the_newest() {
    let centre = Centre::new();
    centre.publish(0..20, 0);
    let border = Border::following(&centre, 1);
    let parts = border.data.path().join("sync").join(FEED).join("parts");
    let count = || std::fs::read_dir(&parts).unwrap().count();
    for hour in 2..6 {
        centre.publish_whole("UTO", hour..hour + 1, hour.into());
        border.sync(&centre.repository(), hour.into()).unwrap_err();
        assert!(count() <= 2, "{} files in hour {hour}", count());
    }
}

/// Names a file of a bulletin among the targets.
fn name_target(forgery: &mut Forgery, file: &Value) {
    let name = file["name"].as_str().unwrap();
    forgery.targets["targets"][name] =
        json!({"hashes": {"sha256": file["sha256"]}, "length": file["length"]});
}
