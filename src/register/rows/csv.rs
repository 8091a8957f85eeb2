//! Rows of CSV.
//!
//! A row is a line. RFC 4180 lets a quoted field hold line breaks; no column of a register can, and a reader that
//! follows a quote left open by mistake swallows the rows after it up to the next quote. Here such a line is one reject
//! and the next line is a row again. Apart from that, quotes mean what they mean in RFC 4180, and a quote inside an
//! unquoted field is a character. Blank lines are no rows.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter};

use super::reader::Header;
use crate::register::map::{At, Csv, Fault, Field, Raw, Slot};
use crate::register::{ColumnLabel, RejectReason};

/// Reads rows of which it knows what each field is.
#[derive(Debug)]
pub(in crate::register) struct Rows {
    separator: u8,
    quote: Option<u8>,
    /// What each field of a row is, in their order; fields behind these are not read.
    slots: Vec<Option<Slot>>,
    /// How many fields every row has.
    count: Option<usize>,
}

const MALFORMED: Fault = (RejectReason::MalformedRow, None);

impl Rows {
    pub(super) fn new(dialect: &Csv, fields: &[Field], header: Option<&str>) -> Result<Self, Header> {
        let (separator, quote) = (dialect.separator, dialect.quote);
        let Some(header) = header else {
            let place = |field: &Field| if let At::Place(place) = field.at { Some(place) } else { None };
            let len = fields.iter().filter_map(place).max().map_or(0, |last| last + 1);
            let slot_of = |at| fields.iter().position(|field| place(field) == Some(at));
            return Ok(Self {
                separator,
                quote,
                slots: (0..len).map(slot_of).collect(),
                count: dialect.count,
            });
        };
        let names = fields_of(header, separator, quote).ok_or(Header::Unreadable)?;
        let mut slots = vec![None; names.len()];
        let mut found = vec![false; fields.len()];
        for (at, name) in names.iter().enumerate() {
            let slot = fields.iter().position(|field| match &field.at {
                At::Name(wanted) => **wanted == **name,
                At::Place(place) => *place == at,
            });
            match slot {
                Some(slot) if std::mem::replace(&mut found[slot], true) => {
                    return Err(Header::Twice(ColumnLabel::new(name, at + 1)));
                }
                None if dialect.strict => return Err(Header::Unknown(ColumnLabel::new(name, at + 1))),
                slot => slots[at] = slot,
            }
        }
        match fields.iter().zip(found).find(|(field, found)| !found && !field.optional) {
            Some((field, _)) => Err(Header::Missing(field.at.to_string().into())),
            None => Ok(Self { separator, quote, slots, count: Some(names.len()) }),
        }
    }

    pub(super) fn read<'a>(&self, row: &'a str, raw: &mut Raw<'a>) -> Result<(), Fault> {
        let quoted = self.quote.is_some_and(|quote| memchr(quote, row.as_bytes()).is_some());
        let fields = if quoted { self.quoted(row, raw) } else { Some(self.plain(row, raw)) };
        match fields {
            Some(fields) if self.count.map_or(fields >= self.slots.len(), |count| fields == count) => Ok(()),
            _ => Err(MALFORMED),
        }
    }

    /// Reads a row without quotes; gives the number of its fields.
    fn plain<'a>(&self, row: &'a str, raw: &mut Raw<'a>) -> usize {
        let (mut fields, mut start) = (0, 0);
        for end in memchr_iter(self.separator, row.as_bytes()).chain([row.len()]) {
            self.keep(fields, Cow::Borrowed(&row[start..end]), raw);
            start = end + 1;
            fields += 1;
        }
        fields
    }

    /// Reads a row with quotes; `None` if one is left open, or closed before its field's end.
    fn quoted<'a>(&self, row: &'a str, raw: &mut Raw<'a>) -> Option<usize> {
        let (mut fields, mut rest) = (0, Some(row));
        while let Some(row) = rest {
            let (text, after) = unquote(row, self.separator, self.quote)?;
            self.keep(fields, text, raw);
            rest = after;
            fields += 1;
        }
        Some(fields)
    }

    fn keep<'a>(&self, at: usize, text: Cow<'a, str>, raw: &mut Raw<'a>) {
        if let Some(Some(slot)) = self.slots.get(at) {
            raw.set(*slot, text);
        }
    }
}

/// How many fields a row has; `None` if a quote is left open.
pub(in crate::register) fn count(row: &str, dialect: &Csv) -> Option<usize> {
    fields_of(row, dialect.separator, dialect.quote).map(|fields| fields.len())
}

/// The fields of a row; `None` if a quote is left open.
fn fields_of(row: &str, separator: u8, quote: Option<u8>) -> Option<Vec<Cow<'_, str>>> {
    let (mut fields, mut rest) = (Vec::new(), Some(row));
    while let Some(row) = rest {
        let (text, after) = unquote(row, separator, quote)?;
        fields.push(text);
        rest = after;
    }
    Some(fields)
}

/// The first field of a row without its quotes, and the fields after it, if any. `None` if a quote is left open, or
/// closed before the field's end.
fn unquote(row: &str, separator: u8, quote: Option<u8>) -> Option<(Cow<'_, str>, Option<&str>)> {
    let (separator, quote) = (char::from(separator), quote.map(char::from));
    let Some((quote, inside)) = quote.and_then(|quote| Some((quote, row.strip_prefix(quote)?))) else {
        return Some(match row.split_once(separator) {
            None => (Cow::Borrowed(row), None),
            Some((field, rest)) => (Cow::Borrowed(field), Some(rest)),
        });
    };
    let (mut field, mut rest) = (Cow::Borrowed(""), inside);
    loop {
        let (text, after) = rest.split_once(quote)?;
        if field.is_empty() {
            field = Cow::Borrowed(text);
        } else {
            field.to_mut().push_str(text);
        }
        if let Some(more) = after.strip_prefix(quote) {
            field.to_mut().push(quote);
            rest = more;
        } else if after.is_empty() {
            return Some((field, None));
        } else {
            return after.strip_prefix(separator).map(|rest| (field, Some(rest)));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fields(row: &str) -> Option<Vec<String>> {
        Some(fields_of(row, b',', Some(b'"'))?.into_iter().map(Cow::into_owned).collect())
    }

    #[test]
    fn separators_and_quotes_are_those_of_the_dialect() {
        let of = |row, separator, quote| fields_of(row, separator, quote).map(|fields| fields.join("+"));
        assert_eq!(of("a;'b;''c';", b';', Some(b'\'')).as_deref(), Some("a+b;'c+"));
        assert_eq!(of("\"a\tb", b'\t', None).as_deref(), Some("\"a+b"));
        assert_eq!(of("'a'b", b',', Some(b'\'')), None);
    }

    proptest! {
        #[test]
        fn fields_are_those_of_the_csv_library(row in "[a,\" ]{1,24}") {
            let mut library = ::csv::ReaderBuilder::new().has_headers(false).from_reader(row.as_bytes());
            let record = library.records().next().unwrap().unwrap();
            if let Some(fields) = fields(&row) {
                prop_assert_eq!(fields, record.iter().collect::<Vec<_>>());
            }
        }

        #[test]
        fn what_the_csv_library_writes_is_read_back(written in prop::collection::vec("[a,\" ]{0,6}", 7)) {
            let mut library = ::csv::WriterBuilder::new().from_writer(Vec::new());
            library.write_record(&written).unwrap();
            let row = String::from_utf8(library.into_inner().unwrap()).unwrap();
            prop_assert_eq!(fields(row.trim_end_matches('\n')), Some(written));
        }
    }
}
