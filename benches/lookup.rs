//! What a question costs: `cargo bench --bench lookup -- [--records N] [--rounds N]`.
//!
//! Questions are documents in normal form that are not listed, drawn like those that are; packing and mixing are part of
//! them. Each is compared with bare reads of the lines that it reads, in the same run and alternating rounds: a single
//! question with reads of which each waits for the one before, a batch with reads that wait for nothing.

#![expect(clippy::print_stdout, reason = "a bench is read on the terminal")]

use std::hint::black_box;
use std::time::Instant;

use memmap2::{Advice, MmapMut};
use portcullis::domain::DocumentId;
use portcullis::index::Key;
use portcullis::index::table::{Mixer, Plan, Table};
use portcullis::register::generate::Generator;

const QUESTIONS: usize = 1 << 20;
/// Questions asked at once, as a manifest does.
const BATCH: usize = 1024;
const SEED: u64 = 20_260_301;

fn main() {
    let (records, rounds) = (argument("--records", 10_000_000), argument("--rounds", 11) as usize);
    let mixer = Mixer::new(SEED);
    let started = Instant::now();
    let table = table(mixer, records);
    println!("built in {:.1} s", started.elapsed().as_secs_f64());
    let questions = misses(&table);
    let mixed: Vec<_> = questions.iter().map(|document| h(mixer, document)).collect();
    let names = [
        "single miss",
        "  bare dependent read",
        "batch miss",
        "  bare independent reads",
        "batch miss, keys mixed before",
        "  packing and mixing alone",
    ];
    let mut times = vec![Vec::new(); names.len()];
    for _ in 0..rounds {
        times[0].push(timed(|| single(&table, &questions)));
        times[1].push(timed(|| single_bare(&table, &mixed)));
        times[2].push(timed(|| batch(&table, &questions)));
        times[3].push(timed(|| batch_bare(&table, &mixed)));
        times[4].push(timed(|| batch_mixed(&table, &mixed)));
        times[5].push(timed(|| {
            black_box(pack(&table, &questions));
        }));
    }
    let medians: Vec<_> = times.iter_mut().map(|times| median(times)).collect();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!(
        "{records} records, {QUESTIONS} questions, median of {rounds} alternating rounds, {cores} cores"
    );
    for (at, (name, median)) in names.iter().zip(&medians).enumerate() {
        let baseline = medians.get(at + 1).filter(|_| at < 4 && at % 2 == 0);
        let ratio = baseline.map_or(String::new(), |baseline| format!("   {:.2} x", median / baseline));
        println!("{name:<30} {median:>8.1} ns{ratio}");
    }
}

fn h(mixer: Mixer, document: &DocumentId) -> u64 {
    Key::pack(document).map_or(0, |key| mixer.mix(key.bits()))
}

fn table(mixer: Mixer, records: u64) -> Table<&'static [u8]> {
    let documents = Generator::new(1, records).filter_map(|notice| Key::pack(&notice.document));
    let mut entries: Vec<_> =
        documents.map(|key| (mixer.mix(key.bits()), 1 + (key.bits() % 5000) as u32)).collect();
    entries.sort_unstable();
    entries.dedup_by_key(|(h, _)| *h);
    let plan = Plan::of(mixer, entries.len() as u64, 5000, entries.iter().copied());
    let mut pages = in_pages(plan.len());
    let mut end = 0;
    let mut write = |bytes: &[u8]| {
        pages[end..end + bytes.len()].copy_from_slice(bytes);
        end += bytes.len();
        Ok::<_, ()>(())
    };
    plan.write(entries.iter().copied(), &mut write).expect("memory takes every write");
    println!(
        "{} documents: {:.2} bytes each; {:?} buckets",
        entries.len(),
        plan.len() as f64 / entries.len() as f64,
        plan.shape().buckets
    );
    plan.shape().table(Box::leak(Box::new(pages))).expect("it is whole")
}

/// Pages of memory as a segment's map has them: aligned, and huge where the system has such.
fn in_pages(len: u64) -> MmapMut {
    let pages =
        MmapMut::map_anon(usize::try_from(len).expect("it fits memory").max(1)).expect("there is memory");
    pages.advise(Advice::HugePage).expect("the advice is understood");
    pages
}

/// Documents of another seed that the table does not have.
fn misses(table: &Table<&'static [u8]>) -> Vec<DocumentId> {
    let unlisted = |document: &DocumentId| {
        Key::pack(document).is_some() && table.find(h(table.mixer(), document)) == Ok(0)
    };
    let drawn = Generator::new(2, 1 << 40).map(|notice| notice.document);
    drawn.filter(unlisted).take(QUESTIONS).collect()
}

/// Each question waits for the answer of the one before, as when one follows from another.
fn single(table: &Table<&'static [u8]>, questions: &[DocumentId]) {
    let mut before = 0;
    for document in questions {
        let h = h(table.mixer(), document) ^ u64::from(before);
        before = table.find(h).unwrap_or(u32::MAX);
    }
    assert_eq!(black_box(before), 0);
}

fn single_bare(table: &Table<&'static [u8]>, mixed: &[u64]) {
    // The compiler cannot know that nothing is left of what was read.
    let nothing = black_box(0);
    let mut before = 0;
    for h in mixed {
        before = table.touch(h ^ (before & nothing)).map_or(0, u64::from);
    }
    black_box(before);
}

fn batch(table: &Table<&'static [u8]>, questions: &[DocumentId]) {
    let (mut mixed, mut found) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
    for group in questions.chunks(BATCH) {
        mixed.clear();
        found.clear();
        mixed.extend(group.iter().map(|document| h(table.mixer(), document)));
        table.find_batch(&mixed, &mut found).expect("the table is whole");
        assert!(black_box(&found).iter().all(|payload| *payload == 0));
    }
}

fn batch_mixed(table: &Table<&'static [u8]>, mixed: &[u64]) {
    let mut found = Vec::with_capacity(BATCH);
    for group in mixed.chunks(BATCH) {
        found.clear();
        table.find_batch(group, &mut found).expect("the table is whole");
        assert!(black_box(&found).iter().all(|payload| *payload == 0));
    }
}

fn pack(table: &Table<&'static [u8]>, questions: &[DocumentId]) -> u64 {
    questions.iter().fold(0, |all, document| all ^ h(table.mixer(), document))
}

fn batch_bare(table: &Table<&'static [u8]>, mixed: &[u64]) {
    let read = mixed.iter().map(|h| table.touch(*h).map_or(0, u64::from));
    black_box(read.fold(0, |all, byte| all ^ byte));
}

/// Nanoseconds a question.
fn timed(run: impl FnOnce()) -> f64 {
    let started = Instant::now();
    run();
    started.elapsed().as_nanos() as f64 / QUESTIONS as f64
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
