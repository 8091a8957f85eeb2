//! From notices, in any order, to a base segment.

use std::sync::{Mutex, PoisonError};

use crate::domain::{DocumentId, Notice, Reference, SegmentRef, SegmentRole};
use crate::ground::cores;
use crate::ground::storage::StorageFile;
use crate::index::code::Code;
use crate::index::format::Stamp;
use crate::index::table::Mixer;
use crate::index::{Counts, IndexError, Key, Staged, StateDigest, longs};

use super::dictionary::{Dictionary, Sets};
use super::part::Part;
use super::record::Packed;
use super::sort::{DETAILED, Live, Worker};
use super::spill::{Spill, lock};
use super::write::{Contents, Entries, plan, write};

/// Collects the notices of one feed, in any order, and writes them as a base segment.
///
/// A notice takes 16 bytes until then, more with a reference or a long number. [`within`](Self::within) a limit, what is
/// beyond it waits in a file; notices of documents with long numbers stay in memory, for they are rare.
pub struct Builder {
    /// By the highest bits of their mixed keys, whose order is that of the file: each is small enough to be sorted in a
    /// core's cache.
    parts: Vec<Part>,
    long: Vec<(DocumentId, Packed, Option<Reference>)>,
    pushed: u64,
    held: usize,
    held_max: usize,
    spill: Option<Mutex<Spill>>,
    /// Parts that were spilt so far, each as often as it was its turn.
    spilt: usize,
}

/// What was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// The segment, named by what was written.
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
    /// A builder without notices, that holds everything in memory.
    #[must_use]
    pub fn new() -> Self {
        Self {
            parts: (0..PARTS).map(|_| Part::default()).collect(),
            long: Vec::new(),
            pushed: 0,
            held: 0,
            held_max: usize::MAX,
            spill: None,
            spilt: 0,
        }
    }

    /// A builder that holds about so many bytes in memory and the rest in a file, which is gone afterwards.
    ///
    /// # Errors
    /// [`IndexError::Io`] if the file cannot be opened.
    pub fn within(bytes_max: u64, staged: Staged) -> Result<Self, IndexError> {
        let spill = Some(Mutex::new(Spill::new(staged)?));
        // Vectors take up to twice what they hold.
        Ok(Self { held_max: usize::try_from(bytes_max / 2).unwrap_or(usize::MAX), spill, ..Self::new() })
    }

    /// Adds a notice. Of those with one identity the latest wins, whatever the order.
    ///
    /// # Errors
    /// [`IndexError::Io`] if there is no room for what does not fit into memory, and [`IndexError::TooLarge`] beyond 2^27
    /// notices on documents with long numbers.
    #[inline]
    pub fn push(&mut self, notice: &Notice) -> Result<(), IndexError> {
        self.pushed += u64::from(!notice.alias);
        let Some(key) = Key::pack(&notice.document) else {
            if self.long.len() as u64 >= LONG_NOTICES_MAX {
                return Err(IndexError::TooLarge);
            }
            self.long.push((notice.document, Packed::of(notice), notice.reference.clone()));
            return Ok(());
        };
        let h = MIXER.mix(key.bits());
        self.held += self.parts[(h >> (Key::BITS - PARTS_BITS)) as usize].push(h, notice);
        if self.held > self.held_max { self.spill_down_to(self.held_max) } else { Ok(()) }
    }

    /// A part at a time, so that whoever pushes never waits for long.
    #[cold]
    fn spill_down_to(&mut self, held_max: usize) -> Result<(), IndexError> {
        let Some(spill) = &self.spill else { return Ok(()) };
        let spill = &mut lock(spill);
        while self.held > held_max {
            self.held -= self.parts[self.spilt % PARTS].spill(spill)?;
            self.spilt += 1;
        }
        Ok(())
    }

    /// Writes the segment; `progress` is told how many documents of how many are written.
    ///
    /// The bytes depend on the live notices and the stamp only. The file is not synced.
    ///
    /// # Errors
    /// [`IndexError::Write`] and [`IndexError::Io`], or [`IndexError::TooLarge`] beyond 2^32 sets or 2^26 long numbers.
    pub fn finish(
        mut self,
        stamp: Stamp,
        out: &mut dyn StorageFile,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Built, IndexError> {
        if self.spilt > 0 {
            self.spill_down_to(0)?;
        }
        let dictionary = Dictionary::default();
        let spill = self.spill.as_ref().filter(|_| self.spilt > 0);
        let (live, workers) = sort_all(std::mem::take(&mut self.parts), spill, &dictionary)?;
        let mut long_worker = Worker::new(&dictionary);
        let longs = sort_longs(&mut self.long, &mut long_worker)?;
        let (long_tally, long_uses) = (long_worker.tally, long_worker.known.uses);

        let mut workers = workers.into_iter();
        let first = workers.next().expect("there is at least one core");
        let (mut tally, mut uses, mut said) = (first.tally, first.known.uses, first.counts);
        let (mut documents, mut detailed) = (first.documents, (first.detailed, first.details_len));
        for worker in workers {
            tally.merge(&worker.tally);
            add_uses(&mut uses, &worker.known.uses);
            said.merge(worker.counts);
            documents += worker.documents;
            detailed = (detailed.0 + worker.detailed, detailed.1 + worker.details_len);
        }
        tally.merge(&long_tally);
        add_uses(&mut uses, &long_uses);
        let Sets { sets, places } = dictionary.sort();
        let mut counts = Counts::of_states(&tally.counts);
        counts.merge(said);
        (0_usize..).zip(&places).for_each(|(number, place)| {
            counts.add_set(&sets[*place as usize], uses.get(number).copied().unwrap_or_default());
        });

        let code = |number: u32| match number {
            DETAILED => Code::Detailed,
            number => Code::Set(places[number as usize]),
        };
        let long_count = longs.len() as u64;
        let side_map =
            longs::build(longs.into_iter().map(|(document, set)| (document, code(set).number().into())));
        let (state_digest, aliases) = (tally.state_digest, tally.aliases);
        let contents = Contents {
            stamp,
            role: SegmentRole::Base,
            parent: 0,
            tally: &tally,
            sets: &sets,
            longs: (&side_map, long_count),
            documents,
            detailed,
            mixer: MIXER,
        };
        let spill = spill.map(lock);
        let sorted = SortedParts { live: &live, spill: spill.as_deref(), code: &code };
        let (digest, length) = write(&contents, &plan(&contents, &sorted)?, &sorted, out, progress)?;
        let segment = SegmentRef { role: SegmentRole::Base, digest, length, notices: state_digest.notices };
        let duplicates = self.pushed - state_digest.notices;
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

/// One seed for all: lists that are compared or folded are mixed alike, and a question is mixed once for all feeds. Whoever
/// makes keys that meet in one bucket makes the tail longer, which is searched in logarithmic time.
pub(in crate::index) const MIXER: Mixer = Mixer::UNSEEDED;

/// Notices on documents with long numbers, which stay in memory; twice as many as there may be documents.
const LONG_NOTICES_MAX: u64 = 2 * longs::LONGS_MAX;

/// 140 million records are half a million a part.
const PARTS: usize = 1 << PARTS_BITS;
const PARTS_BITS: u32 = 8;

/// Sorts every part, on all cores; parts stay in order.
fn sort_all<'d>(
    parts: Vec<Part>,
    spill: Option<&Mutex<Spill>>,
    dictionary: &'d Dictionary,
) -> Result<(Vec<Live>, Vec<Worker<'d>>), IndexError> {
    let cores = cores();
    let waiting = Mutex::new(parts.into_iter().enumerate());
    let work = || {
        let (mut worker, mut sorted) = (Worker::new(dictionary), Vec::new());
        loop {
            let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((at, part)) = next else { return Ok((sorted, worker)) };
            sorted.push((at, worker.sort(part, spill, MIXER)?));
        }
    };
    let done: Vec<Result<_, IndexError>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread that sorts has panicked")).collect()
    });
    let (mut live, mut workers) = (Vec::new(), Vec::new());
    for done in done {
        let (sorted, worker) = done?;
        live.extend(sorted);
        workers.push(worker);
    }
    live.sort_unstable_by_key(|(at, _)| *at);
    Ok((live.into_iter().map(|(_, live)| live).collect(), workers))
}

/// The live documents without keys, ascending, each with the number of its set.
fn sort_longs(
    long: &mut [(DocumentId, Packed, Option<Reference>)],
    worker: &mut Worker<'_>,
) -> Result<Vec<(DocumentId, u32)>, IndexError> {
    long.sort_unstable_by_key(|(document, ..)| *document);
    let mut live = Vec::new();
    for said in long.chunk_by(|a, b| a.0 == b.0) {
        let document = said[0].0;
        let mut said: Vec<_> =
            said.iter().map(|(_, packed, reference)| (*packed, reference.clone())).collect();
        live.push((document, worker.add_long(&document, &mut said)?));
    }
    if live.len() as u64 > longs::LONGS_MAX { Err(IndexError::TooLarge) } else { Ok(live) }
}

fn add_uses(sum: &mut Vec<u64>, uses: &[u64]) {
    sum.resize(sum.len().max(uses.len()), 0);
    sum.iter_mut().zip(uses).for_each(|(sum, uses)| *sum += uses);
}

struct SortedParts<'a, C> {
    live: &'a [Live],
    spill: Option<&'a Spill>,
    code: &'a C,
}

impl<C: Fn(u32) -> Code> Entries for SortedParts<'_, C> {
    fn entries(&self, visit: &mut impl FnMut(u64, Code) -> Result<(), IndexError>) -> Result<(), IndexError> {
        let mut buffer = Vec::new();
        self.live.iter().try_for_each(|live| {
            live.entries(self.spill, &mut buffer, &mut |h, number| visit(h, (self.code)(number)))
        })
    }

    fn details(
        &self,
        visit: &mut impl FnMut(u64, &[u8]) -> Result<(), IndexError>,
    ) -> Result<(), IndexError> {
        let mut buffer = Vec::new();
        self.live.iter().try_for_each(|live| {
            let mut rest = live.details(self.spill, &mut buffer)?;
            while let Some((h, after)) = rest.split_first_chunk() {
                let (len, after) = after.split_first_chunk().expect("an entry has a length");
                let (set, after) = after.split_at(u32::from_le_bytes(*len) as usize);
                visit(u64::from_le_bytes(*h), set)?;
                rest = after;
            }
            Ok(())
        })
    }
}
