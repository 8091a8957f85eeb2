//! The body of an entry: compact JSON with its members in a fixed order, absent ones left out. Version 2 has `counts` besides, version 3
//! `lines`, what was withheld, and a class of callers, version 4 a case and its outcome; what has none of these is written as version 1,
//! which older programs read.
//!
//! An ordinary entry stays short. `settings` and the digest in `generation` are the first 16 bytes of a
//! SHA-256, which is enough to recognise a file that is at hand. A document may be listed thousands of times,
//! and no entry may fail for that: of long lists the beginning is kept, and beside it how long they were.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CaseMark, Draft, DraftLine, EntryLine, GenerationMark, KeyId, OutcomeMark, members};
use crate::domain::{FeedName, FindingId, Reason};

/// How many digests of each list of a draft an entry keeps, the first ones.
pub const DIGESTS_KEPT: usize = 256;
/// How many findings of a draft an entry keeps, the first ones.
pub const FINDINGS_KEPT: usize = 256;

/// How many withheld findings of a draft an entry keeps, the first ones.
pub(super) const WITHHELD_KEPT: usize = 16;

const VERSION: u32 = 4;
/// What the body of a check takes, or nearly.
const BODY_BYTES_USUAL: usize = 512;

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
    /// What the caller is, where that is no officer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Cow<'a, str>>,
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
    /// The keyed digest of the document presented, if it was understood, and of what else it is asked as.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "members::digests")]
    pub digests: Vec<[u8; 32]>,
    /// How many digests there were, if that is more than were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digests_total: Option<u64>,
    /// The digests of other readings of it that were asked about, listed or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "members::digests")]
    pub readings: Vec<[u8; 32]>,
    /// How many readings there were, if that is more than were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readings_total: Option<u64>,
    /// The digests of other documents that were found listed: the candidates.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "members::digests")]
    pub listed: Vec<[u8; 32]>,
    /// How many candidates there were, if that is more than were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed_total: Option<u64>,
    /// The verdict's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Cow<'a, str>>,
    /// Everything that was in doubt: a code, or a code and a feed as `code:feed`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Cow<'a, str>>,
    /// What was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "members::findings")]
    pub findings: Vec<FindingId>,
    /// How many findings there were, if that is more than were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings_total: Option<u64>,
    /// The verdict's word for whoever may be told everything, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unrestricted_verdict: Option<Cow<'a, str>>,
    /// What was found and was not for the asker.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "members::findings")]
    pub withheld: Vec<FindingId>,
    /// The case that a hit opens or adds to, or that an outcome is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseMark<'a>>,
    /// What became of the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<OutcomeMark<'a>>,
    /// The generation that was decided on, or that an act puts in force.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "members::generation")]
    pub generation: Option<GenerationMark>,
    /// The feeds consulted, each with its accepted sequence.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "members::feeds")]
    pub feeds: Vec<(FeedName, u64)>,
    /// The revision of the alerts consulted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_revision: Option<u64>,
    /// How often each of what is told together was so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<Cow<'a, str>, u64>,
    /// The lines of a manifest's chunk, all of one retention class.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<EntryLine<'a>>,
    /// The first 16 bytes of the SHA-256 of the settings that verdicts depend on.
    #[serde(rename = "settings", with = "members::settings")]
    pub settings_digest_start: [u8; 16],
}

/// Why a body was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    /// A newer program wrote it.
    #[error("it has version {0}")]
    Newer(u32),
    /// Not the JSON of an entry of this version.
    #[error("it is not an entry of version 1 to 4")]
    Malformed,
    /// The entry names another place than the one it stands in.
    #[error("it says that it is entry {0}")]
    Sequence(u64),
}

pub(super) fn reason(reason: &Reason) -> Cow<'static, str> {
    match &reason.feed {
        None => Cow::Borrowed(reason.code.word()),
        Some(feed) => Cow::Owned(format!("{}:{feed}", reason.code.word())),
    }
}

impl<'a> Entry<'a> {
    /// The entry that a draft becomes at a place in a log: with the first [`DIGESTS_KEPT`] of each list of digests and the first
    /// [`FINDINGS_KEPT`] findings.
    #[must_use]
    pub fn of(draft: &'a Draft, sequence: u64) -> Self {
        let text = |text: &'a Option<std::sync::Arc<str>>| text.as_deref().map(Cow::Borrowed);
        Self {
            version: version_of(draft),
            sequence,
            time: Timestamp::from_microsecond(draft.time.as_microsecond()).unwrap_or(draft.time),
            act: Cow::Borrowed(draft.act.word()),
            principal: Cow::Borrowed(&draft.principal),
            agreement: text(&draft.agreement),
            class: draft.class.map(Cow::Borrowed),
            purpose: text(&draft.purpose),
            terminal: text(&draft.terminal),
            operator: text(&draft.operator),
            client_reference: text(&draft.client_reference),
            manifest: text(&draft.manifest),
            line: draft.line,
            key_id: draft.key_id,
            digests: beginning(&draft.digests, DIGESTS_KEPT),
            digests_total: total_beyond(&draft.digests, DIGESTS_KEPT),
            readings: beginning(&draft.readings, DIGESTS_KEPT),
            readings_total: total_beyond(&draft.readings, DIGESTS_KEPT),
            listed: beginning(&draft.listed, DIGESTS_KEPT),
            listed_total: total_beyond(&draft.listed, DIGESTS_KEPT),
            verdict: draft.verdict.map(Cow::Borrowed),
            reasons: draft.reasons.iter().map(reason).collect(),
            findings: beginning(&draft.findings, FINDINGS_KEPT),
            findings_total: total_beyond(&draft.findings, FINDINGS_KEPT),
            unrestricted_verdict: unrestricted(draft.verdict, &draft.withheld, draft.withheld_doubt)
                .or_else(|| unrestricted_of(&draft.lines)),
            withheld: beginning(&draft.withheld, WITHHELD_KEPT),
            case: case_of(draft),
            outcome: draft.outcome.as_deref().map(OutcomeMark::of),
            generation: draft.generation.map(GenerationMark::from),
            feeds: draft.feeds.clone(),
            alert_revision: draft.alert_revision,
            counts: draft.counts.iter().map(|(what, count)| (Cow::Borrowed(*what), *count)).collect(),
            lines: draft.lines.iter().map(EntryLine::of).collect(),
            settings_digest_start: std::array::from_fn(|at| draft.settings_digest.0[at]),
        }
    }

    /// The body's bytes.
    #[must_use]
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(BODY_BYTES_USUAL);
        self.encode_into(&mut body);
        body
    }

    /// Appends the body's bytes.
    pub(super) fn encode_into(&self, out: &mut Vec<u8>) {
        serde_json::to_writer(out, self)
            .expect("an entry has no map with other than text keys, and writing to memory works");
    }

    /// Reads a body that stands at a place in a log.
    pub(super) fn decode(body: &[u8], sequence: u64) -> Result<Entry<'static>, BodyFault> {
        check_version(body)?;
        let entry: Entry<'static> = serde_json::from_slice(body).map_err(|_| BodyFault::Malformed)?;
        if entry.sequence == sequence { Ok(entry) } else { Err(BodyFault::Sequence(entry.sequence)) }
    }
}

/// With what was withheld it would have been a hit, or nothing that could be claimed.
pub(super) fn unrestricted(
    verdict: Option<&str>,
    withheld: &[FindingId],
    doubt: bool,
) -> Option<Cow<'static, str>> {
    match verdict {
        Some("hit") => None,
        _ if !withheld.is_empty() => Some(Cow::Borrowed("hit")),
        Some("no_hit") if doubt => Some(Cow::Borrowed("inconclusive")),
        _ => None,
    }
}

/// That of a chunk: a hit, if one of its lines would have been.
fn unrestricted_of(lines: &[DraftLine]) -> Option<Cow<'static, str>> {
    lines
        .iter()
        .filter_map(|line| unrestricted(Some(line.verdict), &line.withheld, line.withheld_doubt))
        .min()
}

fn case_of(draft: &Draft) -> Option<CaseMark<'_>> {
    let of_outcome = || draft.outcome.as_ref().map(|outcome| CaseMark::of_outcome(outcome.case));
    draft.case.as_deref().map(CaseMark::of).or_else(of_outcome)
}

/// The oldest version that has what the draft has.
fn version_of(draft: &Draft) -> u32 {
    let has_case = draft.case.is_some() || draft.lines.iter().any(|line| line.case.is_some());
    let withholds = !draft.withheld.is_empty() || draft.withheld_doubt;
    let has_lines = !draft.lines.is_empty() || withholds || draft.class.is_some();
    match () {
        () if has_case || draft.outcome.is_some() => VERSION,
        () if has_lines => 3,
        () if !draft.counts.is_empty() => 2,
        () => 1,
    }
}

/// Whatever else a newer program may have changed, the version is where it was.
fn check_version(body: &[u8]) -> Result<(), BodyFault> {
    #[derive(Deserialize)]
    struct Version {
        #[serde(rename = "v")]
        version: u32,
    }
    match serde_json::from_slice(body).map_err(|_| BodyFault::Malformed)? {
        Version { version: 1..=VERSION } => Ok(()),
        Version { version } if version > VERSION => Err(BodyFault::Newer(version)),
        Version { .. } => Err(BodyFault::Malformed),
    }
}

/// Reads only the time of a body that stands at a place in a log: every entry's is wanted when a log is opened.
pub(super) fn time_of(body: &[u8], sequence: u64) -> Result<Timestamp, BodyFault> {
    match beginning_of(body) {
        Some((found, time)) if found == sequence => return Ok(time),
        Some((found, _)) => return Err(BodyFault::Sequence(found)),
        None => {}
    }
    #[derive(Deserialize)]
    struct Beginning {
        #[serde(rename = "seq")]
        sequence: u64,
        #[serde(with = "members::time")]
        time: Timestamp,
    }
    check_version(body)?;
    let beginning: Beginning = serde_json::from_slice(body).map_err(|_| BodyFault::Malformed)?;
    if beginning.sequence == sequence {
        Ok(beginning.time)
    } else {
        Err(BodyFault::Sequence(beginning.sequence))
    }
}

/// What decides where an entry is kept.
#[derive(Deserialize)]
pub(super) struct Sorting<'b> {
    #[serde(rename = "seq")]
    sequence: u64,
    #[serde(with = "members::time")]
    pub(super) time: Timestamp,
    #[serde(borrow)]
    pub(super) act: Cow<'b, str>,
    #[serde(borrow, default)]
    pub(super) verdict: Option<Cow<'b, str>>,
    #[serde(borrow, default)]
    pub(super) unrestricted_verdict: Option<Cow<'b, str>>,
}

impl<'b> Sorting<'b> {
    /// Reads it of a body that stands at a place in a log.
    pub(super) fn of(body: &'b [u8], sequence: u64) -> Result<Self, BodyFault> {
        match serde_json::from_slice::<Self>(body) {
            Ok(sorting) if sorting.sequence == sequence => Ok(sorting),
            Ok(sorting) => Err(BodyFault::Sequence(sorting.sequence)),
            Err(_) => check_version(body).and(Err(BodyFault::Malformed)),
        }
    }
}

/// Place and time as this program writes them, without reading on: a log has a hundred million of them.
fn beginning_of(body: &[u8]) -> Option<(u64, Timestamp)> {
    let body = body.strip_prefix(b"{\"v\":")?;
    let (_, body) = body.split_first().filter(|(version, _)| (b'1'..=b'4').contains(version))?;
    let body = body.strip_prefix(b",\"seq\":")?;
    let digits = body.iter().position(|byte| !byte.is_ascii_digit())?;
    let (sequence, body) = body.split_at(digits);
    let body = body.strip_prefix(b",\"time\":\"")?;
    let time = body.get(..body.iter().position(|byte| *byte == b'"')?)?;
    let parse = |text| std::str::from_utf8(text).ok();
    Some((parse(sequence)?.parse().ok()?, parse(time)?.parse().ok()?))
}

pub(super) fn beginning<T: Clone>(all: &[T], kept: usize) -> Vec<T> {
    all[..all.len().min(kept)].to_vec()
}

pub(super) fn total_beyond<T>(all: &[T], kept: usize) -> Option<u64> {
    (all.len() > kept).then_some(all.len() as u64)
}
