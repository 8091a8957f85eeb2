//! What alerts cost a lookup: `cargo bench --bench alerts -- [--alerts N] [--intervals N] [--json]`.
//!
//! Documents that are in no alert are asked of a table of a million alerts and ten thousand intervals of the same state and length, and of
//! a table of none, in alternating rounds: many at once, and one after another, each waiting for the one before. None is asked twice, and
//! what is asked is made while it is asked, or a thousand at a time: no list of questions takes the caches from the tables.

#![expect(clippy::print_stdout, reason = "a bench is read on the terminal")]

#[path = "lookup/table.rs"]
mod table;

use std::hint::black_box;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use portcullis::domain::alert::{
    Action, AlertId, CallerClass, Category, Grade, GradeScheme, Handling, Interval, Life, Line, NodeId,
    Origin, Revision, Statement, Subject,
};
use portcullis::domain::{DocumentId, DocumentNumber, IssuingState};
use portcullis::overlay;
use table::{Row, Table};

const ROUNDS: usize = 9;
/// Documents that are asked at once, and how often in a round.
const AT_ONCE: usize = 1 << 10;
const TIMES: usize = 1 << 7;
/// Values from one interval to the next.
const STRETCH: u64 = 99_990;
/// Lengths of intervals, by turns.
const LENGTHS: [u64; 5] = [1, 10, 100, 1_000, 5_000];

fn main() {
    let (alerts, intervals) = (number("--alerts", 1_000_000), number("--intervals", 10_000));
    let table = Table::new(std::env::args().any(|argument| argument == "--json"));
    table.note(&format!("{alerts} alerts, {intervals} intervals, median of {ROUNDS} alternating rounds"));
    let full = overlay::Table::of(&known(alerts, intervals));
    let none = overlay::Table::default();
    let mut asked = Asked(7);
    let many = asked.many();
    assert!(full.find_batch(&many).is_empty() && many.iter().all(|document| full.find(document).is_empty()));
    assert_eq!(full.find(&document(2)).len(), usize::from(alerts > 0));
    let mut times = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        times[0].push(batch(&none, &mut asked));
        times[1].push(batch(&full, &mut asked));
        times[2].push(single(&none, &mut asked));
        times[3].push(single(&full, &mut asked));
    }
    let [none_batch, full_batch, none_single, full_single] = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    });
    let row = |name, value, baseline, limit| table.row(&Row { name, value, unit: "ns", baseline, limit });
    row("a batched lookup", full_batch, Some(("no alerts", none_batch)), None);
    row("  added", full_batch - none_batch, None, Some(25.0));
    row("a single lookup", full_single, Some(("no alerts", none_single)), None);
    row("  added", full_single - none_single, None, Some(150.0));
}

fn batch(table: &overlay::Table, asked: &mut Asked) -> f64 {
    let mut seconds = 0.0;
    for _ in 0..TIMES {
        let many = asked.many();
        let started = Instant::now();
        black_box(table.find_batch(&many));
        seconds += started.elapsed().as_secs_f64();
    }
    seconds * 1e9 / (TIMES * AT_ONCE) as f64
}

/// Which one is asked next depends on what was found.
fn single(table: &overlay::Table, asked: &mut Asked) -> f64 {
    let started = Instant::now();
    for _ in 0..TIMES * AT_ONCE {
        let found = table.find(&document(asked.next()));
        asked.0 += found.len() as u64;
    }
    started.elapsed().as_secs_f64() * 1e9 / (TIMES * AT_ONCE) as f64
}

/// Random values that are in no alert.
struct Asked(u64);

impl Asked {
    /// Odd ones, which are in no alert on one document, and behind each pair of intervals.
    fn next(&mut self) -> u64 {
        loop {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let value = (self.0 >> 20) % 500_000_000 * 2 + 1;
            if value % (2 * STRETCH) > 3 + LENGTHS[4] {
                return value;
            }
        }
    }

    fn many(&mut self) -> Vec<DocumentId> {
        (0..AT_ONCE).map(|_| document(self.next())).collect()
    }
}

fn known(alerts: u64, intervals: u64) -> overlay::Alerts {
    let mut known = overlay::Alerts::default();
    let state = document(0).issuing_state;
    let exact = (1..=alerts).map(|at| Subject::Document(document(at * 2)));
    // Of all lengths; every other one overlaps with the one before.
    let ranges = (0..intervals).map(|at| {
        let from = at / 2 * 2 * STRETCH + at % 2 * 3;
        let (from, to) = (document(from), document(from + LENGTHS[at as usize % 5]));
        Subject::Interval(Interval::new(state, from.number, to.number).expect("it begins before it ends"))
    });
    let by: Arc<str> = "bench".into();
    for (subject, counter) in exact.chain(ranges).zip(1_u64..) {
        known.take(Revision {
            alert: AlertId(u128::from(counter).to_le_bytes()),
            number: 1,
            origin: Origin { node: NodeId([1; 8]), counter },
            at: Timestamp::UNIX_EPOCH,
            by: by.clone(),
            life: Life::Active,
            issuer: by.clone(),
            unapproved_until: None,
            statement: Arc::new(statement(subject)),
            same_since: 1,
        });
    }
    known
}

fn statement(subject: Subject) -> Statement {
    let line = |text| Line::parse(text, 20).expect("a line");
    Statement {
        subject,
        category: Category::Stolen,
        action: Action::Refer,
        instruction: None,
        originator: line("bench"),
        contact: line("bench"),
        reference: None,
        grade: Grade::parse(GradeScheme::Admiralty, "A1").expect("a grade"),
        handling: Handling {
            classes: [CallerClass::Officer].into(),
            purposes: [].into(),
            release_to: [].into(),
        },
        from: Timestamp::UNIX_EPOCH,
        to: Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24),
    }
}

/// Documents of one state and of numbers of nine digits.
fn document(value: u64) -> DocumentId {
    static STATE: LazyLock<IssuingState> =
        LazyLock::new(|| IssuingState::recognise("UTO").expect("a state").state);
    let digits: [u8; 9] = std::array::from_fn(|at| b'0' + (value / 10_u64.pow(8 - at as u32) % 10) as u8);
    let number = DocumentNumber::of_characters(&digits).expect("a number");
    DocumentId { issuing_state: *STATE, number }
}

fn number(name: &str, default: u64) -> u64 {
    let arguments: Vec<_> = std::env::args().collect();
    let at = arguments.iter().position(|argument| argument == name);
    let text = at.and_then(|at| arguments.get(at + 1));
    text.map_or(default, |text| text.replace('_', "").parse().expect("a number"))
}
