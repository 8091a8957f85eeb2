//! Segments: refused, or sound in every answer.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::io;

use portcullis::domain::{
    DocumentId, DocumentNumber, IssuingState, Kind, Notice, Reference, SegmentRole, Status,
};
use portcullis::ground::storage::StorageFile;
use portcullis::index::{
    self, Builder, IndexError, LONGER_LEN_MIN, LONGER_MAX, List, Segment, SegmentError, Stamp, StateDigest,
};

use super::Choices;
use super::parts::{Mending, Parts};

/// How many documents are looked up, of those that a segment lists.
const LOOKUPS_MAX: usize = 8;
/// How many notices of a segment that was spoilt are read.
const SPOILT_MAX: usize = 1 << 12;
const RECORD_LEN: usize = 6;

/// The bytes of a file.
pub fn segment_raw(data: &[u8]) {
    match open(data) {
        Ok(segment) => assert_sound(&segment),
        Err(error) => assert!(!error.to_string().is_empty(), "a segment is refused without a word"),
    }
}

/// As a file is opened before it is put in force. One that is only opened answers too, whatever it is.
fn open(data: &[u8]) -> Result<Segment<&[u8]>, SegmentError> {
    let segment = Segment::open(data)?;
    ask(&segment, &documents(&segment));
    segment.verify().map(|()| segment)
}

fn documents<B: AsRef<[u8]>>(segment: &Segment<B>) -> Vec<DocumentId> {
    segment.notices().take(SPOILT_MAX).flatten().map(|notice| notice.document).take(LOOKUPS_MAX).collect()
}

/// The answers may be anything.
fn ask<B: AsRef<[u8]>>(segment: &Segment<B>, documents: &[DocumentId]) {
    let _ = segment.find_batch(documents);
    for document in documents {
        let _ = segment.find(document);
        let _ = segment.find_longer(document);
    }
    segment.notices().take(SPOILT_MAX).for_each(drop);
}

/// A byte that says what is mended, a count, so many records of six bytes, then edits: a sound segment of those records
/// is edited, sealed and opened.
pub fn segment_checked(data: &[u8]) {
    let mut choices = Choices(data);
    let mending = Mending(choices.byte());
    let count = choices.byte() % 64;
    let built = build(&(0..count).map(|_| notice(choices.array())).collect::<Vec<_>>());
    let parts = Parts::of(&built);
    assert!(parts.assemble() == built, "the layout is not as documented");
    let untouched = choices.is_empty();
    let edited = parts.edited(&mut choices, mending);
    match open(&edited[..]) {
        Ok(segment) => assert_sound(&segment),
        Err(error) => assert!(!untouched, "what was built is refused: {error}"),
    }
    spoil(built, edited);
}

/// A byte that says what is mended, two counts, so many records of six bytes each: a base of the first, and the delta that makes the
/// second of it, which is edited, sealed and opened over its base.
pub fn list_checked(data: &[u8]) {
    let mut choices = Choices(data);
    // The sums of a delta are those of the list that it makes, which its sections do not tell.
    let mending = Mending(choices.byte() | Mending::NO_SUMS);
    let (before, after) = (choices.byte() % 32, choices.byte() % 32);
    let mut notices = |count: u8| (0..count).map(|_| notice(choices.array())).collect::<Vec<_>>();
    let (base, now) = (build(&notices(before)), build(&notices(after)));
    let open_sound = |file| Segment::open(file).expect("what was built is sound");
    let mut delta = Memory(Vec::new());
    let written = index::delta(&open_sound(&base[..]), &open_sound(&now[..]), STAMP, u64::MAX, &mut delta);
    written.expect("memory takes every write");
    let untouched = choices.is_empty();
    let edited = Parts::of(&delta.0).edited(&mut choices, mending);
    let list = Segment::open(&edited[..]).and_then(|delta| List::new(open_sound(&base[..]), Some(delta)));
    let list = match list {
        Ok(list) => list,
        Err(error) => return assert!(!untouched, "what was built is refused: {error}"),
    };
    let documents: Vec<_> = list.notices().take(SPOILT_MAX).flatten().map(|notice| notice.document).collect();
    for document in documents.iter().take(LOOKUPS_MAX) {
        let _ = (list.find(document), list.find_longer(document));
    }
    let _ = (list.find_batch(&documents), list.difference(&list, jiff::Timestamp::UNIX_EPOCH));
    if let Err(error) = list.verify() {
        // Whoever folds what was not verified gets an error or a file, and no panic.
        let _ = index::fold(&list, STAMP, &mut Memory(Vec::new()), &mut |_, _| {});
        return assert!(!untouched, "what was built is refused: {error}");
    }
    let mut folded = Memory(Vec::new());
    match index::fold(&list, STAMP, &mut folded, &mut |_, _| {}) {
        // No builder mixes otherwise than all others, but a file may say so.
        Err(IndexError::OtherSeed) if !untouched => return,
        folded => drop(folded.expect("what was verified can be folded")),
    }
    let all: Vec<_> = list.notices().collect::<Result<_, _>>().expect("what was verified can be read");
    assert!(folded.0 == build(&all), "folding is not building");
    assert!(!untouched || folded.0 == now, "the delta does not make the list that it was made of");
    let segment = open_sound(&folded.0[..]);
    assert_sound(&segment);
    for document in &documents {
        assert_eq!(list.find(document), segment.find(document), "a lookup differs from the list");
    }
    assert_eq!(list.find_batch(&documents), segment.find_batch(&documents), "a batch differs from the list");
}

const STAMP: Stamp = Stamp { sequence: 7, as_of: jiff::Timestamp::UNIX_EPOCH };

fn build(notices: &[Notice]) -> Vec<u8> {
    let mut builder = Builder::new();
    notices.iter().for_each(|notice| builder.push(notice).expect("it is held in memory"));
    let mut file = Memory(Vec::new());
    builder.finish(STAMP, &mut file, &mut |_, _| {}).expect("memory takes every write");
    file.0
}

fn notice([number, more, state, kind, day, reference]: [u8; RECORD_LEN]) -> Notice {
    // Few states, so that numbers meet; and numbers of every sort: short, of digits, long, long from the first character.
    let letter = char::from(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[usize::from(more) % 36]);
    let text = match number % 4 {
        0 => format!("{letter}{}", number / 4),
        1 => format!("{number:02}{more:08}"),
        2 => format!("{letter}LONGNUMBER{}", number / 4),
        _ => format!("LONG{letter}NUMBER{number}{letter}"),
    };
    let day = |on: bool| on.then(|| jiff::civil::date(2000 + i16::from(day), 1, 1));
    let pick = |from: u8, among: usize| usize::from(from) % among;
    let kinds: Vec<_> = (0..=u8::MAX).filter_map(Kind::from_number).collect();
    let statuses: Vec<_> = (0..=u8::MAX).filter_map(Status::from_number).collect();
    Notice {
        document: DocumentId {
            issuing_state: IssuingState::from_number(1 + u16::from(state % 5) * 60)
                .expect("it is in the table"),
            number: DocumentNumber::parse(&text).expect("it is a number"),
        },
        kind: kinds[pick(kind, kinds.len())],
        status: statuses[pick(kind / 16, statuses.len())],
        reported_on: day(reference & 1 == 1),
        review_on: day(reference & 2 == 2),
        reference: (reference > 15)
            .then(|| Reference::parse(&format!("R{reference}")).expect("it is printable")),
        alias: reference == 9,
    }
}

/// What was opened answers for what it lists and for nothing else.
fn assert_sound<B: AsRef<[u8]>>(segment: &Segment<B>) {
    let header = segment.header();
    let mut listed: HashMap<DocumentId, Vec<Notice>> = HashMap::new();
    let mut by_state: HashMap<IssuingState, u64> = HashMap::new();
    let mut digest = StateDigest::default();
    let mut order = Vec::new();
    let mut bytes = Vec::new();
    for notice in segment.notices() {
        let notice = notice.expect("what was checked can be read");
        bytes.clear();
        notice.canonical_bytes(&mut bytes);
        digest.add(&bytes, notice.alias);
        *by_state.entry(notice.document.issuing_state).or_default() += u64::from(!notice.alias);
        let notices = listed.entry(notice.document).or_default();
        if notices.is_empty() {
            order.push(notice.document);
        }
        notices.push(notice);
    }
    // A delta sums up the list that it makes of its base.
    if header.role == SegmentRole::Base {
        assert_eq!(digest, header.state_digest, "it lists other notices than it says");
        assert_eq!(order.len() as u64, header.documents(), "it lists other documents than it says");
        for state in IssuingState::all() {
            let reports = by_state.get(&state).copied().unwrap_or(0);
            assert_eq!(segment.reports(state), reports, "counts by state differ");
        }
    }
    let step = 1 + order.len() / LOOKUPS_MAX;
    for document in order.iter().step_by(step) {
        assert_eq!(segment.find(document).as_ref(), Ok(&listed[document]), "a lookup differs from the list");
        for other in neighbours(document) {
            let expected = listed.get(&other).cloned().unwrap_or_default();
            assert_eq!(segment.find(&other), Ok(expected), "a lookup finds what is not listed");
        }
        if let Some(number) = document.number.first(document.number.as_bytes().len().div_ceil(2).min(9)) {
            assert_longer(segment, &DocumentId { number, ..*document }, &listed);
        }
    }
}

fn assert_longer<B: AsRef<[u8]>>(
    segment: &Segment<B>,
    document: &DocumentId,
    listed: &HashMap<DocumentId, Vec<Notice>>,
) {
    let found = segment.find_longer(document).expect("the bytes are those that were checked");
    let (len, begin) = (document.number.as_bytes().len(), document.number.as_bytes());
    let longer = |other: &&DocumentId| {
        let number = other.number.as_bytes();
        other.issuing_state == document.issuing_state && number.len() > len && number.starts_with(begin)
    };
    if len < LONGER_LEN_MIN {
        assert!(found.cut && found.notices.is_empty(), "a longer number is denied though nobody looked");
        return;
    }
    let expected: HashSet<_> = listed.keys().filter(longer).collect();
    let told: HashSet<_> = found.notices.iter().map(|notice| &notice.document).collect();
    assert!(told.is_subset(&expected), "a longer number is found that is not listed");
    assert_eq!(found.cut, expected.len() > LONGER_MAX, "what is left out is not said");
    assert_eq!(told.len(), expected.len().min(LONGER_MAX), "a longer number is not found");
}

/// Documents that differ from one by one character at its beginning or its end, by its length, or by its state.
fn neighbours(document: &DocumentId) -> Vec<DocumentId> {
    let number = document.number;
    let last = number.as_bytes().len() - 1;
    let characters = || (b'0'..=b'9').chain(b'A'..=b'Z');
    let mut numbers: Vec<_> = [0, last]
        .into_iter()
        .flat_map(|at| characters().map(move |character| number.with([(at, character)])))
        .collect();
    let longer = format!("{}0", number.as_str());
    numbers.extend(
        [&longer, &number.as_str()[..last]].into_iter().filter_map(|text| DocumentNumber::parse(text).ok()),
    );
    let states = [document.issuing_state.number() - 1, document.issuing_state.number() + 1];
    let elsewhere = states.into_iter().filter_map(IssuingState::from_number);
    let mut others: Vec<_> = numbers.into_iter().map(|number| DocumentId { number, ..*document }).collect();
    others.extend(elsewhere.map(|issuing_state| DocumentId { issuing_state, ..*document }));
    others
}

/// A file that changes under its segment may say anything, but neither panics nor reads beyond its bytes.
fn spoil(sound: Vec<u8>, spoilt: Vec<u8>) {
    let is_spoilt = Cell::new(false);
    let segment =
        Segment::open(Spoilt { sound, spoilt, is_spoilt: &is_spoilt }).expect("what was built is sound");
    let documents = documents(&segment);
    is_spoilt.set(true);
    ask(&segment, &documents);
}

struct Spoilt<'a> {
    sound: Vec<u8>,
    spoilt: Vec<u8>,
    is_spoilt: &'a Cell<bool>,
}

impl AsRef<[u8]> for Spoilt<'_> {
    fn as_ref(&self) -> &[u8] {
        if self.is_spoilt.get() { &self.spoilt } else { &self.sound }
    }
}

/// A file that is only bytes.
#[derive(Debug)]
struct Memory(Vec<u8>);

impl StorageFile for Memory {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.0.truncate(usize::try_from(len).expect("it fits memory"));
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }
}
