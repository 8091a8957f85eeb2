//! Reads a file of settings and remembers everything that is wrong with it.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::faults::Fault;
use super::layout::Walk;
use super::shapes::{Misfit, Shape};
use crate::domain::{FeedName, FeedNameFault};

/// The sections of a file; what is read is taken out, and what is left at the end is a fault.
pub(super) struct Reader {
    sections: Table,
    /// The keys of each section walked, whether the file has them or not.
    known: BTreeMap<String, Vec<&'static str>>,
    /// Paths that the file gives, soundly or not.
    given: Vec<String>,
    faults: Vec<Fault>,
}

impl Reader {
    /// # Errors
    /// The text is no TOML.
    pub(super) fn new(text: &str) -> Result<Self, Fault> {
        let sections = text.parse::<Table>().map_err(|error| syntax_fault(text, &error))?;
        Ok(Self { sections, known: BTreeMap::new(), given: Vec::new(), faults: Vec::new() })
    }

    pub(super) fn refuse(&mut self, at: impl Into<String>, what: impl Into<String>) {
        self.faults.push(Fault { at: at.into(), what: what.into() });
    }

    pub(super) fn refused(&self, path: &str) -> bool {
        self.faults.iter().any(|fault| fault.at == path)
    }

    pub(super) fn given(&self, path: &str) -> bool {
        self.given.iter().any(|given| given == path)
    }

    /// What was wrong, including everything that nobody asked for.
    pub(super) fn finish(mut self) -> Vec<Fault> {
        for (name, section) in std::mem::take(&mut self.sections) {
            if NAMED.contains(&name.as_str()) {
                for (feed, section) in section.as_table().into_iter().flatten() {
                    self.refuse_rest(&format!("{name}.{feed}"), section);
                }
            } else if self.known.contains_key(&name) {
                self.refuse_rest(&name, &section);
            } else {
                let known: Vec<_> = self.known.keys().filter(|name| !name.contains('.')).collect();
                let known: Vec<_> = known.into_iter().map(|name| format!("[{name}]")).collect();
                let what = format!("unknown section; there are {}, {OF_NAMES}", known.join(", "));
                self.refuse(segment(&name), what);
            }
        }
        self.faults
    }

    fn refuse_rest(&mut self, section: &str, rest: &Value) {
        let known = self.known.get(section).map(|keys| keys.join(", ")).unwrap_or_default();
        for key in rest.as_table().into_iter().flat_map(Table::keys) {
            self.refuse(
                format!("{section}.{}", segment(key)),
                format!("unknown key; [{section}] has {known}"),
            );
        }
    }

    /// The table of a section; a fault, once, if what stands there is none.
    fn table(&mut self, section: &str) -> Option<&mut Table> {
        let found = find(&mut self.sections, section)?;
        if !found.is_table() {
            let what = format!("expected a section, written [{section}]; given {}", given(found));
            *found = Value::Table(Table::new());
            self.refuse(section, what);
        }
        find(&mut self.sections, section)?.as_table_mut()
    }
}

/// What stands at a path of one or two names.
fn find<'a>(sections: &'a mut Table, path: &str) -> Option<&'a mut Value> {
    match path.split_once('.') {
        None => sections.get_mut(path),
        Some((outer, inner)) => sections.get_mut(outer)?.as_table_mut()?.get_mut(inner),
    }
}

/// Sections of which there is one for each feed, or each receiver of hits.
const OF_NAMES: &str = "[feeds.NAME], [sources.NAME], [webhooks.NAME]";
const NAMED: [&str; 3] = ["feeds", "sources", "webhooks"];

impl Walk for Reader {
    fn key<S: Shape>(&mut self, section: &str, key: &'static str, shape: &S, value: &mut S::Of) {
        self.known.entry(section.to_owned()).or_default().push(key);
        let Some(found) = self.table(section).and_then(|table| table.remove(key)) else { return };
        let path = format!("{section}.{key}");
        self.given.push(path.clone());
        match shape.read(&found) {
            Ok(read) => *value = read,
            Err(Misfit::Rule(rule)) => self.refuse(path, rule),
            Err(Misfit::Shape) => {
                let (expected, example) = (shape.expected(), shape.write(value));
                self.refuse(
                    path,
                    format!("expected {expected}, such as {key} = {example}; given {}", given(&found)),
                );
            }
        }
    }

    fn feeds(&mut self, section: &str, _: Vec<FeedName>) -> Vec<FeedName> {
        let names: Vec<String> =
            self.table(section).into_iter().flat_map(|table| table.keys().cloned()).collect();
        let mut feeds = Vec::new();
        for name in names {
            match FeedName::parse(&name) {
                Ok(feed) => feeds.push(feed),
                Err(fault @ FeedNameFault) => {
                    self.table(section).map(|table| table.remove(&name));
                    self.refuse(format!("{section}.{}", segment(&name)), fault.to_string());
                }
            }
        }
        feeds
    }
}

/// A name as it stands in a path, on one line whatever it contains.
fn segment(name: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !name.is_empty() && name.bytes().all(bare) { cut(name) } else { format!("{:?}", cut(name)) }
}

fn given(value: &Value) -> String {
    match value {
        Value::String(text) => format!("the string {:?}", cut(text)),
        Value::Integer(number) => format!("the integer {number}"),
        Value::Float(number) => format!("the float {number}"),
        Value::Boolean(truth) => format!("the boolean {truth}"),
        Value::Datetime(_) => "a date or time".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        Value::Table(_) => "a table".to_owned(),
    }
}

const SHOWN_CHARS_MAX: usize = 60;

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

fn syntax_fault(text: &str, error: &toml::de::Error) -> Fault {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    let what = error.message().lines().collect::<Vec<_>>().join("; ");
    Fault { at: format!("line {line}, column {column}"), what: format!("this is no TOML: {what}") }
}
