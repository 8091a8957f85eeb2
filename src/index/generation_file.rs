//! The text of a generation: one line that names the format, then one JSON document.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{Authority, Bulletin, Digest, FeedName, GenerationId, SegmentRef, SegmentRole};

use super::generation::is_metadata_name;
use super::{FeedRecord, Floor, Generation, Kept};

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
    #[serde(default, skip_serializing_if = "is_zero")]
    epoch: u64,
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
    authority: String,
    /// Hexadecimal.
    metadata: BTreeMap<String, String>,
    /// Hexadecimal.
    root: Option<String>,
    #[serde(default, skip_serializing_if = "is_zero")]
    epoch: u64,
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
            metadata: metadata_to_hex(&record.metadata),
            root: record.root.as_deref().map(to_hex),
            epoch: record.epoch,
        }
    }

    fn read(self) -> Option<FeedRecord> {
        let bulletin = Bulletin {
            feed: FeedName::parse(&self.name).ok()?,
            sequence: self.sequence,
            as_of: self.as_of,
            authority: authority(&self.authority)?,
            segments: self.segments.into_iter().map(SegmentJson::read).collect::<Option<_>>()?,
        };
        let (metadata, root) = (metadata(self.metadata)?, root(self.root)?);
        Some(FeedRecord { bulletin, metadata, root, epoch: self.epoch })
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
    fn of((name, kept): (&FeedName, &Kept)) -> Self {
        Self {
            name: name.to_string(),
            sequence: kept.floor.sequence,
            as_of: kept.floor.as_of,
            authority: kept.authority.word().to_owned(),
            metadata: metadata_to_hex(&kept.metadata),
            root: kept.root.as_deref().map(to_hex),
            epoch: kept.floor.epoch,
        }
    }

    fn read(self) -> Option<(FeedName, Kept)> {
        let kept = Kept {
            floor: Floor { epoch: self.epoch, sequence: self.sequence, as_of: self.as_of },
            authority: authority(&self.authority)?,
            metadata: metadata(self.metadata)?,
            root: root(self.root)?,
        };
        Some((FeedName::parse(&self.name).ok()?, kept))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn authority(word: &str) -> Option<Authority> {
    [Authority::Local, Authority::Signed].into_iter().find(|authority| authority.word() == word)
}

fn metadata(hex: BTreeMap<String, String>) -> Option<BTreeMap<String, Vec<u8>>> {
    hex.into_iter()
        .map(|(name, hex)| Some((name, from_hex(&hex)?)).filter(|(name, _)| is_metadata_name(name)))
        .collect()
}

fn metadata_to_hex(metadata: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, String> {
    metadata.iter().map(|(name, bytes)| (name.clone(), to_hex(bytes))).collect()
}

/// The outer `None` is a root that can't be read.
#[expect(clippy::option_option, reason = "no root and a bad root are two things")]
fn root(hex: Option<String>) -> Option<Option<Vec<u8>>> {
    match hex {
        None => Some(None),
        Some(hex) => from_hex(&hex).map(Some),
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
