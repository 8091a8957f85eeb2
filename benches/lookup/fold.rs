//! A fold beside a service: how long it takes, and how long those wait who ask meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use portcullis::audit::Role;
use portcullis::domain::{Digest, Durability};
use portcullis::ground::clock::{Clock, SystemClock};
use portcullis::ground::storage::{Disk, Paced};
use portcullis::index;
use portcullis::screening::{CheckRequest, DocumentRequest, Opening, Policy, Question, Screening};

use crate::lists::{Lists, stamp};
use crate::table::{Row, Table};

/// As `portcullis fold` does it.
const MIB_PER_SECOND: u32 = 120;
const QUIET: Duration = Duration::from_secs(10);

pub(crate) fn run(lists: &Lists, records: u64, table: &Table) {
    let changed = Lists::with_delta(lists, records, 250_000);
    lists.publisher.publish(&lists.generation).expect("it can be put in force");
    let screening = open(lists, Durability::Synced);
    let quiet = checks(&screening, |asked| asked.elapsed() >= QUIET);
    let done = AtomicBool::new(false);
    let list = changed.snapshot.feeds().next().expect("there is a feed").list();
    let (took, beside) = std::thread::scope(|scope| {
        let folding = scope.spawn(|| {
            portcullis::ground::step_back();
            let started = Instant::now();
            let mut staged = lists.publisher.stage().expect("there is room");
            let mut paced = Paced::new(staged.file(), Some(MIB_PER_SECOND));
            index::fold(list, stamp(2), &mut paced, &mut |_, _| {}).expect("it is folded");
            done.store(true, Ordering::Relaxed);
            started.elapsed().as_secs_f64()
        });
        let beside = checks(&screening, |_| done.load(Ordering::Relaxed));
        (folding.join().expect("it is folded"), beside)
    });
    screening.close().expect("the log ends well");
    let quiet_p99 = quiet.iter().map(|second| percentile(second, 0.99)).fold(0.0, f64::max);
    let worst_p99 = beside.iter().map(|second| percentile(second, 0.99)).fold(0.0, f64::max);
    let longest = |seconds: &[Vec<f64>]| seconds.iter().flatten().copied().fold(0.0, f64::max);
    let row = |name, value, unit, baseline, limit| table.row(&Row { name, value, unit, baseline, limit });
    row("fold, paced", took, "s", None, Some(30.0));
    row(
        "check beside it, p99 of a second",
        worst_p99,
        "ms",
        Some(("the same in quiet", quiet_p99)),
        Some(3.0),
    );
    row("  longest check beside it", longest(&beside), "ms", None, Some(20.0));
    row("  longest check in quiet", longest(&quiet), "ms", None, None);
}

/// So many checks, from a typed number to an audited verdict, written and not synced.
pub(crate) fn check_times(lists: &Lists, checks: usize) {
    lists.publisher.publish(&lists.generation).expect("it can be put in force");
    let screening = open(lists, Durability::Written);
    let question = question();
    for _ in 0..checks {
        drop(screening.check(&question).and_then(|pending| pending.wait()).expect("the log takes it"));
    }
    screening.close().expect("the log ends well");
}

fn open(lists: &Lists, durability: Durability) -> Screening {
    let opening = Opening {
        storage: Arc::new(Disk),
        data_dir: lists.folder.path().to_owned(),
        policy: Policy::default(),
        settings_digest: Digest([0; 32]),
        audit: portcullis::audit::Config { durability, ..Default::default() },
        role: Role::Cli,
        clock: Arc::new(Clock::new(SystemClock)),
    };
    Screening::open(opening).expect("there is room for a log").0
}

fn question() -> Question {
    let document = DocumentRequest {
        number: "X4444444".to_owned(),
        issuing_state: "UTO".to_owned(),
        kind: Some("passport".to_owned()),
    };
    let request = CheckRequest { document: Some(document), ..CheckRequest::default() };
    request.into_question(&"bench".into()).expect("a question")
}

/// Audited checks one after the other until it is time; their milliseconds, a list for each second.
fn checks(screening: &Screening, until: impl Fn(Instant) -> bool) -> Vec<Vec<f64>> {
    let question = question();
    let (begun, mut seconds) = (Instant::now(), vec![Vec::new()]);
    while !until(begun) {
        let asked = Instant::now();
        let answer = screening.check(&question).and_then(|pending| pending.wait());
        drop(answer.expect("the log takes it"));
        let second = begun.elapsed().as_secs() as usize;
        if second >= seconds.len() {
            seconds.resize(second + 1, Vec::new());
        }
        seconds[second].push(asked.elapsed().as_secs_f64() * 1000.0);
    }
    seconds.retain(|second| second.len() > 100);
    seconds
}

fn percentile(times: &[f64], share: f64) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default()
}
