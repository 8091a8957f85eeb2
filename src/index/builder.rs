//! From notices to a segment.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::{DocumentId, Notice, Reference, SegmentRef, SegmentRole};
use crate::ground::storage::StorageFile;

use super::format::{Header, Keys, Layout, Lengths, STATES, Stamp, digits_length};
use super::output::Output;
use super::sets::{canonical_bytes, push_body};
use super::table::{Mixer, Plan};
use super::{Counts, IndexError, Key, StateDigest, longs};

/// Collects the notices of one feed, in any order, and writes them as a base segment.
///
/// Everything is held in memory until then: 24 bytes a notice, and its reference if it has one.
pub struct Builder {
    /// By keys that were mixed, whose order is that of the file, in parts by their highest bits: each is small enough to be
    /// sorted in a core's cache.
    keyed: Vec<Vec<Record<u64>>>,
    long: Vec<Record<DocumentId>>,
    references: Vec<Reference>,
    pushed: u64,
    aliases: u64,
}

/// What was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// The base segment, named by what was written.
    pub segment: SegmentRef,
    /// Notices that were superseded by, or equal to, another of the same identity. Aliases are not counted.
    pub duplicates: u64,
    /// Aliases beside the live notices.
    pub aliases: u64,
    /// The live notices, counted by what they say.
    pub counts: Counts,
    /// Digest and count of the live notices.
    pub state_digest: StateDigest,
}

impl Builder {
    /// A builder without notices.
    #[must_use]
    pub fn new() -> Self {
        let keyed = (0..PARTS).map(|_| Vec::new()).collect();
        Self { keyed, long: Vec::new(), references: Vec::new(), pushed: 0, aliases: 0 }
    }

    /// Adds a notice. Of those with one identity the latest wins, whatever the order.
    pub fn push(&mut self, notice: &Notice) {
        if notice.alias {
            self.aliases += 1;
        } else {
            self.pushed += 1;
        }
        let reference = notice.reference.as_ref().map_or(NO_REFERENCE, |reference| {
            self.references.push(reference.clone());
            u32::try_from(self.references.len()).unwrap_or(u32::MAX)
        });
        let body = Body {
            kind: notice.kind_byte(),
            status: notice.status as u8,
            reported_on: Notice::day_number(notice.reported_on),
            review_on: Notice::day_number(notice.review_on),
            reference,
        };
        match Key::pack(&notice.document) {
            Some(key) => {
                let document = MIXER.mix(key.bits());
                self.keyed[(document >> (Key::BITS - PARTS_BITS)) as usize].push(Record { document, body });
            }
            None => self.long.push(Record { document: notice.document, body }),
        }
    }

    /// Writes the segment; `progress` is told how many documents of how many are written.
    ///
    /// The bytes depend on the live notices and the stamp only. The file is not synced.
    ///
    /// # Errors
    /// [`IndexError::Write`], or [`IndexError::TooLarge`] beyond 2^32 references or sets, or 2^26 long numbers.
    pub fn finish(
        mut self,
        stamp: Stamp,
        out: &mut dyn StorageFile,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Built, IndexError> {
        if u32::try_from(self.references.len()).is_err() {
            return Err(IndexError::TooLarge);
        }
        let texts = References(&self.references);
        texts.keep_latest_of_parts(&mut self.keyed);
        texts.keep_latest(&mut self.long);

        let mut tally = Tally::new();
        let keyed_sets = tally.sets_of(self.keyed.iter().map(Vec::as_slice), &texts, |h| {
            Key::from_bits(MIXER.unmix(*h)).expect("it was mixed from a key").unpack()
        })?;
        let long_sets = tally.sets_of([self.long.as_slice()].into_iter(), &texts, |document| *document)?;
        if long_sets.len() as u64 > longs::LONGS_MAX {
            return Err(IndexError::TooLarge);
        }
        let (sets, new_numbers) = tally.sorted_sets();

        let documents = self.long.chunk_by(same_document).map(|records| records[0].document).zip(&long_sets);
        let side_map =
            longs::build(documents.map(|(document, set)| (document, new_numbers[*set as usize].into())));
        let entries = || {
            let documents = self.keyed.iter().flat_map(|part| part.chunk_by(same_document));
            let keys = documents.map(|records| records[0].document);
            keys.zip(&keyed_sets).map(|(h, set)| (h, new_numbers[*set as usize] + 1))
        };
        let payload_max = u32::try_from(sets.len()).map_err(|_| IndexError::TooLarge)?;
        let plan = Plan::of(MIXER, keyed_sets.len() as u64, payload_max, entries());
        let keys = Keys::Hashed(plan.shape());
        let lengths = Lengths {
            slot_count: keyed_sets.len() as u64,
            slots: plan.len(),
            longs: side_map.len() as u64,
            set_count: sets.len() as u64,
            bodies: sets.iter().map(|set| set.len() as u64).sum(),
        };
        let layout = Layout::new(keys, lengths).ok_or(IndexError::TooLarge)?;
        let state_digest = tally.state_digest;
        let header = Header { stamp, state_digest, longs: long_sets.len() as u64, keys, layout };

        let mut output = Output::new(out);
        output.write(&header.encode())?;
        output.begin(layout.slots)?;
        let mut written = 0;
        plan.write(entries(), &mut |bytes| {
            written += bytes.len() as u64;
            if written.is_multiple_of(PROGRESS_STEP) {
                progress(header.documents() * written / plan.len().max(1), header.documents());
            }
            output.write(bytes)
        })?;
        output.begin(layout.longs)?;
        output.write(&side_map)?;
        output.begin(layout.counts)?;
        tally.counts.iter().try_for_each(|count| output.write(&count.to_le_bytes()))?;
        output.write(tally.digits_lengths.as_slice())?;
        output.begin(layout.starts)?;
        let mut start = 0_u64;
        for set in &sets {
            output.write(&start.to_le_bytes())?;
            start += set.len() as u64;
        }
        output.write(&start.to_le_bytes())?;
        output.begin(layout.bodies)?;
        sets.iter().try_for_each(|set| output.write(set))?;
        let (digest, length) = output.finish(layout.checksums)?;
        progress(header.documents(), header.documents());

        let (live, all) =
            (state_digest.notices, (self.keyed.iter().map(Vec::len).sum::<usize>() + self.long.len()) as u64);
        let (duplicates, aliases) = (self.pushed - live, all - live);
        assert!(aliases <= self.aliases, "every notice is live or superseded");
        assert_eq!(length, layout.file_length(), "the file is as long as its header says");
        let segment = SegmentRef { role: SegmentRole::Base, digest, length, notices: live };
        let mut counts = Counts::of_states(&tally.counts);
        let used = keyed_sets.iter().chain(&long_sets).map(|set| new_numbers[*set as usize]);
        counts.add_sets(&sets, used);
        Ok(Built { segment, duplicates, aliases, counts, state_digest })
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Builder {
    /// Shows the count only: the rest is document numbers.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").field("pushed", &self.pushed).finish_non_exhaustive()
    }
}

const NO_REFERENCE: u32 = 0;
/// Bytes between two reports of progress.
const PROGRESS_STEP: u64 = 1 << 20;

/// One seed for all: lists that are compared or folded are mixed alike.
const MIXER: Mixer = Mixer::UNSEEDED;

#[derive(Clone, Copy)]
struct Record<D> {
    document: D,
    body: Body,
}

#[derive(Clone, Copy)]
struct Body {
    kind: u8,
    status: u8,
    reported_on: i32,
    review_on: i32,
    /// Position in the builder's references, from 1; 0 is none.
    reference: u32,
}

const _: () = assert!(size_of::<Record<u64>>() == 24);

fn same_document<D: PartialEq>(a: &Record<D>, b: &Record<D>) -> bool {
    a.document == b.document
}

struct References<'a>(&'a [Reference]);

impl References<'_> {
    fn text(&self, body: &Body) -> &str {
        body.reference.checked_sub(1).map_or("", |at| self.0[at as usize].as_str())
    }

    /// Sorts by identity and leaves the latest of each: the later report, then the greater canonical bytes.
    fn keep_latest<D: Ord + Copy>(&self, records: &mut Vec<Record<D>>) {
        let identity = |record: &Record<D>| (record.document, record.body.kind, self.text(&record.body));
        // Within one identity the canonical bytes differ first in the status, then in the days.
        let lateness = |body: &Body| (body.reported_on, body.status, body.review_on.to_le_bytes());
        records.sort_unstable_by(|a, b| {
            identity(a)
                .cmp(&identity(b))
                .then_with(|| Reverse(lateness(&a.body)).cmp(&Reverse(lateness(&b.body))))
        });
        records.dedup_by(|later, earlier| identity(later) == identity(earlier));
    }

    /// The same for each part, on all cores.
    fn keep_latest_of_parts(&self, parts: &mut [Vec<Record<u64>>]) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let waiting = Mutex::new(parts.iter_mut());
        std::thread::scope(|scope| {
            for _ in 0..cores {
                scope.spawn(|| {
                    loop {
                        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
                        let Some(part) = next else { return };
                        self.keep_latest(part);
                    }
                });
            }
        });
    }
}

/// 140 million records are half a million, or 13 MiB, a part.
const PARTS: usize = 1 << PARTS_BITS;
const PARTS_BITS: u32 = 8;

/// What is counted and collected in one pass over the live notices.
struct Tally {
    sets: HashMap<Box<[u8]>, u32>,
    counts: Box<[u64; STATES]>,
    digits_lengths: Box<[u8; STATES]>,
    state_digest: StateDigest,
}

impl Tally {
    fn new() -> Self {
        Self {
            sets: HashMap::new(),
            counts: Box::new([0; STATES]),
            digits_lengths: Box::new([0; STATES]),
            state_digest: StateDigest::default(),
        }
    }

    /// The set of each document, by a number in order of appearance.
    fn sets_of<'r, D: PartialEq + Copy + 'r>(
        &mut self,
        parts: impl Iterator<Item = &'r [Record<D>]>,
        texts: &References,
        document: impl Fn(&D) -> DocumentId,
    ) -> Result<Vec<u32>, IndexError> {
        let (mut numbers, mut set, mut canonical) = (Vec::new(), Vec::new(), Vec::new());
        // Most lists say the same of most documents: the set before is looked at first.
        let mut before: (Vec<u8>, u32) = (Vec::new(), 0);
        for records in parts.flat_map(|part| part.chunk_by(same_document)) {
            set.clear();
            let document = document(&records[0].document);
            let state = usize::from(document.issuing_state.number());
            self.digits_lengths[state] |= digits_length(&document.number);
            for Record { body, .. } in records {
                let start = set.len();
                let fields = (body.kind, body.status, body.reported_on, body.review_on);
                push_body(fields, texts.text(body), &mut set);
                canonical_bytes(&document, &set[start..], &mut canonical);
                let alias = body.kind & Notice::ALIAS != 0;
                self.state_digest.add(&canonical, alias);
                self.counts[state] += u64::from(!alias);
            }
            if set != before.0 {
                before.1 = self.number_of(&set)?;
                before.0.clone_from(&set);
            }
            numbers.push(before.1);
        }
        Ok(numbers)
    }

    fn number_of(&mut self, set: &[u8]) -> Result<u32, IndexError> {
        let next = u32::try_from(self.sets.len()).map_err(|_| IndexError::TooLarge)?;
        Ok(match self.sets.get(set) {
            Some(number) => *number,
            None => *self.sets.entry(set.into()).or_insert(next),
        })
    }

    /// The sets in the order of the file, and the place in it of each by its number so far.
    fn sorted_sets(&mut self) -> (Vec<Box<[u8]>>, Vec<u32>) {
        let mut sets: Vec<_> = std::mem::take(&mut self.sets).into_iter().collect();
        sets.sort_unstable();
        let mut places = vec![0; sets.len()];
        for (place, (_, number)) in (0_u32..).zip(&sets) {
            places[*number as usize] = place;
        }
        (sets.into_iter().map(|(set, _)| set).collect(), places)
    }
}
