//! Rows with exactly one fault.

use super::form::{Form, Style};
use crate::register::{LINE_BYTES_MAX, RejectReason as R};

/// Stands where a byte goes that is not UTF-8.
const NOT_UTF8: char = 'ÿ';

/// Spoils the fields of a sound row so that it is refused for one reason; [`print`] does the rest.
pub(super) fn spoil(form: Form, reason: R, fields: &mut [String]) {
    let last = fields.len() - 1;
    let (at, text) = match reason {
        R::NumberMissing => (form.number(), String::new()),
        R::NumberCharacter => (form.number(), format!("{}_", fields[form.number()])),
        R::NumberTooLong => (form.number(), "1".repeat(23)),
        R::NumberShape => (form.number(), fields[form.number()][1..].to_owned()),
        R::IssuerMissing => (1, String::new()),
        R::IssuerUnknown => (1, "QQQ".to_owned()),
        R::KindUnknown => (2, "pasport".to_owned()),
        R::StatusUnknown => (3, "found".to_owned()),
        R::DateInvalid => (4, "2023-02-30".to_owned()),
        R::DateOutOfRange => (4, "1066-10-14".to_owned()),
        R::ReferenceInvalid => (form.reference(), "Ä".to_owned()),
        R::NotUtf8 => (last, NOT_UTF8.to_string()),
        R::RowTooLong => (last, "x".repeat(LINE_BYTES_MAX + 1)),
        _ => return,
    };
    fields[at] = text;
}

/// Appends a row, without what ends it.
pub(super) fn print(form: Form, fault: Option<R>, fields: &[String], row: &mut Vec<u8>) {
    match form.style() {
        Style::Csv { separator, .. } => {
            for (at, field) in fields.iter().enumerate() {
                if at > 0 {
                    row.push(separator as u8);
                }
                row.extend_from_slice(field.as_bytes());
            }
            if fault == Some(R::MalformedRow) {
                // One field too many: a decimal comma, a note that nobody quoted.
                row.push(separator as u8);
            }
        }
        Style::Object { .. } => object(form, fault, fields, row),
    }
    if fault == Some(R::NotUtf8) {
        row.retain(|byte| *byte != 0xC3);
        row.iter_mut().filter(|byte| **byte == 0xBF).for_each(|byte| *byte = 0xFF);
    }
}

fn object(form: Form, fault: Option<R>, fields: &[String], row: &mut Vec<u8>) {
    row.push(b'{');
    for (name, field) in form.names().iter().zip(fields) {
        if field.is_empty() && form == Form::Ndjson {
            continue;
        }
        member(name, field, row);
    }
    match fault {
        Some(R::ColumnUnknown) => member("surname", "DOE", row),
        Some(R::DuplicateMember) => member(form.names()[0], &fields[0], row),
        _ => {}
    }
    if fault != Some(R::MalformedRow) {
        row.pop();
    }
    row.push(b'}');
}

fn member(name: &str, text: &str, row: &mut Vec<u8>) {
    let pair = format!("{}:{},", serde_json::Value::from(name), serde_json::Value::from(text));
    row.extend_from_slice(pair.as_bytes());
}
