//! How the members of a body that are no plain texts or numbers are written.

use jiff::Timestamp;
use serde::Deserialize;

use super::{GenerationMark, KeyId, base64url};
use crate::domain::case::CaseId;
use crate::domain::{FeedName, FindingId, read_hex};

pub(super) mod time {
    use super::*;

    pub(crate) fn serialize<S: serde::Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{time:.6}"))
    }

    pub(crate) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(|_| serde::de::Error::custom("no time"))
    }
}

pub(super) mod key_id {
    use super::*;

    pub(crate) fn serialize<S: serde::Serializer>(id: &Option<KeyId>, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&id.expect("an absent key id is left out"))
    }

    pub(crate) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<KeyId>, D::Error> {
        let text = String::deserialize(from)?;
        KeyId::parse(&text).map(Some).ok_or_else(|| serde::de::Error::custom("no key id"))
    }
}

pub(super) mod digests {
    use super::*;

    pub(crate) fn serialize<S: serde::Serializer>(digests: &[[u8; 32]], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(digests.iter().map(|digest| base64url::encode(digest)))
    }

    pub(crate) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<[u8; 32]>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        let digests: Option<_> = texts.iter().map(|text| base64url::decode(text)).collect();
        digests.ok_or_else(|| serde::de::Error::custom("no digest"))
    }
}

pub(super) mod findings {
    use super::*;

    pub(crate) fn serialize<S: serde::Serializer>(findings: &[FindingId], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(findings.iter().map(FindingId::to_string))
    }

    pub(crate) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<FindingId>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        texts.iter().map(|text| parse(text).ok_or_else(|| serde::de::Error::custom("no finding"))).collect()
    }

    fn parse(text: &str) -> Option<FindingId> {
        read_hex(text).map(FindingId)
    }
}

pub(super) mod case_id {
    use super::*;

    pub(crate) fn serialize<S: serde::Serializer>(id: &CaseId, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(id)
    }

    pub(crate) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<CaseId, D::Error> {
        let text = String::deserialize(from)?;
        CaseId::parse(&text).ok_or_else(|| serde::de::Error::custom("no case"))
    }
}

pub(super) mod bytes {
    use super::*;

    pub(crate) fn serialize<S: serde::Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&base64url::encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        base64url::decode_all(&text).ok_or_else(|| serde::de::Error::custom("no bytes"))
    }
}

pub(super) mod feeds {
    use super::*;

    pub(crate) fn serialize<S: serde::Serializer>(
        feeds: &[(FeedName, u64)],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_map(feeds.iter().map(|(feed, sequence)| (feed.as_str(), sequence)))
    }

    pub(crate) fn deserialize<'de, D: serde::Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<(FeedName, u64)>, D::Error> {
        from.deserialize_map(InOrder)
    }

    struct InOrder;

    impl<'de> serde::de::Visitor<'de> for InOrder {
        type Value = Vec<(FeedName, u64)>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("feeds and their sequences")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut feeds = Vec::new();
            while let Some((name, sequence)) = map.next_entry::<String, u64>()? {
                let feed = FeedName::parse(&name).map_err(serde::de::Error::custom)?;
                feeds.push((feed, sequence));
            }
            Ok(feeds)
        }
    }
}

pub(super) mod generation {
    use super::*;

    pub(crate) fn serialize<S: serde::Serializer>(
        mark: &Option<GenerationMark>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(&mark.expect("an absent generation is left out"))
    }

    pub(crate) fn deserialize<'de, D: serde::Deserializer<'de>>(
        from: D,
    ) -> Result<Option<GenerationMark>, D::Error> {
        let text = String::deserialize(from)?;
        GenerationMark::parse(&text).map(Some).ok_or_else(|| serde::de::Error::custom("no generation"))
    }
}

pub(super) mod settings {
    use super::*;

    pub(crate) fn serialize<S: serde::Serializer>(digest: &[u8; 16], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&base64url::encode(digest))
    }

    pub(crate) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<[u8; 16], D::Error> {
        let text = String::deserialize(from)?;
        base64url::decode(&text).ok_or_else(|| serde::de::Error::custom("no digest"))
    }
}
