//! Questions and what they cost.

use std::hint::black_box;
use std::time::Instant;

use portcullis::domain::DocumentId;
use portcullis::index::{Key, Snapshot};

use crate::bare::Lines;
use crate::lists::{Lists, notices};
use crate::table::{Row, Table};

const QUESTIONS: usize = 1 << 20;
/// Questions asked at once, as a manifest does.
const BATCH: usize = 1024;

/// One feed without a delta.
pub(crate) fn run(lists: &Lists, rounds: usize, table: &Table) {
    let snapshot = &lists.snapshot;
    let segment = snapshot.feeds().next().expect("there is a feed").list().base();
    let sets = u64::from_le_bytes(segment.bytes().as_ref()[72..80].try_into().expect("eight bytes"));
    let lines = Lines::of(segment);
    let (misses, hits) = (misses(&[snapshot]), hits(lists.records));
    let places = lines.places(&misses);
    let looked = &misses[..QUESTIONS / 16];
    let [single_ns, bare, batch_ns, grouped, packed, hit, second] = medians(
        rounds,
        [
            &|| timed(QUESTIONS, || single(snapshot, &misses)),
            &|| timed(QUESTIONS, || lines.read_one_by_one(&places)),
            &|| timed(QUESTIONS, || batch(snapshot, &misses)),
            &|| timed(QUESTIONS, || lines.read_in_groups(&places)),
            &|| timed(QUESTIONS, || lines.pack_and_read(&misses)),
            &|| timed(hits.len(), || single_hits(snapshot, &hits)),
            &|| timed(looked.len(), || second_looks(snapshot, looked)),
        ],
    );
    let row = |name, value, baseline, limit| table.row(&Row { name, value, unit: "ns", baseline, limit });
    row("single miss", single_ns, Some(("a dependent bare read", bare)), Some(1.15));
    row("batch miss", batch_ns, Some(("a prefetched bare read", grouped)), Some(1.8));
    row("  keys packed, nothing looked up", packed, Some(("a prefetched bare read", grouped)), None);
    row("single hit with findings", hit, Some(("a single miss", single_ns)), Some(2.5));
    table.note(&format!("  {sets} sets in the dictionary"));
    row("second look at look-alikes", second, None, Some(1000.0));
}

/// A base with a delta, against the base alone.
pub(crate) fn run_delta(alone: &Lists, with_delta: &Lists, rounds: usize, table: &Table) {
    let misses = misses(&[&alone.snapshot, &with_delta.snapshot]);
    let [both, base, both_single, base_single] = medians(
        rounds,
        [
            &|| timed(QUESTIONS, || batch(&with_delta.snapshot, &misses)),
            &|| timed(QUESTIONS, || batch(&alone.snapshot, &misses)),
            &|| timed(QUESTIONS, || single(&with_delta.snapshot, &misses)),
            &|| timed(QUESTIONS, || single(&alone.snapshot, &misses)),
        ],
    );
    let row = |name, value, baseline, limit| table.row(&Row { name, value, unit: "ns", baseline, limit });
    let delta = with_delta.snapshot.feeds().next().and_then(|feed| feed.list().delta());
    let documents = delta.map_or(0, |delta| delta.header().documents());
    table.note(&format!("  a delta of {documents} documents"));
    row("batch miss with a delta", both, Some(("the base alone", base)), Some(1.2));
    row("single miss with a delta", both_single, Some(("the base alone", base_single)), None);
}

/// Three feeds, against three bare reads.
pub(crate) fn run_three(snapshot: &Snapshot, rounds: usize, table: &Table) {
    let misses = misses(&[snapshot]);
    let lines: Vec<_> = snapshot.feeds().map(|feed| Lines::of(feed.list().base())).collect();
    let places: Vec<_> = lines.iter().map(|lines| lines.places(&misses)).collect();
    let bare = || lines.iter().zip(&places).for_each(|(lines, places)| lines.read_one_by_one(places));
    let grouped = || lines.iter().zip(&places).for_each(|(lines, places)| lines.read_in_groups(places));
    let [single_ns, bare, batch_ns, grouped] = medians(
        rounds,
        [
            &|| timed(QUESTIONS, || single(snapshot, &misses)),
            &|| timed(QUESTIONS, bare),
            &|| timed(QUESTIONS, || batch(snapshot, &misses)),
            &|| timed(QUESTIONS, grouped),
        ],
    );
    let row = |name, value, baseline| table.row(&Row { name, value, unit: "ns", baseline, limit: None });
    row("single miss in three feeds", single_ns, Some(("three dependent bare reads", bare)));
    row("batch miss in three feeds", batch_ns, Some(("three prefetched bare reads", grouped)));
}

/// Asks so many questions of a small list, for a counter of instructions.
pub(crate) fn count(what: &str, questions: usize) {
    let lists = Lists::of_one(10_000);
    let misses: Vec<_> = misses(&[&lists.snapshot]).into_iter().take(questions).collect();
    match what {
        "find" => single(&lists.snapshot, &misses),
        "batch" => batch(&lists.snapshot, &misses),
        "check" => crate::fold::check_times(&lists, questions),
        "decide" => crate::fold::decide_times(&lists, questions),
        other => panic!("--count find, batch, decide or check, not {other}"),
    }
}

/// Documents with keys that are listed nowhere, in no order.
fn misses(snapshots: &[&Snapshot]) -> Vec<DocumentId> {
    let drawn = notices(2, 1 << 40).map(|notice| notice.document).filter(|one| Key::pack(one).is_some());
    let is_miss = |document: &DocumentId| snapshots.iter().all(|snapshot| snapshot.find(document).is_empty());
    drawn.filter(is_miss).take(QUESTIONS).collect()
}

/// Documents that are listed, in no order.
fn hits(records: u64) -> Vec<DocumentId> {
    let step = (records / (1 << 16)).max(1) as usize;
    let drawn = notices(1, records).map(|notice| notice.document);
    drawn.step_by(step).filter(|document| Key::pack(document).is_some()).collect()
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
    for document in questions {
        black_box(snapshot.find_lookalikes(document));
    }
}

/// The median of each measurement, which take turns.
fn medians<const N: usize>(rounds: usize, measure: [&dyn Fn() -> f64; N]) -> [f64; N] {
    let mut times = [const { Vec::new() }; N];
    for _ in 0..rounds {
        times.iter_mut().zip(measure).for_each(|(times, measure)| times.push(measure()));
    }
    times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    })
}

/// Nanoseconds a question.
fn timed(questions: usize, run: impl FnOnce()) -> f64 {
    let started = Instant::now();
    run();
    started.elapsed().as_nanos() as f64 / questions as f64
}
