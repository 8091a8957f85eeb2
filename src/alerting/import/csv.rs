//! Alerts as CSV: a header with names of columns, then one alert a line.

use std::collections::BTreeSet;

use super::tally::{Fault, RejectReason};
use crate::alerting::AlertRequest;
use crate::alerting::request::{
    DocumentJson, GradeJson, HandlingJson, InstructionJson, IntervalJson, OriginatorJson, ValidJson,
};

macro_rules! columns {
    ($($name:ident)+) => {
        /// What a column has.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(non_camel_case_types, reason = "they are the names of columns")]
        enum Column { $($name,)+ }

        impl Column {
            fn named(name: &str) -> Option<Self> {
                match name {
                    $(stringify!($name) => Some(Self::$name),)+
                    _ => None,
                }
            }
        }

        /// The fields of a row by their columns; an empty one is none.
        #[derive(Default)]
        struct Fields { $($name: Option<String>,)+ }

        impl Fields {
            fn set(&mut self, column: Column, text: &str) {
                let text = (!text.is_empty()).then(|| text.to_owned());
                match column { $(Column::$name => self.$name = text,)+ }
            }
        }
    };
}

columns! {
    issuing_state number from to prefix length category action instruction language originator contact reference grade_scheme grade_code
    classes purposes release_to valid_from valid_to idempotency_key
}

/// What each field of a row is.
pub(super) struct Header(Vec<Column>);

impl Header {
    /// Reads a header; `None` if it cannot be used.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let mut columns = Vec::new();
        for name in &record(line)? {
            let column = Column::named(name.trim())?;
            if columns.contains(&column) {
                return None;
            }
            columns.push(column);
        }
        let has = |column: &Column| columns.contains(column);
        let has_subject = has(&Column::number)
            || has(&Column::from) && has(&Column::to)
            || has(&Column::prefix) && has(&Column::length);
        (has_subject && NEEDED.iter().all(has)).then_some(Self(columns))
    }

    /// Reads a row; gives what it asks for, and its idempotency key.
    pub(super) fn row(&self, line: &[u8]) -> Result<(AlertRequest, Option<String>), Fault> {
        let malformed = || {
            let rule = "it is not well-formed CSV with as many fields as the header".to_owned();
            (RejectReason::MalformedRow, rule)
        };
        let record = record(line).filter(|record| record.len() == self.0.len()).ok_or_else(malformed)?;
        let mut fields = Fields::default();
        self.0.iter().zip(&record).for_each(|(column, text)| fields.set(*column, text));
        fields.into_request()
    }
}

const NEEDED: [Column; 9] = [
    Column::issuing_state,
    Column::category,
    Column::action,
    Column::originator,
    Column::contact,
    Column::grade_scheme,
    Column::grade_code,
    Column::classes,
    Column::valid_to,
];

impl Fields {
    fn into_request(self) -> Result<(AlertRequest, Option<String>), Fault> {
        let text = Option::unwrap_or_default;
        let is_interval = [&self.from, &self.to, &self.prefix, &self.length].into_iter().any(Option::is_some);
        let length = self.length.map(|length| length.parse()).transpose().map_err(|_| {
            (RejectReason::InvalidField, "length: how many characters a number has".to_owned())
        })?;
        let issuing_state: String = text(self.issuing_state);
        let interval = IntervalJson {
            issuing_state: issuing_state.clone(),
            from: self.from,
            to: self.to,
            prefix: self.prefix,
            length,
        };
        let instruction =
            self.instruction.map(|said| InstructionJson { text: said, language: text(self.language) });
        let request = AlertRequest {
            document: self.number.map(|number| DocumentJson { issuing_state, number }),
            interval: is_interval.then_some(interval),
            category: text(self.category),
            action: text(self.action),
            instruction,
            originator: OriginatorJson {
                name: text(self.originator),
                contact: text(self.contact),
                reference: self.reference,
            },
            grade: GradeJson { scheme: text(self.grade_scheme), code: text(self.grade_code) },
            handling: HandlingJson {
                classes: words(self.classes),
                purposes: words(self.purposes),
                release_to: words(self.release_to),
            },
            valid: ValidJson { from: self.valid_from, to: text(self.valid_to) },
            idempotency_key: None,
        };
        Ok((request, self.idempotency_key))
    }
}

/// Words with blanks between them.
fn words(text: Option<String>) -> BTreeSet<String> {
    text.as_deref().unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

/// The fields of a line; `None` if it is no row of CSV, or more than one.
fn record(line: &[u8]) -> Option<csv::StringRecord> {
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).buffer_capacity(line.len());
    let mut records = reader.from_reader(line).into_records();
    match (records.next(), records.next()) {
        (Some(Ok(record)), None) => Some(record),
        _ => None,
    }
}
