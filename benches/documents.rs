//! What it costs to read a zone: `cargo bench --bench documents`.
//!
//! Ours goes from text to index key (parse, normal form, issuing state, key); the crate `mrz` only parses. Both take turns
//! on the same zones in one run, and the medians and their ratio are told with the conditions, for a machine that does
//! other things besides gives figures that mean something only beside each other.
//!
//! `documents --count N` reads N zones and says nothing, for `benches/instructions`, which counts.

#![expect(clippy::print_stdout, reason = "a bench is read on the terminal")]

use std::hint::black_box;
use std::time::Instant;

use portcullis::domain::{DocumentId, IssuingState, mrz};
use portcullis::index::Key;

/// So many different zones that no branch predictor learns them.
const ZONES: usize = 512;
const ROUNDS: usize = 301;

fn main() {
    let zones: Vec<String> = (0..ZONES).map(zone).collect();
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|word| word == "--count") {
        let count = arguments.get(at + 1).and_then(|count| count.parse().ok()).unwrap_or(0);
        zones.iter().cycle().take(count).for_each(|zone| {
            black_box(key(black_box(zone)));
        });
        return;
    }
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(nanoseconds_a_zone(&zones, |zone| key(zone).is_some()));
        theirs.push(nanoseconds_a_zone(&zones, |zone| {
            let (upper, lower) = zone.split_once('\n').unwrap_or_default();
            ::mrz::parse_td3(upper, lower).is_ok()
        }));
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("TD3, {ZONES} zones, median of {ROUNDS} alternating rounds, {cores} cores");
    println!("  ours, text to index key    {ours:8.1} ns");
    println!("  crate mrz, parse alone     {theirs:8.1} ns");
    println!("  ours / theirs              {:8.3}", ours / theirs);
}

/// From text to the key that the index is asked with.
#[inline(never)]
fn key(text: &str) -> Option<Key> {
    let zone = mrz::read(text).ok()?;
    let number = zone.number.document_number()?;
    let state = IssuingState::of_zone(&zone.issuing_state)?.state;
    Key::pack(&DocumentId { issuing_state: state, number })
}

fn nanoseconds_a_zone(zones: &[String], read: impl Fn(&str) -> bool) -> f64 {
    let started = Instant::now();
    let sound = zones.iter().filter(|zone| read(black_box(zone))).count();
    let elapsed = started.elapsed();
    assert_eq!(sound, ZONES, "every zone is read");
    elapsed.as_nanos() as f64 / ZONES as f64
}

fn median(mut rounds: Vec<f64>) -> f64 {
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

/// A sound passport zone, another one for each number.
fn zone(at: usize) -> String {
    const STATES: [&str; 8] = ["FRA", "D<<", "GBR", "USA", "ESP", "POL", "CHN", "NLD"];
    let state = STATES[at % STATES.len()];
    let number = format!("{}{:07}<", char::from(b'A' + (at % 26) as u8), at * 7919 % 10_000_000);
    let digit = |field: &str| char::from(mrz::check_digit(field.bytes()));
    let (birth, expiry) = (format!("{:02}0812", at % 100), format!("3{}0415", at % 10));
    let personal = format!("ZE{:06}<<<<<<", at * 31);
    let head = format!("{number}{}", digit(&number));
    let (birth, expiry) = (format!("{birth}{}", digit(&birth)), format!("{expiry}{}", digit(&expiry)));
    let tail = format!("{expiry}{personal}{}", digit(&personal));
    let composite = digit(&format!("{head}{birth}{tail}"));
    format!("P<{state}{:<<39}\n{head}{state}{birth}F{tail}{composite}", "ERIKSSON<<ANNA<MARIA")
}
