//! A revision as it stands in the store: JSON with its members in a fixed order, absent ones left out. Version 1; or 2, if it says what
//! programs that knew version 1 only did not understand: that an alert has expired.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::alert::{
    Action, AlertId, CallerClass, Category, Grade, GradeScheme, Handling, Instruction, Interval, Life, Line,
    NodeId, Origin, Revision, Statement, Subject,
};
use crate::domain::{DocumentId, DocumentNumber, IssuingState};

/// Texts are checked again as they are read, by bounds that no writer has exceeded.
const CHARS_MAX: usize = 1000;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    v: u32,
    alert: String,
    revision: u32,
    node: String,
    counter: u64,
    at: Timestamp,
    by: Box<str>,
    issuer: Box<str>,
    life: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unapproved_until: Option<Timestamp>,
    issuing_state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    interval: Option<[String; 2]>,
    category: String,
    action: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instruction: Option<InstructionRecord>,
    originator: String,
    contact: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    grade: [String; 2],
    classes: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    purposes: BTreeSet<Box<str>>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    release_to: BTreeSet<Box<str>>,
    from: Timestamp,
    to: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InstructionRecord {
    text: String,
    language: String,
}

/// The version of the record of a revision.
pub(super) fn version_of(revision: &Revision) -> u32 {
    match revision.life {
        Life::Expired => 2,
        Life::Drafted | Life::Pending | Life::Active | Life::Withdrawn => 1,
    }
}

/// The record of a revision.
pub(super) fn encode(revision: &Revision) -> Vec<u8> {
    let statement = &*revision.statement;
    let (number, interval) = match &statement.subject {
        Subject::Document(document) => (Some(document.number.as_str().to_owned()), None),
        Subject::Interval(interval) => {
            (None, Some([interval.from(), interval.to()].map(|number| number.as_str().to_owned())))
        }
    };
    let instruction = statement.instruction.as_ref().map(|instruction| InstructionRecord {
        text: instruction.text.clone().into(),
        language: instruction.language.as_str().to_owned(),
    });
    let Handling { classes, purposes, release_to } = &statement.handling;
    let record = Record {
        v: version_of(revision),
        alert: revision.alert.to_string(),
        revision: revision.number,
        node: revision.origin.node.to_string(),
        counter: revision.origin.counter,
        at: revision.at,
        by: (*revision.by).into(),
        issuer: (*revision.issuer).into(),
        life: revision.life.word().to_owned(),
        unapproved_until: revision.unapproved_until,
        issuing_state: statement.subject.issuing_state().code().to_owned(),
        number,
        interval,
        category: statement.category.word().to_owned(),
        action: statement.action.word().to_owned(),
        instruction,
        originator: statement.originator.as_str().to_owned(),
        contact: statement.contact.as_str().to_owned(),
        reference: statement.reference.as_ref().map(|line| line.as_str().to_owned()),
        grade: [statement.grade.scheme().word(), statement.grade.code()].map(str::to_owned),
        classes: classes.iter().map(|class| class.word().to_owned()).collect(),
        purposes: purposes.clone(),
        release_to: release_to.clone(),
        from: statement.from,
        to: statement.to,
    };
    serde_json::to_vec(&record).expect("plain fields, written to memory")
}

/// Reads a record; `None` if it is none of these versions.
pub(super) fn decode(bytes: &[u8]) -> Option<Revision> {
    let record: Record = serde_json::from_slice(bytes).ok()?;
    let (version, statement) = (record.v, statement(&record)?);
    let revision = Revision {
        alert: AlertId::parse(&record.alert)?,
        number: record.revision,
        origin: Origin { node: NodeId::parse(&record.node)?, counter: record.counter },
        at: record.at,
        by: record.by.into(),
        issuer: record.issuer.into(),
        life: Life::from_word(&record.life)?,
        unapproved_until: record.unapproved_until,
        statement: Arc::new(statement),
        same_since: record.revision,
    };
    (version == version_of(&revision)).then_some(revision)
}

fn statement(record: &Record) -> Option<Statement> {
    let issuing_state = IssuingState::recognise(&record.issuing_state)?.state;
    let number = |text: &String| DocumentNumber::parse(text).ok();
    let subject = match (&record.number, &record.interval) {
        (Some(one), None) => Subject::Document(DocumentId { issuing_state, number: number(one)? }),
        (None, Some([from, to])) => {
            Subject::Interval(Interval::new(issuing_state, number(from)?, number(to)?).ok()?)
        }
        _ => return None,
    };
    let line = |text: &String| Line::parse(text, CHARS_MAX).ok();
    let instruction = match &record.instruction {
        None => None,
        Some(said) => Some(Instruction::parse(&said.text, &said.language).ok()?),
    };
    let reference = match &record.reference {
        None => None,
        Some(text) => Some(line(text)?),
    };
    let classes: Option<BTreeSet<_>> =
        record.classes.iter().map(|word| CallerClass::from_word(word)).collect();
    let [scheme, code] = &record.grade;
    Some(Statement {
        subject,
        category: Category::from_word(&record.category)?,
        action: Action::from_word(&record.action)?,
        instruction,
        originator: line(&record.originator)?,
        contact: line(&record.contact)?,
        reference,
        grade: Grade::parse(GradeScheme::from_word(scheme)?, code).ok()?,
        handling: Handling {
            classes: classes?,
            purposes: record.purposes.clone(),
            release_to: record.release_to.clone(),
        },
        from: record.from,
        to: record.to,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> DocumentNumber {
        DocumentNumber::parse(text).expect("the pattern is the rule")
    }

    proptest! {
        #[test]
        fn a_revision_survives_its_record(
            (alert, node, revision, counter) in any::<([u8; 16], [u8; 8], u32, u64)>(),
            micros in prop::collection::vec(0_i64..253_402_207_200_000_000, 4),
            (from, to, is_interval) in ("[0-9A-Z]{6}", "[0-9A-Z]{6}", any::<bool>()),
            (life, category, action, scheme) in any::<(usize, usize, usize, usize)>(),
            (by, text) in ("\\PC{0,20}", "[a-zäöü ]{1,40}x"),
            (purposes, unapproved) in (prop::collection::btree_set("[a-z]{1,8}", 0..3), any::<bool>()),
        ) {
            let time = |at: usize| Timestamp::from_microsecond(micros[at]).expect("in the range of times");
            let issuing_state = IssuingState::recognise("UTO").expect("a state").state;
            let (from, to) = if from <= to { (from, to) } else { (to, from) };
            let subject = match is_interval {
                true => Subject::Interval(Interval::new(issuing_state, number(&from), number(&to)).expect("in order")),
                false => Subject::Document(DocumentId { issuing_state, number: number(&from) }),
            };
            let codes = ["B2", "B21", "1AP", "A1"];
            let scheme = scheme % GradeScheme::ALL.len();
            let line = Line::parse(&text, CHARS_MAX).expect("a line");
            let statement = Statement {
                subject,
                category: Category::ALL[category % Category::ALL.len()],
                action: Action::ALL[action % Action::ALL.len()],
                instruction: Instruction::parse(&text, "en").ok().filter(|_| unapproved),
                originator: line.clone(),
                contact: line.clone(),
                reference: Some(line).filter(|_| is_interval),
                grade: Grade::parse(GradeScheme::ALL[scheme], codes[scheme]).expect("a code of it"),
                handling: Handling {
                    classes: CallerClass::ALL.iter().copied().collect(),
                    purposes: purposes.into_iter().map(Into::into).collect(),
                    release_to: BTreeSet::new(),
                },
                from: time(0),
                to: time(1),
            };
            let revision = Revision {
                alert: AlertId(alert),
                number: revision,
                origin: Origin { node: NodeId(node), counter },
                at: time(2),
                by: by.as_str().into(),
                issuer: by.as_str().into(),
                life: Life::ALL[life % Life::ALL.len()],
                unapproved_until: unapproved.then(|| time(3)),
                statement: Arc::new(statement),
                same_since: revision,
            };
            let record = encode(&revision);
            prop_assert_eq!(decode(&record), Some(revision));
        }

        #[test]
        fn no_bytes_make_decoding_panic(bytes: Vec<u8>) {
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn a_record_of_version_1_stays_what_it_is() {
        let golden = include_str!("golden/record-v1.json").trim_end();
        let revision = decode(golden.as_bytes()).expect("it is one");
        assert_eq!(std::str::from_utf8(&encode(&revision)).expect("it is text"), golden);
        assert_eq!(decode(golden.replace("\"v\":1", "\"v\":2").as_bytes()), None);
        assert_eq!(decode(golden.replace("stolen", "theft").as_bytes()), None);
    }

    #[test]
    fn a_record_of_version_2_stays_what_it_is() {
        let golden = include_str!("golden/record-v2.json").trim_end();
        let revision = decode(golden.as_bytes()).expect("it is one");
        assert_eq!(revision.life, Life::Expired);
        assert_eq!(std::str::from_utf8(&encode(&revision)).expect("it is text"), golden);
        for version in ["\"v\":1", "\"v\":3"] {
            assert_eq!(decode(golden.replace("\"v\":2", version).as_bytes()), None);
        }
    }
}
