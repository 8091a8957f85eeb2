//! A mapping as its file says it.

use std::collections::BTreeMap;

use encoding_rs::Encoding;
use serde::Deserialize;

use super::dates::DayPattern;
use super::mapping::{At, Csv, DayRule, Field, Layout, Mapping, SLOTS_MAX, Slot};
use super::number::{Alias, NumberRule, Part};
use super::words::{From, Values, WordRule};
use crate::domain::{IssuingState, Kind, Status};
use crate::register::rows::ATTRIBUTES;

/// What is wrong with a mapping.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// It is no TOML, or has a key that mappings don't have.
    #[error("the mapping cannot be read: {0}")]
    Toml(Box<str>),
    /// It says something that makes no sense.
    #[error("the mapping says {at}: {what}")]
    Nonsense {
        /// The key.
        at: &'static str,
        /// What is wrong with it, and what to write instead.
        what: Box<str>,
    },
}

fn nonsense<T>(at: &'static str, what: impl Into<Box<str>>) -> Result<T, MappingError> {
    Err(MappingError::Nonsense { at, what: what.into() })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    layout: LayoutWord,
    encoding: Option<String>,
    separator: Option<String>,
    quote: Option<String>,
    #[serde(default)]
    skip_lines: usize,
    header: Option<bool>,
    fields: Option<usize>,
    listed: Option<Listed>,
    document_number: Number,
    document_number_to: Option<Column>,
    issuing_state: Word,
    kind: Word,
    status: Word,
    reported_on: Option<Day>,
    review_on: Option<Day>,
    reference: Option<Column>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum LayoutWord {
    Csv,
    Ndjson,
    JsonArray,
    CzechAnswers,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Name {
    Place(usize),
    Name(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Column {
    column: Name,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    column: Name,
    is: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Number {
    parts: Vec<NumberPart>,
    transliterate: Option<TransliterateWord>,
    alias: Option<AliasWord>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NumberPart {
    column: Name,
    digits: Option<usize>,
    pad: Option<usize>,
    #[serde(default)]
    optional: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum TransliterateWord {
    Ukrainian,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum AliasWord {
    LookAlike,
    PartsReversed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Word {
    constant: Option<String>,
    column: Option<Name>,
    #[serde(default)]
    file_name: bool,
    values: Option<BTreeMap<String, String>>,
    otherwise: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Day {
    column: Name,
    format: Option<String>,
    unreadable: Option<Unreadable>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Unreadable {
    RejectRow,
    LeaveOut,
}

impl Mapping {
    /// Reads a mapping.
    pub(in crate::register) fn parse(toml: &str) -> Result<Self, MappingError> {
        let file: File =
            toml::from_str(toml).map_err(|error| MappingError::Toml(error.to_string().trim_end().into()))?;
        let by_place = file.layout == LayoutWord::Csv && file.header == Some(false);
        let mut fields = Fields { list: Vec::new(), layout: file.layout, by_place };
        if file.layout == LayoutWord::CzechAnswers {
            fields.list = ATTRIBUTES.iter().map(|(_, name)| Fields::named(name)).collect();
        }
        let layout = layout(&file)?;
        let listed = match &file.listed {
            Some(Listed { column, is }) => Some((fields.slot(column)?, is.as_str().into())),
            None => None,
        };
        let number = number(&file.document_number, &mut fields)?;
        let issuing_state = word(&file.issuing_state, "issuing-state", &mut fields, &|word| {
            IssuingState::recognise(word).is_some()
        })?;
        let kind = word(&file.kind, "kind", &mut fields, &|word| Kind::from_word(word).is_some())?;
        let status = word(&file.status, "status", &mut fields, &|word| Status::from_word(word).is_some())?;
        let mut column = |column: &Option<Column>| match column {
            Some(Column { column }) => fields.slot(column).map(Some),
            None => Ok(None),
        };
        let (last_number, reference) = (column(&file.document_number_to)?, column(&file.reference)?);
        let reported_on = day(file.reported_on.as_ref(), "reported-on", &mut fields)?;
        let review_on = day(file.review_on.as_ref(), "review-on", &mut fields)?;
        let encoding = match &file.encoding {
            None => None,
            Some(label) => match Encoding::for_label(label.as_bytes()) {
                Some(encoding) => Some(encoding),
                None => {
                    return nonsense("encoding", format!("{label:?} is no encoding of the WHATWG's list"));
                }
            },
        };
        Ok(Self {
            layout,
            encoding,
            fields: fields.list,
            listed,
            number,
            last_number,
            issuing_state,
            kind,
            status,
            reported_on,
            review_on,
            reference,
        })
    }
}

/// The fields that are named so far.
struct Fields {
    list: Vec<Field>,
    layout: LayoutWord,
    by_place: bool,
}

impl Fields {
    fn named(name: &str) -> Field {
        Field { at: At::Name(name.into()), optional: false }
    }

    fn slot(&mut self, name: &Name) -> Result<Slot, MappingError> {
        let at = match name {
            Name::Place(0) => return nonsense("column", "places count from 1"),
            Name::Place(place) if self.layout == LayoutWord::Csv => At::Place(place - 1),
            Name::Place(_) => return nonsense("column", "members are known by name: give it in quotes"),
            Name::Name(_) if self.by_place => {
                return nonsense("column", "without a header, columns are known by place: give a number");
            }
            Name::Name(name) => At::Name(name.as_str().into()),
        };
        if let Some(slot) = self.list.iter().position(|field| field.at == at) {
            return Ok(slot);
        }
        if self.layout == LayoutWord::CzechAnswers {
            return nonsense("column", "an answer has no such attribute");
        }
        if self.list.len() == SLOTS_MAX {
            return nonsense("column", format!("at most {SLOTS_MAX} columns can be read"));
        }
        self.list.push(Field { at, optional: false });
        Ok(self.list.len() - 1)
    }
}

fn layout(file: &File) -> Result<Layout, MappingError> {
    if file.layout != LayoutWord::Csv {
        let of_csv = file.separator.is_some() || file.quote.is_some() || file.skip_lines > 0;
        if of_csv || file.header.is_some() || file.fields.is_some() {
            return nonsense("layout", "separator, quote, skip-lines, header and fields are CSV's");
        }
    }
    let byte = |at, text: &str| match text.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Ok(*byte),
        _ => nonsense(at, "it is one ASCII character and no line's end"),
    };
    Ok(match file.layout {
        LayoutWord::Ndjson => Layout::Ndjson { strict: false },
        LayoutWord::JsonArray => Layout::JsonArray,
        LayoutWord::CzechAnswers => Layout::CzechAnswers,
        LayoutWord::Csv => {
            let separator = byte("separator", file.separator.as_deref().unwrap_or(","))?;
            let quote = match file.quote.as_deref() {
                Some("") => None,
                quote => Some(byte("quote", quote.unwrap_or("\""))?),
            };
            if quote == Some(separator) {
                return nonsense("quote", "it is the separator too");
            }
            let header = file.header.unwrap_or(true);
            if header && file.fields.is_some() {
                return nonsense("fields", "a row has as many as the header: leave it out");
            }
            let (skip_lines, count) = (file.skip_lines, file.fields);
            Layout::Csv(Csv { separator, quote, skip_lines, header, strict: false, count })
        }
    })
}

fn number(number: &Number, fields: &mut Fields) -> Result<NumberRule, MappingError> {
    if number.parts.is_empty() {
        return nonsense("document-number", "it needs at least one part");
    }
    let mut parts = Vec::new();
    for NumberPart { column, digits, pad, optional } in &number.parts {
        if [digits, pad].into_iter().flatten().any(|len| !(1..=22).contains(len)) {
            return nonsense("document-number", "digits and pad are 1 to 22");
        }
        let slot = fields.slot(column)?;
        parts.push(Part { slot, digits: *digits, pad: *pad, optional: *optional });
    }
    let alias = number.alias.as_ref().map(|alias| match alias {
        AliasWord::LookAlike => Alias::LookAlike,
        AliasWord::PartsReversed => Alias::PartsReversed,
    });
    Ok(NumberRule { parts, transliterate: number.transliterate.is_some(), alias })
}

fn word(
    word: &Word,
    at: &'static str,
    fields: &mut Fields,
    is_ours: &dyn Fn(&str) -> bool,
) -> Result<WordRule, MappingError> {
    let from = match (&word.constant, &word.column, word.file_name) {
        (Some(constant), None, false) if word.values.is_none() && word.otherwise.is_none() => {
            if !is_ours(constant) {
                return nonsense(at, format!("{constant:?} is not known"));
            }
            From::Constant(constant.as_str().into())
        }
        (None, Some(column), false) => From::Slot(fields.slot(column)?),
        (None, None, true) if word.values.is_some() => From::FileName,
        _ => {
            let what = "give constant alone, or column with or without values, or file-name with values";
            return nonsense(at, what);
        }
    };
    let values = (word.values.is_some() || word.otherwise.is_some())
        .then(|| Values::new(word.values.clone().unwrap_or_default(), word.otherwise.clone()));
    if let Some(odd) = values.as_ref().and_then(|values| values.ours().find(|ours| !is_ours(ours))) {
        return nonsense(at, format!("{odd:?} is not known"));
    }
    Ok(WordRule { from, values })
}

fn day(day: Option<&Day>, at: &'static str, fields: &mut Fields) -> Result<Option<DayRule>, MappingError> {
    let Some(Day { column, format, unreadable }) = day else { return Ok(None) };
    let Some(pattern) = DayPattern::parse(format.as_deref().unwrap_or("yyyy-mm-dd")) else {
        let what = "write a format as yyyy-mm-dd, d.m.yyyy or yyyy-mm-dd* (* is whatever follows)";
        return nonsense(at, what);
    };
    let lenient = *unreadable == Some(Unreadable::LeaveOut);
    Ok(Some(DayRule { slot: fields.slot(column)?, pattern, lenient }))
}

impl Mapping {
    /// The mapping of each column of Portcullis to itself.
    pub(in crate::register) fn own(layout: Layout) -> Self {
        use crate::register::Column as C;
        let field = |column: C| Field { at: At::Name(column.word().into()), optional: !column.is_required() };
        let word = |column: C| WordRule { from: From::Slot(column as usize), values: None };
        let day = |column: C| DayRule { slot: column as usize, pattern: DayPattern::iso(), lenient: false };
        let slot = C::DocumentNumber as usize;
        let whole = Part { slot, digits: None, pad: None, optional: false };
        Self {
            layout,
            encoding: None,
            fields: C::ALL.into_iter().map(field).collect(),
            listed: None,
            number: NumberRule { parts: vec![whole], transliterate: false, alias: None },
            last_number: Some(C::DocumentNumberTo as usize),
            issuing_state: word(C::IssuingState),
            kind: word(C::Kind),
            status: word(C::Status),
            reported_on: Some(day(C::ReportedOn)),
            review_on: Some(day(C::ReviewOn)),
            reference: Some(C::Reference as usize),
        }
    }
}
