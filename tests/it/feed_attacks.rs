//! What TUF's specification (section 1.5.2) fears, done to a feed. Each attack is refused by a name of its own, what is in
//! force stays in force, and the next honest publication is accepted. Lines that drip and stall are held in
//! `src/feed/mirror/watch.rs` and the files beside it.

use std::io;
use std::sync::Arc;

use portcullis::feed::mirror::{DownloadError, Mirror, MirrorError, Opened};
use portcullis::feed::{MetadataError, RefreshError, RoleName};
use portcullis::syncing::{Outcome, SyncError, Wish};
use serde_json::json;

use crate::support::feed::{Border, Centre, directory};
use crate::support::forgery::{
    Tampered, named, refresh_error, refused, refused_forgery, signed_by, signed_part,
};

/// Why the one mirror gave no file.
fn failure(error: SyncError) -> MirrorError {
    match error {
        SyncError::Download { source: DownloadError::Mirrors { mut failures, .. }, .. } => {
            failures.remove(0).error
        }
        other => panic!("{other:?}"),
    }
}

/// A mirror, with somebody before it who answers for some files himself.
#[derive(Debug)]
struct Between {
    mirror: Arc<dyn Mirror>,
    answer: fn(&str) -> Option<Result<Opened, MirrorError>>,
}

impl Mirror for Between {
    fn open(&self, path: &str, from: u64, length: Option<u64>) -> Result<Opened, MirrorError> {
        (self.answer)(path).unwrap_or_else(|| self.mirror.open(path, from, length))
    }

    fn name(&self) -> &str {
        self.mirror.name()
    }
}

/// What a site says if somebody answers before the mirror does; it follows its centre after that.
fn refused_between(answer: fn(&str) -> Option<Result<Opened, MirrorError>>) -> SyncError {
    let centre = Centre::with_a_list();
    let border = Border::following(&centre, 1);
    centre.publish(3..6, 2);
    let before = border.in_force();
    let mirror = Between { mirror: directory(&centre.repository()), answer };
    let error = border.sync_through(vec![Arc::new(mirror)], Wish::default(), 3).unwrap_err();
    assert_eq!(border.in_force(), before);
    let synced = border.sync(&centre.repository(), 3).unwrap();
    assert!(matches!(synced.outcome, Outcome::InForce(_)), "{synced:?}");
    error
}

fn endless() -> Option<Result<Opened, MirrorError>> {
    Some(Ok(Opened { from: 0, bytes: Box::new(io::repeat(b' ')) }))
}

#[test]
fn arbitrary_software_a_file_that_was_replaced_is_not_taken() {
    let error = failure(refused(|mirror| mirror.change_targets(|bytes| bytes[100] ^= 1)));
    assert!(matches!(error, MirrorError::WrongDigest), "{error:?}");
}

#[test]
fn arbitrary_software_metadata_that_others_signed_is_not_believed() {
    for (role, threshold) in [(RoleName::Targets, 2), (RoleName::Snapshot, 1), (RoleName::Timestamp, 1)] {
        let thieves: Vec<u8> = (90..90 + threshold).collect();
        let error = refused_forgery(|forgery| forgery.holders = forgery.holders.with(role, &thieves));
        assert!(
            matches!(&error, RefreshError::Signatures { role: of, .. } if of == role.word()),
            "{error:?}"
        );
    }
}

#[test]
fn arbitrary_software_metadata_changed_after_it_was_signed_is_not_believed() {
    let error = refresh_error(refused(|mirror| {
        mirror.change_metadata("timestamp.json", |bytes| {
            let changed = String::from_utf8(bytes.clone()).unwrap().replacen("2026", "2027", 1);
            *bytes = changed.into();
        });
    }));
    assert!(matches!(&error, RefreshError::Signatures { role, .. } if role == "timestamp"), "{error:?}");
}

#[test]
fn endless_data_metadata_is_no_longer_than_it_is_signed_to_be() {
    for name in ["2.snapshot.json", "2.targets.json"] {
        let error = refresh_error(refused(|mirror| mirror.change_metadata(name, |bytes| bytes.push(b' '))));
        assert!(matches!(error, RefreshError::Endless { .. }), "{name}: {error:?}");
    }
}

#[test]
fn endless_data_metadata_of_which_nobody_signed_the_length_has_a_limit() {
    let stuff =
        |mirror: &Tampered| mirror.change_metadata("timestamp.json", |bytes| bytes.resize(20_000, b' '));
    let error = refresh_error(refused(stuff));
    assert!(matches!(error, RefreshError::Endless { .. }), "{error:?}");
    for answer in [
        |path: &str| (path == "metadata/timestamp.json").then(endless).flatten(),
        |path: &str| (path == "metadata/2.root.json").then(endless).flatten(),
    ] {
        let error = refresh_error(refused_between(answer));
        let is_too_long = matches!(error, RefreshError::Mirror { source: MirrorError::TooLong { .. }, .. });
        assert!(is_too_long, "{error:?}");
    }
}

#[test]
fn endless_data_a_stolen_key_cannot_sign_that_metadata_is_endless() {
    let error = refresh_error(refused(|mirror| {
        mirror.change_metadata("2.snapshot.json", |bytes| bytes.resize(5 << 20, b' '));
        let mut timestamp = mirror.forgery().timestamp;
        timestamp["meta"]["snapshot.json"]["length"] = json!(u64::MAX);
        std::fs::write(mirror.metadata("timestamp.json"), signed_by(&timestamp, &[31])).unwrap();
    }));
    let is_too_long = matches!(error, RefreshError::Mirror { source: MirrorError::TooLong { .. }, .. });
    assert!(is_too_long, "{error:?}");
}

#[test]
fn endless_data_a_file_is_no_longer_than_it_is_signed_to_be() {
    let error = failure(refused(|mirror| mirror.change_targets(|bytes| bytes.push(0))));
    assert!(matches!(error, MirrorError::WrongLength { .. }), "{error:?}");
    let error = failure(refused_between(|path| path.starts_with("targets/").then(endless).flatten()));
    // No byte is read beyond the length that is signed.
    assert!(matches!(error, MirrorError::WrongDigest), "{error:?}");
}

#[test]
fn extraneous_dependencies_a_file_that_only_the_bulletin_names_is_not_fetched() {
    let named_by_bulletin_only = |error: &RefreshError| {
        let RefreshError::Metadata(MetadataError::Bulletin(what)) = error else { return false };
        what.contains("targets.json does not have")
    };
    let error = refused_forgery(|forgery| {
        let name = forgery.last_file()["name"].as_str().unwrap().to_owned();
        forgery.targets["targets"].as_object_mut().unwrap().remove(&name).unwrap();
    });
    assert!(named_by_bulletin_only(&error), "{error:?}");
    let error = refused_forgery(|forgery| {
        let name = forgery.last_file()["name"].as_str().unwrap().to_owned();
        forgery.targets["targets"][name]["hashes"]["sha256"] = json!("00".repeat(32));
    });
    assert!(named_by_bulletin_only(&error), "{error:?}");
}

#[test]
fn extraneous_dependencies_files_that_the_bulletin_does_not_name_are_ignored() {
    let centre = Centre::with_a_list();
    let border = Border::new(centre.root());
    let mirror = Tampered::of(&centre);
    // Nobody has this file: whoever asks for it fails.
    let extraneous = json!({"hashes": {"sha256": "00".repeat(32)}, "length": 1_u64 << 40});
    mirror.forge(|forgery| forgery.targets["targets"]["more.segment"] = extraneous);
    let synced = border.sync(mirror.path(), 1).unwrap();
    assert!(matches!(synced.outcome, Outcome::InForce(_)), "{synced:?}");
}

#[test]
fn malicious_mirror_the_next_one_is_asked() {
    let centre = Centre::with_a_list();
    let border = Border::following(&centre, 1);
    centre.publish(3..6, 2);
    let lies: [fn(&Tampered); 3] = [
        |mirror| mirror.change_metadata("timestamp.json", |bytes| bytes.truncate(10)),
        |mirror| mirror.forge(|forgery| forgery.holders = forgery.holders.with(RoleName::Timestamp, &[99])),
        |mirror| std::fs::remove_dir_all(mirror.path().join("metadata")).unwrap(),
    ];
    let before = border.in_force();
    for lie in lies {
        let mirror = Tampered::of(&centre);
        lie(&mirror);
        let mirrors = vec![directory(mirror.path()), directory(&centre.repository())];
        let wish = Wish { dry_run: true, ..Wish::default() };
        assert_eq!(border.sync_through(mirrors, wish, 3).unwrap().sequence, 2);
    }
    assert_eq!(border.in_force(), before);
    let mirror = Tampered::of(&centre);
    mirror.change_targets(|bytes| bytes[100] ^= 1);
    let mirrors = vec![directory(mirror.path()), directory(&centre.repository())];
    let synced = border.sync_through(mirrors, Wish::default(), 3).unwrap();
    assert!(matches!(synced.outcome, Outcome::InForce(_)), "{synced:?}");
}

#[test]
fn malicious_mirror_no_byte_of_the_metadata_is_changed_unnoticed() {
    let centre = Centre::with_a_list();
    let border = Border::following(&centre, 1);
    centre.publish(3..6, 2);
    let before = border.in_force();
    for name in ["timestamp.json", "2.snapshot.json", "2.targets.json"] {
        let mirror = Tampered::of(&centre);
        let honest = std::fs::read(mirror.metadata(name)).unwrap();
        for at in (0..honest.len()).step_by(29) {
            for damage in [|bytes: &mut Vec<u8>, at: usize| bytes[at] ^= 1, Vec::truncate] {
                let mut bytes = honest.clone();
                damage(&mut bytes, at);
                std::fs::write(mirror.metadata(name), bytes).unwrap();
                let refused = border.sync(mirror.path(), 3);
                assert!(matches!(refused, Err(SyncError::Refresh { .. })), "{name}, byte {at}: {refused:?}");
            }
        }
    }
    assert_eq!(border.in_force(), before);
    border.sync(&centre.repository(), 3).unwrap();
}

#[test]
fn mix_and_match_files_of_two_publications_are_not_taken_for_one() {
    for role in ["snapshot", "targets"] {
        let error = refresh_error(refused(|mirror| {
            let old = std::fs::read(mirror.metadata(&format!("1.{role}.json"))).unwrap();
            mirror.change_metadata(&format!("2.{role}.json"), |bytes| old.clone_into(bytes));
        }));
        assert!(
            matches!(error, RefreshError::WrongDigest | RefreshError::Endless { .. }),
            "{role}: {error:?}"
        );
    }
}

#[test]
fn mix_and_match_what_the_role_above_vouches_for_must_be_of_its_version() {
    let error = refresh_error(refused(|mirror| {
        let old = std::fs::read(mirror.metadata("1.targets.json")).unwrap();
        mirror.forge(|forgery| forgery.targets = signed_part(&old));
        let mut forgery = mirror.forgery();
        forgery.snapshot["meta"]["targets.json"]["version"] = json!(2);
        std::fs::copy(mirror.metadata("1.targets.json"), mirror.metadata("2.targets.json")).unwrap();
        let snapshot = signed_by(&forgery.snapshot, &[21]);
        forgery.timestamp["meta"]["snapshot.json"] = named(&forgery.snapshot, &snapshot);
        std::fs::write(mirror.metadata("2.snapshot.json"), snapshot).unwrap();
        std::fs::write(mirror.metadata("timestamp.json"), signed_by(&forgery.timestamp, &[31])).unwrap();
    }));
    assert!(matches!(&error, RefreshError::MixAndMatch { role } if role == "targets"), "{error:?}");
}
