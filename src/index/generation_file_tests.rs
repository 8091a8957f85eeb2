//! The text of a generation: frozen, one spelling, nothing else read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;

use super::generation_file::Fault;
use super::{FeedRecord, Floor, Generation, Kept};
use crate::domain::{Authority, Bulletin, Digest, FeedName, GenerationId, SegmentRef, SegmentRole};

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..20)
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0..4_000_000_000_000_000_i64).prop_map(|us| Timestamp::from_microsecond(us).unwrap())
}

fn name() -> impl Strategy<Value = FeedName> {
    "[a-z0-9][a-z0-9-]{0,31}".prop_map(|text| FeedName::parse(&text).unwrap())
}

prop_compose! {
    fn segment()(delta: bool, digest: [u8; 32], length: u64, notices: u64) -> SegmentRef {
        let role = if delta { SegmentRole::Delta } else { SegmentRole::Base };
        SegmentRef { role, digest: Digest(digest), length, notices }
    }
}

prop_compose! {
    fn record()(
        feed in name(),
        sequence: u64,
        as_of in time(),
        signed: bool,
        segments in prop::collection::vec(segment(), 0..3),
        metadata in prop::collection::btree_map("[a-z0-9][a-z0-9._-]{0,20}", bytes(), 0..3),
        root in prop::option::of(bytes()),
    ) -> FeedRecord {
        let authority = if signed { Authority::Signed } else { Authority::Local };
        FeedRecord { bulletin: Bulletin { feed, sequence, as_of, authority, segments }, metadata, root, epoch: 0 }
    }
}

prop_compose! {
    fn generation()(
        number: u64,
        (published_at, highest_time) in (time(), time()),
        previous in prop::option::of(any::<(u64, [u8; 32])>()),
        expected in prop::collection::btree_set(name(), 0..3),
        records in prop::collection::vec(record(), 0..3),
        floors in prop::collection::btree_map(name(), record(), 0..3),
    ) -> Generation {
        let feeds = records.into_iter().map(|record| (record.bulletin.feed.clone(), record));
        let floors = floors.into_iter().map(|(name, FeedRecord { bulletin, metadata, root, .. })| {
            let floor = Floor { epoch: 0, sequence: bulletin.sequence, as_of: bulletin.as_of };
            (name, Kept { floor, authority: bulletin.authority, metadata, root })
        });
        Generation {
            number,
            published_at,
            previous: previous.map(|(number, digest)| GenerationId { number, digest: Digest(digest) }),
            highest_time,
            expected: expected.into_iter().collect(),
            feeds: feeds.collect::<BTreeMap<_, _>>().into_values().collect(),
            floors: floors.collect(),
        }
    }
}

fn sample() -> Generation {
    let feed = |text| FeedName::parse(text).unwrap();
    let as_of: Timestamp = "2026-03-01T12:00:00.000001Z".parse().unwrap();
    let segment =
        SegmentRef { role: SegmentRole::Base, digest: Digest([0xAB; 32]), length: 4096, notices: 12 };
    let bulletin = |name, sequence, authority| Bulletin {
        feed: feed(name),
        sequence,
        as_of,
        authority,
        segments: vec![segment.clone()],
    };
    Generation {
        number: 2,
        published_at: "2026-03-01T12:00:05Z".parse().unwrap(),
        previous: Some(GenerationId { number: 1, digest: Digest([1; 32]) }),
        highest_time: "2026-03-01T12:00:05Z".parse().unwrap(),
        expected: vec![feed("local"), feed("utopia")],
        feeds: vec![
            FeedRecord {
                bulletin: bulletin("local", 3, Authority::Local),
                metadata: BTreeMap::new(),
                root: None,
                epoch: 0,
            },
            FeedRecord {
                bulletin: bulletin("utopia", 17, Authority::Signed),
                metadata: [("timestamp.json".to_owned(), b"{\n}".to_vec())].into(),
                root: Some(b"{}".to_vec()),
                epoch: 0,
            },
        ],
        floors: [(
            feed("old"),
            Kept {
                floor: Floor { epoch: 0, sequence: 99, as_of },
                authority: Authority::Signed,
                metadata: [("snapshot.json".to_owned(), b"[]".to_vec())].into(),
                root: Some(b"{}".to_vec()),
            },
        )]
        .into(),
    }
}

#[test]
fn the_format_is_frozen() {
    let golden = include_bytes!("../../tests/golden/generation-v1.generation");
    assert_eq!(str::from_utf8(&sample().encode()), str::from_utf8(golden));
    assert_eq!(Generation::decode(golden), Ok(sample()));
}

#[test]
fn a_newer_version_is_refused_by_its_number() {
    let text = String::from_utf8(sample().encode()).unwrap().replacen("generation 1", "generation 2", 1);
    assert_eq!(Generation::decode(text.as_bytes()), Err(Fault::Newer { found: 2, reads: 1 }));
}

#[test]
fn what_this_program_would_not_write_is_refused() {
    let text = String::from_utf8(sample().encode()).unwrap();
    let changes = [
        ("\"number\": 2", "\"number\": 2,\n  \"extra\": 0"),
        ("\"number\": 2", "\"number\":  2"),
        ("timestamp.json", "../timestamp.json"),
        ("utopia", "Utopia"),
        ("\"signed\"", "\"trusted\""),
        ("7b0a7d", "7b0a7"),
        ("7b0a7d", "7B0A7D"),
        ("12:00:05Z", "12:00:05+00:00"),
        ("local", "zlocal"),
    ];
    for (from, to) in changes {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        assert!(Generation::decode(changed.as_bytes()).is_err(), "{to}");
    }
    assert!(Generation::decode(&text.as_bytes()[..text.len() - 1]).is_err());
    assert!(Generation::decode(b"").is_err());
}

proptest! {
    #[test]
    fn a_generation_survives_its_text(generation in generation()) {
        let text = generation.encode();
        prop_assert_eq!(Generation::decode(&text), Ok(generation));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(portcullis-generation 1\n)?\\PC{0,80}") {
        let _ = Generation::decode(text.as_bytes());
    }
}
