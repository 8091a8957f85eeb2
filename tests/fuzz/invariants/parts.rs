//! A segment taken apart, changed, and put together again from the layout that `src/index/format.rs` documents.

use std::collections::HashMap;
use std::panic::catch_unwind;

use fst::raw::Fst;
use portcullis::domain::{DocumentId, DocumentNumber, IssuingState, Notice};
use portcullis::ground::platform::Vectors;
use portcullis::index::table::{Marks, Mixer, Shape, Width};
use portcullis::index::{Key, StateDigest};
use xxhash_rust::xxh3::xxh3_64;

use super::Choices;

const HEADER_LEN: usize = 256;
const BLOCK_LEN: usize = 2 << 20;
const STATE_DIGEST_AT: usize = 32;
const NOTICES_AT: usize = 48;
const SLOT_COUNT_AT: usize = 56;
const LONGS_AT: usize = 64;
const SET_COUNT_AT: usize = 72;
const SECTIONS_AT: usize = 80;
const FILE_LENGTH_AT: usize = 176;
const BUCKETS_AT: usize = 184;
const SEED_AT: usize = 200;
const SLOT_LENS_AT: usize = 208;
const DETAILS_AT: usize = 216;
const CHECKSUM_AT: usize = 248;

const HEAD: usize = 0;
const SLOTS: usize = 1;
const LONGS: usize = 2;
const COUNTS: usize = 3;
const STARTS: usize = 4;
const BODIES: usize = 5;
const DETAILS: usize = 7;
/// Sections that the head places; it says of the others how long they are.
const PLACED: usize = 5;

/// What stands under a document: in the details, gone, or the number of a set from here on.
const DETAILED: u64 = 1;
const SETS_FROM: u64 = 3;

const EDITS_MAX: usize = 64;
const WALK_STEPS_MAX: usize = 1 << 14;

/// The head and the seven sections that checksums are made of.
pub(super) struct Parts([Vec<u8>; 8]);

/// What is made to agree again after the edits, a bit each; the checksums always are.
#[derive(Clone, Copy)]
pub(super) struct Mending(pub(super) u8);

impl Mending {
    pub(super) const NO_SUMS: u8 = 4;

    fn side_map(self) -> bool {
        self.0 & 1 == 0
    }

    fn counts_of_entries(self) -> bool {
        self.0 & 2 == 0
    }

    fn sums(self) -> bool {
        self.0 & Self::NO_SUMS == 0
    }
}

impl Parts {
    /// Takes a sound segment apart.
    pub(super) fn of(file: &[u8]) -> Self {
        let section = |at: usize| {
            let (offset, length) = (word(file, SECTIONS_AT + 16 * at), word(file, SECTIONS_AT + 16 * at + 8));
            file[offset..offset + length].to_vec()
        };
        let mut parts = vec![file[..HEADER_LEN].to_vec()];
        parts.extend((0..PLACED).map(section));
        let mut end = word(file, SECTIONS_AT + 16 * (PLACED - 1)) + parts[BODIES].len();
        for at in [DETAILS_AT, DETAILS_AT + 8] {
            let offset = end.next_multiple_of(8);
            end = offset + word(file, at);
            parts.push(file[offset..end].to_vec());
        }
        Self(parts.try_into().expect("a head and seven sections"))
    }

    /// Puts the sections one after the other, each at a multiple of 8, and makes the checksums.
    pub(super) fn assemble(&self) -> Vec<u8> {
        let mut file = self.0[HEAD].clone();
        for (at, section) in self.0[SLOTS..].iter().enumerate() {
            let offset = file.len().next_multiple_of(8);
            file.resize(offset, 0);
            file.extend_from_slice(section);
            if at < PLACED {
                put(&mut file, SECTIONS_AT + 16 * at, offset as u64);
                put(&mut file, SECTIONS_AT + 16 * at + 8, section.len() as u64);
            } else {
                put(&mut file, DETAILS_AT + 8 * (at - PLACED), section.len() as u64);
            }
        }
        let offset = file.len().next_multiple_of(8);
        let length = 8 * offset.div_ceil(BLOCK_LEN);
        file.resize(offset + length, 0);
        put(&mut file, SECTIONS_AT + 80, offset as u64);
        put(&mut file, SECTIONS_AT + 88, length as u64);
        put(&mut file, FILE_LENGTH_AT, (offset + length) as u64);
        seal(&mut file, offset);
        file
    }

    /// Applies edits until the choices end, and mends what is to be mended. Gives the edited file.
    pub(super) fn edited(mut self, choices: &mut Choices<'_>, mending: Mending) -> Vec<u8> {
        let mut late = Vec::new();
        for _ in 0..EDITS_MAX {
            if choices.is_empty() {
                break;
            }
            let (what, at, value) = (choices.byte(), choices.short(), choices.array::<4>());
            match self.0.get_mut(usize::from(what & 7)) {
                Some(part) => edit(part, what >> 3, at, value, choices),
                None => late.push((at, value[0])),
            }
        }
        self.mend(mending);
        let mut file = self.assemble();
        for (at, value) in late {
            let at = at % file.len();
            file[at] ^= value;
        }
        let checksums = word(&file, SECTIONS_AT + 80);
        seal(&mut file, checksums);
        file
    }

    fn mend(&mut self, mending: Mending) {
        self.0[HEAD].resize(HEADER_LEN, 0);
        if mending.side_map() {
            reseal_side_map(&mut self.0[LONGS]);
        }
        if mending.counts_of_entries() {
            let longs = &self.0[LONGS];
            let documents = longs.len().checked_sub(20).map_or(0, |at| word(longs, at));
            let entries = self.entries().len();
            let starts = (self.0[STARTS].len() / 8).max(1);
            self.0[STARTS].resize(8 * starts, 0);
            self.0[COUNTS].resize(9 * 512, 0);
            put(&mut self.0[HEAD], SLOT_COUNT_AT, entries as u64);
            put(&mut self.0[HEAD], LONGS_AT, documents as u64);
            put(&mut self.0[HEAD], SET_COUNT_AT, starts as u64 - 1);
        }
        if mending.sums() {
            self.mend_sums();
        }
    }

    /// The documents of the table with what stands under them, as far as it can be read.
    fn entries(&self) -> Vec<(DocumentId, u64)> {
        let head = &self.0[HEAD];
        let width = |at: usize| Width::from_slot_len(usize::from(head[SLOT_LENS_AT + at]));
        let (Some(first), Some(second)) = (width(0), width(1)) else { return Vec::new() };
        let mixer = Mixer::new(word(head, SEED_AT) as u64);
        let buckets = [word(head, BUCKETS_AT) as u64, word(head, BUCKETS_AT + 8) as u64];
        let shape = Shape { mixer, buckets, widths: [first, second], marks: Marks::Two };
        let Some(table) = shape.table(Vectors::PORTABLE, &self.0[SLOTS]) else { return Vec::new() };
        let entries = table.into_entries().filter_map(|entry| {
            let (h, payload) = entry.ok()?;
            Some((Key::from_bits(mixer.unmix(h))?.unpack(), u64::from(payload)))
        });
        entries.collect()
    }

    /// A set of the dictionary; nothing if there is none.
    fn set(&self, set: usize) -> &[u8] {
        let starts = self.0[STARTS].as_chunks::<8>().0;
        let bounds = starts.get(set).zip(starts.get(set.wrapping_add(1)));
        bounds.and_then(|(start, end)| self.0[BODIES].get(word(start, 0)..word(end, 0))).unwrap_or_default()
    }

    /// The sets in the details, by the mixed keys of their documents.
    fn details(&self) -> HashMap<u64, Vec<u8>> {
        let (mut rest, mut details) = (&self.0[DETAILS][..], HashMap::new());
        while let Some((head, after)) = rest.split_at_checked(12) {
            let len = u32::from_le_bytes(head[8..].try_into().expect("four bytes")) as usize;
            let Some((set, after)) = after.split_at_checked(len) else { break };
            details.insert(word(head, 0) as u64, set.to_vec());
            rest = after;
        }
        details
    }

    /// Counts and digests what the edited sections say, as far as it can be understood.
    fn mend_sums(&mut self) {
        let mut digest = StateDigest::default();
        let mut counts = vec![0; 9 * 512];
        let details = self.details();
        for (document, code) in self.entries().into_iter().chain(long_documents(&self.0[LONGS])) {
            let digits = document.number.as_bytes();
            if (10..=13).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) {
                counts[8 * 512 + usize::from(document.issuing_state.number())] |= 1 << (digits.len() - 10);
            }
            let h = Key::pack(&document)
                .map(|key| Mixer::new(word(&self.0[HEAD], SEED_AT) as u64).mix(key.bits()));
            let mut rest = match code {
                DETAILED => h.and_then(|h| details.get(&h)).map(Vec::as_slice).unwrap_or_default(),
                code => self.set(code.wrapping_sub(SETS_FROM) as usize),
            };
            while let Some(body) = rest.get(10).and_then(|len| rest.get(..11 + usize::from(*len))) {
                let number = document.number.as_bytes();
                let state = document.issuing_state.number();
                let alias = body[0] & Notice::ALIAS != 0;
                digest.add(&[&state.to_le_bytes()[..], &[number.len() as u8], number, body].concat(), alias);
                let at = 8 * usize::from(state);
                let count = word(&counts, at) as u64 + u64::from(!alias);
                put(&mut counts, at, count);
                rest = &rest[body.len()..];
            }
        }
        self.0[COUNTS] = counts;
        put(&mut self.0[HEAD], NOTICES_AT, digest.notices);
        self.0[HEAD][STATE_DIGEST_AT..NOTICES_AT].copy_from_slice(&digest.sum.to_le_bytes());
    }
}

fn edit(part: &mut Vec<u8>, how: u8, at: usize, value: [u8; 4], choices: &mut Choices<'_>) {
    if part.is_empty() {
        return;
    }
    let at = at % part.len();
    let len = (1 + usize::from(value[0])).min(part.len() - at);
    match how % 8 {
        0 => part[at] ^= value[0],
        1 => part[at] = value[0],
        2 => part[at..].iter_mut().zip(value).for_each(|(byte, value)| *byte = value),
        3 => part[at..].iter_mut().zip(choices.array::<8>()).for_each(|(byte, value)| *byte = value),
        4 => drop(part.drain(at..at + len)),
        5 => {
            let again = part[at..at + len].to_vec();
            drop(part.splice(at..at, again));
        }
        6 => {
            // Two entries change places.
            let (blocks, other) = (part.len() / 16, usize::from(value[0]));
            if blocks > 1 {
                let (one, other) = (at % blocks, other % blocks);
                (0..16).for_each(|byte| part.swap(16 * one + byte, 16 * other + byte));
            }
        }
        _ => {
            let piece = choices.take(usize::from(value[0] & 31)).to_vec();
            drop(part.splice(at..at, piece));
        }
    }
}

/// Makes the checksums agree, as a publisher of nonsense would.
fn seal(file: &mut [u8], checksums_at: usize) {
    if let Some((body, checksums)) = file.split_at_mut_checked(checksums_at)
        && body.len() >= HEADER_LEN
    {
        let checksum = xxh3_64(&body[..CHECKSUM_AT]);
        put(body, CHECKSUM_AT, checksum);
        for (block, checksum) in body.chunks(BLOCK_LEN).zip(checksums.as_chunks_mut::<8>().0) {
            *checksum = xxh3_64(block).to_le_bytes();
        }
    }
}

/// `fst` ends with a masked CRC-32C, to which the crate gives no access but in its refusal.
fn reseal_side_map(map: &mut [u8]) {
    let verified = catch_unwind(|| Fst::new(&*map).and_then(|map| map.verify()));
    if let Ok(Err(fst::Error::Fst(fst::raw::Error::ChecksumMismatch { got, .. }))) = verified
        && let Some(checksum) = map.last_chunk_mut()
    {
        *checksum = got.to_le_bytes();
    }
}

/// The documents of a side map with their sets, as far as a walk of bounded length finds them.
fn long_documents(map: &[u8]) -> Vec<(DocumentId, u64)> {
    let walk = || {
        let map = Fst::new(map).ok()?;
        let mut found = Vec::new();
        let mut pending = vec![(map.root().addr(), Vec::new(), 0_u64)];
        for _ in 0..WALK_STEPS_MAX {
            let Some((addr, key, output)) = pending.pop() else { break };
            let node = map.node(addr);
            if node.is_final() {
                let set = output.checked_add(node.final_output().value());
                found.extend(document(&key).zip(set));
            }
            if key.len() > DocumentNumber::LEN_MAX + 2 {
                continue;
            }
            for step in node.transitions() {
                let key = [&key[..], &[step.inp]].concat();
                pending.extend(output.checked_add(step.out.value()).map(|output| (step.addr, key, output)));
            }
        }
        Some(found)
    };
    catch_unwind(walk).ok().flatten().unwrap_or_default()
}

fn document(key: &[u8]) -> Option<DocumentId> {
    let (state, number) = key.split_first_chunk()?;
    let issuing_state = IssuingState::from_number(u16::from_be_bytes(*state))?;
    Some(DocumentId { issuing_state, number: DocumentNumber::parse(std::str::from_utf8(number).ok()?).ok()? })
}

fn word(bytes: &[u8], at: usize) -> usize {
    let word = bytes.get(at..).and_then(|bytes| bytes.first_chunk()).copied().unwrap_or_default();
    usize::try_from(u64::from_le_bytes(word)).expect("this runs where words have 64 bits")
}

fn put(bytes: &mut [u8], at: usize, word: u64) {
    bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
}
