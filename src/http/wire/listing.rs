//! What lists say of a document, ours among them.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::domain::alert::{Grade, Instruction, Revision};
use crate::domain::{Candidate, Cleared, DocumentId, Finding, Listing, Notice, ReadingDiffers};

/// A finding; `type` tells which members follow.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum FindingBody<'a> {
    Notice {
        finding_id: String,
        feed: &'a str,
        status: &'static str,
        #[serde(rename = "match")]
        matched: &'static str,
        document: ListedBody<'a>,
        reported_on: Option<Date>,
        review_on: Option<Date>,
        reference: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cleared: Option<ClearedBody>,
    },
    Alert {
        finding_id: String,
        #[serde(rename = "match")]
        matched: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        cleared: Option<ClearedBody>,
        #[serde(flatten)]
        alert: AlertBody<'a>,
    },
}

/// Until when the bearer is cleared of a finding, and by which case.
#[derive(Serialize)]
pub(super) struct ClearedBody {
    until: Timestamp,
    case_id: String,
}

/// A candidate; `type` tells which members follow.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum CandidateBody<'a> {
    Notice {
        differs: &'static str,
        #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
        matched: Option<&'static str>,
        feed: &'a str,
        status: &'static str,
        document: ListedBody<'a>,
        reported_on: Option<Date>,
        review_on: Option<Date>,
    },
    Alert {
        differs: &'static str,
        document: NumberBody<'a>,
        #[serde(flatten)]
        alert: AlertBody<'a>,
    },
}

#[derive(Serialize)]
pub(super) struct ListedBody<'a> {
    number: &'a str,
    issuing_state: &'static str,
    kind: &'static str,
}

#[derive(Serialize)]
pub(super) struct NumberBody<'a> {
    number: &'a str,
    issuing_state: &'static str,
}

/// What whoever found the document is told of an alert.
#[derive(Serialize)]
pub(super) struct AlertBody<'a> {
    alert_id: String,
    revision: u32,
    category: &'static str,
    action: &'static str,
    instruction: Option<InstructionBody<'a>>,
    originator: &'a str,
    contact: &'a str,
    reference: Option<&'a str>,
    grade: GradeBody<'a>,
    unapproved: bool,
    valid_to: Timestamp,
}

#[derive(Serialize)]
pub(super) struct InstructionBody<'a> {
    text: &'a str,
    language: &'a str,
}

#[derive(Serialize)]
pub(super) struct GradeBody<'a> {
    scheme: &'static str,
    code: &'a str,
    confidence: &'static str,
}

impl<'a> From<&'a Finding> for FindingBody<'a> {
    fn from(finding: &'a Finding) -> Self {
        let (finding_id, matched) = (finding.id.to_string(), finding.matched.word());
        let cleared =
            finding.cleared.map(|Cleared { until, case }| ClearedBody { until, case_id: case.to_string() });
        match &finding.listing {
            Listing::Notice { feed, notice } => Self::Notice {
                finding_id,
                feed: feed.as_str(),
                status: notice.status.word(),
                matched,
                document: ListedBody::from(notice),
                reported_on: notice.reported_on,
                review_on: notice.review_on,
                reference: notice.reference.as_ref().map(|reference| reference.as_str()),
                cleared,
            },
            Listing::Alert { revision, unapproved, .. } => {
                Self::Alert { finding_id, matched, cleared, alert: AlertBody::of(revision, *unapproved) }
            }
        }
    }
}

impl<'a> From<&'a Candidate> for CandidateBody<'a> {
    fn from(candidate: &'a Candidate) -> Self {
        let differs = candidate.differs.word();
        match &candidate.listing {
            Listing::Notice { feed, notice } => Self::Notice {
                differs,
                matched: (candidate.differs == ReadingDiffers::NumberLength).then_some("truncated"),
                feed: feed.as_str(),
                status: notice.status.word(),
                document: ListedBody::from(notice),
                reported_on: notice.reported_on,
                review_on: notice.review_on,
            },
            Listing::Alert { document, revision, unapproved } => Self::Alert {
                differs,
                document: NumberBody {
                    number: document.number.as_str(),
                    issuing_state: document.issuing_state.code(),
                },
                alert: AlertBody::of(revision, *unapproved),
            },
        }
    }
}

impl<'a> From<&'a Notice> for ListedBody<'a> {
    fn from(notice: &'a Notice) -> Self {
        let DocumentId { issuing_state, number } = &notice.document;
        Self { number: number.as_str(), issuing_state: issuing_state.code(), kind: notice.kind.word() }
    }
}

impl<'a> AlertBody<'a> {
    fn of(revision: &'a Revision, unapproved: bool) -> Self {
        let statement = &*revision.statement;
        Self {
            alert_id: revision.alert.to_string(),
            revision: revision.number,
            category: statement.category.word(),
            action: statement.action.word(),
            instruction: statement.instruction.as_ref().map(InstructionBody::from),
            originator: statement.originator.as_str(),
            contact: statement.contact.as_str(),
            reference: statement.reference.as_ref().map(|line| line.as_str()),
            grade: GradeBody::from(&statement.grade),
            unapproved,
            valid_to: statement.to,
        }
    }
}

impl<'a> From<&'a Instruction> for InstructionBody<'a> {
    fn from(Instruction { text, language }: &'a Instruction) -> Self {
        Self { text, language: language.as_str() }
    }
}

impl<'a> From<&'a Grade> for GradeBody<'a> {
    fn from(grade: &'a Grade) -> Self {
        let (scheme, confidence) = (grade.scheme().word(), grade.confidence().word());
        Self { scheme, code: grade.code(), confidence }
    }
}
