//! The text of a generation: one line that names the format, then one JSON document.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{Authority, Bulletin, Digest, FeedName, GenerationId, SegmentRef, SegmentRole};

use super::generation::is_metadata_name;
use super::{FeedRecord, Floor, Generation};

/// Why a text is no generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Newer { found: u32, reads: u32 },
    Content(&'static str),
}

impl Generation {
    /// The bytes of the generation's file. Equal generations have equal bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let file = GenerationJson {
            number: self.number,
            published_at: self.published_at,
            previous: self
                .previous
                .map(|id| PreviousJson { number: id.number, digest: id.digest.to_string() }),
            highest_time: self.highest_time,
            expected: self.expected.iter().map(ToString::to_string).collect(),
            feeds: self.feeds.iter().map(FeedJson::of).collect(),
            floors: self.floors.iter().map(FloorJson::of).collect(),
        };
        let mut text = format!("{MAGIC}{VERSION}\n").into_bytes();
        serde_json::to_writer_pretty(&mut text, &file).expect("plain fields, written to memory");
        text.push(b'\n');
        text
    }

    /// Reads what [`encode`](Self::encode) writes and nothing else.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Fault> {
        let text = str::from_utf8(bytes).map_err(|_| Fault::Content("it is not text"))?;
        match version(text, MAGIC) {
            Some(VERSION) => {}
            Some(found) if found > VERSION => return Err(Fault::Newer { found, reads: VERSION }),
            _ => return Err(Fault::Content("it does not begin like a generation")),
        }
        let json = text.split_once('\n').map_or("", |(_, json)| json);
        let file: GenerationJson =
            serde_json::from_str(json).map_err(|_| Fault::Content("it is no generation in JSON"))?;
        let generation = file.read().ok_or(Fault::Content("one of its fields makes no sense"))?;
        let ordered = generation.feeds.is_sorted_by(|a, b| a.bulletin.feed < b.bulletin.feed)
            && generation.expected.is_sorted_by(|a, b| a < b);
        if !ordered || generation.encode() != bytes {
            return Err(Fault::Content("it is not as this program writes it"));
        }
        Ok(generation)
    }
}

/// The version in a first line that begins with `magic`.
pub(super) fn version(text: &str, magic: &str) -> Option<u32> {
    text.lines().next()?.strip_prefix(magic)?.parse().ok()
}

const MAGIC: &str = "portcullis-generation ";
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GenerationJson {
    number: u64,
    #[serde(with = "time")]
    published_at: Timestamp,
    previous: Option<PreviousJson>,
    #[serde(with = "time")]
    highest_time: Timestamp,
    expected: Vec<String>,
    feeds: Vec<FeedJson>,
    floors: Vec<FloorJson>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PreviousJson {
    number: u64,
    digest: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FeedJson {
    name: String,
    sequence: u64,
    #[serde(with = "time")]
    as_of: Timestamp,
    authority: String,
    segments: Vec<SegmentJson>,
    /// Hexadecimal.
    metadata: BTreeMap<String, String>,
    /// Hexadecimal.
    root: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SegmentJson {
    role: String,
    digest: String,
    length: u64,
    notices: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FloorJson {
    name: String,
    sequence: u64,
    #[serde(with = "time")]
    as_of: Timestamp,
}

impl GenerationJson {
    fn read(self) -> Option<Generation> {
        let previous = match self.previous {
            None => None,
            Some(id) => Some(GenerationId { number: id.number, digest: Digest::from_hex(&id.digest)? }),
        };
        let floors = self.floors.into_iter().map(FloorJson::read).collect::<Option<_>>()?;
        Some(Generation {
            number: self.number,
            published_at: self.published_at,
            previous,
            highest_time: self.highest_time,
            expected: self.expected.iter().map(|name| FeedName::parse(name).ok()).collect::<Option<_>>()?,
            feeds: self.feeds.into_iter().map(FeedJson::read).collect::<Option<_>>()?,
            floors,
        })
    }
}

impl FeedJson {
    fn of(record: &FeedRecord) -> Self {
        let Bulletin { feed, sequence, as_of, authority, segments } = &record.bulletin;
        Self {
            name: feed.to_string(),
            sequence: *sequence,
            as_of: *as_of,
            authority: authority.word().to_owned(),
            segments: segments.iter().map(SegmentJson::of).collect(),
            metadata: record.metadata.iter().map(|(name, bytes)| (name.clone(), to_hex(bytes))).collect(),
            root: record.root.as_deref().map(to_hex),
        }
    }

    fn read(self) -> Option<FeedRecord> {
        let authorities = [Authority::Local, Authority::Signed];
        let bulletin = Bulletin {
            feed: FeedName::parse(&self.name).ok()?,
            sequence: self.sequence,
            as_of: self.as_of,
            authority: authorities.into_iter().find(|authority| authority.word() == self.authority)?,
            segments: self.segments.into_iter().map(SegmentJson::read).collect::<Option<_>>()?,
        };
        let metadata = self.metadata.into_iter().map(|(name, hex)| {
            let bytes = from_hex(&hex)?;
            is_metadata_name(&name).then_some((name, bytes))
        });
        let root = match self.root {
            None => None,
            Some(hex) => Some(from_hex(&hex)?),
        };
        Some(FeedRecord { bulletin, metadata: metadata.collect::<Option<_>>()?, root })
    }
}

impl SegmentJson {
    fn of(segment: &SegmentRef) -> Self {
        let SegmentRef { role, digest, length, notices } = segment;
        let (role, digest) = (role.word().to_owned(), digest.to_string());
        Self { role, digest, length: *length, notices: *notices }
    }

    fn read(self) -> Option<SegmentRef> {
        let roles = [SegmentRole::Base, SegmentRole::Delta];
        Some(SegmentRef {
            role: roles.into_iter().find(|role| role.word() == self.role)?,
            digest: Digest::from_hex(&self.digest)?,
            length: self.length,
            notices: self.notices,
        })
    }
}

impl FloorJson {
    fn of((name, floor): (&FeedName, &Floor)) -> Self {
        Self { name: name.to_string(), sequence: floor.sequence, as_of: floor.as_of }
    }

    fn read(self) -> Option<(FeedName, Floor)> {
        Some((FeedName::parse(&self.name).ok()?, Floor { sequence: self.sequence, as_of: self.as_of }))
    }
}

/// Times as RFC 3339 text in UTC.
mod time {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(time)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

fn to_hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    if rest.is_empty() { bytes } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
            FeedRecord { bulletin: Bulletin { feed, sequence, as_of, authority, segments }, metadata, root }
        }
    }

    prop_compose! {
        fn generation()(
            number: u64,
            (published_at, highest_time) in (time(), time()),
            previous in prop::option::of(any::<(u64, [u8; 32])>()),
            expected in prop::collection::btree_set(name(), 0..3),
            records in prop::collection::vec(record(), 0..3),
            floors in prop::collection::btree_map(name(), (any::<u64>(), time()), 0..3),
        ) -> Generation {
            let feeds = records.into_iter().map(|record| (record.bulletin.feed.clone(), record));
            let floors = floors.into_iter().map(|(name, (sequence, as_of))| (name, Floor { sequence, as_of }));
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
                },
                FeedRecord {
                    bulletin: bulletin("utopia", 17, Authority::Signed),
                    metadata: [("timestamp.json".to_owned(), b"{\n}".to_vec())].into(),
                    root: Some(b"{}".to_vec()),
                },
            ],
            floors: [(feed("old"), Floor { sequence: 99, as_of })].into(),
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
}
