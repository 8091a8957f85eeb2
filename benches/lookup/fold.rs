//! A fold beside a service: how long it takes, and how long those wait who ask meanwhile.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use portcullis::audit::{AuditLog, Role};
use portcullis::domain::alert::CallerClass;
use portcullis::domain::{Durability, FeedName, Freshness, Verdict};
use portcullis::ground::clock::{Clock, SystemClock};
use portcullis::ground::storage::Disk;
use portcullis::publishing::{self, Fold, Folded};
use portcullis::screening::decide;

use crate::checks::{Checks, open, question};
use crate::lists::Lists;
use crate::table::{Row, Table};

/// As `portcullis fold` does it.
const MIB_PER_SECOND: u32 = 200;
const QUIET: Duration = Duration::from_secs(10);

pub(crate) fn run(lists: &Lists, records: u64, table: &Table) {
    Lists::with_delta(lists, records, 250_000).publish();
    let screening = open(lists.folder.path(), Durability::Synced);
    let quiet = Checks::until(&screening, |begun| begun.elapsed() >= QUIET);
    let done = AtomicBool::new(false);
    let ((written, took), beside) = std::thread::scope(|scope| {
        let named = std::thread::Builder::new().name("fold".to_owned());
        let folding = named.spawn_scoped(scope, || {
            let started = Instant::now();
            let mut written = 0.0;
            fold(lists, &mut || written = started.elapsed().as_secs_f64());
            done.store(true, Ordering::Relaxed);
            (written, started.elapsed().as_secs_f64())
        });
        let folding = folding.expect("there is room for a thread");
        let beside = Checks::until(&screening, |_| done.load(Ordering::Relaxed));
        (folding.join().expect("it is folded"), beside)
    });
    screening.close().expect("the log ends well");
    let row = |name, value, unit, baseline, limit| table.row(&Row { name, value, unit, baseline, limit });
    row("fold, paced", written, "s", None, Some(30.0));
    row("  verified and in force after", took, "s", None, None);
    let quiet_p99 = ("the same in quiet", quiet.worst_p99());
    row("check beside it, p99 of a second", beside.worst_p99(), "ms", Some(quiet_p99), Some(3.0));
    row("  longest check beside it", beside.longest(), "ms", None, Some(20.0));
    row("  longest check in quiet", quiet.longest(), "ms", None, None);
    table.note(&format!("  p99 of each second beside it, ms: {:.2?}", beside.p99s()));
}

/// As the command does it; tells when the new base is written.
fn fold(lists: &Lists, is_written: &mut dyn FnMut()) {
    portcullis::ground::step_back();
    let (storage, data_dir) = (Arc::new(Disk), lists.folder.path());
    let clock = Clock::new(SystemClock);
    let config = portcullis::audit::Config::default();
    let log = AuditLog::open(storage.clone(), data_dir, Role::Cli, config, clock.now().time);
    let folded = publishing::fold(
        &Fold {
            storage,
            data_dir,
            log: &log.expect("there is room for a log").0,
            clock: &clock,
            principal: "bench".into(),
            feed: FeedName::parse("first").expect("a name"),
            mib_per_second: Some(MIB_PER_SECOND),
        },
        &mut |done, all| {
            if done == all {
                is_written();
            }
        },
    );
    assert!(matches!(folded, Ok(Folded::Published(_))), "it is folded: {folded:?}");
}

/// So many checks, from a typed number to an audited verdict, written and not synced.
pub(crate) fn check_times(lists: &Lists, checks: usize) {
    lists.publish();
    let screening = open(lists.folder.path(), Durability::Written);
    let question = question();
    for _ in 0..checks {
        drop(screening.check(&question).and_then(|pending| pending.wait()).expect("the log takes it"));
    }
    screening.close().expect("the log ends well");
}

/// So many verdicts, from what was found and what was consulted.
pub(crate) fn decide_times(lists: &Lists, times: usize) {
    lists.publish();
    let screening = open(lists.folder.path(), Durability::Written);
    let mut coverage = screening.coverage(CallerClass::Officer);
    // The list is from a day that is always the same.
    coverage.feeds.iter_mut().for_each(|feed| feed.freshness = Freshness::Fresh);
    for _ in 0..times {
        let verdict = decide(Vec::new(), &[], black_box(&coverage));
        assert!(matches!(black_box(verdict), Verdict::NoHit(_)));
    }
    screening.close().expect("the log ends well");
}
