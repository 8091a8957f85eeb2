//! The body of an entry, version 1: compact JSON with its members in a fixed order, absent ones left out.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Draft, KeyId, base64url};
use crate::domain::{Digest, FeedName, FindingId};

const VERSION: u32 = 1;

/// An entry as it stands in a log. The order of the fields is the order of the members and part of the
/// format.
///
/// Acts, verdicts and reasons are words, because a log may hold some that this program does not know yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry<'a> {
    #[serde(rename = "v")]
    version: u32,
    /// The entry's place in its log, from 0.
    #[serde(rename = "seq")]
    pub sequence: u64,
    /// When it was decided, to the microsecond.
    #[serde(with = "time")]
    pub time: Timestamp,
    /// What was done.
    pub act: Cow<'a, str>,
    /// Who did it.
    pub principal: Cow<'a, str>,
    /// The agreement under which it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Cow<'a, str>>,
    /// The purpose that the caller named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Cow<'a, str>>,
    /// The terminal that the caller named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<Cow<'a, str>>,
    /// The person at the terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<Cow<'a, str>>,
    /// The caller's own reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_reference: Option<Cow<'a, str>>,
    /// The line of a manifest, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The key of the digests and findings.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "key_id")]
    pub key_id: Option<KeyId>,
    /// One keyed digest per document asked about.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "digests")]
    pub digests: Vec<[u8; 32]>,
    /// The verdict's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Cow<'a, str>>,
    /// The codes of everything that was in doubt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Cow<'a, str>>,
    /// What was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "findings")]
    pub findings: Vec<FindingId>,
    /// The number of the generation in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// The feeds consulted, each with its accepted sequence.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "feeds")]
    pub feeds: Vec<(FeedName, u64)>,
    /// The revision of the alerts consulted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_revision: Option<u64>,
    /// SHA-256 of the settings that verdicts depend on.
    #[serde(rename = "settings", with = "settings")]
    pub settings_digest: Digest,
}

/// Why a body was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    /// Not the JSON of an entry of this version.
    #[error("it is not an entry of version 1")]
    Malformed,
    /// The entry names another place than the one it stands in.
    #[error("it says that it is entry {0}")]
    Sequence(u64),
}

impl<'a> Entry<'a> {
    /// The entry that a draft becomes at a place in a log.
    #[must_use]
    pub fn of(draft: &'a Draft, sequence: u64) -> Self {
        let text = |text: &'a Option<std::sync::Arc<str>>| text.as_deref().map(Cow::Borrowed);
        Self {
            version: VERSION,
            sequence,
            time: Timestamp::from_microsecond(draft.time.as_microsecond()).unwrap_or(draft.time),
            act: Cow::Borrowed(draft.act.word()),
            principal: Cow::Borrowed(&draft.principal),
            agreement: text(&draft.agreement),
            purpose: text(&draft.purpose),
            terminal: text(&draft.terminal),
            operator: text(&draft.operator),
            client_reference: text(&draft.client_reference),
            line: draft.line,
            key_id: draft.key_id,
            digests: draft.digests.clone(),
            verdict: draft.verdict.map(Cow::Borrowed),
            reasons: draft.reasons.iter().map(|reason| Cow::Borrowed(reason.word())).collect(),
            findings: draft.findings.clone(),
            generation: draft.generation,
            feeds: draft.feeds.clone(),
            alert_revision: draft.alert_revision,
            settings_digest: draft.settings_digest,
        }
    }

    /// The body's bytes.
    #[must_use]
    pub(super) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self)
            .expect("an entry has no map with other than text keys, and writing to memory works")
    }

    /// Reads a body that stands at a place in a log.
    pub(super) fn decode(body: &[u8], sequence: u64) -> Result<Entry<'static>, BodyFault> {
        let entry: Entry<'static> = serde_json::from_slice(body).map_err(|_| BodyFault::Malformed)?;
        if entry.version != VERSION {
            return Err(BodyFault::Malformed);
        }
        if entry.sequence == sequence { Ok(entry) } else { Err(BodyFault::Sequence(entry.sequence)) }
    }
}

mod time {
    use super::*;

    pub(super) fn serialize<S: serde::Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{time:.6}"))
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(|_| serde::de::Error::custom("no time"))
    }
}

mod key_id {
    use super::*;

    pub(super) fn serialize<S: serde::Serializer>(id: &Option<KeyId>, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&id.expect("an absent key id is left out"))
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<KeyId>, D::Error> {
        let text = String::deserialize(from)?;
        KeyId::parse(&text).map(Some).ok_or_else(|| serde::de::Error::custom("no key id"))
    }
}

mod digests {
    use super::*;

    pub(super) fn serialize<S: serde::Serializer>(digests: &[[u8; 32]], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(digests.iter().map(base64url::encode))
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<[u8; 32]>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        let digests: Option<_> = texts.iter().map(|text| base64url::decode(text)).collect();
        digests.ok_or_else(|| serde::de::Error::custom("no digest"))
    }
}

mod findings {
    use super::*;

    pub(super) fn serialize<S: serde::Serializer>(findings: &[FindingId], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(findings.iter().map(FindingId::to_string))
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<FindingId>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        texts.iter().map(|text| parse(text).ok_or_else(|| serde::de::Error::custom("no finding"))).collect()
    }

    fn parse(text: &str) -> Option<FindingId> {
        let whole = Digest::from_hex(&format!("{text:0>64}")).filter(|_| text.len() == 32)?;
        whole.0.last_chunk().map(|bytes| FindingId(*bytes))
    }
}

mod feeds {
    use super::*;

    pub(super) fn serialize<S: serde::Serializer>(
        feeds: &[(FeedName, u64)],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_map(feeds.iter().map(|(feed, sequence)| (feed.as_str(), sequence)))
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
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

mod settings {
    use super::*;

    pub(super) fn serialize<S: serde::Serializer>(digest: &Digest, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&base64url::encode(&digest.0))
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Digest, D::Error> {
        let text = String::deserialize(from)?;
        base64url::decode(&text).map(Digest).ok_or_else(|| serde::de::Error::custom("no digest"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::Act;
    use crate::domain::ReasonCode;

    fn full() -> Draft {
        Draft {
            agreement: Some("air-7".into()),
            purpose: Some("border".into()),
            terminal: Some("gate \"3\"\n".into()),
            operator: Some("żółw".into()),
            client_reference: Some("r-1".into()),
            line: Some(9),
            key_id: KeyId::parse("00c0ffee"),
            digests: vec![[7; 32], std::array::from_fn(|at| at as u8)],
            verdict: Some("inconclusive"),
            reasons: vec![ReasonCode::FeedStale, ReasonCode::Clock],
            findings: vec![FindingId([0xab; 16])],
            generation: Some(12),
            feeds: vec![(FeedName::parse("sltd").unwrap(), 42), (FeedName::parse("local").unwrap(), 1)],
            alert_revision: Some(3),
            ..Draft::new(
                "2026-03-01T12:00:00.000001Z".parse().unwrap(),
                Act::ManifestLine,
                "carrier".into(),
                Digest([9; 32]),
            )
        }
    }

    #[test]
    fn bodies_of_version_1_stay_what_they_are() {
        let small =
            Draft::new("2026-03-01T12:00:00Z".parse().unwrap(), Act::Import, "root".into(), Digest([0; 32]));
        let golden = include_str!("golden/bodies-v1.jsonl");
        let drafts = [full(), small];
        assert_eq!(golden.lines().count(), drafts.len());
        for ((line, draft), sequence) in golden.lines().zip(&drafts).zip([u64::MAX, 0]) {
            assert_eq!(std::str::from_utf8(&Entry::of(draft, sequence).encode()).unwrap(), line);
            assert_eq!(Entry::decode(line.as_bytes(), sequence), Ok(Entry::of(draft, sequence)));
        }
    }

    #[test]
    fn a_check_with_short_fields_is_short() {
        let draft = Draft {
            agreement: Some("border".into()),
            purpose: Some("border".into()),
            key_id: KeyId::parse("00c0ffee"),
            digests: vec![[7; 32]],
            verdict: Some("no_hit"),
            generation: Some(120),
            feeds: vec![(FeedName::parse("sltd").unwrap(), 420)],
            ..Draft::new(
                "2026-03-01T12:00:00Z".parse().unwrap(),
                Act::Check,
                "gate-3".into(),
                Digest([9; 32]),
            )
        };
        let bytes = Entry::of(&draft, 1_000_000).encode().len();
        assert!(bytes <= 330, "{bytes}");
    }

    #[test]
    fn what_is_not_an_entry_of_its_place_is_refused() {
        let draft = full();
        let body = String::from_utf8(Entry::of(&draft, 5).encode()).unwrap();
        assert_eq!(Entry::decode(body.as_bytes(), 6), Err(BodyFault::Sequence(5)));
        let spoilt = [
            body.replace("\"v\":1", "\"v\":2"),
            body.replace("\"line\"", "\"lime\""),
            body.replace("00c0ffee", "00C0FFEE"),
            body.replace("abab", "ab"),
            body.replace("sltd", "SLTD"),
            body.replace("2026-03", "2026-13"),
            format!("{body} x"),
            String::new(),
        ];
        for text in spoilt {
            assert_eq!(Entry::decode(text.as_bytes(), 5), Err(BodyFault::Malformed), "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_entry_survives_its_body(
            micros in -62_135_596_800_000_000_i64..253_402_207_200_000_000,
            principal in any::<String>(),
            texts in proptest::collection::vec(proptest::option::of(any::<String>()), 5),
            numbers in proptest::collection::vec(proptest::option::of(any::<u64>()), 3),
            digests: Vec<[u8; 32]>,
            findings: Vec<[u8; 16]>,
            reasons in proptest::collection::vec(proptest::sample::select(ReasonCode::ALL), 0..4),
            feeds in proptest::collection::btree_map("[a-z0-9][a-z0-9-]{0,31}", any::<u64>(), 0..4),
            settings: [u8; 32],
            sequence: u64,
        ) {
            let text = |at: usize| texts[at].as_deref().map(Into::into);
            let draft = Draft {
                agreement: text(0),
                purpose: text(1),
                terminal: text(2),
                operator: text(3),
                client_reference: text(4),
                line: numbers[0],
                generation: numbers[1],
                alert_revision: numbers[2],
                digests,
                findings: findings.into_iter().map(FindingId).collect(),
                reasons,
                feeds: feeds.into_iter().map(|(name, at)| (FeedName::parse(&name).unwrap(), at)).collect(),
                ..Draft::new(
                    Timestamp::from_microsecond(micros).unwrap(),
                    Act::Check,
                    principal.into(),
                    Digest(settings),
                )
            };
            let entry = Entry::of(&draft, sequence);
            let body = entry.encode();
            let decoded = Entry::decode(&body, sequence).unwrap();
            prop_assert_eq!(decoded.encode(), body);
            prop_assert_eq!(decoded, entry);
        }

        #[test]
        fn no_bytes_make_decoding_panic(bytes: Vec<u8>) {
            let _ = Entry::decode(&bytes, 0);
        }
    }
}
