//! Reads a register from end to end, on all cores.
//!
//! One thread undoes compression and cuts texts into blocks of records, some parse them, and the caller's takes what
//! they say in the order of the texts: blocks are dealt out in turn and collected in turn. Every queue holds a few blocks
//! and then makes its sender wait, so that memory is constant however slow the slowest is.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::adapter::Adapter;
use super::cut::Block;
use super::map::{Mapping, Raw, Row, Scratch};
use super::rows::Reader;
use super::texts::{Text, cut};
use super::{RegisterError, Reject, RejectReason, Source};

/// Blocks that wait for a parser, and results that wait for the caller, for each parser.
const QUEUE: usize = 4;

/// Takes what was read: the text's path, a row's line, and what it lists. An error ends the reading.
pub type Sink<'s, E> = dyn FnMut(&Path, u64, Result<Row, Reject>) -> Result<(), E> + 's;

/// Hands every row of a register to `sink`, once and in order, and gives the number of rows.
///
/// Lines count from 1 in each text with its compression undone; a CSV header and blank lines count as lines and are no
/// rows. Memory is constant. After an error the rows handed over before it must not be used: the file is not whole.
///
/// # Errors
/// What is wrong with the file as a whole, and whatever `sink` gives. Rows that are refused are no errors.
///
/// # Panics
/// If the operating system has no thread left.
pub fn read<E: From<RegisterError>>(
    source: Source,
    adapter: &Adapter,
    sink: &mut Sink<'_, E>,
) -> Result<u64, E> {
    let parsers = thread::available_parallelism().map_or(1, usize::from).min(PARSERS_MAX);
    let (mut to_parsers, mut from_parsers, mut threads) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..parsers {
        let (to_parser, blocks) = sync_channel(QUEUE);
        let (to_caller, parsed) = sync_channel(QUEUE);
        threads.push(thread::spawn(move || parse_all(&blocks, &to_caller)));
        to_parsers.push(to_parser);
        from_parsers.push(parsed);
    }
    let adapter = adapter.clone();
    // They are not joined when the caller gives up: one may wait for a pipe that nobody writes to.
    threads.push(thread::spawn(move || deal(source, &adapter, &to_parsers)));
    let mut rows = 0;
    for turn in (0..parsers).cycle() {
        match from_parsers[turn].recv() {
            Ok(Delivery::Rows(parsed)) => {
                rows += parsed.rows.len() as u64;
                for (line, row) in parsed.rows {
                    sink(&parsed.text.path, line, row)?;
                }
            }
            Ok(Delivery::End(end)) => {
                drop(from_parsers);
                threads.into_iter().for_each(|thread| thread.join().expect(PANICKED));
                return end.map(|()| rows).map_err(E::from);
            }
            Err(_) => panic!("{PANICKED}"),
        }
    }
    unreachable!("there is at least one parser")
}

/// More would only wait for the thread that undoes the compression.
const PARSERS_MAX: usize = 8;

const PANICKED: &str = "a thread that reads the register has panicked";

/// What goes through a parser, in order.
enum Delivery<T> {
    Rows(T),
    /// There is no more; the caller sees it at the place of the next block.
    End(Result<(), RegisterError>),
}

/// A block on its way to a parser.
struct Job {
    text: std::sync::Arc<Text>,
    block: Block,
}

/// What a block lists.
struct Parsed {
    text: std::sync::Arc<Text>,
    rows: Vec<(u64, Result<Row, Reject>)>,
}

fn deal(source: Source, adapter: &Adapter, parsers: &[SyncSender<Delivery<Job>>]) {
    let mut turns = parsers.iter().cycle();
    let mut send = |delivery| turns.next().is_some_and(|parser| parser.send(delivery).is_ok());
    let end = cut(source, adapter, &mut |text, block| send(Delivery::Rows(Job { text, block })));
    send(Delivery::End(end));
}

fn parse_all(blocks: &Receiver<Delivery<Job>>, results: &SyncSender<Delivery<Parsed>>) {
    let mut scratch = Scratch::default();
    while let Ok(delivery) = blocks.recv() {
        let parsed = match delivery {
            Delivery::Rows(job) => Delivery::Rows(parse(job, &mut scratch)),
            Delivery::End(end) => Delivery::End(end),
        };
        if results.send(parsed).is_err() {
            return;
        }
    }
}

fn parse(job: Job, scratch: &mut Scratch) -> Parsed {
    let Job { text, block } = job;
    let mut rows = Vec::with_capacity(block.records.len());
    let mut raw = Raw::default();
    for record in &block.records {
        let bytes = &block.bytes[record.start..record.end];
        if !record.too_long && text.reader.is_blank(bytes) {
            continue;
        }
        let row = if record.too_long { Err((RejectReason::RowTooLong, None)) } else { Ok(bytes) };
        let row = row.and_then(|bytes| {
            let record = std::str::from_utf8(bytes).map_err(|_| (RejectReason::NotUtf8, None))?;
            if text.transcoded && record.contains(char::REPLACEMENT_CHARACTER) {
                return Err((RejectReason::EncodingInvalid, None));
            }
            one(record, &text.mapping, &text.reader, &text.name, &mut raw, scratch)
        });
        let reject = |(reason, column)| Reject { line: record.line, reason, column };
        rows.push((record.line, row.map_err(reject)));
    }
    Parsed { text, rows }
}

fn one<'a>(
    record: &'a str,
    mapping: &Mapping,
    reader: &Reader,
    name: &str,
    raw: &mut Raw<'a>,
    scratch: &mut Scratch,
) -> Result<Row, super::map::Fault> {
    raw.clear(mapping.fields.len());
    reader.read(record, raw)?;
    mapping.row(raw, name, scratch)
}
