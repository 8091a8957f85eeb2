//! What a case keeps of a hit, sealed in the hit's entry: the document, and what was found. JSON, version 1, with its members in a fixed
//! order, absent ones left out.

use serde::{Deserialize, Serialize};

use crate::domain::alert::Revision;
use crate::domain::case::{Source, SourceKind};
use crate::domain::{DocumentId, FeedName, Finding, Kind, Listing, Notice};

const VERSION: u32 = 1;
/// A document may be listed thousands of times, and no entry may fail for that: of the findings the first are kept. A line of a manifest
/// has room for 4 KiB of what is hidden in it, see `audit/line.rs`.
const FINDINGS_BYTES_MAX: usize = 2 << 10;

/// What a case keeps of a hit.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseContent {
    v: u32,
    /// The issuing state's code.
    pub issuing_state: String,
    /// The number in normal form.
    pub number: String,
    /// The kind presented, if it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What was found, told or not.
    pub findings: Vec<CaseFinding>,
    /// How many findings there were, if that is more than were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings_total: Option<usize>,
}

/// A finding, as a case keeps it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseFinding {
    /// The finding's name.
    pub finding_id: String,
    /// How the listing matches.
    #[serde(rename = "match")]
    pub matched: String,
    /// The asker was not told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withheld: bool,
    /// Who says so, and what.
    #[serde(flatten)]
    pub said: Said,
}

/// Who says that a document is listed, and as what.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Said {
    /// A feed.
    Notice {
        /// Its name.
        feed: String,
        /// The status's word.
        status: String,
        /// The kind that is listed.
        kind: String,
        /// The publisher's own reference.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// An alert of ours.
    Alert {
        /// Its name.
        alert_id: String,
        /// By which of its revisions.
        revision: u32,
        /// Nobody had approved of it yet.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unapproved: bool,
        /// The category's word.
        category: String,
        /// The action's word.
        action: String,
        /// Who wants it.
        originator: String,
        /// Who answers for it at any hour.
        contact: String,
        /// The originator's own reference.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// How good its source was.
        grade: CaseGrade,
    },
}

/// A grade, by scheme and code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseGrade {
    scheme: String,
    code: String,
}

impl CaseContent {
    /// What is kept of a document and of findings, those that were told first.
    #[must_use]
    pub fn of(document: &DocumentId, kind: Option<Kind>, told: &[Finding], withheld: &[Finding]) -> Self {
        let told = told.iter().map(|finding| CaseFinding::of(finding, false));
        let mut findings: Vec<_> =
            told.chain(withheld.iter().map(|finding| CaseFinding::of(finding, true))).collect();
        let (total, mut bytes) = (findings.len(), 0);
        let kept = findings.iter().take_while(|finding| {
            bytes += serde_json::to_vec(finding).map_or(0, |json| json.len());
            bytes <= FINDINGS_BYTES_MAX
        });
        let kept = kept.count();
        findings.truncate(kept);
        Self {
            v: VERSION,
            issuing_state: document.issuing_state.code().to_owned(),
            number: document.number.as_str().to_owned(),
            kind: kind.map(|kind| kind.word().to_owned()),
            findings,
            findings_total: Some(total).filter(|total| *total > kept),
        }
    }

    /// The bytes that are sealed.
    pub(super) fn encode(&self) -> zeroize::Zeroizing<Vec<u8>> {
        serde_json::to_vec(self).expect("plain members, written to memory").into()
    }

    /// Reads what was sealed; `None` if a later program wrote it.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|content: &Self| content.v == VERSION)
    }

    /// Whose findings they are, each once.
    #[must_use]
    pub fn sources(&self) -> Vec<Source> {
        let mut sources: Vec<_> = self.findings.iter().map(|finding| finding.said.source()).collect();
        sources.sort_unstable();
        sources.dedup();
        sources
    }
}

/// The number is personal data.
impl std::fmt::Debug for CaseContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CaseContent").field("findings", &self.findings.len()).finish_non_exhaustive()
    }
}

impl CaseFinding {
    fn of(finding: &Finding, withheld: bool) -> Self {
        let (finding_id, matched) = (finding.id.to_string(), finding.matched.word().to_owned());
        let said = match &finding.listing {
            Listing::Notice { feed, notice } => Said::of_notice(feed, notice),
            Listing::Alert { revision, unapproved, .. } => Said::of_alert(revision, *unapproved),
        };
        Self { finding_id, matched, withheld, said }
    }
}

impl Said {
    fn of_notice(feed: &FeedName, notice: &Notice) -> Self {
        Self::Notice {
            feed: feed.as_str().to_owned(),
            status: notice.status.word().to_owned(),
            kind: notice.kind.word().to_owned(),
            reference: notice.reference.as_ref().map(|reference| reference.as_str().to_owned()),
        }
    }

    fn of_alert(revision: &Revision, unapproved: bool) -> Self {
        let statement = &revision.statement;
        Self::Alert {
            alert_id: revision.alert.to_string(),
            revision: revision.number,
            unapproved,
            category: statement.category.word().to_owned(),
            action: statement.action.word().to_owned(),
            originator: statement.originator.as_str().to_owned(),
            contact: statement.contact.as_str().to_owned(),
            reference: statement.reference.as_ref().map(|line| line.as_str().to_owned()),
            grade: CaseGrade {
                scheme: statement.grade.scheme().word().to_owned(),
                code: statement.grade.code().to_owned(),
            },
        }
    }

    fn source(&self) -> Source {
        let (kind, name, category) = match self {
            Self::Notice { feed, status, .. } => (SourceKind::Feed, feed, status),
            Self::Alert { originator, category, .. } => (SourceKind::Originator, originator, category),
        };
        Source { kind, name: name.as_str().into(), category: category.as_str().into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_case_of_version_1_keeps_stays_what_it_is() {
        let golden = include_str!("golden/case-v1.json").trim_end();
        let content = CaseContent::decode(golden.as_bytes()).expect("it is one");
        assert_eq!(std::str::from_utf8(&content.encode()).unwrap(), golden);
        assert_eq!(content.sources().len(), 2);
        assert!(!format!("{content:?}").contains("898902"), "a number is personal data");
        assert!(CaseContent::decode(golden.replace("\"v\":1", "\"v\":2").as_bytes()).is_none());
    }
}
