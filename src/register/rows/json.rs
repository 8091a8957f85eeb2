//! Rows of JSON: one object, with string members named like fields.
//!
//! A member that is `null` is absent. Blank lines are no rows.

use std::borrow::Cow;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use crate::register::map::{At, Fault, Field, Raw, Slot};
use crate::register::{Column, RejectReason};

/// Reads objects of which it knows the members that matter.
#[derive(Debug)]
pub(in crate::register) struct Rows {
    names: Vec<Option<Box<str>>>,
    strict: bool,
}

impl Rows {
    pub(super) fn new(fields: &[Field], strict: bool) -> Self {
        let name = |field: &Field| if let At::Name(name) = &field.at { Some(name.clone()) } else { None };
        Self { names: fields.iter().map(name).collect(), strict }
    }

    pub(super) fn read<'a>(&self, object: &'a str, raw: &mut Raw<'a>) -> Result<(), Fault> {
        let mut row = Row { rows: self, raw, seen: 0, fault: (RejectReason::MalformedRow, None) };
        let mut json = serde_json::Deserializer::from_str(object);
        if row.deserialize(&mut json).is_err() {
            return Err(row.fault);
        }
        json.end().map_err(|_| (RejectReason::MalformedRow, None))
    }

    fn slot(&self, name: &str) -> Option<Slot> {
        self.names.iter().position(|known| known.as_deref() == Some(name))
    }
}

/// The members of an object that were read, and what to report if reading fails: the library's errors are words only.
struct Row<'r, 'de> {
    rows: &'r Rows,
    raw: &'r mut Raw<'de>,
    /// A bit for each slot.
    seen: u32,
    fault: Fault,
}

impl<'de> DeserializeSeed<'de> for &mut Row<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Row<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key_seed(Text)? {
            let Some(slot) = name.as_deref().and_then(|name| self.rows.slot(name)) else {
                if self.rows.strict {
                    self.fault = (RejectReason::ColumnUnknown, None);
                    return Err(A::Error::custom("unknown member"));
                }
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let column = self.rows.names[slot].as_deref().and_then(Column::from_word);
            if self.seen & (1 << slot) != 0 {
                self.fault = (RejectReason::DuplicateMember, column);
                return Err(A::Error::custom("duplicate member"));
            }
            self.seen |= 1 << slot;
            self.fault = (RejectReason::MalformedRow, column);
            self.raw.set(slot, map.next_value_seed(Text)?.unwrap_or_default());
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

    fn rows(strict: bool) -> Rows {
        let field = |name: &&str| Field { at: At::Name((*name).into()), optional: true };
        Rows::new(&["document_number", "kind"].iter().map(field).collect::<Vec<_>>(), strict)
    }

    fn fault(object: &str) -> Fault {
        rows(true).read(object, &mut Raw::default()).unwrap_err()
    }

    #[test]
    fn members_may_be_escaped_and_null() {
        let mut raw = Raw::default();
        let object = r#" {"kin\u0064":null,"document_number":"\u0041 1"} "#;
        rows(true).read(object, &mut raw).unwrap();
        assert_eq!((raw.text(0), raw.text(1)), ("A 1", ""));
    }

    #[test]
    fn members_that_no_field_names_are_passed_over_unless_rows_are_strict() {
        let object = r#"{"more":[{"kind":1}],"kind":"visa"}"#;
        let mut raw = Raw::default();
        rows(false).read(object, &mut raw).unwrap();
        assert_eq!(raw.text(1), "visa");
        assert_eq!(fault(object), (RejectReason::ColumnUnknown, None));
    }

    #[test]
    fn what_is_no_object_of_strings_is_malformed_and_names_the_member() {
        for object in ["[]", "{", "{} {}", "null", "\"a\"", "{\"kind\":\"visa\",}", "{\"a", "{1:2}"] {
            assert_eq!(fault(object), (RejectReason::MalformedRow, None), "{object}");
        }
        for value in ["123456", "true", "[\"A\"]", "{}", "\"\\ud800\"", "1e400"] {
            let object = format!("{{\"document_number\":{value}}}");
            assert_eq!(
                fault(&object),
                (RejectReason::MalformedRow, Some(Column::DocumentNumber)),
                "{object}"
            );
        }
    }

    #[test]
    fn a_null_that_comes_first_still_makes_a_member_occur_twice() {
        let object = r#"{"kind":null,"kind":"passport"}"#;
        assert_eq!(fault(object), (RejectReason::DuplicateMember, Some(Column::Kind)));
    }
}
