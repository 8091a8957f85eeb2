//! Who signs for a feed: thresholds, keys that count once, and roots that follow one another.

use portcullis::feed::mirror::{Mirror, MirrorError, Opened};
use portcullis::feed::{MetadataError, RefreshError, RoleName};
use portcullis::syncing::{Outcome, Wish};
use serde_json::{Value, json};

use crate::support::feed::{Border, Centre, directory};
use crate::support::forgery::{
    Tampered, key_id, public_key, refresh_error, refused, refused_by, signed_by, signed_part,
};

fn is_not_signed(error: &RefreshError, of: &str) -> bool {
    matches!(error, RefreshError::Signatures { role, .. } if role == of)
}

#[test]
fn key_compromise_fewer_keys_than_the_threshold_publish_nothing() {
    for keys in [&[][..], &[11], &[11, 99]] {
        let error = refresh_error(refused(|mirror| {
            mirror.forge(|forgery| forgery.holders = forgery.holders.with(RoleName::Targets, keys));
        }));
        assert!(is_not_signed(&error, "targets"), "{keys:?}: {error:?}");
    }
}

#[test]
fn a_key_of_one_role_signs_for_no_other() {
    let error = refresh_error(refused(|mirror| {
        mirror.forge(|forgery| {
            forgery.holders = forgery.holders.with(RoleName::Timestamp, &[21, 11, 12, 1, 2])
        });
    }));
    assert!(is_not_signed(&error, "timestamp"), "{error:?}");
}

#[test]
fn any_two_of_the_three_keys_publish() {
    let centre = Centre::with_a_list();
    for keys in [&[11, 13][..], &[12, 13], &[11, 12, 13], &[12, 99, 13]] {
        let mirror = Tampered::of(&centre);
        mirror.forge(|forgery| forgery.holders = forgery.holders.with(RoleName::Targets, keys));
        let border = Border::new(centre.root());
        assert!(matches!(border.sync(mirror.path(), 1).unwrap().outcome, Outcome::InForce(_)), "{keys:?}");
    }
}

#[test]
fn one_key_that_signs_twice_counts_once() {
    let error = refresh_error(refused(|mirror| {
        mirror.forge(|forgery| forgery.holders = forgery.holders.with(RoleName::Targets, &[11, 11]));
    }));
    assert!(matches!(&error, RefreshError::DuplicateSignature { role } if role == "targets"), "{error:?}");
}

/// The root of a mirror, as its next version.
fn next_root(mirror: &Tampered) -> Value {
    let mut root = signed_part(&std::fs::read(mirror.metadata("1.root.json")).unwrap());
    root["version"] = json!(2);
    root
}

/// Gives a role one more key, which is one it has under another name, in place of one of its keys.
fn count_twice(root: &mut Value, role: &str, seed: u8) {
    let mut key = public_key(seed);
    key["comment"] = json!("the same key");
    let id = key_id(&key);
    root["keys"][&id] = key;
    root["roles"][role]["keyids"] = json!([key_id(&public_key(seed)), id]);
}

#[test]
fn one_key_under_two_names_is_not_a_root_to_follow() {
    let error = refresh_error(refused(|mirror| {
        let mut root = next_root(mirror);
        count_twice(&mut root, "targets", 11);
        mirror.put_root(2, &root, &[1, 2]);
        let forgery = mirror.forgery();
        let mut once: Value = serde_json::from_slice(&signed_by(&forgery.targets, &[11])).unwrap();
        let mut again = once["signatures"][0].clone();
        again["keyid"] = root["roles"]["targets"]["keyids"][1].clone();
        once["signatures"].as_array_mut().unwrap().push(again);
        mirror.change_metadata("2.targets.json", |bytes| *bytes = serde_json::to_vec(&once).unwrap());
        mirror.name_again();
    }));
    let RefreshError::Metadata(MetadataError::Root(what)) = error else { panic!("{error:?}") };
    assert!(what.contains("one key twice"), "{what}");
}

#[test]
fn a_root_that_no_client_should_take_is_not_followed() {
    let refused_root = |change: fn(&mut Value)| {
        refresh_error(refused(|mirror| {
            let mut root = next_root(mirror);
            change(&mut root);
            mirror.put_root(2, &root, &[1, 2, 3]);
        }))
    };
    let is_unsound = |error: &RefreshError, fault: &str| matches!(error, RefreshError::Metadata(MetadataError::Root(what)) if what.contains(fault));
    let error = refused_root(|root| {
        let id = key_id(&public_key(21));
        root["roles"]["snapshot"]["keyids"] = json!([id, id]);
    });
    assert!(is_unsound(&error, "one key twice"), "{error:?}");
    let error = refused_root(|root| root["consistent_snapshot"] = json!(false));
    assert!(is_unsound(&error, "consistent snapshots"), "{error:?}");
    // Nobody can sign this one.
    let error = refused_root(|root| root["roles"]["root"]["threshold"] = json!(4));
    assert!(is_not_signed(&error, "root"), "{error:?}");
}

#[test]
fn a_root_follows_that_holders_before_and_after_have_signed_and_no_other() {
    let root = |keys: &'static [u8]| {
        move |mirror: &Tampered| {
            let mut root = next_root(mirror);
            let ids = [4, 5, 6].map(|seed| key_id(&public_key(seed)));
            ids.iter().zip([4, 5, 6]).for_each(|(id, seed)| root["keys"][id] = public_key(seed));
            root["roles"]["root"]["keyids"] = json!(ids);
            mirror.put_root(2, &root, keys);
        }
    };
    for keys in [&[4, 5, 6][..], &[1, 2, 3], &[1, 4, 5], &[1, 2, 4], &[1, 99, 4, 5], &[]] {
        let error = refresh_error(refused(root(keys)));
        assert!(is_not_signed(&error, "root"), "{keys:?}: {error:?}");
    }
    let centre = Centre::with_a_list();
    let mirror = Tampered::of(&centre);
    root(&[1, 3, 4, 6])(&mirror);
    let border = Border::new(centre.root());
    assert!(matches!(border.sync(mirror.path(), 1).unwrap().outcome, Outcome::InForce(_)));
}

#[test]
fn a_root_under_the_name_of_another_version_is_not_followed() {
    let misnamed = |version: u64| {
        refresh_error(refused(|mirror| {
            let mut root = next_root(mirror);
            root["version"] = json!(version);
            mirror.put_root(2, &root, &[1, 2]);
        }))
    };
    let error = misnamed(1);
    assert!(matches!(&error, RefreshError::Rollback { role, .. } if role == "root"), "{error:?}");
    let error = misnamed(3);
    assert!(matches!(&error, RefreshError::MixAndMatch { role } if role == "root"), "{error:?}");
}

#[test]
fn a_root_is_not_reached_over_a_gap() {
    let mut centre = Centre::with_a_list();
    let border = Border::following(&centre, 1);
    for (hour, holders) in [(2, Centre::new().holders.with_other_online_keys()), (3, Centre::new().holders)] {
        centre.gather("UTO", 10..10 + hour as u32, false);
        centre.hand_on(&holders.with(RoleName::Timestamp, &[40 + hour as u8]), hour);
    }
    centre.publish(20..21, 4);
    let mirror = Tampered::of(&centre);
    std::fs::remove_file(mirror.metadata("2.root.json")).unwrap();
    let error = refresh_error(refused_by(&border, &mirror, &centre, 5));
    assert!(is_not_signed(&error, "timestamp"), "{error:?}");
}

#[test]
fn whoever_cuts_the_line_does_not_choose_the_root() {
    #[derive(Debug)]
    struct Cut(std::sync::Arc<dyn Mirror>);
    impl Mirror for Cut {
        fn open(&self, path: &str, from: u64, length: Option<u64>) -> Result<Opened, MirrorError> {
            match path {
                "metadata/2.root.json" => Err(MirrorError::Refused { status: 503 }),
                _ => self.0.open(path, from, length),
            }
        }

        fn name(&self) -> &str {
            self.0.name()
        }
    }
    let mut centre = Centre::with_a_list();
    let border = Border::following(&centre, 1);
    // The old keys were stolen: what they sign is accepted by whoever does not see the new root.
    let mirror = Tampered::of(&centre);
    mirror.forge(|forgery| forgery.timestamp["version"] = json!(9));
    centre.gather("UTO", 3..6, false);
    centre.hand_on(&centre.holders.with_other_online_keys(), 2);
    std::fs::copy(centre.repository().join("metadata/2.root.json"), mirror.metadata("2.root.json")).unwrap();
    let before = border.in_force();
    let cut = std::sync::Arc::new(Cut(directory(mirror.path())));
    let error = refresh_error(border.sync_through(vec![cut], Wish::default(), 3).unwrap_err());
    let told = matches!(error, RefreshError::Mirror { source: MirrorError::Refused { status: 503 }, .. });
    assert!(told, "{error:?}");
    assert_eq!(border.in_force(), before);
    let error = refresh_error(border.sync(mirror.path(), 3).unwrap_err());
    assert!(is_not_signed(&error, "timestamp"), "{error:?}");
    centre.publish(6..7, 4);
    assert!(matches!(border.sync(&centre.repository(), 5).unwrap().outcome, Outcome::InForce(_)));
}

#[test]
fn keys_are_handed_on_without_a_gap_for_those_who_look_in_between() {
    let mut centre = Centre::with_a_list();
    let border = Border::following(&centre, 1);
    let next = centre.holders.with(RoleName::Root, &[4, 5, 6]).with_other_online_keys();
    centre.gather("UTO", 3..6, false);
    centre.hand_on(&next, 2);
    assert!(matches!(border.sync(&centre.repository(), 3).unwrap().outcome, Outcome::InForce(_)));
    assert_eq!(border.in_force().unwrap().feeds[0].epoch, 2);
    centre.publish(6..9, 4);
    assert!(matches!(border.sync(&centre.repository(), 5).unwrap().outcome, Outcome::InForce(_)));
    // One that knows nothing but the first root comes the whole way.
    let late = Border::new(std::fs::read(centre.repository().join("metadata/1.root.json")).unwrap());
    assert!(matches!(late.sync(&centre.repository(), 5).unwrap().outcome, Outcome::InForce(_)));
}

#[test]
fn a_site_set_up_with_what_is_no_root_says_so() {
    let centre = Centre::with_a_list();
    let border = Border::new(b"{}".to_vec());
    let error = refresh_error(border.sync(&centre.repository(), 1).unwrap_err());
    assert!(matches!(error, RefreshError::SetUp(_)), "{error:?}");
    assert_eq!(border.in_force(), None);
}
