//! One line of a manifest, in the entry of its chunk: what of an entry is this line's own.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::body::{
    DIGESTS_KEPT, FINDINGS_KEPT, WITHHELD_KEPT, beginning, reason, total_beyond, unrestricted,
};
use super::format::BODY_BYTES_MAX;
use super::{CaseMark, Draft, DraftCase, Entry, members};
use crate::domain::{FindingId, Reason};

/// What `,"lines":[]` and the longest sequence add to an entry without lines.
const LINES_OVERHEAD_BYTES: usize = 64;
/// What a line takes at most for what the asker may not know of: its case, and what is withheld. Where there are alerts, every line is
/// counted with so much: whoever asks sees which lines share an entry, and must not learn from that what they hold.
const HIDDEN_BYTES_MAX: usize = 4 << 10;

/// A line of a manifest as it is handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftLine {
    /// The line of the manifest, from 1.
    pub line: u64,
    /// The caller's own reference.
    pub client_reference: Option<Arc<str>>,
    /// As [`Draft::digests`].
    pub digests: Vec<[u8; 32]>,
    /// As [`Draft::readings`].
    pub readings: Vec<[u8; 32]>,
    /// As [`Draft::listed`].
    pub listed: Vec<[u8; 32]>,
    /// The verdict's word.
    pub verdict: &'static str,
    /// Everything that was in doubt.
    pub reasons: Vec<Reason>,
    /// What was found.
    pub findings: Vec<FindingId>,
    /// As [`Draft::withheld`].
    pub withheld: Vec<FindingId>,
    /// As [`Draft::withheld_doubt`].
    pub withheld_doubt: bool,
    /// As [`Draft::case`].
    pub case: Option<Box<DraftCase>>,
}

/// A line of a manifest as it stands in an entry. The order of the fields is part of the format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryLine<'a> {
    /// The line of the manifest, from 1.
    pub line: u64,
    /// The caller's own reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_reference: Option<Cow<'a, str>>,
    /// As [`Entry::digests`].
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "members::digests")]
    pub digests: Vec<[u8; 32]>,
    /// How many digests there were, if that is more than were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digests_total: Option<u64>,
    /// As [`Entry::readings`].
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "members::digests")]
    pub readings: Vec<[u8; 32]>,
    /// How many readings there were, if that is more than were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readings_total: Option<u64>,
    /// As [`Entry::listed`].
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "members::digests")]
    pub listed: Vec<[u8; 32]>,
    /// How many candidates there were, if that is more than were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed_total: Option<u64>,
    /// The verdict's word.
    pub verdict: Cow<'a, str>,
    /// As [`Entry::reasons`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Cow<'a, str>>,
    /// What was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "members::findings")]
    pub findings: Vec<FindingId>,
    /// How many findings there were, if that is more than were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings_total: Option<u64>,
    /// As [`Entry::unrestricted_verdict`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unrestricted_verdict: Option<Cow<'a, str>>,
    /// As [`Entry::withheld`].
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "members::findings")]
    pub withheld: Vec<FindingId>,
    /// As [`Entry::case`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseMark<'a>>,
}

impl<'a> EntryLine<'a> {
    pub(super) fn of(line: &'a DraftLine) -> Self {
        Self {
            line: line.line,
            client_reference: line.client_reference.as_deref().map(Cow::Borrowed),
            digests: beginning(&line.digests, DIGESTS_KEPT),
            digests_total: total_beyond(&line.digests, DIGESTS_KEPT),
            readings: beginning(&line.readings, DIGESTS_KEPT),
            readings_total: total_beyond(&line.readings, DIGESTS_KEPT),
            listed: beginning(&line.listed, DIGESTS_KEPT),
            listed_total: total_beyond(&line.listed, DIGESTS_KEPT),
            verdict: Cow::Borrowed(line.verdict),
            reasons: line.reasons.iter().map(reason).collect(),
            findings: beginning(&line.findings, FINDINGS_KEPT),
            findings_total: total_beyond(&line.findings, FINDINGS_KEPT),
            unrestricted_verdict: unrestricted(Some(line.verdict), &line.withheld, line.withheld_doubt),
            withheld: beginning(&line.withheld, WITHHELD_KEPT),
            case: line.case.as_deref().map(CaseMark::of),
        }
    }
}

impl EntryLine<'_> {
    fn encoded_bytes(&self) -> usize {
        serde_json::to_vec(self).expect("a line has no map, and writing to memory works").len()
    }
}

/// What an entry says of one document: the entry itself, or one of its lines.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'e> {
    /// The line of the manifest, if it is one.
    pub line: Option<u64>,
    /// As [`Entry::digests`].
    pub digests: &'e [[u8; 32]],
    /// As [`Entry::readings`].
    pub readings: &'e [[u8; 32]],
    /// As [`Entry::listed`].
    pub listed: &'e [[u8; 32]],
    /// How many of each of the three there were, if that is more than were kept.
    pub totals: [Option<u64>; 3],
    /// The verdict's word; acts have none.
    pub verdict: Option<&'e str>,
    /// As [`Entry::reasons`].
    pub reasons: &'e [Cow<'e, str>],
    /// As [`Entry::withheld`].
    pub withheld: &'e [FindingId],
    /// What was found.
    pub findings: &'e [FindingId],
    /// How many findings there were, if that is more than were kept.
    pub findings_total: Option<u64>,
    /// As [`Entry::case`].
    pub case: Option<&'e CaseMark<'e>>,
}

impl Asked<'_> {
    /// The digests of the document, and how many there were if that is more.
    #[must_use]
    pub fn digests(&self) -> (&[[u8; 32]], Option<u64>) {
        (self.digests, self.totals[0])
    }

    /// The same of other readings.
    #[must_use]
    pub fn readings(&self) -> (&[[u8; 32]], Option<u64>) {
        (self.readings, self.totals[1])
    }

    /// The same of candidates.
    #[must_use]
    pub fn listed(&self) -> (&[[u8; 32]], Option<u64>) {
        (self.listed, self.totals[2])
    }
}

impl Entry<'_> {
    /// What it says, document by document: each of its lines, or itself if it has none.
    pub fn asked(&self) -> impl Iterator<Item = Asked<'_>> {
        let itself = self.lines.is_empty().then_some(Asked {
            line: self.line,
            digests: &self.digests,
            readings: &self.readings,
            listed: &self.listed,
            totals: [self.digests_total, self.readings_total, self.listed_total],
            verdict: self.verdict.as_deref(),
            reasons: &self.reasons,
            withheld: &self.withheld,
            findings: &self.findings,
            findings_total: self.findings_total,
            case: self.case.as_ref(),
        });
        itself.into_iter().chain(self.lines.iter().map(|line| Asked {
            line: Some(line.line),
            digests: &line.digests,
            readings: &line.readings,
            listed: &line.listed,
            totals: [line.digests_total, line.readings_total, line.listed_total],
            verdict: Some(&line.verdict),
            reasons: &line.reasons,
            withheld: &line.withheld,
            findings: &line.findings,
            findings_total: line.findings_total,
            case: line.case.as_ref(),
        }))
    }
}

impl DraftLine {
    /// What an entry without lines becomes, once these are in it: one draft, or several where they are too long for one. Each
    /// comes with how many of them it has, in their order.
    #[must_use]
    pub fn into_drafts(entry: &Draft, lines: Vec<Self>) -> Vec<(Draft, usize)> {
        let around = Entry::of(entry, u64::MAX).encode().len() + LINES_OVERHEAD_BYTES;
        let mut drafts: Vec<Draft> = Vec::new();
        let mut room = 0;
        let has_alerts = entry.alert_revision.is_some();
        for line in lines {
            let bytes = line.counted_bytes(has_alerts);
            match drafts.last_mut() {
                Some(last) if bytes <= room => last.lines.push(line),
                _ => {
                    room = BODY_BYTES_MAX.saturating_sub(around);
                    drafts.push(Draft { lines: vec![line], ..entry.clone() });
                }
            }
            room = room.saturating_sub(bytes);
        }
        drafts
            .into_iter()
            .map(|draft| (draft.lines.len(), draft))
            .map(|(count, draft)| (draft, count))
            .collect()
    }

    /// With the comma after it, and as if everything were hidden that may be.
    fn counted_bytes(&self, has_alerts: bool) -> usize {
        let whole = EntryLine::of(self);
        if !has_alerts {
            return whole.encoded_bytes() + 1;
        }
        let told = EntryLine { unrestricted_verdict: None, withheld: Vec::new(), case: None, ..whole };
        told.encoded_bytes() + HIDDEN_BYTES_MAX + 1
    }
}
