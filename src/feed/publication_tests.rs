//! What is signed of a publication stays readable, and what contradicts itself is refused.

use proptest::prelude::*;

use super::*;
use crate::feed::metadata::{self, MetadataFiles};
use crate::feed::{Metadata, PrivateKey, RoleName, Roles, Signer, first_root};
use jiff::SignedDuration;

fn file(name: &str, sequence: u64, state_digest: u128) -> File {
    let as_of = "2026-07-01T12:00:00Z".parse().unwrap();
    let sha256 = Digest([sequence as u8; 32]);
    File { name: name.to_owned(), sequence, as_of, sha256, length: 5000, notices: 3, state_digest }
}

/// The third publication of a feed, on its second base.
fn sample() -> Publication {
    let states = [("UTO".to_owned(), 2), ("D".to_owned(), 1)].into();
    let statuses = [("lost".to_owned(), 3)].into();
    let canary =
        |number: &str| Canary { issuing_state: "UTO".to_owned(), document_number: number.to_owned() };
    Publication {
        format: 1,
        feed: FeedName::parse("national").unwrap(),
        sequence: 3,
        as_of: "2026-07-01T12:00:00Z".parse().unwrap(),
        lineage: "0123456789abcdef0123456789abcdef".to_owned(),
        seed: 0,
        previous: Some(Digest([7; 32])),
        base: file("national-base-2.segment", 2, 22),
        delta: Some(file("national-delta-2-3.segment", 3, 33)),
        increments: vec![
            Increment { from: 1, file: file("national-increment-1-2.segment", 2, 22) },
            Increment { from: 2, file: file("national-increment-2-3.segment", 3, 33) },
        ],
        earlier: vec![Earlier {
            base: file("national-base-1.segment", 1, 11),
            closing: file("national-delta-1-2.segment", 2, 22),
        }],
        list: Sums { notices: 3, state_digest: 33, states, statuses },
        canaries: Canaries { hit: vec![canary("CANARY001")], miss: vec![canary("CANARY002")] },
        min_reader: 3,
        terms: Terms {
            legal_basis: "Regulation (EU) 2018/1862, article 38".to_owned(),
            purposes: vec!["border checks".to_owned()],
            onward_to_carriers: Some(false),
            contact: "+1 555 0100".to_owned(),
            ..Terms::default()
        },
    }
}

#[test]
fn the_format_is_frozen() {
    let golden = include_str!("../../tests/golden/bulletin-v1.json");
    assert_eq!(serde_json::to_string_pretty(&sample()).unwrap() + "\n", golden);
    assert_eq!(serde_json::from_str::<Publication>(golden).unwrap(), sample());
    assert_eq!(sample().fault(), None);
}

#[test]
fn members_that_came_later_are_skipped() {
    let mut value = serde_json::to_value(sample()).unwrap();
    value["new"] = serde_json::json!({ "a": 1 });
    value["base"]["new"] = serde_json::json!(2);
    assert_eq!(serde_json::from_value::<Publication>(value).unwrap(), sample());
}

#[test]
fn a_bulletin_that_contradicts_itself_is_told() {
    let faults: [fn(&mut Publication); 14] = [
        |p| p.sequence = 0,
        |p| p.sequence = 4,
        |p| p.list.notices = 4,
        |p| p.list.state_digest = 1,
        |p| p.list.states.retain(|state, _| state != "D"),
        |p| p.list.states.extend([("D".to_owned(), u64::MAX)]),
        |p| p.base.sequence = 4,
        |p| drop(p.increments.pop()),
        |p| p.increments[0].from = 2,
        |p| p.increments.swap(0, 1),
        |p| p.earlier[0].closing.state_digest = 23,
        |p| p.earlier[0].closing.sequence = 3,
        |p| p.base.name = "../base".to_owned(),
        |p| p.delta.as_mut().unwrap().length = 0,
    ];
    for (at, spoil) in faults.into_iter().enumerate() {
        let mut publication = sample();
        spoil(&mut publication);
        assert!(publication.fault().is_some(), "{at}");
    }
}

/// The metadata of the sample, signed by one key for all roles, and its root.
fn signed() -> (Vec<u8>, MetadataFiles) {
    let key = PrivateKey::generate().unwrap();
    let signers: [&dyn Signer; 1] = [&key];
    let roles: Roles = RoleName::ALL.map(|role| (role, (vec![key.public()], 1))).into();
    let now = "2026-07-01T12:00:00Z".parse().unwrap();
    let root = first_root(&roles, &signers, now, SignedDuration::from_hours(24)).unwrap();
    let one = std::num::NonZeroU64::MIN;
    let role = metadata::targets(&sample(), now).unwrap();
    let version = role.version;
    let targets = metadata::sign(role, &signers).unwrap();
    let snapshot = metadata::sign(metadata::snapshot(one, (version, &targets), now), &signers).unwrap();
    let role = metadata::timestamp(one, (one, &snapshot), now, now);
    let timestamp = metadata::sign(role, &signers).unwrap();
    let files = [("timestamp.json", timestamp), ("snapshot.json", snapshot), ("targets.json", targets)];
    (root, files.map(|(name, bytes)| (name.to_owned(), bytes)).into())
}

#[test]
fn equal_roles_are_signed_as_equal_bytes() {
    let key = PrivateKey::generate().unwrap();
    let now = "2026-07-01T12:00:00Z".parse().unwrap();
    let sign = || metadata::sign(metadata::targets(&sample(), now).unwrap(), &[&key]).unwrap();
    assert_eq!(sign(), sign());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_byte_changed_anywhere_is_refused_or_says_the_same(which in 0..4_usize, at: prop::sample::Index, bit in 0..8_u8) {
        let (mut root, mut files) = signed();
        let accepted = Metadata::read(&root, &files).unwrap();
        let names = ["timestamp.json", "snapshot.json", "targets.json"];
        let bytes = match names.get(which) {
            Some(name) => files.get_mut(*name).unwrap(),
            None => &mut root,
        };
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(read) = Metadata::read(&root, &files) {
            prop_assert_eq!(read.publication(), accepted.publication());
            prop_assert_eq!(read.as_of(), accepted.as_of());
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
        let (root, mut files) = signed();
        files.insert("targets.json".to_owned(), text.clone().into_bytes());
        prop_assert!(Metadata::read(&root, &files).is_err());
        prop_assert!(Metadata::read(text.as_bytes(), &files).is_err());
        prop_assert_eq!(Publication::kept(&files), None);
    }
}
