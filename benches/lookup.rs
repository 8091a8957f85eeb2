//! What a question costs: `cargo bench --bench lookup -- [--records N] [--rounds N]`.
//!
//! A feed of synthetic notices is built, put in force in a temporary folder and opened; questions go through
//! `Snapshot::find` and `Snapshot::find_batch`, on documents in normal form, so that packing is part of them. Misses are
//! documents of another seed that are not listed. They are compared with bare reads of the lines that they read, in the
//! same run and alternating rounds: a single question with reads of which each waits for the one before, a batch with
//! reads that wait for nothing. Bars: 1.15 and 1.8 times as long, a hit 2.5 times a miss, 12 bytes a document.

#![expect(clippy::print_stdout, reason = "a bench is read on the terminal")]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use portcullis::domain::{Authority, Bulletin, DocumentId, FeedName, Lookalikes};
use portcullis::feed::verify_local;
use portcullis::ground::storage::Disk;
use portcullis::index::table::{Mixer, Place};
use portcullis::index::{Builder, FeedRecord, Generation, Key, Publisher, Snapshot, Stamp, segment_path};
use portcullis::register::generate::Generator;

const QUESTIONS: usize = 1 << 20;
/// Questions asked at once, as a manifest does.
const BATCH: usize = 1024;

fn main() {
    let (records, rounds) = (argument("--records", 10_000_000), argument("--rounds", 11) as usize);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let snapshot = publish(folder.path(), records);
    let lines = Lines::of(&snapshot);
    let (misses, hits) = questions(&snapshot, records);
    let mixed: Vec<_> = misses.iter().map(|document| lines.h(document)).collect();
    let mut times = vec![Vec::new(); 6];
    for _ in 0..rounds {
        times[0].push(timed(QUESTIONS, || single(&snapshot, &misses)));
        times[1].push(timed(QUESTIONS, || lines.read_one_by_one(&mixed)));
        times[2].push(timed(QUESTIONS, || batch(&snapshot, &misses)));
        times[3].push(timed(QUESTIONS, || lines.read_all(&mixed)));
        times[4].push(timed(hits.len(), || single_hits(&snapshot, &hits)));
        times[5].push(timed(QUESTIONS / 16, || second_looks(&snapshot, &misses[..QUESTIONS / 16])));
    }
    let medians: Vec<_> = times.iter_mut().map(|times| median(times)).collect();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!(
        "{records} records, {QUESTIONS} questions, median of {rounds} alternating rounds, {cores} cores"
    );
    let row = |name: &str, at: usize, against: Option<(&str, usize)>| {
        let ratio = against.map(|(name, base)| format!("   {:.2} x {name}", medians[at] / medians[base]));
        println!("{name:<26} {:>8.1} ns{}", medians[at], ratio.unwrap_or_default());
    };
    row("single miss", 0, Some(("a dependent bare read", 1)));
    row("  dependent bare read", 1, None);
    row("batch miss", 2, Some(("an independent bare read", 3)));
    row("  independent bare read", 3, None);
    row("single hit with findings", 4, Some(("a single miss", 0)));
    row("second look at look-alikes", 5, None);
}

fn publish(data_dir: &Path, records: u64) -> Snapshot {
    let storage = Arc::new(Disk);
    let publisher = Publisher::lock(storage.clone(), data_dir).expect("the folder is ours");
    let started = Instant::now();
    let mut builder = Builder::new();
    Generator::new(1, records).for_each(|notice| builder.push(&notice).expect("it is held in memory"));
    let pushed = started.elapsed();
    let mut staged = publisher.stage().expect("there is room");
    let as_of: Timestamp = "2026-03-01T12:00:00Z".parse().expect("a time");
    let built =
        builder.finish(Stamp { sequence: 1, as_of }, staged.file(), &mut |_, _| {}).expect("it is built");
    println!(
        "drawn in {:.1} s, built in {:.1} s",
        pushed.as_secs_f64(),
        (started.elapsed() - pushed).as_secs_f64()
    );
    publisher.keep(staged, &built.segment).expect("there is room");
    let feed = FeedName::parse("bench").expect("a name");
    let segments = vec![built.segment];
    let bulletin = Bulletin { feed, sequence: 1, as_of, authority: Authority::Local, segments };
    let record = FeedRecord { bulletin: bulletin.clone(), metadata: Default::default(), root: None };
    let next = Generation::with_feed(None, record, as_of).expect("the first generation");
    let locate = |file: &portcullis::domain::SegmentRef| segment_path(data_dir, file.digest);
    let verified = verify_local(&Disk, bulletin, locate).expect("it is what was written");
    let started = Instant::now();
    let snapshot = Snapshot::open(&Disk, data_dir, &next, next.id(), vec![verified]).expect("it is sound");
    println!("opened and checked in {:.2} s", started.elapsed().as_secs_f64());
    snapshot
}

/// The lines of a segment's table, read without asking anything of them.
struct Lines<'s> {
    bytes: &'s [u8],
    buckets: u64,
    mixer: Mixer,
}

impl<'s> Lines<'s> {
    /// Finds the table by the description of the format, version 2.
    fn of(snapshot: &'s Snapshot) -> Self {
        let feed = snapshot.feeds().next().expect("there is a feed");
        let file = feed.list().base().bytes().as_ref();
        let word = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().expect("eight bytes"));
        let documents = feed.list().base().header().documents();
        println!(
            "{documents} documents, {:.2} bytes each; {} sets in the dictionary",
            file.len() as f64 / documents as f64,
            word(72)
        );
        Self { bytes: &file[256..], buckets: word(184), mixer: Mixer::new(word(200)) }
    }

    fn h(&self, document: &DocumentId) -> u64 {
        self.mixer.mix(Key::pack(document).expect("a document with a key").bits())
    }

    fn byte(&self, h: u64) -> u64 {
        u64::from(self.bytes[64 * Place::of(h, self.buckets).bucket as usize])
    }

    fn read_one_by_one(&self, mixed: &[u64]) {
        // The compiler cannot know that nothing is left of what was read.
        let nothing = black_box(0);
        black_box(mixed.iter().fold(0, |before, h| self.byte(h ^ (before & nothing))));
    }

    fn read_all(&self, mixed: &[u64]) {
        black_box(mixed.iter().fold(0, |all, h| all ^ self.byte(*h)));
    }
}

/// Documents with keys that are not listed, and some that are, both in no order.
fn questions(snapshot: &Snapshot, records: u64) -> (Vec<DocumentId>, Vec<DocumentId>) {
    let has_key = |document: &DocumentId| Key::pack(document).is_some();
    let drawn = |seed, records| Generator::new(seed, records).map(|notice| notice.document).filter(has_key);
    let misses =
        drawn(2, 1 << 40).filter(|document| snapshot.find(document).is_empty()).take(QUESTIONS).collect();
    let step = (records / (1 << 16)).max(1) as usize;
    (misses, drawn(1, records).step_by(step).collect())
}

/// Each question waits for the answer of the one before, as when one follows from another.
fn single(snapshot: &Snapshot, questions: &[DocumentId]) {
    let mut found = 0;
    for document in questions {
        let issuing_state = if found == 0 { document.issuing_state } else { questions[0].issuing_state };
        found = snapshot.find(&DocumentId { issuing_state, ..*document }).len();
    }
    assert_eq!(found, 0);
}

fn single_hits(snapshot: &Snapshot, questions: &[DocumentId]) {
    assert!(questions.iter().all(|document| !black_box(snapshot.find(document)).is_empty()));
}

fn batch(snapshot: &Snapshot, questions: &[DocumentId]) {
    assert!(questions.chunks(BATCH).all(|group| black_box(snapshot.find_batch(group)).is_empty()));
}

/// What a miss costs that has look-alikes to be asked for.
fn second_looks(snapshot: &Snapshot, questions: &[DocumentId]) {
    let mut readings = Vec::new();
    for document in questions {
        readings.clear();
        readings.extend(Lookalikes::of(document.number).map(|number| DocumentId { number, ..*document }));
        black_box(snapshot.find_batch(&readings));
    }
}

/// Nanoseconds a question.
fn timed(questions: usize, run: impl FnOnce()) -> f64 {
    let started = Instant::now();
    run();
    started.elapsed().as_nanos() as f64 / questions as f64
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn argument(name: &str, default: u64) -> u64 {
    let arguments: Vec<_> = std::env::args().collect();
    let value = arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1));
    value.map_or(default, |text| text.parse().expect("a number"))
}
