//! The body of an entry, version 1: compact JSON with its members in a fixed order, absent ones left out.
//!
//! An ordinary entry stays short. `settings` and the digest in `generation` are the first 16 bytes of a
//! SHA-256, which is enough to recognise a file that is at hand. A document may be listed thousands of times,
//! and no entry may fail for that: of long lists the beginning is kept, and beside it how long they were.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Draft, GenerationMark, KeyId, members};
use crate::domain::{FeedName, FindingId};

/// How many digests of a draft an entry keeps, the first ones.
pub const DIGESTS_KEPT: usize = 1024;
/// How many findings of a draft an entry keeps, the first ones.
pub const FINDINGS_KEPT: usize = 256;

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
    #[serde(with = "members::time")]
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
    /// The manifest that a line belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Cow<'a, str>>,
    /// The line of a manifest, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The key of the digests and findings.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "members::key_id")]
    pub key_id: Option<KeyId>,
    /// One keyed digest per document: first that of the document presented, if it was understood, then those of
    /// other readings that were asked about, then those found listed as candidates.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "members::digests")]
    pub digests: Vec<[u8; 32]>,
    /// How many digests there were, if that is more than were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digests_total: Option<u64>,
    /// The verdict's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Cow<'a, str>>,
    /// The codes of everything that was in doubt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Cow<'a, str>>,
    /// What was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "members::findings")]
    pub findings: Vec<FindingId>,
    /// How many findings there were, if that is more than were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings_total: Option<u64>,
    /// The generation that was decided on, or that an act puts in force.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "members::generation")]
    pub generation: Option<GenerationMark>,
    /// The feeds consulted, each with its accepted sequence.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "members::feeds")]
    pub feeds: Vec<(FeedName, u64)>,
    /// The revision of the alerts consulted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_revision: Option<u64>,
    /// The first 16 bytes of the SHA-256 of the settings that verdicts depend on.
    #[serde(rename = "settings", with = "members::settings")]
    pub settings_digest_start: [u8; 16],
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
    /// The entry that a draft becomes at a place in a log: with the first [`DIGESTS_KEPT`] digests and the first
    /// [`FINDINGS_KEPT`] findings.
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
            manifest: text(&draft.manifest),
            line: draft.line,
            key_id: draft.key_id,
            digests: beginning(&draft.digests, DIGESTS_KEPT),
            digests_total: total_beyond(&draft.digests, DIGESTS_KEPT),
            verdict: draft.verdict.map(Cow::Borrowed),
            reasons: draft.reasons.iter().map(|reason| Cow::Borrowed(reason.word())).collect(),
            findings: beginning(&draft.findings, FINDINGS_KEPT),
            findings_total: total_beyond(&draft.findings, FINDINGS_KEPT),
            generation: draft.generation.map(GenerationMark::from),
            feeds: draft.feeds.clone(),
            alert_revision: draft.alert_revision,
            settings_digest_start: std::array::from_fn(|at| draft.settings_digest.0[at]),
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

/// Reads only the time of a body that stands at a place in a log: every entry's is wanted when a log is opened.
pub(super) fn time_of(body: &[u8], sequence: u64) -> Result<Timestamp, BodyFault> {
    #[derive(Deserialize)]
    struct Beginning {
        #[serde(rename = "v")]
        version: u32,
        #[serde(rename = "seq")]
        sequence: u64,
        #[serde(with = "members::time")]
        time: Timestamp,
    }
    let beginning: Beginning = serde_json::from_slice(body).map_err(|_| BodyFault::Malformed)?;
    if beginning.version != VERSION {
        return Err(BodyFault::Malformed);
    }
    if beginning.sequence == sequence {
        Ok(beginning.time)
    } else {
        Err(BodyFault::Sequence(beginning.sequence))
    }
}

fn beginning<T: Clone>(all: &[T], kept: usize) -> Vec<T> {
    all[..all.len().min(kept)].to_vec()
}

fn total_beyond<T>(all: &[T], kept: usize) -> Option<u64> {
    (all.len() > kept).then_some(all.len() as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::Act;
    use crate::audit::BODY_BYTES_MAX;
    use crate::domain::{Digest, GenerationId, ReasonCode};

    fn full() -> Draft {
        Draft {
            agreement: Some("air-7".into()),
            purpose: Some("border".into()),
            terminal: Some("gate \"3\"\n".into()),
            operator: Some("żółw".into()),
            client_reference: Some("r-1".into()),
            manifest: Some("m-1".into()),
            line: Some(9),
            key_id: KeyId::parse("00c0ffee"),
            digests: vec![[7; 32], std::array::from_fn(|at| at as u8)],
            verdict: Some("inconclusive"),
            reasons: vec![ReasonCode::FeedStale, ReasonCode::Clock],
            findings: vec![FindingId([0xab; 16])],
            generation: Some(GenerationId { number: 12, digest: Digest(std::array::from_fn(|at| at as u8)) }),
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
        let full = full();
        let cut = Entry { digests_total: Some(1025), findings_total: Some(10_000), ..Entry::of(&full, 7) };
        let entries = [Entry::of(&full, u64::MAX), Entry::of(&small, 0), cut];
        assert_eq!(golden.lines().count(), entries.len());
        for (line, entry) in golden.lines().zip(entries) {
            assert_eq!(std::str::from_utf8(&entry.encode()).unwrap(), line);
            assert_eq!(time_of(line.as_bytes(), entry.sequence), Ok(entry.time));
            assert_eq!(Entry::decode(line.as_bytes(), entry.sequence), Ok(entry));
        }
    }

    #[test]
    fn of_long_lists_the_beginning_is_kept_and_their_length_is_told() {
        let entry_of = |digests: usize, findings: usize| {
            let digests =
                (0..digests).map(|at| std::array::from_fn(|byte| (at >> (byte % 4 * 8)) as u8)).collect();
            let findings = (0..findings).map(|at| FindingId((at as u128).to_le_bytes())).collect();
            let draft = Draft { digests, findings, ..full() };
            let body = Entry::of(&draft, 5).encode();
            assert!(body.len() <= BODY_BYTES_MAX, "{}", body.len());
            let entry = Entry::decode(&body, 5).unwrap();
            assert_eq!(entry.digests, draft.digests[..entry.digests.len()]);
            assert_eq!(entry.findings, draft.findings[..entry.findings.len()]);
            (entry.digests.len(), entry.digests_total, entry.findings.len(), entry.findings_total)
        };
        assert_eq!(entry_of(DIGESTS_KEPT, FINDINGS_KEPT), (1024, None, 256, None));
        assert_eq!(entry_of(DIGESTS_KEPT + 1, FINDINGS_KEPT), (1024, Some(1025), 256, None));
        assert_eq!(entry_of(DIGESTS_KEPT, FINDINGS_KEPT + 1), (1024, None, 256, Some(257)));
        assert_eq!(entry_of(10_000, 10_000), (1024, Some(10_000), 256, Some(10_000)));
    }

    #[test]
    fn a_check_with_short_fields_is_short() {
        let draft = Draft {
            agreement: Some("border".into()),
            purpose: Some("border".into()),
            key_id: KeyId::parse("00c0ffee"),
            digests: vec![[7; 32]],
            verdict: Some("no_hit"),
            generation: Some(GenerationId { number: 120, digest: Digest([5; 32]) }),
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
            body.replace("12:AAEC", "012:AAEC"),
            body.replace("12:AAEC", "12:AEC"),
            body.replace("\"settings\":\"", "\"settings\":\"AAAAAAAAAAAAAAAAAAAAA"),
            format!("{body} x"),
            String::new(),
        ];
        for text in &spoilt {
            assert_ne!(*text, body);
            assert_eq!(Entry::decode(text.as_bytes(), 5), Err(BodyFault::Malformed), "{text}");
        }
        assert_eq!(time_of(body.as_bytes(), 6), Err(BodyFault::Sequence(5)));
        for text in [&spoilt[0], "{}", ""] {
            assert_eq!(time_of(text.as_bytes(), 5), Err(BodyFault::Malformed), "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_entry_survives_its_body(
            micros in -62_135_596_800_000_000_i64..253_402_207_200_000_000,
            principal in any::<String>(),
            texts in proptest::collection::vec(proptest::option::of(any::<String>()), 6),
            numbers in proptest::collection::vec(proptest::option::of(any::<u64>()), 3),
            generation: [u8; 32],
            digests: Vec<[u8; 32]>,
            findings in proptest::collection::vec(any::<[u8; 16]>(), 0..600),
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
                manifest: text(5),
                line: numbers[0],
                generation: numbers[1].map(|number| GenerationId { number, digest: Digest(generation) }),
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
            prop_assert_eq!(decoded.encode(), &body[..]);
            prop_assert_eq!(time_of(&body, sequence), Ok(decoded.time));
            prop_assert_eq!(decoded, entry);
        }

        #[test]
        fn no_bytes_make_decoding_panic(bytes: Vec<u8>) {
            let _ = (Entry::decode(&bytes, 0), time_of(&bytes, 0));
        }
    }
}
