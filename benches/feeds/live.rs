//! Publications of a large list, taken up by a site that answers meanwhile.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use portcullis::audit::{AuditLog, Role};
use portcullis::domain::Durability;
use portcullis::feed::mirror::{Directory, Limits, Mirror};
use portcullis::ground::clock::{Clock, SystemClock};
use portcullis::ground::storage::Disk;
use portcullis::syncing::{self, Activation, Outcome, Site, Source, Synced, Wish};

use crate::centre::Centre;
use crate::checks::{Checks, open};
use crate::table::{Row, Table};

const CHANGES: u64 = 100_000;
const QUIET: Duration = Duration::from_secs(5);

pub(crate) fn run(records: u64, table: &Table) {
    let row = |name, value, unit, baseline, limit| table.row(&Row { name, value, unit, baseline, limit });
    // Two deltas of this size are folded into the next base.
    let centre = Centre::new(CHANGES * 3 / 2);
    centre.gather(1, records);
    let started = Instant::now();
    centre.publish();
    row("first list published", started.elapsed().as_secs_f64(), "s", None, None);
    let site = tempfile::tempdir().expect("a temporary folder");
    let started = Instant::now();
    let first = sync(site.path(), &centre);
    row("first list in force at a site", started.elapsed().as_secs_f64(), "s", None, None);
    assert!(matches!(first.outcome, Outcome::InForce(_)));
    let screening = open(site.path(), Durability::Synced);
    let quiet = Checks::until(&screening, |begun| begun.elapsed() >= QUIET);
    let index = size(&site.path().join("index")) as f64;

    for (name, limit) in [("a delta", Some(3.0)), ("the next base, folded at the site", None)] {
        centre.gather(if limit.is_some() { 2 } else { 3 }, CHANGES.min(records / 4));
        let with_publishing = limit.is_some();
        let anonymous_before = anonymous_kib();
        let done = AtomicBool::new(false);
        let publish = || {
            let started = Instant::now();
            centre.publish();
            started.elapsed().as_secs_f64()
        };
        // Folding is the centre's work too, which is another machine: only the site's is measured beside checks.
        let published_before = if with_publishing { None } else { Some(publish()) };
        let ((published, taken), beside) = std::thread::scope(|scope| {
            let acting = scope.spawn(|| {
                portcullis::ground::step_back();
                let started = Instant::now();
                let published = published_before.unwrap_or_else(publish);
                let synced = sync(site.path(), &centre);
                assert!(matches!(synced.outcome, Outcome::InForce(_)) && !synced.mismatch);
                // What the watch of a service does within a second.
                assert!(screening.site().refresh(true), "the service takes it up");
                done.store(true, Ordering::Relaxed);
                (published, started.elapsed().as_secs_f64())
            });
            let beside = Checks::until(&screening, |_| done.load(Ordering::Relaxed));
            (acting.join().expect("it is published and taken up"), beside)
        });
        let from = if with_publishing { "publishing on" } else { "when it was published" };
        table.note(&format!("\n{name} of {CHANGES} changes, from {from}"));
        row("published", published, "s", None, None);
        row("in force, and answering", taken, "s", None, limit);
        let quiet_p99 = ("the same in quiet", quiet.worst_p99());
        row("check beside it, p99 of a second", beside.worst_p99(), "ms", Some(quiet_p99), Some(3.0));
        row("  longest check beside it", beside.longest(), "ms", None, Some(20.0));
        row("  longest check in quiet", quiet.longest(), "ms", None, None);
        let grown = anonymous_kib().saturating_sub(anonymous_before) as f64 * 1024.0;
        row("memory that it added", grown / 1_048_576.0, "MiB", None, Some(index / 10.0 / 1_048_576.0));
        let disk = size(&site.path().join("index")) as f64 + size(&site.path().join("sync")) as f64;
        row("disk, against one base", disk, "bytes", Some(("what one base takes", index)), Some(2.1));
    }
    screening.close().expect("the log ends well");
}

fn sync(data_dir: &Path, centre: &Centre) -> Synced {
    let storage = Arc::new(Disk);
    let clock = Clock::new(SystemClock);
    let config = portcullis::audit::Config::default();
    let (log, _) =
        AuditLog::open(storage.clone(), data_dir, Role::Cli, config, clock.now().time).expect("a log");
    let mirror: Arc<dyn Mirror> =
        Arc::new(Directory::new(storage.clone(), centre.feed().repository().folder()));
    let source = Source {
        feed: centre.settings.feed.clone(),
        root: centre.root.clone(),
        mirrors: vec![mirror],
        limits: Limits::default(),
        activation: Activation::AtOnce,
        sequence_min: 0,
        shrink_max: 0.01,
        fold_mib_per_second: 200,
    };
    let site = Site { storage, data_dir, log: &log, clock: &clock, principal: "bench".into() };
    let go_on = &mut |_, _| ControlFlow::Continue(());
    let synced = syncing::sync(&site, &source, Wish::default(), go_on).expect("it is brought up to date");
    log.close().expect("the log ends well");
    synced
}

/// Bytes of all files below a folder.
fn size(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let bytes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    bytes.sum()
}

/// The most memory of this process that no file holds, as the kernel counts it now.
fn anonymous_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or_default()
}
