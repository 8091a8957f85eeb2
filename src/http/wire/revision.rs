//! A revision of an alert, for those who issue and administer alerts.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::alert::{Revision, Standing, Subject};

use super::listing::{GradeBody, InstructionBody};

/// A revision of an alert.
#[derive(Serialize)]
pub struct RevisionBody<'a> {
    alert_id: String,
    revision: u32,
    origin: OriginBody,
    at: Timestamp,
    by: &'a str,
    state: &'static str,
    in_force: bool,
    unapproved_until: Option<Timestamp>,
    issuing_state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<[&'a str; 2]>,
    category: &'static str,
    action: &'static str,
    instruction: Option<InstructionBody<'a>>,
    originator: OriginatorBody<'a>,
    grade: GradeBody<'a>,
    handling: HandlingBody<'a>,
    valid: ValidBody,
}

#[derive(Serialize)]
struct OriginBody {
    node: String,
    counter: u64,
}

#[derive(Serialize)]
struct OriginatorBody<'a> {
    name: &'a str,
    contact: &'a str,
    reference: Option<&'a str>,
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

impl<'a> RevisionBody<'a> {
    /// All of it, and how the alert stands at a time if this is its newest one.
    #[must_use]
    pub fn of(revision: &'a Revision, now: Timestamp) -> Self {
        let statement = &*revision.statement;
        let (document, interval) = match &statement.subject {
            Subject::Document(document) => (Some(document.number.as_str()), None),
            Subject::Interval(interval) => (None, Some([interval.from().as_str(), interval.to().as_str()])),
        };
        Self {
            alert_id: revision.alert.to_string(),
            revision: revision.number,
            origin: OriginBody { node: revision.origin.node.to_string(), counter: revision.origin.counter },
            at: revision.at,
            by: &revision.by,
            state: revision.life.word(),
            in_force: revision.standing(now) != Standing::Not,
            unapproved_until: revision.unapproved_until,
            issuing_state: statement.subject.issuing_state().code(),
            document,
            interval,
            category: statement.category.word(),
            action: statement.action.word(),
            instruction: statement.instruction.as_ref().map(InstructionBody::from),
            originator: OriginatorBody {
                name: statement.originator.as_str(),
                contact: statement.contact.as_str(),
                reference: statement.reference.as_ref().map(|line| line.as_str()),
            },
            grade: GradeBody::from(&statement.grade),
            handling: HandlingBody {
                classes: statement.handling.classes.iter().map(|class| class.word()).collect(),
                purposes: &statement.handling.purposes,
                release_to: &statement.handling.release_to,
            },
            valid: ValidBody { from: statement.from, to: statement.to },
        }
    }

    /// The same without the numbers, for lists.
    #[must_use]
    pub fn without_number(revision: &'a Revision, now: Timestamp) -> Self {
        Self { document: None, interval: None, ..Self::of(revision, now) }
    }
}
