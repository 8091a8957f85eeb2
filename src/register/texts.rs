//! From a source to blocks of records, and what it takes to read them.

use std::io::{Cursor, Read};
use std::path::PathBuf;
use std::sync::Arc;

use super::adapter::Adapter;
use super::cut::{Answers, Array, Block, Cut, CutFault, Lines};
use super::map::{Csv, Layout, Mapping};
use super::rows::{Header, Reader};
use super::source::Part;
use super::{RegisterError, Source};

/// What it takes to read the records of one text.
pub(super) struct Text {
    pub(super) path: PathBuf,
    pub(super) name: String,
    pub(super) transcoded: bool,
    pub(super) mapping: Arc<Mapping>,
    pub(super) reader: Reader,
}

/// Cuts every text of a source and hands its blocks to `send`, until that gives `false`.
pub(super) fn cut(
    source: Source,
    adapter: &Adapter,
    send: &mut dyn FnMut(Arc<Text>, Block) -> bool,
) -> Result<(), RegisterError> {
    source.parts(adapter.encoding(), &mut |part| cut_part(part, adapter, send))
}

fn cut_part(
    mut part: Part<'_>,
    adapter: &Adapter,
    send: &mut dyn FnMut(Arc<Text>, Block) -> bool,
) -> Result<(), RegisterError> {
    let path = part.path().clone();
    let empty = || RegisterError::Empty { path: path.clone() };
    let mut head = Vec::new();
    let first = first_character(&mut part, &mut head)?.ok_or_else(empty)?;
    let layout = adapter.layout(first).clone();
    let mut cutter: Box<dyn Cut> = match layout {
        Layout::Csv(_) | Layout::Ndjson { .. } => Box::new(Lines::default()),
        Layout::JsonArray => Box::new(Array::default()),
        Layout::CzechAnswers => Box::new(Answers::default()),
    };
    let mut beginning = Cursor::new(head);
    let mut next = |part: &mut Part<'_>| {
        let whole: &mut dyn Read = &mut (&mut beginning).chain(part.reader());
        cutter.next(whole).map_err(|fault| match fault {
            CutFault::Io(error) => part.fault(error),
            CutFault::Shape(what) => RegisterError::Shape { path: part.path().clone(), what },
        })
    };
    let mut lines_to_skip = if let Layout::Csv(Csv { skip_lines, .. }) = layout { skip_lines } else { 0 };
    let mut text = None;
    while let Some(mut block) = next(&mut part)? {
        let skipped = lines_to_skip.min(block.records.len());
        block.records.drain(..skipped);
        lines_to_skip -= skipped;
        if text.is_none() {
            text = begin(&part, &layout, adapter, &mut block)?.map(Arc::new);
        }
        if let Some(text) = &text
            && !block.records.is_empty()
            && !send(Arc::clone(text), block)
        {
            return Ok(());
        }
    }
    if text.is_none() && layout != Layout::JsonArray { Err(empty()) } else { Ok(()) }
}

/// The first character that is no blank; what was read to find it is put into `head`.
fn first_character(part: &mut Part<'_>, head: &mut Vec<u8>) -> Result<Option<u8>, RegisterError> {
    const LOOKED_AT_MAX: u64 = 4096;
    let read = part.reader().take(LOOKED_AT_MAX).read_to_end(head);
    let len = read.map_err(|error| part.fault(error))?;
    let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
    Ok(first.or(head.first()).copied().filter(|_| len > 0))
}

/// Knows the text by its first row, and takes the header away if it has one; `None` if the block has neither.
fn begin(
    part: &Part<'_>,
    layout: &Layout,
    adapter: &Adapter,
    block: &mut Block,
) -> Result<Option<Text>, RegisterError> {
    let path = part.path().clone();
    let blank = |bytes: &[u8]| {
        bytes.is_empty() || (!matches!(layout, Layout::Csv(_)) && bytes.trim_ascii().is_empty())
    };
    let found = block
        .records
        .iter()
        .position(|record| record.too_long || !blank(&block.bytes[record.start..record.end]));
    let Some(at) = found else { return Ok(None) };
    let record = block.records[at];
    let first = std::str::from_utf8(&block.bytes[record.start..record.end]).ok().filter(|_| !record.too_long);
    let Some(mapping) = adapter.mapping(layout, first.unwrap_or_default()) else {
        let what = "its first row has another number of fields than any list of this publisher";
        return Err(RegisterError::Shape { path, what });
    };
    let header = matches!(&mapping.layout, Layout::Csv(dialect) if dialect.header);
    let reader = match (header, first) {
        (false, _) => Reader::new(&mapping, None),
        (true, Some(line)) => Reader::new(&mapping, Some(line)),
        (true, None) => Err(Header::Unreadable),
    };
    let reader = reader.map_err(|fault| match fault {
        Header::Unreadable => RegisterError::HeaderUnreadable { path: path.clone() },
        Header::Unknown(label) => RegisterError::ColumnUnknown { path: path.clone(), label },
        Header::Twice(label) => RegisterError::ColumnDuplicate { path: path.clone(), label },
        Header::Missing(name) => RegisterError::ColumnMissing { path: path.clone(), name },
    })?;
    if header {
        block.records.drain(..=at);
    }
    let (name, transcoded) = (part.name().to_owned(), part.transcoded());
    Ok(Some(Text { path, name, transcoded, mapping, reader }))
}
