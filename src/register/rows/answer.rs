//! The Czech ministry's answer to a question about one document, in XML:
//! `<doklady_neplatne><dotaz typ cislo serie/><odpoved evidovano evidovano_od/></doklady_neplatne>`.
//!
//! Attributes are fields in the order of [`ATTRIBUTES`]; a series `-` is none.

use std::borrow::Cow;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::register::RejectReason;
use crate::register::map::{Fault, Raw};

/// The attributes that are read, by element; a mapping of answers has its fields in this order.
pub(in crate::register) const ATTRIBUTES: [(&str, &str); 5] = [
    ("dotaz", "typ"),
    ("dotaz", "cislo"),
    ("dotaz", "serie"),
    ("odpoved", "evidovano"),
    ("odpoved", "evidovano_od"),
];

/// The most elements of an answer; it has three.
const ELEMENTS_MAX: usize = 16;

pub(super) fn read<'a>(answer: &'a str, raw: &mut Raw<'a>) -> Result<(), Fault> {
    elements(answer, raw).ok_or((RejectReason::MalformedRow, None))
}

/// Reads the elements of an answer; `None` if it is none: an error message, another document, or broken.
fn elements<'a>(answer: &'a str, raw: &mut Raw<'a>) -> Option<()> {
    let mut reader = Reader::from_str(answer);
    let (mut asked, mut answered, mut inside) = (0, 0, false);
    for _ in 0..ELEMENTS_MAX * 3 {
        match reader.read_event().ok()? {
            Event::Start(root) if root.name().as_ref() == "doklady_neplatne" && !inside => inside = true,
            Event::Empty(element) if inside => {
                let name = element.name();
                match name.as_ref() {
                    "dotaz" => asked += 1,
                    "odpoved" => answered += 1,
                    _ => return None,
                }
                attributes(&element, raw)?;
            }
            Event::End(root) if root.name().as_ref() == "doklady_neplatne" => {
                return (asked == 1 && answered == 1).then_some(());
            }
            Event::Text(text) if text.trim_ascii().is_empty() => {}
            Event::Decl(_) | Event::Comment(_) => {}
            _ => return None,
        }
    }
    None
}

fn attributes(element: &BytesStart<'_>, raw: &mut Raw<'_>) -> Option<()> {
    for attribute in element.attributes() {
        let attribute = attribute.ok()?;
        let wanted =
            |(of, name): &(&str, &str)| *of == element.name().as_ref() && *name == attribute.key.as_ref();
        if let Some(slot) = ATTRIBUTES.iter().position(wanted) {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
            let value = if value == "-" { Cow::Borrowed("") } else { Cow::Owned(value.into_owned()) };
            raw.set(slot, value);
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(answer: &str) -> Result<Vec<String>, Fault> {
        let mut raw = Raw::default();
        super::read(answer, &mut raw)?;
        Ok((0..5).map(|slot| raw.text(slot).to_owned()).collect())
    }

    #[test]
    fn an_answer_says_what_was_asked_and_since_when_it_is_listed() {
        let answer = r#"<?xml version="1.0" ?>
            <doklady_neplatne posl_zmena="12.8.2010" pristi_zmeny="">
                <dotaz typ="OPs" cislo="123456" serie="AB12"/>
                <odpoved aktualizovano="1.1.2019" evidovano="ano" evidovano_od="2.3.2018"/>
            </doklady_neplatne>"#;
        assert_eq!(read(answer).unwrap(), ["OPs", "123456", "AB12", "ano", "2.3.2018"]);
        let none = answer.replace("AB12", "-");
        assert_eq!(read(&none).unwrap()[2], "");
    }

    #[test]
    fn an_error_message_or_half_an_answer_is_malformed() {
        let malformed = Err((RejectReason::MalformedRow, None));
        for answer in [
            "",
            "<doklady_neplatne>",
            "<doklady_neplatne></doklady_neplatne>",
            "<doklady_neplatne><chyba spatny_dotaz=\"ano\"/></doklady_neplatne>",
            "<doklady_neplatne><dotaz typ=\"OP\" cislo=\"1\" serie=\"-\"/></doklady_neplatne>",
            "<doklady_neplatne><dotaz/><dotaz/><odpoved/></doklady_neplatne>",
            "<jine><dotaz/><odpoved/></jine>",
            "<doklady_neplatne><dotaz cislo=1/><odpoved/></doklady_neplatne>",
        ] {
            assert_eq!(read(answer), malformed, "{answer}");
        }
    }
}
