//! An alert as callers write it, and what is wrong with it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;

use super::wish::Wanted;
use crate::domain::alert::{
    Action, CallerClass, Category, Grade, GradeScheme, Handling, Instruction, Interval, Line, Statement,
    Subject,
};
use crate::domain::{DocumentId, DocumentNumber, IssuingState};

const NAME_CHARS_MAX: usize = 120;
const CONTACT_CHARS_MAX: usize = 200;
const REFERENCE_CHARS_MAX: usize = 64;
const WORDS_MAX: usize = 32;
const WORD_BYTES_MAX: usize = 64;

/// The body of `POST /v1/alerts`, and what `portcullis alert issue` reads.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertRequest {
    pub(super) document: Option<DocumentJson>,
    pub(super) interval: Option<IntervalJson>,
    pub(super) category: String,
    pub(super) action: String,
    pub(super) instruction: Option<InstructionJson>,
    pub(super) originator: OriginatorJson,
    pub(super) grade: GradeJson,
    pub(super) handling: HandlingJson,
    pub(super) valid: ValidJson,
    /// Stands in a row of many; one by itself is told its key beside it.
    pub(super) idempotency_key: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentJson {
    pub(super) issuing_state: String,
    pub(super) number: String,
}

/// From one number to another, or a prefix and the length of the numbers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IntervalJson {
    pub(super) issuing_state: String,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) prefix: Option<String>,
    pub(super) length: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InstructionJson {
    pub(super) text: String,
    pub(super) language: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OriginatorJson {
    pub(super) name: String,
    pub(super) contact: String,
    pub(super) reference: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GradeJson {
    pub(super) scheme: String,
    pub(super) code: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HandlingJson {
    pub(super) classes: BTreeSet<String>,
    #[serde(default)]
    pub(super) purposes: BTreeSet<String>,
    #[serde(default)]
    pub(super) release_to: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ValidJson {
    pub(super) from: Option<String>,
    pub(super) to: String,
}

/// What of a request breaks a rule. Never repeats content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestFault {
    /// Not the JSON of an alert.
    #[error("it is not an alert in JSON: line {line}, column {column}")]
    Json {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// Fields that break their rules.
    #[error("{}", .0.iter().map(|(field, rule)| format!("{field}: {rule}")).collect::<Vec<_>>().join("; "))]
    Fields(Vec<(&'static str, String)>),
}

impl AlertRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// [`RequestFault`].
    pub fn parse(bytes: &[u8]) -> Result<Self, RequestFault> {
        let (request, key) = Self::parse_row(bytes)?;
        if key.is_some() {
            let rule = "is told in the header Idempotency-Key, or with --idempotency-key".to_owned();
            return Err(RequestFault::Fields(vec![("idempotency_key", rule)]));
        }
        Ok(request)
    }

    /// Reads a request among many, which may name its own idempotency key.
    pub(super) fn parse_row(bytes: &[u8]) -> Result<(Self, Option<String>), RequestFault> {
        let read = serde_json::from_slice::<Self>(bytes);
        let mut request =
            read.map_err(|error| RequestFault::Json { line: error.line(), column: error.column() })?;
        let key = request.idempotency_key.take();
        Ok((request, key))
    }

    /// The alert that it asks for, and whether it says since when.
    ///
    /// # Errors
    /// As [`into_statement`](Self::into_statement).
    pub fn into_wanted(self, now: Timestamp) -> Result<Wanted, RequestFault> {
        let from_is_told = self.valid.from.is_some();
        Ok(Wanted { statement: self.into_statement(now)?, from_is_told })
    }

    /// The alert that it asks for; without a beginning it holds from now on.
    ///
    /// # Errors
    /// [`RequestFault::Fields`] with every field that breaks its rule.
    pub fn into_statement(self, now: Timestamp) -> Result<Statement, RequestFault> {
        let mut faults = Faults::default();
        let subject = self.subject(&mut faults);
        let words = |known: Vec<&str>| format!("one of {}", known.join(", "));
        let category = faults.unless(
            Category::from_word(&self.category),
            "category",
            words(Category::ALL.iter().map(|one| one.word()).collect()),
        );
        let action = faults.unless(
            Action::from_word(&self.action),
            "action",
            words(Action::ALL.iter().map(|one| one.word()).collect()),
        );
        let instruction = self
            .instruction
            .map(|said| faults.checked(Instruction::parse(&said.text, &said.language), "instruction"));
        let OriginatorJson { name, contact, reference } = self.originator;
        let originator = faults.checked(Line::parse(&name, NAME_CHARS_MAX), "originator.name");
        let contact = faults.checked(Line::parse(&contact, CONTACT_CHARS_MAX), "originator.contact");
        let reference = reference
            .map(|text| faults.checked(Line::parse(&text, REFERENCE_CHARS_MAX), "originator.reference"));
        let scheme = faults.unless(
            GradeScheme::from_word(&self.grade.scheme),
            "grade.scheme",
            words(GradeScheme::ALL.iter().map(|one| one.word()).collect()),
        );
        let grade =
            scheme.and_then(|scheme| faults.checked(Grade::parse(scheme, &self.grade.code), "grade.code"));
        let classes = self.handling.classes.iter().map(|word| CallerClass::from_word(word));
        let classes = faults.unless(
            classes.collect::<Option<BTreeSet<_>>>(),
            "handling.classes",
            words(CallerClass::ALL.iter().map(|one| one.word()).collect()),
        );
        let purposes = faults.names(self.handling.purposes, "handling.purposes");
        let release_to = faults.names(self.handling.release_to, "handling.release_to");
        let mut time = |text: &str, field| {
            faults.unless(text.parse().ok(), field, "a time such as 2026-03-01T06:00:00Z".to_owned())
        };
        let from = self.valid.from.map_or(Some(now), |text| time(&text, "valid.from"));
        let to = time(&self.valid.to, "valid.to");
        let texts = [
            ("originator.name", originator.as_ref().map(Line::as_str)),
            ("originator.contact", contact.as_ref().map(Line::as_str)),
            ("originator.reference", reference.as_ref().and_then(|text| Some(text.as_ref()?.as_str()))),
            ("instruction", instruction.as_ref().and_then(|said| Some(&*said.as_ref()?.text))),
        ];
        for (field, text) in texts {
            let is_contact = field == "originator.contact";
            let names_it = |subject: &Subject| text.is_some_and(|text| names(subject, text, is_contact));
            if subject.as_ref().is_some_and(names_it) {
                let rule =
                    "must not have the number that the alert is about: lists and streams show it without";
                faults.0.push((field, rule.to_owned()));
            }
        }
        let statement = || {
            Some(Statement {
                subject: subject?,
                category: category?,
                action: action?,
                instruction: instruction.clone().flatten(),
                originator: originator.clone()?,
                contact: contact.clone()?,
                reference: reference.clone().flatten(),
                grade: grade?,
                handling: Handling {
                    classes: classes.clone()?,
                    purposes: purposes.clone(),
                    release_to: release_to.clone(),
                },
                from: from?,
                to: to?,
            })
        };
        match statement() {
            Some(statement) if faults.0.is_empty() => Ok(statement),
            _ => Err(RequestFault::Fields(faults.0)),
        }
    }

    fn subject(&self, faults: &mut Faults) -> Option<Subject> {
        let mut state = |text: &str, field| {
            let state = IssuingState::recognise(text).map(|found| found.state);
            faults.unless(state, field, "the code of an issuing state, such as UTO".to_owned())
        };
        match (&self.document, &self.interval) {
            (Some(document), None) => {
                let issuing_state = state(&document.issuing_state, "document.issuing_state");
                let number = faults.checked(DocumentNumber::parse(&document.number), "document.number");
                Some(Subject::Document(DocumentId { issuing_state: issuing_state?, number: number? }))
            }
            (None, Some(interval)) => {
                let issuing_state = state(&interval.issuing_state, "interval.issuing_state");
                let mut number = |text: &Option<String>, field| {
                    text.as_deref().and_then(|text| faults.checked(DocumentNumber::parse(text), field))
                };
                let (from, to) =
                    (number(&interval.from, "interval.from"), number(&interval.to, "interval.to"));
                let prefix = number(&interval.prefix, "interval.prefix");
                let made = match (from, to, prefix, interval.length) {
                    (Some(from), Some(to), None, None) => Interval::new(issuing_state?, from, to),
                    (None, None, Some(prefix), Some(length)) => {
                        Interval::of_prefix(issuing_state?, prefix, length)
                    }
                    _ => {
                        let rule = "has from and to, or prefix and length".to_owned();
                        return faults.unless(None, "interval", rule);
                    }
                };
                faults.checked(made, "interval").map(Subject::Interval)
            }
            _ => faults.unless(None, "document", "either a document or an interval is given".to_owned()),
        }
    }
}

/// A shorter number stands in many a text by chance.
const TELLING_CHARS: usize = 5;

/// Whether a text has a number that an alert is about. Separators hide nothing of a document's. A contact is a telephone number more often
/// than not: what has digits alone is not looked for there.
fn names(subject: &Subject, text: &str, is_contact: bool) -> bool {
    let upper = |text: &str| text.bytes().map(|byte| byte.to_ascii_uppercase()).collect::<Vec<_>>();
    let is_told = |number: &DocumentNumber| {
        let is_of_digits = number.as_bytes().iter().all(u8::is_ascii_digit);
        number.as_bytes().len() >= TELLING_CHARS && !(is_contact && is_of_digits)
    };
    match subject {
        Subject::Document(DocumentId { number, .. }) => {
            let bare: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
            is_told(number)
                && upper(&bare).windows(number.as_bytes().len()).any(|part| part == number.as_bytes())
        }
        Subject::Interval(interval) => {
            let (from, to) = (interval.from().as_bytes(), interval.to().as_bytes());
            let is_in = |word: &[u8]| word.len() == from.len() && (from..=to).contains(&word);
            let mut words = text.split(|char: char| !char.is_ascii_alphanumeric());
            is_told(interval.from()) && words.any(|word| is_in(&upper(word)))
        }
    }
}

#[derive(Default)]
struct Faults(Vec<(&'static str, String)>);

impl Faults {
    fn unless<T>(&mut self, found: Option<T>, field: &'static str, rule: String) -> Option<T> {
        if found.is_none() {
            self.0.push((field, rule));
        }
        found
    }

    fn checked<T, E: std::error::Error>(&mut self, found: Result<T, E>, field: &'static str) -> Option<T> {
        found.map_err(|fault| self.0.push((field, fault.to_string()))).ok()
    }

    /// Names of purposes and partners, as callers of checks give them.
    fn names(&mut self, names: BTreeSet<String>, field: &'static str) -> BTreeSet<Box<str>> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-');
        let is_name = |name: &String| (1..=WORD_BYTES_MAX).contains(&name.len()) && name.bytes().all(plain);
        if names.len() > WORDS_MAX || !names.iter().all(is_name) {
            let rule = format!(
                "at most {WORDS_MAX} names of 1 to {WORD_BYTES_MAX} characters of A-Z a-z 0-9 . _ : -"
            );
            self.0.push((field, rule));
        }
        names.into_iter().map(Into::into).collect()
    }
}
