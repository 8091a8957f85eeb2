//! An outcome as people write it.

use jiff::Timestamp;
use serde::Deserialize;

use crate::domain::alert::{Grade, GradeScheme, Line};
use crate::domain::case::{Outcome, OutcomeKind};

use super::CaseError;

const CONTACT_CHARS_MAX: usize = 200;

/// The body of `POST /v1/cases/{id}/outcome`, and what `portcullis case outcome` is told.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeRequest {
    /// `confirmed`, `false_hit`, `cleared_until` or `refuse`.
    pub outcome: String,
    /// Until when the bearer is cleared.
    pub until: Option<Timestamp>,
    /// Whom we asked.
    pub contact: Option<String>,
    /// When we asked.
    pub asked_at: Option<Timestamp>,
    /// When the answer came.
    pub answered_at: Option<Timestamp>,
    /// How good the finding's source is, as of now.
    pub grade_after: Option<GradeRequest>,
}

/// A grade, by scheme and code.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GradeRequest {
    /// The scheme's word.
    pub scheme: String,
    /// The code in that scheme.
    pub code: String,
}

impl OutcomeRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// [`CaseError::Request`].
    pub fn parse(bytes: &[u8]) -> Result<Self, CaseError> {
        serde_json::from_slice(bytes).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            CaseError::Request(format!("it is not an outcome in JSON: line {line}, column {column}"))
        })
    }

    /// The outcome that it tells.
    ///
    /// # Errors
    /// [`CaseError::Request`] for words and texts that are none.
    pub fn into_outcome(self) -> Result<Outcome, CaseError> {
        let kinds = || OutcomeKind::ALL.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(", ");
        let kind = OutcomeKind::from_word(&self.outcome)
            .ok_or_else(|| CaseError::Request(format!("outcome: one of {}", kinds())))?;
        let contact = self.contact.map(|text| Line::parse(&text, CONTACT_CHARS_MAX)).transpose();
        let contact = contact.map_err(|fault| CaseError::Request(format!("contact: {fault}")))?;
        let grade_after = self.grade_after.map(GradeRequest::into_grade).transpose()?;
        let Self { until, asked_at, answered_at, .. } = self;
        Ok(Outcome { kind, until, contact, asked_at, answered_at, grade_after })
    }
}

impl GradeRequest {
    fn into_grade(self) -> Result<Grade, CaseError> {
        let schemes = || GradeScheme::ALL.iter().map(|scheme| scheme.word()).collect::<Vec<_>>().join(", ");
        let scheme = GradeScheme::from_word(&self.scheme)
            .ok_or_else(|| CaseError::Request(format!("grade_after.scheme: one of {}", schemes())))?;
        let grade = Grade::parse(scheme, &self.code);
        grade.map_err(|fault| CaseError::Request(format!("grade_after.code: {fault}")))
    }
}
