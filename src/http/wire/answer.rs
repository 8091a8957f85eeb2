//! An audited answer on the wire. A bare verdict has no wire form.

use jiff::Timestamp;
use serde::Serialize;

use super::listing::{CandidateBody, FindingBody};
use super::{API_REVISION, CoverageBody};
use crate::domain::{
    Advisory, Answer, Audited, IssuingState, Kind, Reason, Receipt, Understood, Verdict, mrz,
};

/// The body of an answer to `POST /v1/checks`.
#[derive(Serialize)]
pub struct AnswerBody<'a> {
    check_id: String,
    decided_at: Timestamp,
    api_revision: u32,
    client_reference: Option<&'a str>,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    case_id: Option<String>,
    reasons: Vec<ReasonBody<'a>>,
    findings: Vec<FindingBody<'a>>,
    candidates: Vec<CandidateBody<'a>>,
    advisories: Vec<AdvisoryBody>,
    document: DocumentBody<'a>,
    mrz: Option<MrzBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mrz_fault: Option<MrzFaultBody>,
    coverage: CoverageBody<'a>,
    audit: AuditBody<'a>,
}

#[derive(Serialize)]
struct ReasonBody<'a> {
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    feed: Option<&'a str>,
    remedy: &'static str,
}

#[derive(Serialize)]
struct AdvisoryBody {
    code: &'static str,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
}

#[derive(Serialize)]
struct DocumentBody<'a> {
    number: Option<&'a str>,
    issuing_state: Option<&'static str>,
    kind: Option<&'static str>,
    number_assurance: Option<&'static str>,
}

#[derive(Serialize)]
struct MrzBody {
    format: &'static str,
    check_digits: Vec<CheckDigitBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    long_number_rule: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    input: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mendings: Vec<MendingBody>,
}

#[derive(Serialize)]
struct MrzFaultBody {
    rule: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    detail: String,
}

#[derive(Serialize)]
struct MendingBody {
    field: &'static str,
    changes: Vec<ChangeBody>,
}

#[derive(Serialize)]
struct ChangeBody {
    line: usize,
    column: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    printed: Option<char>,
    #[serde(skip_serializing_if = "Option::is_none")]
    read: Option<char>,
}

#[derive(Serialize)]
struct CheckDigitBody {
    field: &'static str,
    printed: char,
    computed: char,
    ok: bool,
}

#[derive(Serialize)]
struct AuditBody<'a> {
    log_id: &'a str,
    entry_id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    leaf: Option<String>,
    durability: &'static str,
}

impl<'a> AnswerBody<'a> {
    /// The answer to a line of a manifest, which shares its entry with others.
    pub(super) fn of_line(audited: &'a Audited<Answer>, line: u64) -> Self {
        let answer = Self::from(audited);
        Self { check_id: format!("{}.{line}", answer.check_id), ..answer }
    }
}

impl<'a> From<&'a Audited<Answer>> for AnswerBody<'a> {
    fn from(audited: &'a Audited<Answer>) -> Self {
        let (answer, receipt) = (audited.get(), audited.receipt());
        let findings = match &answer.verdict {
            Verdict::Hit(findings) => findings.as_slice(),
            Verdict::NoHit(_) | Verdict::Inconclusive(_) => &[],
        };
        Self {
            check_id: format!("{}-{}", receipt.log_id, receipt.entry_id),
            decided_at: answer.decided_at,
            api_revision: API_REVISION,
            client_reference: answer.client_reference.as_deref(),
            verdict: answer.verdict.word(),
            case_id: answer.case.map(|case| case.to_string()),
            reasons: answer.reasons.iter().map(ReasonBody::from).collect(),
            findings: findings.iter().map(FindingBody::from).collect(),
            candidates: answer.candidates.iter().map(CandidateBody::from).collect(),
            advisories: answer.advisories.iter().map(AdvisoryBody::from).collect(),
            document: DocumentBody::from(&answer.understood),
            mrz: answer.understood.mrz.as_ref().map(|zone| MrzBody::of(zone, &answer.understood.mendings)),
            mrz_fault: answer.understood.mrz_fault.as_ref().map(MrzFaultBody::from),
            coverage: CoverageBody::from(&answer.coverage),
            audit: AuditBody::from(receipt),
        }
    }
}

impl<'a> From<&'a Reason> for ReasonBody<'a> {
    fn from(reason: &'a Reason) -> Self {
        Self {
            code: reason.code.word(),
            feed: reason.feed.as_ref().map(|feed| feed.as_str()),
            remedy: reason.code.remedy().word(),
        }
    }
}

impl From<&Advisory> for AdvisoryBody {
    fn from(advisory: &Advisory) -> Self {
        Self {
            code: advisory.code.word(),
            severity: advisory.code.severity().word(),
            field: advisory.field.map(mrz::Field::word),
        }
    }
}

impl<'a> From<&'a Understood> for DocumentBody<'a> {
    fn from(understood: &'a Understood) -> Self {
        Self {
            number: understood.number.as_ref().map(|number| number.as_str()),
            issuing_state: understood.issuing_state.map(IssuingState::code),
            kind: understood.kind.map(Kind::word),
            number_assurance: understood.number_assurance.map(|assurance| assurance.word()),
        }
    }
}

impl MrzBody {
    fn of(summary: &mrz::Summary, mendings: &[mrz::Mending]) -> Self {
        let body = |digit: &mrz::CheckDigit| CheckDigitBody {
            field: digit.field.word(),
            printed: char::from(digit.printed),
            computed: char::from(digit.computed),
            ok: digit.ok,
        };
        Self {
            format: summary.format.word(),
            check_digits: summary.check_digits.iter().map(body).collect(),
            long_number_rule: summary.long_number_rule.map(mrz::LongNumberRule::word),
            input: summary.notes.iter().map(mrz::Note::word).collect(),
            mendings: mendings.iter().map(MendingBody::from).collect(),
        }
    }
}

impl From<&mrz::MrzFault> for MrzFaultBody {
    fn from(fault: &mrz::MrzFault) -> Self {
        let (line, column) = fault.place();
        Self { rule: fault.word(), line, column, detail: fault.to_string() }
    }
}

impl From<&mrz::Mending> for MendingBody {
    fn from(mending: &mrz::Mending) -> Self {
        let change = |change: &mrz::Change| ChangeBody {
            line: change.line,
            column: change.column,
            printed: change.characters.map(|(printed, _)| char::from(printed)),
            read: change.characters.map(|(_, read)| char::from(read)),
        };
        Self { field: mending.field.word(), changes: mending.changes.iter().map(change).collect() }
    }
}

impl<'a> From<&'a Receipt> for AuditBody<'a> {
    fn from(receipt: &'a Receipt) -> Self {
        Self {
            log_id: &receipt.log_id,
            entry_id: receipt.entry_id,
            leaf: receipt.leaves.first().map(ToString::to_string),
            durability: receipt.durability.word(),
        }
    }
}
