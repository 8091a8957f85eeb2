//! Rows of a CSV register.
//!
//! A row is a line. RFC 4180 lets a quoted field hold line breaks; no column of a register can, and a reader that
//! follows a quote left open by mistake swallows the rows after it up to the next quote. Here such a line is one reject
//! and the next line is a row again. Apart from that, quotes mean what they mean in RFC 4180, and a quote inside an
//! unquoted field is a character. Blank lines are no rows.

use super::column::{Column, Texts};
use super::error::{ColumnLabel, RegisterError};
use super::lines::Line;
use super::read::Sink;
use super::reject::{Reject, RejectReason};
use super::row;
use super::source::Source;

/// Reads the header and hands every row to `sink`; gives the number of rows.
pub(super) fn read<E: From<RegisterError>>(source: &mut Source, sink: &mut Sink<'_, E>) -> Result<u64, E> {
    let header = Header::read(source)?;
    let mut unquoted = String::new();
    let mut rows = 0;
    while let Some((line, text)) = source.next_line()? {
        let found = match text {
            Line::Text("") => continue,
            Line::Text(text) => match header.texts(text, &mut unquoted) {
                Some(texts) => row::notice(&texts),
                None => Err((RejectReason::MalformedRow, None)),
            },
            Line::NotUtf8 => Err((RejectReason::NotUtf8, None)),
            Line::TooLong => Err((RejectReason::RowTooLong, None)),
        };
        rows += 1;
        sink(line, found.map_err(|fault| Reject::new(line, fault)))?;
    }
    Ok(rows)
}

/// Which column each field of a row belongs to.
struct Header(Vec<Column>);

impl Header {
    fn read(source: &mut Source) -> Result<Self, RegisterError> {
        let path = source.path().to_owned();
        let names = loop {
            match source.next_line()? {
                None => return Err(RegisterError::Empty { path }),
                Some((_, Line::Text(""))) => {}
                Some((_, Line::Text(text))) => break names(text),
                Some((_, Line::NotUtf8 | Line::TooLong)) => break None,
            }
        };
        let Some(names) = names else { return Err(RegisterError::HeaderUnreadable { path }) };
        let mut columns = Vec::with_capacity(Column::ALL.len());
        for (at, name) in names.iter().enumerate() {
            let Some(column) = Column::from_word(name) else {
                return Err(RegisterError::ColumnUnknown { path, label: ColumnLabel::new(name, at + 1) });
            };
            if columns.contains(&column) {
                return Err(RegisterError::ColumnDuplicate { path, column });
            }
            columns.push(column);
        }
        let missing =
            Column::ALL.into_iter().find(|column| column.is_required() && !columns.contains(column));
        match missing {
            Some(column) => Err(RegisterError::ColumnMissing { path, column }),
            None => Ok(Self(columns)),
        }
    }

    /// The fields of a row by column; `None` if they are not as many as the header's. `unquoted` is scratch space.
    fn texts<'a>(&self, row: &'a str, unquoted: &'a mut String) -> Option<Texts<'a>> {
        let mut texts = Texts::default();
        if !row.contains('"') {
            let mut fields = row.split(',');
            for column in &self.0 {
                texts[*column as usize] = fields.next()?;
            }
            return fields.next().is_none().then_some(texts);
        }
        unquoted.clear();
        let mut ends = [0; Column::ALL.len()];
        let mut rest = Some(row);
        for end in &mut ends[..self.0.len()] {
            rest = unquote(rest?, unquoted)?;
            *end = unquoted.len();
        }
        let mut from = 0;
        for (column, end) in self.0.iter().zip(ends) {
            texts[*column as usize] = &unquoted[from..end];
            from = end;
        }
        rest.is_none().then_some(texts)
    }
}

/// The fields of a header; `None` if a quote is left open.
fn names(header: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut rest = Some(header);
    while let Some(fields) = rest {
        let mut name = String::new();
        rest = unquote(fields, &mut name)?;
        names.push(name);
    }
    Some(names)
}

/// Appends the first field of `fields` to `out` without its quotes, and gives the fields after it, if any. `None` if a
/// quote is left open, or closed before the field's end.
fn unquote<'a>(fields: &'a str, out: &mut String) -> Option<Option<&'a str>> {
    let Some(mut quoted) = fields.strip_prefix('"') else {
        let (field, rest) =
            fields.split_once(',').map_or((fields, None), |(field, rest)| (field, Some(rest)));
        out.push_str(field);
        return Some(rest);
    };
    loop {
        let (text, after) = quoted.split_once('"')?;
        out.push_str(text);
        if let Some(more) = after.strip_prefix('"') {
            out.push('"');
            quoted = more;
        } else if after.is_empty() {
            return Some(None);
        } else {
            return after.strip_prefix(',').map(Some);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn fields_are_those_of_the_csv_library(row in "[a,\" ]{1,24}") {
            let mut library = csv::ReaderBuilder::new().has_headers(false).from_reader(row.as_bytes());
            let record = library.records().next().unwrap().unwrap();
            if let Some(fields) = names(&row) {
                prop_assert_eq!(fields, record.iter().collect::<Vec<_>>());
            }
        }

        #[test]
        fn what_the_csv_library_writes_is_read_back(fields in prop::collection::vec("[a,\" ]{0,6}", 7)) {
            let mut library = csv::WriterBuilder::new().from_writer(Vec::new());
            library.write_record(&fields).unwrap();
            let row = String::from_utf8(library.into_inner().unwrap()).unwrap();
            let mut unquoted = String::new();
            let texts = Header(Column::ALL.to_vec()).texts(row.trim_end_matches('\n'), &mut unquoted);
            prop_assert_eq!(texts.unwrap().to_vec(), fields);
        }
    }
}
