//! What an entry says of a case: the hit that opens it or adds to it, and what became of it.
//!
//! A case has no store of its own. A hit's entry holds its document and findings, sealed under a key that is made of the digest key and
//! the case's name: they are kept as long as hits are, and go with them.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::body::{FINDINGS_KEPT, beginning};
use super::members;
use crate::domain::FindingId;
use crate::domain::alert::{Grade, GradeScheme, Line};
use crate::domain::case::{CaseId, Outcome, OutcomeKind, Source, SourceKind};

/// Contacts are checked again as they are read, by a bound that no writer has exceeded.
const CONTACT_CHARS_MAX: usize = 1000;

/// A hit's place in its case, as it is handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftCase {
    /// The case.
    pub id: CaseId,
    /// The check that was asked before by the same reference: this is the same scan again.
    pub retry_of: Option<Arc<str>>,
    /// What was found and told: statuses of notices and categories of alerts, each once, in order.
    pub categories: Vec<&'static str>,
    /// The same of what was not for the asker.
    pub withheld: Vec<&'static str>,
    /// The document and the findings, see [`Digester::seal`](super::Digester::seal).
    pub sealed: Vec<u8>,
    /// The entry's place, once it is recorded: also where nobody waits for the answer any more.
    pub recorded: Arc<OnceLock<u64>>,
}

/// A hit's place in its case, in the entry. The order of the fields is part of the format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseMark<'a> {
    /// The case.
    #[serde(with = "members::case_id")]
    pub id: CaseId,
    /// As [`DraftCase::retry_of`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<Cow<'a, str>>,
    /// As [`DraftCase::categories`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<Cow<'a, str>>,
    /// As [`DraftCase::withheld`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<Cow<'a, str>>,
    /// As [`DraftCase::sealed`]; not in entries of outcomes.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "members::bytes")]
    pub sealed: Vec<u8>,
}

/// What became of a case, as it is handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftOutcome {
    /// The case.
    pub case: CaseId,
    /// What became of it.
    pub outcome: Outcome,
    /// Somebody else has to say the same before it holds.
    pub proposed: bool,
    /// Whose findings the case has.
    pub sources: Vec<Source>,
    /// What it is said of: what was found by then, and known to whoever said it first.
    pub findings: Vec<FindingId>,
}

/// What became of a case, in the entry. The order of the fields is part of the format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeMark<'a> {
    /// The word.
    pub kind: Cow<'a, str>,
    /// As [`DraftOutcome::proposed`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub proposed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contact: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answered_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grade_after: Option<[Cow<'a, str>; 2]>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sources: Vec<[Cow<'a, str>; 3]>,
    /// As [`DraftOutcome::findings`].
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "members::findings")]
    pub findings: Vec<FindingId>,
}

impl<'a> CaseMark<'a> {
    pub(super) fn of(case: &'a DraftCase) -> Self {
        Self {
            id: case.id,
            retry_of: case.retry_of.as_deref().map(Cow::Borrowed),
            categories: case.categories.iter().map(|category| Cow::Borrowed(*category)).collect(),
            withheld: case.withheld.iter().map(|category| Cow::Borrowed(*category)).collect(),
            sealed: case.sealed.clone(),
        }
    }

    /// That of an outcome, which adds nothing to what was found.
    pub(super) fn of_outcome(case: CaseId) -> Self {
        Self { id: case, retry_of: None, categories: Vec::new(), withheld: Vec::new(), sealed: Vec::new() }
    }
}

impl<'a> OutcomeMark<'a> {
    pub(super) fn of(draft: &'a DraftOutcome) -> Self {
        let Outcome { kind, until, contact, asked_at, answered_at, grade_after } = &draft.outcome;
        let source =
            |source: &'a Source| [source.kind.word(), &*source.name, &*source.category].map(Cow::Borrowed);
        let grade = |grade: &'a Grade| [grade.scheme().word(), grade.code()].map(Cow::Borrowed);
        Self {
            kind: Cow::Borrowed(kind.word()),
            proposed: draft.proposed,
            until: *until,
            contact: contact.as_ref().map(|contact| Cow::Borrowed(contact.as_str())),
            asked_at: *asked_at,
            answered_at: *answered_at,
            grade_after: grade_after.as_ref().map(grade),
            sources: draft.sources.iter().map(source).collect(),
            findings: beginning(&draft.findings, FINDINGS_KEPT),
        }
    }

    /// The outcome; `None` if a later program knows more of them.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        let contact = match &self.contact {
            None => None,
            Some(text) => Some(Line::parse(text, CONTACT_CHARS_MAX).ok()?),
        };
        let grade_after = match &self.grade_after {
            None => None,
            Some([scheme, code]) => Some(Grade::parse(GradeScheme::from_word(scheme)?, code).ok()?),
        };
        let (until, asked_at, answered_at) = (self.until, self.asked_at, self.answered_at);
        let kind = OutcomeKind::from_word(&self.kind)?;
        Some(Outcome { kind, until, contact, asked_at, answered_at, grade_after })
    }

    /// Whose findings the case has; those of kinds that a later program knows are left out.
    pub fn sources(&self) -> impl Iterator<Item = Source> {
        self.sources.iter().filter_map(|[kind, name, category]| {
            Some(Source {
                kind: SourceKind::from_word(kind)?,
                name: (**name).into(),
                category: (**category).into(),
            })
        })
    }
}
