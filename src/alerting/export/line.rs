//! The lines of an export.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::alert::{CallerClass, Revision, Statement, Subject};

pub(super) const FORMAT: &str = "portcullis-alert-export";
pub(super) const VERSION: u32 = 1;
/// What the note says first that a log signs.
pub(super) const ATTESTED: &str = "portcullis alert export 1";

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub(super) format: String,
    pub(super) version: u32,
    pub(super) node: String,
    pub(super) revision: u64,
    pub(super) as_of: Timestamp,
    pub(super) count: u64,
}

impl Head {
    /// The text that is signed, of an export whose lines have a sum.
    pub(super) fn attested(&self, sha256: &str) -> String {
        let Self { node, revision, as_of, count, .. } = self;
        format!("node {node}\nrevision {revision}\nas-of {as_of}\ncount {count}\nsha256 {sha256}\n")
    }
}

/// Any other line: an alert by its name and revision, as `POST /v1/alerts` takes it.
#[derive(Serialize)]
pub(super) struct AlertLine<'a> {
    alert_id: String,
    revision: u32,
    alert: AlertBody<'a>,
}

#[derive(Serialize)]
struct AlertBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<DocumentBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<IntervalBody<'a>>,
    category: &'static str,
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instruction: Option<InstructionBody<'a>>,
    originator: OriginatorBody<'a>,
    grade: GradeBody<'a>,
    handling: HandlingBody<'a>,
    valid: ValidBody,
}

#[derive(Serialize)]
struct DocumentBody<'a> {
    issuing_state: &'static str,
    number: &'a str,
}

#[derive(Serialize)]
struct IntervalBody<'a> {
    issuing_state: &'static str,
    from: &'a str,
    to: &'a str,
}

#[derive(Serialize)]
struct InstructionBody<'a> {
    text: &'a str,
    language: &'a str,
}

#[derive(Serialize)]
struct OriginatorBody<'a> {
    name: &'a str,
    contact: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
}

#[derive(Serialize)]
struct GradeBody<'a> {
    scheme: &'static str,
    code: &'a str,
}

#[derive(Serialize)]
struct HandlingBody<'a> {
    classes: Vec<&'static str>,
    purposes: &'a BTreeSet<Box<str>>,
    release_to: &'a BTreeSet<Box<str>>,
}

#[derive(Serialize)]
struct ValidBody {
    from: Timestamp,
    to: Timestamp,
}

impl<'a> From<&'a Revision> for AlertLine<'a> {
    fn from(revision: &'a Revision) -> Self {
        let (alert_id, alert) = (revision.alert.to_string(), AlertBody::from(&*revision.statement));
        Self { alert_id, revision: revision.number, alert }
    }
}

impl<'a> From<&'a Statement> for AlertBody<'a> {
    fn from(statement: &'a Statement) -> Self {
        let issuing_state = statement.subject.issuing_state().code();
        let (document, interval) = match &statement.subject {
            Subject::Document(document) => {
                (Some(DocumentBody { issuing_state, number: document.number.as_str() }), None)
            }
            Subject::Interval(interval) => {
                let (from, to) = (interval.from().as_str(), interval.to().as_str());
                (None, Some(IntervalBody { issuing_state, from, to }))
            }
        };
        let handling = &statement.handling;
        Self {
            document,
            interval,
            category: statement.category.word(),
            action: statement.action.word(),
            instruction: statement
                .instruction
                .as_ref()
                .map(|said| InstructionBody { text: &said.text, language: said.language.as_str() }),
            originator: OriginatorBody {
                name: statement.originator.as_str(),
                contact: statement.contact.as_str(),
                reference: statement.reference.as_ref().map(|reference| reference.as_str()),
            },
            grade: GradeBody { scheme: statement.grade.scheme().word(), code: statement.grade.code() },
            handling: HandlingBody {
                classes: handling.classes.iter().map(|class: &CallerClass| class.word()).collect(),
                purposes: &handling.purposes,
                release_to: &handling.release_to,
            },
            valid: ValidBody { from: statement.from, to: statement.to },
        }
    }
}
