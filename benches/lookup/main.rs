//! What the index costs: `cargo bench --bench lookup -- [--records N] [--rounds N] [--growth | --lookups | --fold | --build] [--json]`.
//!
//! Lists of synthetic notices without references are built, put in force in a temporary folder and opened; questions go
//! through `Snapshot::find` and `Snapshot::find_batch`, on documents in normal form, so that packing is part of them.
//! Misses are documents of another seed that are not listed. Each figure has a baseline in the same run, in alternating
//! rounds: a single question is compared with bare reads of the same lines, in the same order, of which each waits for the
//! one before; a batch with bare reads of the same lines that were prefetched in groups of 32. With `--growth` the lookups
//! are measured at 1 million, 10 million and N records; with `--lookups` nothing but they and what they rest on, with `--fold`
//! nothing but a fold beside checks, with `--build` nothing but an import of a CSV. `--count find|batch|decide|check --questions N` only
//! asks, for a counter of instructions.

#![expect(clippy::print_stdout, reason = "a bench is read on the terminal")]

mod bare;
mod build;
mod checks;
mod fold;
mod lists;
mod lookups;
mod table;

use table::Table;

fn main() {
    if let Some(what) = text("--count") {
        return lookups::count(&what, number("--questions", 1000) as usize);
    }
    let (records, rounds) = (number("--records", 2_000_000), number("--rounds", 11) as usize);
    let table = Table::new(flag("--json"));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let vectors = portcullis::ground::platform::Vectors::widest().name();
    table
        .note(&format!("{records} records, median of {rounds} alternating rounds, {cores} cores, {vectors}"));
    table.note(&format!(
        "a shift, an exclusive or and a multiplication, one after the other: {:.2} ns",
        step_ns()
    ));
    if flag("--growth") {
        for records in [1_000_000, 10_000_000].into_iter().filter(|fewer| *fewer < records) {
            table.note(&format!("\nat {records} records"));
            lookups::run(&lists::Lists::of_one(records), rounds, &table);
        }
        table.note(&format!("\nat {records} records"));
    }
    if flag("--build") {
        return build::run(records, &table);
    }
    let lists = lists::Lists::of_one(records);
    if flag("--fold") {
        return fold::run(&lists, records, &table);
    }
    lookups::run(&lists, rounds, &table);
    lists.report(&table);
    if flag("--lookups") {
        return;
    }
    let changed = lists::Lists::with_delta(&lists, records, 100_000);
    lookups::run_delta(&lists, &changed, rounds, &table);
    drop(changed);
    fold::run(&lists, records, &table);
    let three = lists.with_two_more(records);
    table.note("\nthree feeds of as many records each");
    lookups::run_three(&three, rounds, &table);
    drop(three);
    build::run(records, &table);
}

/// How fast the processor is just now, in nanoseconds: 5 cycles on those of today. What is computed rather than waited for takes
/// longer where they are longer; bare reads of memory do not.
fn step_ns() -> f64 {
    const STEPS: u32 = 50_000_000;
    let started = std::time::Instant::now();
    let ended = (0..STEPS).fold(1_u64, |x, _| (x ^ x >> 29).wrapping_mul(0xD1B5_4A32_D192_ED03));
    std::hint::black_box(ended);
    started.elapsed().as_nanos() as f64 / f64::from(STEPS)
}

fn flag(name: &str) -> bool {
    std::env::args().any(|argument| argument == name)
}

fn text(name: &str) -> Option<String> {
    let arguments: Vec<_> = std::env::args().collect();
    let at = arguments.iter().position(|argument| argument == name)?;
    arguments.get(at + 1).cloned()
}

fn number(name: &str, default: u64) -> u64 {
    text(name).map_or(default, |text| text.replace('_', "").parse().expect("a number"))
}
