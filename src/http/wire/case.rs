//! A case, for officers who find out what became of it.

use jiff::Timestamp;
use serde::Serialize;

use crate::alerting::{Case, CaseState, Content, Ruling, Seen};
use crate::domain::alert::Grade;
use crate::domain::case::Source;
use crate::screening::{CaseContent, CaseFinding};

use super::listing::GradeBody;

/// A case without what it holds, for lists.
#[derive(Serialize)]
pub struct CaseBody<'a> {
    case_id: String,
    state: &'static str,
    opened_at: Option<Timestamp>,
    last_seen_at: Option<Timestamp>,
    checks_total: usize,
    categories: Vec<&'a str>,
    withheld: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<RulingBody<'a>>,
}

/// A case with what it holds.
#[derive(Serialize)]
pub struct WholeCaseBody<'a> {
    #[serde(flatten)]
    case: CaseBody<'a>,
    content: &'static str,
    document: Option<DocumentBody<'a>>,
    findings: &'a [CaseFinding],
    #[serde(skip_serializing_if = "Option::is_none")]
    findings_total: Option<usize>,
    checks: Vec<SeenBody<'a>>,
    outcomes: Vec<RulingBody<'a>>,
}

#[derive(Serialize)]
struct DocumentBody<'a> {
    number: &'a str,
    issuing_state: &'a str,
    kind: Option<&'a str>,
}

#[derive(Serialize)]
struct SeenBody<'a> {
    check_id: String,
    at: Timestamp,
    principal: &'a str,
    terminal: Option<&'a str>,
    operator: Option<&'a str>,
    purpose: Option<&'a str>,
    withheld: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_of: Option<&'a str>,
}

#[derive(Serialize)]
struct RulingBody<'a> {
    outcome: &'static str,
    proposed: bool,
    at: Timestamp,
    by: &'a str,
    until: Option<Timestamp>,
    contact: Option<&'a str>,
    asked_at: Option<Timestamp>,
    answered_at: Option<Timestamp>,
    grade_after: Option<GradeBody<'a>>,
    sources: Vec<SourceBody<'a>>,
}

#[derive(Serialize)]
struct SourceBody<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'a str,
    category: &'a str,
}

impl<'a> From<&'a Case> for CaseBody<'a> {
    fn from(case: &'a Case) -> Self {
        let said = match case.state() {
            CaseState::Open => None,
            CaseState::Proposed(ruling) | CaseState::Decided(ruling) => Some(ruling),
        };
        Self {
            case_id: case.id.to_string(),
            state: case.state().word(),
            opened_at: case.opened_at(),
            last_seen_at: case.seen.last().map(|seen| seen.at),
            checks_total: case.seen_total,
            categories: case.categories.iter().map(|category| &**category).collect(),
            withheld: case.seen.iter().all(|seen| seen.withheld),
            outcome: said.map(RulingBody::from),
        }
    }
}

impl<'a> WholeCaseBody<'a> {
    /// A case with what it holds, as far as that is still there.
    #[must_use]
    pub fn of(case: &'a Case, content: &'a Content) -> Self {
        let (word, held) = match content {
            Content::Whole(held) => ("whole", Some(held)),
            Content::Erased => ("erased", None),
            Content::Closed => ("closed", None),
            Content::Newer => ("newer", None),
        };
        Self {
            case: CaseBody::from(case),
            content: word,
            document: held.map(DocumentBody::from),
            findings: held.map_or(&[], |held| &held.findings),
            findings_total: held.and_then(|held| held.findings_total),
            checks: case.seen.iter().map(SeenBody::from).collect(),
            outcomes: case.rulings.iter().map(RulingBody::from).collect(),
        }
    }
}

impl<'a> From<&'a CaseContent> for DocumentBody<'a> {
    fn from(held: &'a CaseContent) -> Self {
        Self { number: &held.number, issuing_state: &held.issuing_state, kind: held.kind.as_deref() }
    }
}

impl<'a> From<&'a Seen> for SeenBody<'a> {
    fn from(seen: &'a Seen) -> Self {
        Self {
            check_id: seen.place.to_string(),
            at: seen.at,
            principal: &seen.principal,
            terminal: seen.terminal.as_deref(),
            operator: seen.operator.as_deref(),
            purpose: seen.purpose.as_deref(),
            withheld: seen.withheld,
            retry_of: seen.retry_of.as_deref(),
        }
    }
}

impl<'a> From<&'a Ruling> for RulingBody<'a> {
    fn from(ruling: &'a Ruling) -> Self {
        let outcome = &ruling.outcome;
        let source = |source: &'a Source| SourceBody {
            kind: source.kind.word(),
            name: &source.name,
            category: &source.category,
        };
        Self {
            outcome: outcome.kind.word(),
            proposed: ruling.proposed,
            at: ruling.at,
            by: &ruling.by,
            until: outcome.until,
            contact: outcome.contact.as_ref().map(|contact| contact.as_str()),
            asked_at: outcome.asked_at,
            answered_at: outcome.answered_at,
            grade_after: outcome.grade_after.as_ref().map(|grade: &Grade| GradeBody::from(grade)),
            sources: ruling.sources.iter().map(source).collect(),
        }
    }
}
