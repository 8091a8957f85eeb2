//! The file of issuers' series with wrong check digits.

use serde::Deserialize;

use super::faults::{Fault, Faults};
use crate::domain::mrz::{Field, Format};
use crate::domain::{Deviation, Deviations, DocumentNumber, IssuingState, NumberRange, Prints};

/// The shipped file.
const SHIPPED: &str = include_str!("../../config/deviations.toml");
const FORMAT_VERSION: u32 = 1;
const FILE_BYTES_MAX: usize = 1 << 20;

/// The list that this program was built with.
pub(super) fn shipped() -> Deviations {
    parse_deviations(SHIPPED).expect("the shipped list of deviations is sound")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    format_version: u32,
    #[serde(default)]
    deviation: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    issuing_state: String,
    format: String,
    field: String,
    numbers: Option<[String; 2]>,
    prints: String,
    #[expect(dead_code, reason = "for the reader of the file, who is told if it is missing")]
    source: String,
}

/// Reads a file of deviations. `config/deviations.toml` explains its keys.
///
/// # Errors
/// Every fault of the text at once; nothing of a faulty file is used.
pub fn parse_deviations(text: &str) -> Result<Deviations, Faults> {
    let fault = |at: &str, what: String| Fault { at: at.to_owned(), what };
    if text.len() > FILE_BYTES_MAX {
        let what = format!("the file has more than {FILE_BYTES_MAX} bytes");
        return Err(Faults::of(fault("deviations", what)));
    }
    let file: File = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => return Err(Faults::of(fault("deviations", error.message().to_owned()))),
    };
    if file.format_version != FORMAT_VERSION {
        let what = format!("is {}; this program reads {FORMAT_VERSION}", file.format_version);
        return Err(Faults::of(fault("format-version", what)));
    }
    let mut faults = Vec::new();
    let deviations = file.deviation.into_iter().enumerate().filter_map(|(at, entry)| {
        entry
            .read()
            .map_err(|what| faults.push(fault(&format!("deviation {}", at + 1), what.to_owned())))
            .ok()
    });
    let deviations = Deviations(deviations.collect());
    Faults::check(faults)?;
    Ok(deviations)
}

impl Entry {
    fn read(self) -> Result<Deviation, &'static str> {
        let state = IssuingState::recognise(&self.issuing_state).map(|found| found.state);
        let format = Format::from_word(&self.format);
        let field = Field::from_word(&self.field)
            .filter(|field| !matches!(field, Field::IssuingState | Field::Nationality));
        let prints = match self.prints.as_bytes() {
            b"any" => Some(Prints::Any),
            [byte @ (b'0'..=b'9' | b'A'..=b'Z' | b'<')] => Some(Prints::Always(*byte)),
            _ => None,
        };
        let numbers = self.numbers.map(|[from, to]| {
            NumberRange::new(DocumentNumber::parse(&from).ok()?, DocumentNumber::parse(&to).ok()?)
        });
        let field =
            field.ok_or("field: one of number, date_of_birth, date_of_expiry, personal_number, composite")?;
        if field == Field::Number && numbers.is_none() {
            return Err(
                "numbers: a series whose number has a wrong check digit needs its first and last number",
            );
        }
        Ok(Deviation {
            issuing_state: state.ok_or("issuing-state: not a state's code")?,
            format: format.ok_or("format: one of TD1, TD2, TD3, MRVA, MRVB, FRENCH_ID, SLOVAK_ID")?,
            field,
            numbers: match numbers {
                Some(None) => return Err("numbers: two numbers of one length, the lower first"),
                Some(Some(range)) => Some(range),
                None => None,
            },
            prints: prints.ok_or("prints: \"any\", or one character of 0-9 A-Z <")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        parse_deviations(text).unwrap_err().iter().map(|fault| fault.at.clone()).collect()
    }

    #[test]
    fn the_shipped_list_is_read_and_excuses_no_number() {
        let shipped = shipped();
        assert!(!shipped.0.is_empty());
        assert!(shipped.0.iter().all(|known| known.field != Field::Number));
    }

    #[test]
    fn every_faulty_entry_is_named_and_nothing_of_the_file_is_used() {
        let entry = |change: (&str, &str)| {
            "[[deviation]]\nissuing-state = 'UTO'\nformat = 'TD3'\nfield = 'number'\nnumbers = ['A1', 'A9']\n\
             prints = 'any'\nsource = 'test'\n"
                .replace(change.0, change.1)
        };
        let file = |entries: &[String]| format!("format-version = 1\n{}", entries.concat());
        assert!(parse_deviations(&file(&[entry(("", ""))])).is_ok());
        let bad = [
            entry(("UTO", "QQQ")),
            entry(("TD3", "TD4")),
            entry(("'number'", "'name'")),
            entry(("['A1', 'A9']", "['A9', 'A1']")),
            entry(("numbers = ['A1', 'A9']\n", "")),
            entry(("'any'", "'ab'")),
        ];
        assert_eq!(
            faults(&file(&bad)),
            ["deviation 1", "deviation 2", "deviation 3", "deviation 4", "deviation 5", "deviation 6"]
        );
        assert_eq!(faults("format-version = 2"), ["format-version"]);
        assert_eq!(faults(""), ["deviations"]);
        assert_eq!(faults(&file(&[entry(("source = 'test'\n", ""))])), ["deviations"]);
    }
}
