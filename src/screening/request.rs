//! A check as callers write it, and what is wrong with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::domain::alert::CallerClass;
use crate::domain::mrz::{self, Zone};
use crate::domain::{DocumentNumber, FeedName, Kind};

use super::question::{Asker, Input, Presented, Question};
use super::typed::TypedNumber;

const MRZ_BYTES_MAX: usize = 1024;
const NUMBER_BYTES_MAX: usize = 64;
const STATE_BYTES_MAX: usize = 16;
const WORD_BYTES_MAX: usize = 64;
const MIN_SEQUENCES_MAX: usize = 64;
const DATA_AGE_S_MAX: u64 = 10 * 366 * 24 * 3600;

/// The body of `POST /v1/checks` and a line of an NDJSON manifest.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct CheckRequest {
    /// The zone's text, lines separated by a line feed.
    pub mrz: Option<String>,
    /// Or the document in its parts.
    pub document: Option<DocumentRequest>,
    /// `optical`, `chip`, `barcode` or `typed`.
    pub input: Option<String>,
    /// Given back in the answer; 1 to 64 characters of `A-Za-z0-9._:-`.
    pub client_reference: Option<String>,
    /// The lawful purpose; same characters.
    pub purpose: Option<String>,
    /// The checkpoint's terminal; same characters.
    pub terminal: Option<String>,
    /// The person at the terminal, pseudonymous; same characters.
    pub operator: Option<String>,
    /// The oldest feed may have this age, in seconds.
    pub max_data_age_s: Option<u64>,
    /// Least sequences by feed.
    pub min_sequences: Option<BTreeMap<String, u64>>,
}

/// A document in its parts.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct DocumentRequest {
    /// The number as printed.
    pub number: String,
    /// The issuing state's code.
    pub issuing_state: String,
    /// The kind, if it is known.
    pub kind: Option<String>,
}

/// Why a request is no question.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestFault {
    /// The body is not the JSON that is expected. Never repeats content.
    #[error("the body is not a check in JSON: {0}")]
    Json(String),
    /// The JSON has a field that v1 does not have.
    #[error("{0}")]
    UnknownField(String),
    /// Fields break their rules.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Fields(Vec<FieldFault>),
}

/// One field that breaks its rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {rule}")]
pub struct FieldFault {
    /// The field's path, such as `document.kind`.
    pub field: &'static str,
    /// What it has to be.
    pub rule: &'static str,
}

impl CheckRequest {
    /// Reads the JSON of one request.
    ///
    /// # Errors
    /// [`RequestFault`] in words that never repeat a value.
    pub fn parse(json: &[u8]) -> Result<Self, RequestFault> {
        serde_json::from_slice(json).map_err(|error| json_fault(&error))
    }

    /// The question that the request asks, on behalf of `principal`.
    ///
    /// # Errors
    /// [`RequestFault::Fields`] with every field that breaks its rule.
    pub fn into_question(self, principal: &Arc<str>) -> Result<Question, RequestFault> {
        let mut faults = Faults::default();
        let presented = faults.presented(self.mrz, self.document);
        let input = self.input.and_then(|word| {
            let input = Input::from_word(&word);
            faults.unless(input.is_some(), "input", "one of optical, chip, barcode, typed");
            input
        });
        let content = presented.as_ref().map(Content::of).unwrap_or_default();
        let mut word = |field, text: Option<String>| faults.word(field, text, &content);
        let asker = Asker {
            class: CallerClass::default(),
            principal: principal.clone(),
            client_reference: word("client_reference", self.client_reference),
            idempotency_key: None,
            purpose: word("purpose", self.purpose),
            terminal: word("terminal", self.terminal),
            operator: word("operator", self.operator),
        };
        let data_age_max = self.max_data_age_s.and_then(|seconds| {
            faults.unless(seconds <= DATA_AGE_S_MAX, "max_data_age_s", "at most ten years in seconds");
            i64::try_from(seconds).ok().map(SignedDuration::from_secs)
        });
        let min_sequences = faults.min_sequences(self.min_sequences.unwrap_or_default());
        match presented {
            Some(presented) if faults.0.is_empty() => {
                Ok(Question { presented, input, asker, data_age_max, min_sequences })
            }
            _ => Err(RequestFault::Fields(faults.0)),
        }
    }
}

#[derive(Default)]
struct Faults(Vec<FieldFault>);

impl Faults {
    fn unless(&mut self, ok: bool, field: &'static str, rule: &'static str) -> bool {
        if !ok {
            self.0.push(FieldFault { field, rule });
        }
        ok
    }

    fn presented(&mut self, mrz: Option<String>, document: Option<DocumentRequest>) -> Option<Presented> {
        match (mrz, document) {
            (Some(text), None) => {
                self.unless(text.len() <= MRZ_BYTES_MAX, "mrz", "at most 1024 bytes");
                Some(Presented::Mrz(text.into()))
            }
            (None, Some(document)) => {
                self.unless(document.number.len() <= NUMBER_BYTES_MAX, "document.number", "at most 64 bytes");
                self.unless(
                    document.issuing_state.len() <= STATE_BYTES_MAX,
                    "document.issuing_state",
                    "at most 16 bytes",
                );
                let kind = document.kind.and_then(|word| {
                    let kind = Kind::from_word(&word);
                    self.unless(
                        kind.is_some(),
                        "document.kind",
                        "one of passport, identity_card, visa, residence_permit, refugee_travel_document, \
                         laissez_passer, seafarer_document, other",
                    );
                    kind
                });
                let DocumentRequest { number, issuing_state, .. } = document;
                Some(Presented::Document { number, issuing_state, kind })
            }
            _ => {
                self.unless(false, "mrz", "give either mrz or document, and not both");
                None
            }
        }
    }

    fn word(&mut self, field: &'static str, text: Option<String>, content: &Content) -> Option<Arc<str>> {
        let text = text?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
        let ok = (1..=WORD_BYTES_MAX).contains(&text.len()) && text.bytes().all(plain);
        if !self.unless(ok, field, "1 to 64 characters of A-Z a-z 0-9 . _ : -") {
            return None;
        }
        let clean = !content.is_in(&text);
        self.unless(clean, field, "must not contain the number of the document asked about");
        Some(text.into())
    }

    fn min_sequences(&mut self, given: BTreeMap<String, u64>) -> BTreeMap<FeedName, u64> {
        self.unless(given.len() <= MIN_SEQUENCES_MAX, "min_sequences", "at most 64 feeds");
        let named = given.into_iter().map(|(name, least)| Some((FeedName::parse(&name).ok()?, least)));
        let named: Option<BTreeMap<_, _>> = named.collect();
        self.unless(named.is_some(), "min_sequences", "names of feeds: 1 to 32 characters of a-z 0-9 -");
        named.unwrap_or_default()
    }
}

/// What was presented, to keep it out of the words that the audit log keeps in clear.
#[derive(Default)]
struct Content {
    /// Everything that was, or may have been, understood as a number.
    numbers: Vec<Zeroizing<String>>,
    bare: Zeroizing<String>,
    is_zone: bool,
}

/// Less than this, or letters alone, gives no document away if it happens to stand in a zone.
const TELLING_BYTES: usize = 5;

impl Content {
    fn of(presented: &Presented) -> Self {
        let (text, numbers) = match presented {
            Presented::Mrz(text) => {
                (text.as_str(), mrz::read(text).map(|zone| zone_numbers(&zone)).unwrap_or_default())
            }
            Presented::Document { number, issuing_state, .. } => {
                let typed = TypedNumber::of(number, issuing_state);
                (number.as_str(), typed.number.into_iter().chain(typed.alternatives).collect())
            }
        };
        // Where it is known what the number is, nothing else of the text is looked for.
        let unread = if numbers.is_empty() { bare(text) } else { String::new() };
        Self {
            numbers: numbers.iter().map(|number| number.as_str().to_owned().into()).collect(),
            bare: unread.into(),
            is_zone: matches!(presented, Presented::Mrz(_)),
        }
    }

    /// True if the word holds the number asked about, or what may be a part of it. Separators hide nothing.
    fn is_in(&self, word: &str) -> bool {
        let word = bare(word);
        // What a misread zone leaves of a number may be a letter or two, which half of all words contain.
        let telling = |number: &&Zeroizing<String>| !self.is_zone || number.len() >= TELLING_BYTES;
        if !self.numbers.is_empty() {
            return self.numbers.iter().filter(telling).any(|number| word.contains(number.as_str()));
        }
        // Nobody knows where the number stands: no part with a digit of what was presented may be told.
        (0..word.len())
            .filter_map(|at| word.get(at..at + TELLING_BYTES))
            .any(|part| part.bytes().any(|byte| byte.is_ascii_digit()) && self.bare.contains(part))
    }
}

/// The number of a zone, and what its field alone has of it.
fn zone_numbers(zone: &Zone) -> Vec<DocumentNumber> {
    zone.number.document_number().into_iter().chain(zone.number.in_its_field()).collect()
}

fn bare(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|char| char.to_ascii_uppercase()).collect()
}

/// Keeps of a JSON error what is no content: its place, and the names of fields if they look like names.
fn json_fault(error: &serde_json::Error) -> RequestFault {
    let text = error.to_string();
    let (line, column) = (error.line(), error.column());
    for kind in ["unknown field", "missing field", "duplicate field"] {
        let Some(rest) = text.strip_prefix(kind) else { continue };
        let name = rest.split('`').nth(1).unwrap_or("");
        let is_name =
            (1..=32).contains(&name.len()) && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_'));
        let name = if is_name { format!(" `{name}`") } else { String::new() };
        let message = format!("{kind}{name} at line {line}, column {column}");
        return if kind == "unknown field" {
            RequestFault::UnknownField(message)
        } else {
            RequestFault::Json(message)
        };
    }
    let what = match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Data => "a value has the wrong type",
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => "it is not well-formed",
    };
    RequestFault::Json(format!("{what} at line {line}, column {column}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(json: &str) -> Result<Question, RequestFault> {
        CheckRequest::parse(json.as_bytes())?.into_question(&"test".into())
    }

    fn fields(json: &str) -> Vec<&'static str> {
        match question(json) {
            Err(RequestFault::Fields(faults)) => faults.iter().map(|fault| fault.field).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn unknown_fields_are_refused_by_name() {
        let fault = question(r#"{"mrz":"x","colour":"red"}"#).unwrap_err();
        assert_eq!(fault, RequestFault::UnknownField("unknown field `colour` at line 1, column 19".into()));
    }

    #[test]
    fn no_fault_repeats_a_value() {
        for json in [
            r#"{"max_data_age_s":"L898902C3"}"#,
            r#"{"L898902C3":1}"#,
            r#"{"mrz":"x","input":"L898902C3"}"#,
            r#"{"document":{"number":"L898902C3","issuing_state":"UTO","kind":"L898902C3"}}"#,
            r#"{"mrz":"L898902C3"#,
            r#""L898902C3""#,
        ] {
            let text = format!("{0} {0:?}", question(json).unwrap_err());
            assert!(!text.contains("898902"), "{text}");
        }
    }

    #[test]
    fn every_field_that_breaks_its_rule_is_named() {
        assert_eq!(fields("{}"), ["mrz"]);
        assert_eq!(
            fields(
                r#"{"mrz":"x","input":"smoke","purpose":"a b","terminal":"","operator":"é",
                    "max_data_age_s":9999999999,"min_sequences":{"A":1}}"#
            ),
            ["input", "purpose", "terminal", "operator", "max_data_age_s", "min_sequences"]
        );
    }

    #[test]
    fn a_reference_that_contains_the_number_is_refused_whatever_its_separators() {
        for reference in ["L898902C3", "x-l898.902-c3:7"] {
            let json = format!(
                r#"{{"document":{{"number":"L898902C3","issuing_state":"UTO"}},"client_reference":"{reference}"}}"#
            );
            assert_eq!(fields(&json), ["client_reference"]);
        }
        let json = r#"{"mrz":"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10","client_reference":"L898902C3"}"#;
        assert_eq!(fields(json), ["client_reference"]);
    }

    #[test]
    fn the_letter_that_a_misread_zone_leaves_of_a_number_breaks_no_request() {
        let lower = format!("{:<<9}8UTO7408122F1204159ZE184226B<<<<<10", "E");
        let zone = format!("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\\n{lower}");
        let json = format!(r#"{{"mrz":"{zone}","purpose":"BORDER","client_reference":"E-7"}}"#);
        assert!(question(&json).is_ok());
        let typed = r#"{"document":{"number":"E7","issuing_state":"UTO"},"client_reference":"gate-E7"}"#;
        assert_eq!(fields(typed), ["client_reference"]);
    }

    #[test]
    fn a_number_in_a_zone_that_cannot_be_read_is_kept_out_of_the_words_too() {
        let zone = "I<UTOD231458907<<<<<<<<<<<<<<<\\n7408122F1204159UTO<<<<<<<<<<<6\\nERIKSSON<<ANNA<MARIA<<<<<<<<<<";
        let json = |reference: &str| format!(r#"{{"mrz":"{zone}","client_reference":"{reference}"}}"#);
        assert_eq!(fields(&json("D231458907")), ["client_reference"]);
        assert_eq!(fields(&json("d23145-890")), ["client_reference"]);
        assert_eq!(fields(&json("ref.D231458907.x")), ["client_reference"]);
        assert!(question(&json("gate-7:42")).is_ok());
        let typed = r#"{"document":{"number":"L898902C3_","issuing_state":"UTO"},"terminal":"T-L898902C3"}"#;
        assert_eq!(fields(typed), ["terminal"]);
    }
}
