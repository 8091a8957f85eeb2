//! Rows of an NDJSON register: one object a line, with string members named like the columns of a CSV register.
//!
//! An optional member may be absent, `null` or empty. Blank lines are no rows.

use std::borrow::Cow;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};

use super::column::{Column, Texts};
use super::error::RegisterError;
use super::lines::Line;
use super::read::Sink;
use super::reject::{Reject, RejectReason};
use super::row::{self, Fault};
use super::source::Source;
use crate::domain::Notice;

/// Hands every row to `sink`; gives the number of rows.
pub(super) fn read<E: From<RegisterError>>(source: &mut Source, sink: &mut Sink<'_, E>) -> Result<u64, E> {
    let mut rows = 0;
    while let Some((line, text)) = source.next_line()? {
        let found = match text {
            Line::Text(text) if text.trim_ascii().is_empty() => continue,
            Line::Text(text) => notice(text),
            Line::NotUtf8 => Err((RejectReason::NotUtf8, None)),
            Line::TooLong => Err((RejectReason::RowTooLong, None)),
        };
        rows += 1;
        sink(line, found.map_err(|fault| Reject::new(line, fault)))?;
    }
    if rows == 0 {
        return Err(RegisterError::Empty { path: source.path().to_owned() }.into());
    }
    Ok(rows)
}

fn notice(line: &str) -> Result<Notice, Fault> {
    let mut row = Row { members: Default::default(), fault: (RejectReason::MalformedRow, None) };
    let mut json = serde_json::Deserializer::from_str(line);
    if row.deserialize(&mut json).is_err() {
        return Err(row.fault);
    }
    json.end().map_err(|_| (RejectReason::MalformedRow, None))?;
    let mut texts = Texts::default();
    for (text, member) in texts.iter_mut().zip(&row.members) {
        *text = member.as_deref().unwrap_or_default();
    }
    row::notice(&texts)
}

/// The members of an object that were read, and what to report if reading fails: the library's errors are words only.
struct Row<'de> {
    members: [Option<Cow<'de, str>>; Column::ALL.len()],
    fault: Fault,
}

impl<'de> DeserializeSeed<'de> for &mut Row<'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Row<'de> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key_seed(Text)? {
            let Some(column) = name.as_deref().and_then(Column::from_word) else {
                self.fault = (RejectReason::ColumnUnknown, None);
                return Err(A::Error::custom("unknown member"));
            };
            let member = &mut self.members[column as usize];
            if member.is_some() {
                self.fault = (RejectReason::DuplicateMember, Some(column));
                return Err(A::Error::custom("duplicate member"));
            }
            self.fault = (RejectReason::MalformedRow, Some(column));
            *member = Some(map.next_value_seed(Text)?.unwrap_or_default());
            self.fault = (RejectReason::MalformedRow, None);
        }
        Ok(())
    }
}

/// A string, or `None` for `null`.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a string or null")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(line: &str) -> Fault {
        notice(line).unwrap_err()
    }

    #[test]
    fn members_may_be_escaped_and_optional_ones_null() {
        let line = r#" {"kin\u0064":"passport","status":"lost","document_number":"\u0041 1","issuing_state":"UTO",
            "reference":null,"review_on":""} "#;
        let notice = notice(line).unwrap();
        assert_eq!(notice.document.number.as_str(), "A1");
        assert_eq!((notice.reference, notice.review_on, notice.reported_on), (None, None, None));
    }

    #[test]
    fn what_is_no_object_of_strings_is_malformed_and_names_the_member() {
        for line in ["[]", "{", "{} {}", "null", "\"a\"", "{\"kind\":\"visa\",}", "{\"a", "{1:2}"] {
            assert_eq!(fault(line), (RejectReason::MalformedRow, None), "{line}");
        }
        for value in ["123456", "true", "[\"A\"]", "{}", "\"\\ud800\"", "1e400"] {
            let line = format!("{{\"document_number\":{value}}}");
            assert_eq!(fault(&line), (RejectReason::MalformedRow, Some(Column::DocumentNumber)), "{line}");
        }
    }

    #[test]
    fn a_null_that_comes_first_still_makes_a_member_occur_twice() {
        let line = r#"{"kind":null,"kind":"passport"}"#;
        assert_eq!(fault(line), (RejectReason::DuplicateMember, Some(Column::Kind)));
    }
}
